"""The words for a cluster's state, and the verdict that carries one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Status(str, Enum):
    """A cluster's state in one word; docs and the JSON Schema of krayne's output use the same words."""

    CREATING = "creating"
    PODS_PENDING = "pods-pending"
    UNSCHEDULABLE = "unschedulable"
    CONTAINERS_CREATING = "containers-creating"
    IMAGE_PULL_ERROR = "image-pull-error"
    CRASH_LOOP = "crash-loop"
    RUNNING = "running"
    READY = "ready"
    SUSPENDED = "suspended"
    DELETING = "deleting"
    FAILED = "failed"

    def __str__(self) -> str:
        return self.value


class Reason(Enum):
    """What of a cause calls for advice of its own, whatever the sentence says."""

    RESTARTED = "a container that was started again: the run before tells why"
    QUOTA = "a quota that is used up"
    FINALIZER = "a finalizer that keeps a cluster from going"
    UNANSWERED = "a cluster that no KubeRay has taken notice of"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What state a cluster is in, and why.

    ``cause`` is one sentence that a person can act on, None where there is nothing to say (ready). ``hopeless``: it
    will not come right by itself, so waiting on is of no use. ``pod`` and ``container`` name whose logs (the previous
    ones after a crash) explain it; None where there are none. ``reason``: for the advice.
    """

    status: Status
    cause: str | None = None
    hopeless: bool = False
    pod: str | None = None
    container: str | None = None
    reason: Reason | None = None
