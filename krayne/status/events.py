"""Events, found by the object that they are about."""

from __future__ import annotations

from collections.abc import Iterable

from krayne import objects
from krayne.objects import Object

# What a node autoscaler (cluster-autoscaler, Karpenter) says of a pod that fits nowhere; Normal events.
_SCALE_ANSWERS = ("TriggeredScaleUp", "NotTriggerScaleUp", "Nominated")


class Events:
    """Events of any number of clusters, sorted once by kind, namespace and name of what they are about."""

    __slots__ = ("_sorted",)

    def __init__(self, events: Iterable[Object] = ()) -> None:
        self._sorted: dict[tuple[object, object, object], list[Object]] = {}
        for event in events:
            what = event.get("involvedObject") if isinstance(event, dict) else None
            if isinstance(what, dict):
                key = (what.get("kind"), what.get("namespace"), what.get("name"))
                if key[0].__class__ is key[1].__class__ is key[2].__class__ is str:
                    self._sorted.setdefault(key, []).append(event)

    def about(self, value: Object, kind: str) -> list[Object]:
        """Give the events about an object, newest last; not those about an earlier one of its name."""
        key = (kind, objects.string(value, "metadata", "namespace"), objects.name(value))
        uid = objects.at(value, "metadata", "uid")
        found = self._sorted.get(key, ())
        own = (each for each in found if not uid or objects.at(each, "involvedObject", "uid") in (uid, "", None))
        return sorted(own, key=when)

    def hints(self, pod: Object) -> list[Object]:
        """Give the events that may tell why a pod is not ready, newest last."""
        return [event for event in self.about(pod, "Pod") if _is_telling(event)]


def _is_telling(event: Object) -> bool:
    return event.get("type") == "Warning" or event.get("reason") in _SCALE_ANSWERS


def when(event: Object) -> tuple[str, bool]:
    """Give what orders events: by whole seconds, all that most times have; of one second the bad news is the last."""
    return event_time(event)[:19], event.get("type") == "Warning"


def event_time(event: Object) -> str:
    """Give an event's last RFC 3339 time, from whichever field its writer uses."""
    return (
        objects.string(event, "series", "lastObservedTime")
        or objects.string(event, "lastTimestamp")
        or objects.string(event, "eventTime")
        or objects.string(event, "metadata", "creationTimestamp")
    )
