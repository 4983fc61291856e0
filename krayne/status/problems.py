"""What can be wrong with one pod, in order of how bad it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from krayne import objects
from krayne.objects import Object
from krayne.status.verdict import Reason, Status

# A fault that may pass (a registry's network, a Secret that another tool is about to make) is given this long, in
# seconds: the kubelet has tried again by then (it backs off 10 s after the first failure).
PATIENCE = 20

# A crash this long ago, in seconds, is history: the kubelet too forgets its back-off then (10 minutes).
CRASH_MEMORY = 600


class Rank(IntEnum):
    """How bad a problem is; the worst, the lowest, decides the cluster's status."""

    BROKEN = 0
    UNSCHEDULABLE = 1
    PENDING = 2
    STARTING = 3
    NOT_READY = 4


@dataclass(frozen=True, slots=True)
class Problem:
    """Why one pod is not ready.

    ``verb`` and ``detail`` make the sentence: "worker group gpu: 2 of 2 pods <verb>: <detail>"; ``[s]`` in the verb is
    where a singular subject wants its s. ``container``: whose logs explain it. ``reason``: as a Verdict's.
    """

    rank: Rank
    status: Status
    verb: str
    detail: str = ""
    hopeless: bool = False
    container: str | None = None
    waits_for_head: bool = False
    reason: Reason | None = None

    def sentence(self, plural: bool = False) -> str:
        """Say it of one pod, or of several."""
        first, space, rest = self.verb.partition(" ")
        said = first.replace("[s]", "" if plural else "s") + space + rest
        return f"{said}: {self.detail}" if self.detail else said


def since(start: object, now: datetime) -> float | None:
    """Give the seconds since an RFC 3339 time, None where there is no such time."""
    began = objects.moment(start)
    return None if began is None else (now - began).total_seconds()


def container_spec(pod: Object, container: str) -> Object:
    """Give the spec of a pod's container, main or init, by its name."""
    for field in ("containers", "initContainers"):
        for each in objects.items(pod, "spec", field):
            if each.get("name") == container:
                return each
    return {}


def patience_over(pod: Object, now: datetime) -> bool:
    """Tell whether the pod's containers have had PATIENCE to start: main ones, since its init containers ended."""
    initialized = objects.condition(pod, "Initialized")
    waited = since(initialized.get("lastTransitionTime"), now) if initialized.get("status") == "True" else None
    if waited is None:
        waited = since(objects.at(pod, "status", "startTime") or objects.at(pod, "metadata", "creationTimestamp"), now)
    return waited is None or waited >= PATIENCE
