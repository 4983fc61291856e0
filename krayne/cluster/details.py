"""From a RayCluster, its pods and events to ClusterDetails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from krayne import objects
from krayne.cluster.advice import next_steps
from krayne.cluster.info import info_of
from krayne.cluster.left_over import left_over
from krayne.cluster.values import ClusterInfo
from krayne.frozen import FrozenDict
from krayne.objects import HEAD_GROUP, Object, is_ready
from krayne.status import judge, own_pods
from krayne.status.events import Events, event_time, when
from krayne.status.pods import pod_problem, word_of
from krayne.value import Value, plain

if TYPE_CHECKING:
    from krayne.services import ServiceInfo


@dataclass(frozen=True, slots=True)
class Pod(Value):
    """A pod of the cluster. ``status`` is kubectl's word for it; ``problem`` says why it is not ready."""

    name: str
    group: str
    status: str
    ready: bool
    containers_ready: int
    containers: int
    restarts: int
    node: str | None
    ip: str | None
    created: str | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class Condition(Value):
    """A condition of the RayCluster. ``since`` is RFC 3339."""

    type: str
    status: str
    reason: str
    message: str
    since: str | None


@dataclass(frozen=True, slots=True)
class Event(Value):
    """An event about the cluster or one of its pods (``object``: ``pod/demo-head-x``). Times are RFC 3339."""

    type: str
    reason: str
    object: str
    message: str
    count: int
    first: str | None
    last: str | None


@dataclass(frozen=True, slots=True)
class Versions(Value):
    """Ray's and Python's versions. ``source``: where they were read from, the running head or the cluster's spec."""

    ray: str | None
    python: str | None
    source: Literal["head", "spec"]


@dataclass(frozen=True, slots=True)
class ClusterDetails(Value):
    """A cluster in full: what ``describe`` shows.

    ``pods`` or ``events`` None: they could not be read, which ``unread`` gives the reason of, by the field's name.
    ``next_steps``: what a person can do about ``info.cause``, and about pods of groups that it no longer has.
    """

    info: ClusterInfo
    versions: Versions
    pods: tuple[Pod, ...] | None
    conditions: tuple[Condition, ...]
    events: tuple[Event, ...] | None
    next_steps: tuple[str, ...]
    services: tuple[ServiceInfo, ...] = ()
    unread: Mapping[str, str] = field(default_factory=FrozenDict)

    def as_dict(self) -> dict[str, Any]:
        """Give the info's fields and, beside them, the details."""
        rest = {name: plain(getattr(self, name)) for name in self.__dataclass_fields__ if name != "info"}
        return self.info.as_dict() | rest


def cluster_details(
    cluster: dict[str, Any],
    pods: Sequence[Object] | None,
    events: Sequence[Object] | None = (),
    *,
    now: datetime,
    versions: Versions | None = None,
    services: tuple[ServiceInfo, ...] = (),
    way: Sequence[str] = (),
    unread: Mapping[str, str] | None = None,
) -> ClusterDetails:
    """Tell all of a cluster. ``pods`` and ``events``: as ``judge`` takes them, None where they could not be read.

    ``unread``: why they could not, by the field's name. ``versions`` and ``services``: as read from its head; without
    the former what its spec asks for stands.
    ``way``: kubectl's flags that lead to its API server, for the next steps.
    """
    heard = Events(events or ())
    verdict = judge(cluster, pods, heard, now=now)
    own = own_pods(cluster, pods)
    info = info_of(cluster, pods, verdict)
    return ClusterDetails(
        info=info,
        versions=versions or Versions(info.ray_version, None, "spec"),
        pods=None if pods is None else tuple(_pod(pod, heard.hints(pod), now) for pod in sorted(own or (), key=_place)),
        conditions=tuple(_condition(each) for each in objects.items(cluster, "status", "conditions")),
        events=None if events is None else _merged(events),
        next_steps=next_steps(info, verdict, way, left_over(cluster, own or ())),
        services=services,
        unread=FrozenDict(unread or {}),
    )


def _place(pod: Object) -> tuple[bool, str, str]:
    group = objects.group_of(pod)
    return group != HEAD_GROUP, group, objects.name(pod)


def _pod(pod: Object, hints: Sequence[Object], now: datetime) -> Pod:
    group, name = objects.group_of(pod), objects.name(pod)
    problem = None if objects.is_going(pod) else pod_problem(pod, group, hints, now)
    statuses = objects.items(pod, "status", "containerStatuses")
    every = statuses + objects.items(pod, "status", "initContainerStatuses")
    return Pod(
        name=name,
        group=group,
        status=word_of(pod),
        ready=is_ready(pod) and not objects.is_going(pod),
        containers_ready=sum(1 for status in statuses if status.get("ready") is True),
        containers=len(objects.items(pod, "spec", "containers")) or len(statuses),
        restarts=sum(max(objects.integer(status.get("restartCount")), 0) for status in every),
        node=objects.string(pod, "spec", "nodeName") or None,
        ip=objects.string(pod, "status", "podIP") or None,
        created=objects.string(pod, "metadata", "creationTimestamp") or None,
        problem=problem.sentence() if problem else None,
    )


def _condition(value: Object) -> Condition:
    text = {key: objects.string(value, key) for key in ("type", "status", "reason", "message")}
    return Condition(**text, since=objects.string(value, "lastTransitionTime") or None)


def _merged(events: Sequence[Object]) -> tuple[Event, ...]:
    """Merge events that say the same of the same object, newest last."""
    merged: dict[tuple[str, str, str, str], Event] = {}
    for event in sorted((each for each in events if isinstance(each, dict)), key=when):
        what = objects.mapping(event, "involvedObject")
        thing = f"{objects.string(what, 'kind').lower()}/{objects.string(what, 'name')}"
        key = (objects.string(event, "type"), objects.string(event, "reason"), thing, objects.string(event, "message"))
        times = max(objects.integer(objects.at(event, "series", "count")) or objects.integer(event.get("count")), 1)
        first = objects.string(event, "firstTimestamp") or objects.string(event, "eventTime") or event_time(event)
        before = merged.pop(key, None)
        if before:
            times, first = times + before.count, min(filter(None, (first, before.first)), default="")
        merged[key] = Event(*key, count=times, first=first or None, last=event_time(event) or None)
    return tuple(merged.values())
