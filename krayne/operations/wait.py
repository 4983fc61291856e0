"""Waiting, by watch, until a cluster is ready, suspended or gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from krayne.errors import ClusterFailedError, ClusterNotFoundError, ClusterTimeoutError, KrayneError
from krayne.kubectl import Kubectl
from krayne.operations import timeouts
from krayne.operations.followed import Followed
from krayne.operations.hints import see_why
from krayne.operations.reading import read_cluster
from krayne.operations.words import LastWords

if TYPE_CHECKING:
    from collections.abc import Callable

    from krayne.cluster import ClusterInfo
    from krayne.config import ClusterConfig
    from krayne.status import Status, Verdict

    Progress = Callable[[ClusterInfo], None]


def wait_until_ready(
    name: str,
    namespace: str | None = None,
    *,
    timeout: float | None = timeouts.CLUSTER,
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
    timeout: float | None = timeouts.CLUSTER,
    progress: Progress | None = None,
    kubectl: Kubectl | None = None,
    cluster: dict[str, Any] | None = None,
) -> ClusterInfo:
    """Wait until a cluster is suspended: its pods gone, its RayCluster kept. Raises as wait_until_ready does."""
    from krayne.status import Status

    kubectl = (kubectl or Kubectl()).within(namespace)
    return _until(kubectl, name, Status.SUSPENDED, timeout=timeout, progress=progress, cluster=cluster)


def wait_until_as_configured(
    config: ClusterConfig,
    *,
    timeout: float | None = timeouts.CLUSTER,
    progress: Progress | None = None,
    kubectl: Kubectl | None = None,
    cluster: dict[str, Any] | None = None,
) -> ClusterInfo:
    """Wait until a cluster is suspended, where its configuration says that it is to be, else until it is ready."""
    wait = wait_until_suspended if is_to_be_suspended(config) else wait_until_ready
    return wait(config.name, config.namespace, timeout=timeout, progress=progress, kubectl=kubectl, cluster=cluster)


def is_to_be_suspended(config: ClusterConfig) -> bool:
    """Whether the user asked for a cluster without pods; by a queue it is Kueue that suspends, and resumes."""
    from krayne import objects

    said = objects.at(config.given, "overrides", "spec", "suspend")
    return (config.suspend if said is None else said) is True


def wait_until_deleted(
    name: str,
    namespace: str | None = None,
    *,
    timeout: float | None = timeouts.CLUSTER,
    progress: Progress | None = None,
    kubectl: Kubectl | None = None,
) -> None:
    """Wait until a cluster is gone, its pods with it; at once if it is not there. Raises ClusterTimeoutError."""
    kubectl = (kubectl or Kubectl()).within(namespace)
    last, until = None, timeouts.end_of(timeout)
    try:
        cluster = kubectl.get_cluster(name).json()
    except ClusterNotFoundError:
        return
    followed = Followed(kubectl, name, cluster)
    for info, _ in followed.seen(until):
        if info is None:
            return
        _tell(progress, last, info)
        last = info
    raise _late(kubectl, name, "deleted", timeout, last=last, failure=followed.failure)


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
    until = timeouts.end_of(timeout)
    followed = Followed(kubectl, name, cluster or read_cluster(kubectl, name), words)
    for info, verdict in followed.seen(until):
        if info is None or verdict is None:
            raise ClusterNotFoundError(f"{kubectl.named(name)} was deleted while it was waited for")
        _tell(progress, last, info)
        last = info
        if verdict.status is goal:
            return info
        if words:
            _heed(kubectl, name, info, verdict, words)
        elif info.suspended and verdict.hopeless:  # else it may be that nobody has asked for it yet
            raise ClusterFailedError(_explained(kubectl, name, goal, verdict), info)
    if last is None:  # there was no time to look around: one look, then
        from krayne.operations.get import get_cluster

        last = get_cluster(name, kubectl=kubectl)
        if last.status is goal:
            return last
    raise _late(kubectl, name, goal, timeout, last=last, failure=followed.failure)


def _heed(kubectl: Kubectl, name: str, info: ClusterInfo, verdict: Verdict, words: LastWords) -> None:
    from krayne.status import Status

    if verdict.hopeless or verdict.status is Status.CRASH_LOOP:
        words.keep(verdict)
    if verdict.hopeless:
        raise ClusterFailedError(_explained(kubectl, name, Status.READY, verdict, words), info)


def _tell(progress: Progress | None, last: ClusterInfo | None, info: ClusterInfo) -> None:
    from krayne.operations.news import said

    if progress and (last is None or said(last) != said(info)):
        progress(info)


def _late(
    kubectl: Kubectl,
    name: str,
    wanted: str,
    timeout: float | None,
    *,
    last: ClusterInfo | None,
    failure: KrayneError | None,
) -> KrayneError:
    """The error for time that is up; ``failure``: why the last that was seen may be out of date."""
    from krayne.text import duration

    state = f"{last.status}" + (f", {last.cause}" if last.cause else "") if last else "unknown"
    after = f"after {duration(round(timeout))}" if timeout and timeout >= 1 else "yet"
    text = f"{kubectl.named(name)} is not {wanted} {after}: it is {state}"
    if failure:
        text += f"\nThat may be out of date: {str(failure).splitlines()[0]}"
    return ClusterTimeoutError(f"{text}\n{see_why(kubectl, name)}", last)


def _explained(kubectl: Kubectl, name: str, goal: Status, verdict: Verdict, words: LastWords | str = "") -> str:
    text = f"{kubectl.named(name)} is {verdict.status} and will not become {goal} by itself: {verdict.cause}"
    return f"{text}{words}\n{see_why(kubectl, name)}"
