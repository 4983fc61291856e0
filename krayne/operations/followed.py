"""One cluster as it changes."""

from __future__ import annotations

from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from krayne.kubectl import pod_selector

if TYPE_CHECKING:
    from collections.abc import Iterator

    from krayne.cluster import ClusterInfo
    from krayne.errors import KrayneError
    from krayne.kubectl import Kubectl
    from krayne.kubectl.watch import Source
    from krayne.operations.words import LastWords
    from krayne.status import Verdict

_TICK = 5.0  # seconds between looks at the clock: some verdicts come with age alone


class Seen(NamedTuple):
    """A cluster at one moment; ``info`` and ``verdict`` are None once it is gone."""

    info: ClusterInfo | None
    verdict: Verdict | None


class Followed:
    """A cluster, its pods and their events, kept current; ``words`` gets to follow the logs of its pods."""

    def __init__(self, kubectl: Kubectl, name: str, cluster: dict[str, Any], words: LastWords | None = None) -> None:
        from krayne.kubectl.listing import without_managers
        from krayne.kubectl.watched import Outage, Watched
        from krayne.operations.reading import judge_alone

        self._words = words
        watched = partial(Watched, kubectl, outage=Outage(kubectl.tell))
        version, itself = cluster["metadata"]["resourceVersion"], f"metadata.name={name}"
        self._clusters = watched(kubectl.clusters_path(), objects=[cluster], version=version, fieldSelector=itself)
        optional = partial(watched, optional=True, fit=without_managers)
        alone = partial(judge_alone, kubectl)
        self._pods = optional(kubectl.core_path("pods"), labelSelector=pod_selector([name]), forbidden=alone)
        # All of the namespace's: no one selector takes in the cluster's events and those of its pods.
        self._events = optional(kubectl.core_path("events"))

    @property
    def failure(self) -> KrayneError | None:
        """Why what is seen may be out of date, if it may."""
        sources = (self._clusters, self._pods, self._events)
        return next((source.failure for source in sources if source.failure), None)

    def seen(self, until: float | None) -> Iterator[Seen]:
        """The cluster as it is now, then again at each change of it, its pods or their events, until that moment."""
        from krayne.kubectl.watch import changes

        if self._settled():
            yield self._now()
        sources: list[Source] = [self._clusters, self._pods, self._events]
        for _ in changes(sources, until=until, tick=_TICK, enough=self._settled):
            if self._words:
                sources += self._words.follow(self._pods.objects)
            yield self._now()

    def _settled(self) -> bool:
        """Whether its own status tells what it is, or it is gone."""
        from krayne.status import settled

        return all(settled(cluster) for cluster in self._clusters.objects)

    def _now(self) -> Seen:
        from krayne.cluster.info import info_of
        from krayne.operations.reading import witnesses
        from krayne.status import judge

        for cluster in self._clusters.objects:
            pods = witnesses(cluster, self._pods.readable)
            verdict = judge(cluster, pods, self._events.objects, now=datetime.now(timezone.utc))
            return Seen(info_of(cluster, pods, verdict), verdict)
        return Seen(None, None)
