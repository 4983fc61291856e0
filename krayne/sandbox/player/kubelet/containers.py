"""One container's way through its states, a move at a time, with the words of a real kubelet and containerd."""

from __future__ import annotations

from typing import Any

from krayne.sandbox.player.kubelet.moves import Move, Scene
from krayne.sandbox.player.kubelet.running import run, run_init
from krayne.sandbox.player.kubelet.waiting import crash_loop, start, started

Object = dict[str, Any]


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
        return run_init(pod, container, status, scene) if init else run(pod, container, status, scene)
    return start(pod, container, status, scene, init=init)


def may_restart(pod: Object, status: Object) -> bool:
    """Whether the pod's restart policy starts an ended container again."""
    policy = pod["spec"].get("restartPolicy", "Always")
    return bool(policy == "Always" or (policy == "OnFailure" and status["state"]["terminated"]["exitCode"]))


def _after_end(pod: Object, container: Object, status: Object, scene: Scene, *, init: bool) -> Move | None:
    code = status["state"]["terminated"]["exitCode"]
    if (init and code == 0) or not may_restart(pod, status):
        return None
    if status["restartCount"] == 0:  # the first restart comes at once
        return started(pod, container, status, scene, init=init)
    return crash_loop(pod, container, status, scene, init=init)
