"""Everything about one cluster."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from krayne.errors import KrayneError
from krayne.kubectl import Kubectl

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from krayne.cluster import ClusterDetails, Versions
    from krayne.kubectl import Reply
    from krayne.objects import Object

_PATIENCE = 5.0  # seconds that the head has to answer: kubectl exec knows no limit, whatever --request-timeout says
# Runs in the head: the installed Ray without importing it, and the Python that it runs in.
_ASK = "import sys, importlib.metadata as m; print(m.version('ray'), sys.version.split()[0])"


def describe_cluster(name: str, namespace: str | None = None, *, kubectl: Kubectl | None = None) -> ClusterDetails:
    """One cluster with its head, groups, pods, conditions, events, versions, URLs, and why it is not ready.

    The versions and the services are asked of the running head where that is allowed; else, and where it does not
    answer within 5 seconds, the versions are taken from the manifest, and the services are unknown. Pods and events
    that may not be listed are None, and ``unread`` says which right is missing. Raises
    ClusterNotFoundError (its text names similar clusters) or another KrayneError.
    """
    from krayne.cluster import cluster_details
    from krayne.operations.local_urls import with_local_urls
    from krayne.operations.reading import found_cluster, items, missing_right, of_cluster
    from krayne.operations.services import services_or_why

    kubectl = (kubectl or Kubectl()).within(namespace)
    with kubectl.get_cluster(name) as asked, kubectl.list_pods([name]) as its_pods, kubectl.list_events() as heard:
        unread: dict[str, str] = {}
        cluster = found_cluster(kubectl, name, asked)
        pods = items(its_pods, lambda error: unread.update(pods=missing_right(error)))
        events = items(heard, lambda error: unread.update(events=missing_right(error)))
    with _ask_versions(kubectl, pods or []) as versions_asked:  # runs while the services are asked
        services = services_or_why(kubectl, cluster, pods, within=kubectl.patience(_PATIENCE))
        versions = _running_versions(versions_asked, kubectl.patience(_PATIENCE))
    now = datetime.now(timezone.utc)
    details = cluster_details(
        cluster,
        pods,
        None if events is None else of_cluster(name, pods or [], events),
        now=now,
        versions=versions,
        services=services,
        way=kubectl.way,
        unread=unread,
    )
    return replace(details, info=with_local_urls(kubectl, [cluster], [details.info])[0])


def _ask_versions(kubectl: Kubectl, pods: Sequence[Object]) -> AbstractContextManager[Reply | None]:
    """Ask the head what it runs; None where there is no head that does."""
    from contextlib import nullcontext

    from krayne.services import head_of

    head = head_of(pods)
    return kubectl.exec(head.pod, head.container, "python", "-c", _ASK) if head else nullcontext()


def _running_versions(asked: Reply | None, within: float) -> Versions | None:
    """What the head itself says; None where it does not run, may not be asked or does not answer."""
    from krayne.cluster import Versions

    if asked is None:
        return None
    try:
        answer = asked.text(within=within)
    except KrayneError:
        return None
    ray, python = (*answer.split(), "", "")[:2]
    return Versions(ray=ray, python=python, source="head") if python else None
