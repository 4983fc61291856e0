"""Clusters as krayne sees them: one, many, or as they change."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from krayne.errors import ClusterNotFoundError, UsageError
from krayne.kubectl import Kubectl, pod_selector

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator, Iterator, Sequence

    from krayne.cluster import ClusterInfo
    from krayne.objects import Object
    from krayne.status import Events

    Answer = Callable[[], list[ClusterInfo]]

# Up to so many clusters are named in a label selector; beyond, fetching all pods is cheaper than a long URL.
_NAMED = 50
# Also the normal ones: KubeRay tells of each pod that ended and was replaced in one of those.
ABOUT_CLUSTERS = "involvedObject.kind=RayCluster"
_TICK = 10.0  # seconds between looks at the clock: some verdicts come with age alone


def get_cluster(name: str, namespace: str | None = None, *, kubectl: Kubectl | None = None) -> ClusterInfo:
    """One cluster. Raises ClusterNotFoundError (its text names similar clusters) or another KrayneError."""
    return ask_cluster((kubectl or Kubectl()).within(namespace), name)()[0]


def list_clusters(
    namespace: str | None = None,
    *,
    names: Sequence[str] | str = (),
    all_namespaces: bool = False,
    selector: str | None = None,
    kubectl: Kubectl | None = None,
) -> list[ClusterInfo]:
    """The clusters of a namespace (or of all), picked by name or by label selector, by namespace and name.

    ``names`` may be one name. Raises UsageError where they come with ``all_namespaces`` or a selector,
    ClusterNotFoundError if any of them is missing (it carries those found), KrayneError otherwise.
    """
    names = chosen(names, everywhere=all_namespaces, selector=selector)
    kubectl = (kubectl or Kubectl()).within(namespace)
    return ask_clusters(kubectl, names=names, everywhere=all_namespaces, selector=selector)()


def chosen(names: Sequence[str] | str, *, everywhere: bool, selector: str | None) -> Sequence[str]:
    """The names asked for, of which a text is one. Raises UsageError for what else does not go with names."""
    if names and everywhere:
        raise UsageError("a cluster cannot be named across all namespaces: leave out -A, or the names")
    if names and selector:
        raise UsageError("names and a selector cannot go together")
    return (names,) if isinstance(names, str) and names else names


def ask_cluster(kubectl: Kubectl, name: str, *, nodes: bool = False) -> Answer:
    """Start asking for one cluster; calling what comes back waits for it. Raises what get_cluster does, then.

    ``nodes``: as for ask_clusters.
    """
    asked = kubectl.get_cluster(name)
    _load_rules()
    from krayne.operations.reading import found_cluster

    return lambda: judged(kubectl, [found_cluster(kubectl, name, asked)], nodes=nodes)


def ask_clusters(
    kubectl: Kubectl,
    *,
    names: Sequence[str] = (),
    everywhere: bool = False,
    selector: str | None = None,
    nodes: bool = False,
) -> Answer:
    """Start asking for clusters; calling what comes back waits for them. Raises what list_clusters does, then.

    ``nodes``: where each head runs is wanted too, which takes one call more, for the heads' pods.
    """
    asked = kubectl.list_clusters(everywhere=everywhere, selector=selector)
    _load_rules()

    def answer() -> list[ClusterInfo]:
        clusters = asked.items()
        if not names:
            return judged(kubectl, clusters, everywhere=everywhere, nodes=nodes)
        by_name = {cluster["metadata"]["name"]: cluster for cluster in clusters}
        found = judged(kubectl, [by_name[name] for name in dict.fromkeys(names) if name in by_name], nodes=nodes)
        if missing := [name for name in names if name not in by_name]:
            from krayne.operations.reading import missing_cluster

            raise ClusterNotFoundError(str(missing_cluster(kubectl, missing, sorted(by_name))), found)
        return found

    return answer


def watch_clusters(
    namespace: str | None = None,
    *,
    names: Sequence[str] | str = (),
    all_namespaces: bool = False,
    selector: str | None = None,
    kubectl: Kubectl | None = None,
) -> Iterator[ClusterInfo]:
    """Each cluster of a namespace (or of all) as it is, then again whenever what krayne says of it changes.

    That a cause is some seconds older is no change. One that is gone comes a last time, as ``deleting``. Raises
    UsageError as list_clusters does, ClusterNotFoundError if any of ``names`` is missing at the start, KrayneError
    where the clusters can no longer be watched.
    """
    names = chosen(names, everywhere=all_namespaces, selector=selector)
    kubectl = (kubectl or Kubectl()).within(namespace)
    return _each(watch_changes(kubectl, names=names, everywhere=all_namespaces, selector=selector))


def _each(changes: Generator[list[ClusterInfo], None, None]) -> Generator[ClusterInfo, None, None]:
    from contextlib import closing

    with closing(changes):
        for infos in changes:
            yield from infos


def watch_changes(
    kubectl: Kubectl, *, names: Sequence[str] = (), everywhere: bool = False, selector: str | None = None
) -> Generator[list[ClusterInfo], None, None]:
    """All the clusters as they are, then those that changed at a time. Says and raises what watch_clusters does."""
    from contextlib import closing

    from krayne.operations.news import said

    before: dict[tuple[str, str], ClusterInfo] = {}
    with closing(_follow(kubectl, names, everywhere, selector)) as moments:
        for infos in moments:
            now = {(info.namespace, info.name): info for info in infos}
            gone = [_gone(info, selector) for key, info in before.items() if key not in now]
            new = [info for key, info in now.items() if key not in before or said(before[key]) != said(info)]
            before = now
            if gone or new:
                yield gone + new


def _gone(info: ClusterInfo, selector: str | None) -> ClusterInfo:
    """The last word on a cluster that the API server no longer has, or no longer tells of."""
    from dataclasses import replace

    from krayne.status import Status

    cause = "it is gone, or its labels no longer match the selector" if selector else "it is gone"
    return replace(info, status=Status.DELETING, cause=cause, hopeless=True, dashboard_url=None, client_url=None)


def _follow(
    kubectl: Kubectl, names: Sequence[str], everywhere: bool, selector: str | None
) -> Generator[list[ClusterInfo], None, None]:
    """All the clusters as they are, then again whenever anything has changed. Raises as watch_clusters does."""
    from contextlib import closing
    from functools import partial

    from krayne.kubectl.listing import without_managers
    from krayne.kubectl.watch import changes
    from krayne.kubectl.watched import Outage, Watched
    from krayne.operations.reading import judge_alone
    from krayne.status import Events

    watched = partial(Watched, kubectl, outage=Outage(kubectl.tell))
    optional = partial(watched, optional=True, fit=without_managers)
    alone = partial(judge_alone, kubectl)
    pods = optional(kubectl.core_path("pods", everywhere), labelSelector=pod_selector(), forbidden=alone)
    events = optional(kubectl.core_path("events", everywhere), fieldSelector=ABOUT_CLUSTERS)
    with closing(pods), closing(events):
        with kubectl.list_clusters(everywhere=everywhere, selector=selector) as asked:
            pods.resume()
            events.resume()
            listed = asked.list()
        _all_there(kubectl, names, listed["items"])
        path, version = kubectl.clusters_path(everywhere), (listed.get("metadata") or {}).get("resourceVersion")
        clusters = watched(path, objects=listed["items"], version=version, labelSelector=selector)
        for _ in changes((clusters, pods, events), until=None, tick=_TICK):
            meant = [each for each in clusters.objects if not names or each["metadata"]["name"] in names]
            yield _summed_up(kubectl, meant, pods.readable, Events(events.objects))


def _all_there(kubectl: Kubectl, names: Sequence[str], clusters: Sequence[dict[str, Any]]) -> None:
    there = [cluster["metadata"]["name"] for cluster in clusters]
    if missing := [name for name in names if name not in there]:
        from krayne.operations.reading import missing_cluster

        raise missing_cluster(kubectl, missing, there)


def _load_rules() -> None:
    """Import what the answer will need, while kubectl waits for the server."""
    import json

    import krayne.cluster.info
    import krayne.tunnels.places

    _ = json, krayne.cluster.info, krayne.tunnels.places


def judged(
    kubectl: Kubectl, clusters: Sequence[dict[str, Any]], *, everywhere: bool = False, nodes: bool = False
) -> list[ClusterInfo]:
    """What each cluster amounts to. Pods and events are fetched only if the status of some cluster leaves doubt.

    ``nodes``: as for ask_clusters.
    """
    from krayne.status import Events, settled

    doubtful = {cluster["metadata"]["name"] for cluster in clusters if not settled(cluster)}
    named = sorted(doubtful) if len(doubtful) <= _NAMED else ()
    pods: Sequence[Object] | None = None
    events = Events()
    if doubtful:
        from functools import partial

        from krayne.operations.reading import items, judge_alone

        with (
            kubectl.list_pods(named, everywhere=everywhere) as asked,
            kubectl.list_events(about=ABOUT_CLUSTERS, everywhere=everywhere) as heard,
        ):
            pods, events = items(asked, partial(judge_alone, kubectl)), Events(items(heard) or ())
    infos = _summed_up(kubectl, clusters, pods, events, named=named)
    denied = doubtful and pods is None
    return _with_nodes(kubectl, infos, everywhere) if nodes and not denied else infos


def _with_nodes(kubectl: Kubectl, infos: list[ClusterInfo], everywhere: bool) -> list[ClusterInfo]:
    """The same, with the nodes of those heads that are only known by name: one call, for heads' pods."""
    from functools import partial

    from krayne import objects
    from krayne.cluster.info import with_head
    from krayne.operations.reading import items, judge_alone

    unknown = sorted({info.name for info in infos if info.head.pod and not info.head.node})
    if not unknown:
        return infos
    alone = partial(judge_alone, kubectl)
    few = unknown if len(unknown) <= _NAMED else ()
    with kubectl.list_pods(few, everywhere=everywhere, heads=True) as asked:
        heads = {(pod["metadata"]["namespace"], objects.name(pod)): pod for pod in items(asked, alone) or ()}
    return [
        with_head(info, head) if (head := heads.get((info.namespace, info.head.pod or ""))) else info for info in infos
    ]


def _summed_up(
    kubectl: Kubectl,
    clusters: Sequence[dict[str, Any]],
    pods: Sequence[Object] | None,
    events: Events,
    *,
    named: Collection[str] = (),
) -> list[ClusterInfo]:
    """What each cluster amounts to now. ``pods``: those of the ``named`` clusters, of all where none is named; None
    where they are unknown.
    """
    from krayne.cluster.info import cluster_info
    from krayne.objects import by_cluster
    from krayne.operations.reading import witnesses
    from krayne.tunnels.places import tunnels

    index = by_cluster(pods or [])
    now = datetime.now(timezone.utc)

    def its(cluster: dict[str, Any]) -> Sequence[Object] | None:
        meta = cluster["metadata"]
        if pods is None or (named and meta["name"] not in named):
            return None
        return witnesses(cluster, index.get((meta.get("namespace"), meta["name"]), []))

    infos = [cluster_info(cluster, its(cluster), events, now=now) for cluster in clusters]
    if not tunnels():
        return infos
    from krayne.operations.local_urls import with_local_urls

    return with_local_urls(kubectl, clusters, infos)
