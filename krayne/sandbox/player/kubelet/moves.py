"""What a container's moves are made of: what they depend on, what they come to, and the states they share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from krayne.sandbox.player.events import Event
from krayne.sandbox.player.timing import Timing

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Scene:
    """What a container's next move depends on besides its pod.

    `fault` is the pod's; `problems` are the containers' (a Secret that is not there); `images` are on the node;
    `pulling` names the containers whose pull is under way; `gcs_ready` tells whether the head answers.
    """

    now: str
    timing: Timing
    fault: str | None = None
    gcs_ready: bool = True
    problems: dict[str, str] = field(default_factory=dict)
    images: frozenset[str] = frozenset()
    pulling: frozenset[str] = frozenset()


class Move(NamedTuple):
    """A container's next status, the events of getting there, and seconds until it moves on (None: not by itself)."""

    status: Object
    events: tuple[Event, ...] = ()
    after: float | None = None
    pulling: bool = False


def faulty(pod: Object, container: Object, scene: Scene, *, init: bool) -> str | None:
    """The fault that this container is to show: the pod's concerns its Ray container, or its first init container."""
    containers = pod["spec"].get("initContainers" if init else "containers") or []
    if container is not containers[0] and container["name"] != containers[0]["name"]:
        return None
    if init:
        return scene.fault if scene.fault == "init" else None
    return scene.fault if scene.fault != "init" else None


def wait(status: Object, reason: str, message: str) -> Object:
    """The status of a container that waits, for that reason."""
    return {**status, "ready": False, "started": False, "state": {"waiting": {"reason": reason, "message": message}}}


def end(status: Object, scene: Scene, code: int, reason: str, *, ready: bool = False) -> Move:
    """A running container ends."""
    terminated = {
        "containerID": status["containerID"],
        "exitCode": code,
        "reason": reason,
        "startedAt": status["state"]["running"]["startedAt"],
        "finishedAt": scene.now,
    }
    ended = {**status, "ready": ready, "started": False, "state": {"terminated": terminated}}
    return Move(ended, after=scene.timing.crash)


def place_of(container: Object, *, init: bool) -> str:
    """How events name a container."""
    return f"spec.{'initContainers' if init else 'containers'}{{{container['name']}}}"
