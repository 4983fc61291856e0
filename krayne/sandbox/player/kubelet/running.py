"""A container that runs: until its work is done, its fault shows, or its probe passes."""

from __future__ import annotations

from typing import Any

from krayne.sandbox.player.events import Event
from krayne.sandbox.player.kubelet.moves import Move, Scene, end, faulty, place_of, wait
from krayne.sandbox.player.kubelet.ray import bad_start

Object = dict[str, Any]

_ENDS = {"crash": (1, "Error"), "oom": (137, "OOMKilled")}


def run_init(pod: Object, container: Object, status: Object, scene: Scene) -> Move | None:
    """An init container ends; KubeRay's waits for the head first."""
    if faulty(pod, container, scene, init=True):
        return end(status, scene, 1, "Error")
    if container["name"] == "wait-gcs-ready" and not scene.gcs_ready:
        return None
    return end(status, scene, 0, "Completed", ready=True)


def run(pod: Object, container: Object, status: Object, scene: Scene) -> Move | None:
    """A container becomes ready and stays so, unless its fault or its command has it otherwise."""
    fault = faulty(pod, container, scene, init=False)
    if container == pod["spec"]["containers"][0] and bad_start(container):
        return end(status, scene, 2, "Error")
    if fault in _ENDS:
        return end(status, scene, *_ENDS[fault])
    if fault == "hook":
        return _fail_hook(pod, container, status, scene)
    if fault == "not-ready":
        words = "Readiness probe failed: HTTP probe failed with statuscode: 503"
        unhealthy = Event("Warning", "Unhealthy", words, place_of(container, init=False))
        return Move({**status, "ready": False}, (unhealthy,), scene.timing.retry)
    if not status["ready"]:
        return Move({**status, "ready": True}, after=scene.timing.die if fault == "die" else None)
    return end(status, scene, 1, "Error") if fault == "die" else None


def _fail_hook(pod: Object, container: Object, status: Object, scene: Scene) -> Move:
    place, name = place_of(container, init=False), pod["metadata"]["name"]
    ended = end(status, scene, 137, "Error")
    hook = ((container.get("lifecycle") or {}).get("postStart") or {}).get("exec") or {}
    shown = " ".join(hook.get("command") or ["/bin/sh", "-c", "exit 1"])
    message = (
        f'Exec lifecycle hook ([{shown}]) for Container "{container["name"]}" in Pod '
        f'"{name}_{pod["metadata"]["namespace"]}({pod["metadata"]["uid"]})" failed - error: '
        f"command '{shown}' exited with 1: , message: \"\""
    )
    events = (
        Event("Warning", "FailedPostStartHook", "PostStartHook failed", place),
        Event("Normal", "Killing", "FailedPostStartHook", place),
    )
    if pod["spec"].get("restartPolicy") == "Never":
        return Move(ended.status, events, scene.timing.crash)
    waiting = wait(ended.status, "PostStartHookError", message) | {"lastState": ended.status["state"]}
    return Move(waiting, events, scene.timing.crash)
