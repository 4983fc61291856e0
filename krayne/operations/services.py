"""The services of a cluster's head."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from krayne.errors import KrayneError
from krayne.kubectl import Kubectl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from krayne.objects import Object
    from krayne.services import ServiceInfo

_HOOK_SECONDS = 30  # so long after a container's start its hook may have written nothing yet


def get_cluster_services(
    name: str, namespace: str | None = None, *, kubectl: Kubectl | None = None
) -> tuple[ServiceInfo, ...]:
    """Every service of a cluster, in one order: notebook, code-server, ssh; with their secrets, as the head has them.

    A service that the RayCluster does not have is off. Where the head does not run (yet), the others are waiting; where
    the pods may not be read, unknown. Raises ClusterNotFoundError, PermissionDeniedError (the right to exec is needed)
    or another KrayneError.
    """
    from krayne.operations.reading import items, read_cluster

    kubectl = (kubectl or Kubectl()).within(namespace)
    with kubectl.list_pods([name]) as asked:
        return services_of(kubectl, read_cluster(kubectl, name), items(asked))


def services_of(
    kubectl: Kubectl, cluster: Object, pods: Sequence[Object] | None, *, within: float | None = None
) -> tuple[ServiceInfo, ...]:
    """The services of a cluster whose objects have been read: one kubectl exec, none where no service is on.

    ``pods``: None where they may not be read. ``within``: seconds that the head has to answer, else NoAnswerError.
    """
    from krayne.services import READ_STATES, awaited, head_of, read_states, services_in, unknown

    enabled = services_in(cluster)
    if not any(enabled.values()):
        return read_states("", enabled)
    if pods is None:
        return unknown(enabled, "its pods may not be listed")
    head = head_of(pods)
    if head is None:
        return awaited(enabled, cluster)
    written = kubectl.exec(head.pod, head.container, *READ_STATES).text(within=within)
    fresh = head.started is not None and (datetime.now(timezone.utc) - head.started).total_seconds() < _HOOK_SECONDS
    return read_states(written, enabled, fresh=fresh)


def services_or_why(
    kubectl: Kubectl, cluster: Object, pods: Sequence[Object] | None, *, within: float | None = None
) -> tuple[ServiceInfo, ...]:
    """As services_of; unknown, with the reason, where the head may not be asked or does not answer."""
    from krayne.kubectl.failures import NoAnswerError
    from krayne.services import services_in, unknown

    try:
        return services_of(kubectl, cluster, pods, within=within)
    except NoAnswerError:
        return unknown(services_in(cluster), f"the head did not answer in {within:g} s")
    except KrayneError as error:
        return unknown(services_in(cluster), str(error).splitlines()[0])


def read_services(kubectl: Kubectl, cluster: Object) -> tuple[ServiceInfo, ...]:
    """The services of a cluster that has been read; unknown, with the reason, where that cannot be asked."""
    from krayne import objects
    from krayne.operations.reading import items
    from krayne.services import services_in, unknown

    try:
        pods = items(kubectl.list_pods([objects.name(cluster)]))
    except KrayneError as error:
        return unknown(services_in(cluster), str(error).splitlines()[0])
    return services_or_why(kubectl, cluster, pods)
