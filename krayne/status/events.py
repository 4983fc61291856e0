"""Events, sorted by what they are about."""

from __future__ import annotations

from collections.abc import Sequence

from krayne import objects
from krayne.objects import Object

# What a node autoscaler (cluster-autoscaler, Karpenter) says of a pod that fits nowhere; Normal events.
_SCALE_ANSWERS = ("TriggeredScaleUp", "NotTriggerScaleUp", "Nominated")


def event_time(event: Object) -> str:
    """Give an event's last RFC 3339 time, from whichever field its writer uses."""
    return (
        objects.string(event, "series", "lastObservedTime")
        or objects.string(event, "lastTimestamp")
        or objects.string(event, "eventTime")
        or objects.string(event, "metadata", "creationTimestamp")
    )


def hints_by_pod(events: Sequence[Object]) -> dict[str, list[Object]]:
    """Sort the events that may tell why a pod is not ready by the pod's name, newest last."""
    telling = (event for event in events if isinstance(event, dict) and _is_telling(event))
    return events_about(list(telling), "Pod")


def _is_telling(event: Object) -> bool:
    return event.get("type") == "Warning" or event.get("reason") in _SCALE_ANSWERS


def events_about(events: Sequence[Object], kind: str) -> dict[str, list[Object]]:
    """Sort the events about objects of a kind by the object's name, newest last."""
    found: dict[str, list[Object]] = {}
    for event in sorted((each for each in events if isinstance(each, dict)), key=_when):
        what = objects.mapping(event, "involvedObject")
        if what.get("kind") == kind:
            found.setdefault(objects.string(what, "name"), []).append(event)
    return found


def _when(event: Object) -> tuple[str, bool]:
    # Most times are whole seconds: of one second, the bad news is the last.
    return event_time(event), event.get("type") == "Warning"
