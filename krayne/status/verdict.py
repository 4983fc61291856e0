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


@dataclass(frozen=True, slots=True)
class Verdict:
    """What state a cluster is in, and why.

    ``cause`` is one sentence that a person can act on, None where there is nothing to say (ready). ``hopeless``: it
    will not come right by itself, so waiting on is of no use. ``pod`` and ``container`` name whose logs (the previous
    ones after a crash) explain it; None where there are none.
    """

    status: Status
    cause: str | None = None
    hopeless: bool = False
    pod: str | None = None
    container: str | None = None
