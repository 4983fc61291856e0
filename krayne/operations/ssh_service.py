"""The SSH service of a cluster's head, awaited while it is being installed."""

from __future__ import annotations

import time
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from krayne.errors import ClusterNotFoundError, ClusterTimeoutError, KrayneError, UsageError
from krayne.services import HeadPod, ServiceInfo, head_of

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from krayne.kubectl import Kubectl
    from krayne.objects import Object

_LOOK = (1.0, 5.0)  # seconds between looks into a head, which tells nothing by itself: the first, the longest


class SshService(NamedTuple):
    """An SSH service that runs: its cluster, the pod that it runs in, and what it tells of itself."""

    cluster: Object
    head: HeadPod
    told: ServiceInfo


def await_ssh(kubectl: Kubectl, name: str, timeout: float | None) -> SshService:
    """A cluster's SSH service as soon as it runs; what it is waited for is told once, through ``kubectl.tell``.

    Raises UsageError where the cluster has none, ClusterTimeoutError where it is not there in ``timeout`` seconds,
    KrayneError where it failed, ClusterNotFoundError where the cluster is not there, or goes.
    """
    from krayne.operations.reading import read_with_pods

    until = None if timeout is None else time.monotonic() + timeout
    cluster, pods = read_with_pods(kubectl, name)
    told = _told(kubectl, name, cluster, pods)
    if told.state == "running" and (head := head_of(pods)):
        return SshService(cluster, head, told)
    kubectl.tell(f"waiting for the SSH service of {kubectl.named(name)}: {told.why}\n")
    with closing(_heads(kubectl, name, cluster, until)) as heads:
        for pod, head in heads:
            told = _told(kubectl, name, cluster, [pod])
            if told.state == "running":
                return SshService(cluster, head, told)
    raise ClusterTimeoutError(f"the SSH service of {kubectl.named(name)} is not there after {timeout:g}s: {told.why}")


def other_way(kubectl: Kubectl, name: str) -> str:
    """What to do where there is no login."""
    return f"A shell in its head: kubectl krayne exec {kubectl.where(name)}"


def _heads(
    kubectl: Kubectl, name: str, cluster: dict[str, Any], until: float | None
) -> Generator[tuple[Object, HeadPod], None, None]:
    """The running head whenever it is worth a look: at once where it is another one, else after growing pauses."""
    from krayne.kubectl import pod_selector
    from krayne.kubectl.listing import without_managers
    from krayne.kubectl.watch import changes
    from krayne.kubectl.watched import Outage, Watched
    from krayne.objects import name as name_of
    from krayne.pauses import Pause

    outage, version = Outage(kubectl.tell), cluster["metadata"]["resourceVersion"]
    watched = partial(Watched, kubectl, optional=True, outage=outage, fit=without_managers)
    itself = f"metadata.name={name}"
    clusters = watched(kubectl.clusters_path(), objects=[cluster], version=version, fieldSelector=itself)
    pods = watched(kubectl.core_path("pods"), labelSelector=pod_selector([name], heads=True))
    last, pause, due = None, Pause(), 0.0
    for _ in changes([clusters, pods], until=until, tick=_LOOK[0]):
        if clusters.readable == []:  # None: the user may get it, and not watch it
            raise ClusterNotFoundError(f"{kubectl.named(name)} was deleted while its SSH service was waited for")
        head = head_of(pods.readable or [])
        if head is None or (head == last and time.monotonic() < due):
            continue
        if head != last:
            pause.begin_anew()
        last = head
        yield next(pod for pod in pods.objects if name_of(pod) == head.pod), head
        due = time.monotonic() + pause.next(*_LOOK)


def _told(kubectl: Kubectl, name: str, cluster: Object, pods: Sequence[Object]) -> ServiceInfo:
    from krayne.operations.services import services_of

    service = next(each for each in services_of(kubectl, cluster, pods) if each.service == "ssh")
    if service.state == "off":
        raise UsageError(
            f"{kubectl.named(name)} has no SSH service: it was made without (services.ssh)\n{other_way(kubectl, name)}"
        )
    if service.state == "failed":
        raise KrayneError(f"the SSH service of {kubectl.named(name)} failed: {service.why}\n{other_way(kubectl, name)}")
    return service
