"""One container's way through its states, a move at a time, with the words of a real kubelet and containerd."""

from __future__ import annotations

import copy
import secrets
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from krayne.sandbox.player.events import Event
from krayne.sandbox.player.kubelet.images import bad_image, full_name, image_id
from krayne.sandbox.player.kubelet.ray import bad_start
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


def new_status(container: Object, reason: str) -> Object:
    """The status of a container that has never run."""
    status: Object = {
        "name": container["name"],
        "image": container.get("image", ""),
        "imageID": "",
        "ready": False,
        "started": False,
        "restartCount": 0,
        "state": {"waiting": {"reason": reason}},
        "lastState": {},
    }
    mounts = [_mount_status(mount) for mount in container.get("volumeMounts") or []]
    return {**status, "volumeMounts": mounts} if mounts else status


def _mount_status(mount: Object) -> Object:
    status: Object = {key: mount[key] for key in ("name", "mountPath", "readOnly") if key in mount}
    return {**status, "recursiveReadOnly": "Disabled"} if mount.get("readOnly") else status


def move(pod: Object, container: Object, status: Object, scene: Scene, *, init: bool) -> Move | None:
    """The container's next move; None where it stays as it is."""
    state = status["state"]
    if "terminated" in state:
        return _after_end(pod, container, status, scene, init=init)
    if "running" in state:
        return _run_init(pod, container, status, scene) if init else _run(pod, container, status, scene)
    return _start(pod, container, status, scene, init=init)


def faulty(pod: Object, container: Object, scene: Scene, *, init: bool) -> str | None:
    """The fault that this container is to show: the pod's concerns its Ray container, or its first init container."""
    containers = pod["spec"].get("initContainers" if init else "containers") or []
    if container is not containers[0] and container["name"] != containers[0]["name"]:
        return None
    if init:
        return scene.fault if scene.fault == "init" else None
    return scene.fault if scene.fault != "init" else None


# --- waiting


def _start(pod: Object, container: Object, status: Object, scene: Scene, *, init: bool) -> Move | None:
    image, where = container.get("image", ""), _where(container, init=init)
    waiting = status["state"].get("waiting") or {}
    if waiting.get("reason") == "ErrImagePull":
        return _back_off_pull(container, status, scene, where)
    if waiting.get("reason") == "PostStartHookError" and status["restartCount"]:
        return _crash_loop(pod, container, status, scene, init=init)
    fault = faulty(pod, container, scene, init=init)
    problem = scene.problems.get(container["name"])
    bad = bad_image(image)
    if fault == "pull":
        name = full_name(image)
        words = f'failed to pull and unpack image "{name}": failed to resolve reference "{name}": {name}: not found'
        return _fail_pull(container, status, scene, where, words)
    if bad and bad.reason == "InvalidImageName":
        events = (
            Event("Warning", "InspectFailed", bad.message, where),
            Event("Warning", "Failed", "Error: InvalidImageName", where),
        )
        return Move(_wait(status, bad.reason, bad.message), events, scene.timing.backoff_limit)
    if bad:
        return _fail_pull(container, status, scene, where, bad.message)
    policy = container.get("imagePullPolicy") or "IfNotPresent"
    present = full_name(image) in scene.images and policy != "Always"
    if not present and container["name"] not in scene.pulling:
        pulling = Event("Normal", "Pulling", f'Pulling image "{image}"', where)
        return Move(status, (pulling,), scene.timing.pull, pulling=True)
    if problem or fault == "config":
        problem = problem or 'secret "sandbox-missing" not found'
        pulled = (
            () if waiting.get("reason") == "CreateContainerConfigError" else (_pulled(image, where, scene, present),)
        )
        failed = Event("Warning", "Failed", f"Error: {problem}", where)
        return Move(_wait(status, "CreateContainerConfigError", problem), (*pulled, failed), scene.timing.retry)
    return _started(pod, container, status, scene, (_pulled(image, where, scene, present),), init=init)


def _pulled(image: str, where: str, scene: Scene, present: bool) -> Event:
    if present:
        return Event("Normal", "Pulled", f'Container image "{image}" already present on machine', where)
    took = f"{round(scene.timing.pull * 1000)}ms"
    words = f'Successfully pulled image "{image}" in {took} ({took} including waiting). Image size: 1073741824 bytes.'
    return Event("Normal", "Pulled", words, where)


def _fail_pull(container: Object, status: Object, scene: Scene, where: str, why: str) -> Move:
    image = container["image"]
    events = (
        Event("Normal", "Pulling", f'Pulling image "{image}"', where),
        Event("Warning", "Failed", f'Failed to pull image "{image}": {why}', where),
        Event("Warning", "Failed", "Error: ErrImagePull", where),
    )
    return Move(_wait(status, "ErrImagePull", why), events, scene.timing.pull + scene.timing.backoff)


def _back_off_pull(container: Object, status: Object, scene: Scene, where: str) -> Move:
    why = status["state"]["waiting"].get("message", "")
    words = f'Back-off pulling image "{container["image"]}"'
    events = (
        Event("Normal", "BackOff", words, where),
        Event("Warning", "Failed", "Error: ImagePullBackOff", where),
    )
    waiting = _wait(status, "ImagePullBackOff", f"{words}: ErrImagePull: {why}")
    return Move(waiting, events, scene.timing.backoff_limit / 2)


def _wait(status: Object, reason: str, message: str) -> Object:
    return {**status, "ready": False, "started": False, "state": {"waiting": {"reason": reason, "message": message}}}


def _started(
    pod: Object, container: Object, status: Object, scene: Scene, events: tuple[Event, ...], *, init: bool
) -> Move:
    where, name = _where(container, init=init), container["name"]
    again = "containerID" in status
    resources = container.get("resources") or {}
    asked = {**(resources.get("limits") or {}), **(resources.get("requests") or {})}
    running = {
        **status,
        "image": full_name(container["image"]),
        "imageID": image_id(container["image"]),
        "containerID": f"containerd://{secrets.token_hex(32)}",
        "restartCount": status["restartCount"] + again,
        "started": True,
        "ready": not init and "readinessProbe" not in container,
        "state": {"running": {"startedAt": scene.now}},
        "resources": copy.deepcopy(resources),
        **({"allocatedResources": asked} if asked else {}),
    }
    if "terminated" in status["state"]:
        running["lastState"] = status["state"]
    made = (
        Event("Normal", "Created", f"Created container: {name}", where),
        Event("Normal", "Started", f"Started container {name}", where),
    )
    return Move(running, (*events, *made), _next_look(pod, container, scene, init=init))


def _next_look(pod: Object, container: Object, scene: Scene, *, init: bool) -> float:
    fault = faulty(pod, container, scene, init=init)
    if fault in ("crash", "oom", "hook", "init") or (not init and bad_start(container)):
        return scene.timing.crash
    return scene.timing.init if init else scene.timing.ready


# --- running


def _run_init(pod: Object, container: Object, status: Object, scene: Scene) -> Move | None:
    if faulty(pod, container, scene, init=True):
        return _end(status, scene, 1, "Error")
    if container["name"] == "wait-gcs-ready" and not scene.gcs_ready:
        return None
    return _end(status, scene, 0, "Completed", ready=True)


def _run(pod: Object, container: Object, status: Object, scene: Scene) -> Move | None:
    fault, where = faulty(pod, container, scene, init=False), _where(container, init=False)
    if bad_start(container) and container is pod["spec"]["containers"][0]:
        return _end(status, scene, 2, "Error")
    if fault == "crash":
        return _end(status, scene, 1, "Error")
    if fault == "oom":
        return _end(status, scene, 137, "OOMKilled")
    if fault == "hook":
        return _fail_hook(pod, container, status, scene)
    if fault == "die" and status["ready"]:
        return _end(status, scene, 1, "Error")
    if fault == "not-ready":
        words = "Readiness probe failed: HTTP probe failed with statuscode: 503"
        return Move(status, (Event("Warning", "Unhealthy", words, where),), scene.timing.retry)
    if pod["metadata"]["labels"].get("ray.io/node-type") == "redis-cleanup":
        return _end(status, scene, 0, "Completed")
    if status["ready"]:
        return None
    return Move({**status, "ready": True}, after=scene.timing.die if fault == "die" else None)


def _fail_hook(pod: Object, container: Object, status: Object, scene: Scene) -> Move:
    where, name = _where(container, init=False), pod["metadata"]["name"]
    ended = _end(status, scene, 137, "Error")
    hook = ((container.get("lifecycle") or {}).get("postStart") or {}).get("exec") or {}
    command = hook.get("command") or ["/bin/sh", "-c", "exit 1"]
    shown = " ".join(command)
    message = (
        f'Exec lifecycle hook ([{shown}]) for Container "{container["name"]}" in Pod '
        f'"{name}_{pod["metadata"]["namespace"]}({pod["metadata"]["uid"]})" failed - error: '
        f"command '{shown}' exited with 1: , message: \"\""
    )
    waiting = _wait(ended.status, "PostStartHookError", message) | {"lastState": ended.status["state"]}
    events = (
        Event("Warning", "FailedPostStartHook", "PostStartHook failed", where),
        Event("Normal", "Killing", "FailedPostStartHook", where),
    )
    return Move(waiting, events, scene.timing.crash)


def _end(status: Object, scene: Scene, code: int, reason: str, *, ready: bool = False) -> Move:
    terminated = {
        "containerID": status["containerID"],
        "exitCode": code,
        "reason": reason,
        "startedAt": status["state"]["running"]["startedAt"],
        "finishedAt": scene.now,
    }
    ended = {**status, "ready": ready, "started": False, "state": {"terminated": terminated}}
    return Move(ended, after=scene.timing.crash)


# --- ended


def may_restart(pod: Object, status: Object) -> bool:
    """Whether the pod's restart policy starts an ended container again."""
    policy = pod["spec"].get("restartPolicy", "Always")
    return bool(policy == "Always" or (policy == "OnFailure" and status["state"]["terminated"]["exitCode"]))


def _after_end(pod: Object, container: Object, status: Object, scene: Scene, *, init: bool) -> Move | None:
    code = status["state"]["terminated"]["exitCode"]
    if (init and code == 0) or not may_restart(pod, status):
        return None
    if status["restartCount"] == 0:
        pulled = _pulled(container["image"], _where(container, init=init), scene, present=True)
        return _started(pod, container, status, scene, (pulled,), init=init)
    return _crash_loop(pod, container, status, scene, init=init)


def _crash_loop(pod: Object, container: Object, status: Object, scene: Scene, *, init: bool) -> Move:
    metadata, name = pod["metadata"], container["name"]
    pod_words = f"{metadata['name']}_{metadata['namespace']}({metadata['uid']})"
    message = f"back-off {_go_duration(_backoff(status))} restarting failed container={name} pod={pod_words}"
    words = f"Back-off restarting failed container {name} in pod {pod_words}"
    waiting = _wait(status, "CrashLoopBackOff", message)
    if "terminated" in status["state"]:
        waiting["lastState"] = status["state"]
    delay = min(scene.timing.backoff * 2 ** min(status["restartCount"] - 1, 10), scene.timing.backoff_limit)
    return Move(waiting, (Event("Warning", "BackOff", words, _where(container, init=init)),), delay)


def _backoff(status: Object) -> int:
    """Seconds that a real kubelet waits before this restart: 10, doubled each time, up to 300."""
    return int(min(10 * 2 ** (status["restartCount"] - 1), 300))


def _go_duration(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"


def _where(container: Object, *, init: bool) -> str:
    return f"spec.{'initContainers' if init else 'containers'}{{{container['name']}}}"
