"""A container that waits: for its image, for what it refers to, or for its next try."""

from __future__ import annotations

import copy
import secrets
from typing import Any

from krayne.sandbox.player.events import Event
from krayne.sandbox.player.kubelet.images import bad_image, full_name, image_id, not_found
from krayne.sandbox.player.kubelet.moves import Move, Scene, faulty, place_of, wait
from krayne.sandbox.player.kubelet.ray import bad_start

Object = dict[str, Any]


def start(pod: Object, container: Object, status: Object, scene: Scene, *, init: bool) -> Move:
    """From waiting to running, or to what it waits for next."""
    place = place_of(container, init=init)
    why = (status["state"].get("waiting") or {}).get("reason")
    if why == "ErrImagePull":
        return _back_off_pull(container, status, scene, place)
    if why == "PostStartHookError" and status["restartCount"]:
        return crash_loop(pod, container, status, scene, init=init)
    fault = faulty(pod, container, scene, init=init)
    held_up = _get_image(container, status, scene, place, fault)
    if held_up:
        return held_up
    pulled = _pulled(container, scene, place)
    problem = scene.problems.get(container["name"]) or (
        'secret "sandbox-missing" not found' if fault == "config" else ""
    )
    if problem:
        again = why == "CreateContainerConfigError"
        failed = Event("Warning", "Failed", f"Error: {problem}", place)
        events = (failed,) if again else (pulled, failed)
        return Move(wait(status, "CreateContainerConfigError", problem), events, scene.timing.retry)
    return started(pod, container, status, scene, init=init)


def _get_image(container: Object, status: Object, scene: Scene, place: str, fault: str | None) -> Move | None:
    """What stands between the container and its image; None where it is there."""
    image = container.get("image", "")
    bad = not_found(image) if fault == "pull" else bad_image(image)
    if bad and bad.reason == "InvalidImageName":
        inspected = Event("Warning", "InspectFailed", bad.message, place)
        failed = Event("Warning", "Failed", "Error: InvalidImageName", place)
        return Move(wait(status, bad.reason, bad.message), (inspected, failed), scene.timing.backoff_limit)
    pulling = Event("Normal", "Pulling", f'Pulling image "{image}"', place)
    if bad:
        events = (
            pulling,
            Event("Warning", "Failed", f'Failed to pull image "{image}": {bad.message}', place),
            Event("Warning", "Failed", "Error: ErrImagePull", place),
        )
        return Move(wait(status, "ErrImagePull", bad.message), events, scene.timing.pull + scene.timing.backoff)
    if _present(container, scene) or container["name"] in scene.pulling:
        return None
    return Move(status, (pulling,), scene.timing.pull, pulling=True)


def _present(container: Object, scene: Scene) -> bool:
    always = container.get("imagePullPolicy") == "Always"
    return not always and full_name(container.get("image", "")) in scene.images


def _pulled(container: Object, scene: Scene, place: str) -> Event:
    image = container.get("image", "")
    if _present(container, scene):
        return Event("Normal", "Pulled", f'Container image "{image}" already present on machine', place)
    took = f"{round(scene.timing.pull * 1000)}ms"
    words = f'Successfully pulled image "{image}" in {took} ({took} including waiting). Image size: 1073741824 bytes.'
    return Event("Normal", "Pulled", words, place)


def _back_off_pull(container: Object, status: Object, scene: Scene, place: str) -> Move:
    why = status["state"]["waiting"].get("message", "")
    words = f'Back-off pulling image "{container["image"]}"'
    events = (
        Event("Normal", "BackOff", words, place),
        Event("Warning", "Failed", "Error: ImagePullBackOff", place),
    )
    waiting = wait(status, "ImagePullBackOff", f"{words}: ErrImagePull: {why}")
    return Move(waiting, events, scene.timing.backoff_limit / 2)


def started(pod: Object, container: Object, status: Object, scene: Scene, *, init: bool) -> Move:
    """The container runs, for the first time or again."""
    place, name = place_of(container, init=init), container["name"]
    resources = container.get("resources") or {}
    asked = {**(resources.get("limits") or {}), **(resources.get("requests") or {})}
    running = {
        **status,
        "image": full_name(container["image"]),
        "imageID": image_id(container["image"]),
        "restartCount": status["restartCount"] + ("containerID" in status),
        "containerID": f"containerd://{secrets.token_hex(32)}",
        "started": True,
        "ready": not init and "readinessProbe" not in container,
        "state": {"running": {"startedAt": scene.now}},
        "resources": copy.deepcopy(resources),
        **({"allocatedResources": asked} if asked else {}),
    }
    if "terminated" in status["state"]:
        running["lastState"] = status["state"]
    events = (
        _pulled(container, scene, place),
        Event("Normal", "Created", f"Created container: {name}", place),
        Event("Normal", "Started", f"Started container {name}", place),
    )
    return Move(running, events, _next_look(pod, container, scene, init=init))


def _next_look(pod: Object, container: Object, scene: Scene, *, init: bool) -> float:
    fault = faulty(pod, container, scene, init=init)
    if fault in ("crash", "oom", "hook", "init") or (not init and bad_start(container)):
        return scene.timing.crash
    return scene.timing.init if init else scene.timing.ready


def crash_loop(pod: Object, container: Object, status: Object, scene: Scene, *, init: bool) -> Move:
    """The wait before the next restart, in the kubelet's words; really it lasts as long as the timing says."""
    metadata, name = pod["metadata"], container["name"]
    told = f"{metadata['name']}_{metadata['namespace']}({metadata['uid']})"
    nominal = min(10 * 2 ** (status["restartCount"] - 1), 300)
    message = f"back-off {_go_duration(nominal)} restarting failed container={name} pod={told}"
    waiting = wait(status, "CrashLoopBackOff", message)
    if "terminated" in status["state"]:
        waiting["lastState"] = status["state"]
    delay = min(scene.timing.backoff * 2 ** min(status["restartCount"] - 1, 10), scene.timing.backoff_limit)
    words = f"Back-off restarting failed container {name} in pod {told}"
    return Move(waiting, (Event("Warning", "BackOff", words, place_of(container, init=init)),), delay)


def _go_duration(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"
