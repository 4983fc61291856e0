"""Waiting, by watch, until a cluster is ready, suspended or gone."""

from __future__ import annotations

import re
import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

from krayne.errors import ClusterFailedError, ClusterNotFoundError, ClusterTimeoutError, KrayneError
from krayne.kubectl import Kubectl, pod_selector
from krayne.operations.reading import read_cluster
from krayne.operations.words import LastWords

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from krayne.cluster import ClusterInfo
    from krayne.kubectl.watch import Source
    from krayne.status import Status, Verdict

    Progress = Callable[[ClusterInfo], None]

# Seconds that a cluster may take by default, to come or to go: pulling a Ray image onto a new node takes minutes, and
# with GCS fault tolerance KubeRay 1.6 itself gives its clean-up 300 s.
TIMEOUT = 600.0
_SPAN = re.compile(r"\b(\d+[smhdy])+\b")  # a time as krayne.text.duration writes it
_TICK = 5.0  # seconds between looks at the clock: some verdicts come with age alone


class _Seen(NamedTuple):
    """A cluster at one moment; ``info`` and ``verdict`` are None once it is gone."""

    info: ClusterInfo | None
    verdict: Verdict | None


def wait_until_ready(
    name: str,
    namespace: str | None = None,
    *,
    timeout: float | None = TIMEOUT,
    progress: Progress | None = None,
    kubectl: Kubectl | None = None,
    cluster: dict[str, Any] | None = None,
) -> ClusterInfo:
    """Wait until the head and every desired worker are ready; ``timeout`` in seconds, None for ever.

    ``progress`` is called with each change. ``cluster`` is the RayCluster as just read, to spare a call. Raises
    ClusterFailedError as soon as the cluster cannot get there by itself, with the cause and the last log lines,
    ClusterTimeoutError when the time is up, ClusterNotFoundError if it is not there or goes away.
    """
    from krayne.status import Status

    kubectl = (kubectl or Kubectl()).within(namespace)
    return _until(
        kubectl, name, Status.READY, timeout=timeout, progress=progress, cluster=cluster, words=LastWords(kubectl)
    )


def wait_until_suspended(
    name: str,
    namespace: str | None = None,
    *,
    timeout: float | None = TIMEOUT,
    progress: Progress | None = None,
    kubectl: Kubectl | None = None,
) -> ClusterInfo:
    """Wait until a cluster is suspended: its pods gone, its RayCluster kept. Raises as wait_until_ready does."""
    from krayne.status import Status

    kubectl = (kubectl or Kubectl()).within(namespace)
    return _until(kubectl, name, Status.SUSPENDED, timeout=timeout, progress=progress)


def wait_until_deleted(
    name: str,
    namespace: str | None = None,
    *,
    timeout: float | None = TIMEOUT,
    progress: Progress | None = None,
    kubectl: Kubectl | None = None,
) -> None:
    """Wait until a cluster is gone, its pods with it; at once if it is not there. Raises ClusterTimeoutError."""
    kubectl = (kubectl or Kubectl()).within(namespace)
    last: ClusterInfo | None = None
    try:
        cluster = kubectl.get_cluster(name).json()
    except ClusterNotFoundError:
        return
    for info, _ in _follow(kubectl, name, cluster, timeout):
        if info is None:
            return
        _tell(progress, last, info)
        last = info
    raise _late(kubectl, name, "deleted", timeout, last)


def _until(
    kubectl: Kubectl,
    name: str,
    goal: Status,
    *,
    timeout: float | None,
    progress: Progress | None,
    cluster: dict[str, Any] | None = None,
    words: LastWords | None = None,
) -> ClusterInfo:
    """Follow a cluster to a status. With ``words`` to explain it by, what cannot heal by itself ends the wait."""
    last: ClusterInfo | None = None
    for info, verdict in _follow(kubectl, name, cluster, timeout, words):
        if info is None or verdict is None:
            raise ClusterNotFoundError(f"{kubectl.named(name)} was deleted while it was waited for")
        _tell(progress, last, info)
        last = info
        if verdict.status is goal:
            return info
        if words:
            _heed(kubectl, name, info, verdict, words)
    raise _late(kubectl, name, goal, timeout, last)


def _heed(kubectl: Kubectl, name: str, info: ClusterInfo, verdict: Verdict, words: LastWords) -> None:
    from krayne.status import Status

    if verdict.hopeless or verdict.status is Status.CRASH_LOOP:
        words.keep(verdict)
    if verdict.hopeless:
        raise ClusterFailedError(_explained(kubectl, name, verdict, words), info)


def _follow(
    kubectl: Kubectl,
    name: str,
    cluster: dict[str, Any] | None,
    timeout: float | None,
    words: LastWords | None = None,
) -> Iterator[_Seen]:
    """The cluster as it is now, then again at each change of it, its pods or their events, until the time is up.

    ``words`` gets to follow the logs of its pods.
    """
    from krayne.cluster.info import info_of
    from krayne.kubectl.watch import Watched, changes
    from krayne.status import judge, settled

    until = None if timeout is None else time.monotonic() + timeout
    cluster = cluster or read_cluster(kubectl, name)
    clusters = Watched(
        kubectl,
        kubectl.clusters_path(),
        objects=[cluster],
        version=cluster["metadata"]["resourceVersion"],
        fieldSelector=f"metadata.name={name}",
    )
    pods = Watched(kubectl, kubectl.core_path("pods"), labelSelector=pod_selector([name]), optional=True)
    # All of the namespace's: no one selector takes in the cluster's events and those of its pods.
    events = Watched(kubectl, kubectl.core_path("events"), optional=True)

    def seen() -> _Seen:
        if not clusters.objects:
            return _Seen(None, None)
        its = {name, *(pod["metadata"]["name"] for pod in pods.objects)}
        about = [event for event in events.objects if (event.get("involvedObject") or {}).get("name") in its]
        verdict = judge(clusters.objects[0], pods.objects, about, now=datetime.now(timezone.utc))
        return _Seen(info_of(clusters.objects[0], pods.objects, verdict), verdict)

    if settled(cluster):
        yield seen()
    sources: list[Source] = [clusters, pods, events]
    for _ in changes(sources, until=until, tick=_TICK):
        if words:
            sources += words.follow(pods.objects)
        yield seen()


def _tell(progress: Progress | None, last: ClusterInfo | None, info: ClusterInfo) -> None:
    if progress and (last is None or _said(last) != _said(info)):
        progress(info)


def _said(info: ClusterInfo) -> tuple[object, ...]:
    """What is news: not that a problem is five seconds older."""
    return info.status, _SPAN.sub("", info.cause or ""), info.head.ready, info.groups


def _late(kubectl: Kubectl, name: str, wanted: str, timeout: float | None, last: ClusterInfo | None) -> KrayneError:
    from krayne.text import duration

    state = f"{last.status}" + (f", {last.cause}" if last.cause else "") if last else "unknown"
    text = f"{kubectl.named(name)} is not {wanted} after {duration(round(timeout or 0))}: it is {state}"
    return ClusterTimeoutError(f"{text}\n{next_steps(kubectl, name)}", last)


def _explained(kubectl: Kubectl, name: str, verdict: Verdict, words: LastWords) -> str:
    text = f"{kubectl.named(name)} is {verdict.status} and will not become ready by itself: {verdict.cause}"
    return f"{text}{words}\n{next_steps(kubectl, name)}"


def next_steps(kubectl: Kubectl, name: str) -> str:
    """The commands that lead on from a cluster that is not ready."""
    where = kubectl.where(name)
    return f"See why: kubectl krayne describe {where}\nUndo:    kubectl krayne delete {where}"
