"""What is wrong with one container, from its status as the kubelet writes it (Kubernetes 1.25 to 1.37)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from krayne import objects
from krayne.objects import HEAD_GROUP, Object
from krayne.status.hooks import hook_failure
from krayne.status.problems import CRASH_MEMORY, Problem, Rank, container_spec, patience_over, since
from krayne.status.verdict import Reason, Status
from krayne.text import duration, one_line

# Reasons of a waiting container: kubelet's pkg/kubelet/images/types.go and pkg/kubelet/container/sync_result.go.
_IMAGE = {
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "ErrImageNeverPull",
    "ImageInspectError",
    "RegistryUnavailable",
    "SignatureValidationFailed",
}
_IMAGE_FOR_GOOD = {"InvalidImageName", "ErrImageNeverPull", "SignatureValidationFailed"}
# What a registry says of an image that it does not have or does not give; anything else may be its network.
_IMAGE_REFUSED = (
    "not found",
    "manifest unknown",
    "does not exist",
    "no match for platform",
    "no matching manifest",
    "unauthorized",
    "authentication required",
    "no basic auth credentials",
    "denied",
    "forbidden",
    "invalid reference",
    "no such host",
)
_MISCONFIGURED = {"CreateContainerConfigError", "CreateContainerError"}
# The kubelet's own words say why a container could not be started; of one that was, only how it ended is known.
_NOT_STARTED = {"RunContainerError", "PostStartHookError", "PreStartHookError", "PreCreateHookError"}
_NEVER_RAN = ("StartError", "ContainerCannotRun")  # containerd's and Docker's reasons of an end without a beginning
_NO_SUCH_PROGRAM = ("executable file not found", "no such file or directory", "permission denied", "exec format error")

_KILLED = (137, 143)  # SIGKILL, SIGTERM: it did not end of itself

# KubeRay's init container, which holds a worker back until the head's GCS answers.
WAIT_GCS_READY = "wait-gcs-ready"


class Seen(NamedTuple):
    """What is known around a container: its pod, that one's group and the hints about it (newest last), the time."""

    pod: Object
    group: str
    hints: Sequence[Object]
    now: datetime


def container_problem(seen: Seen, status: Object, *, init: bool) -> Problem | None:
    """Tell what keeps a container from being ready or, if it is an init container, from having done its work."""
    waiting = objects.at(status, "state", "waiting")
    if isinstance(waiting, dict):
        return _waiting(seen, status, waiting)
    ended = objects.at(status, "state", "terminated")
    if isinstance(ended, dict):
        return _ended(seen, status, ended, init=init)
    if isinstance(objects.at(status, "state", "running"), dict):
        return _running(seen, status, init=init)
    return None


def _waiting(seen: Seen, status: Object, waiting: Object) -> Problem | None:
    name, reason = objects.string(status, "name"), objects.string(waiting, "reason")
    message = objects.string(waiting, "message")
    if reason in _IMAGE:
        return _image(seen, status, reason, message)
    if reason in _MISCONFIGURED:
        late = patience_over(seen.pod, seen.now)
        verb = f"cannot make container {name}"
        return Problem(Rank.BROKEN, Status.CONTAINERS_CREATING, verb, one_line(message or reason), hopeless=late)
    if reason in _NOT_STARTED:
        return _crash(seen, status, hook_failure(message) or one_line(message or reason))
    if reason == "CrashLoopBackOff":
        return _crash(seen, status)
    if reason == "PodInitializing":
        return None  # its init containers tell
    return Problem(Rank.STARTING, Status.CONTAINERS_CREATING, f"start[s] container {name}", one_line(message))


def _image(seen: Seen, status: Object, reason: str, message: str) -> Problem:
    said = message.lower()
    refused = reason in _IMAGE_FOR_GOOD or any(words in said for words in _IMAGE_REFUSED)
    return Problem(
        Rank.BROKEN,
        Status.IMAGE_PULL_ERROR,
        f"cannot pull image {one_line(_image_of(seen, status))}",
        registry_words(message) or reason,
        hopeless=refused or (reason == "ImagePullBackOff" and patience_over(seen.pod, seen.now)),
    )


def _image_of(seen: Seen, status: Object) -> str:
    spec = container_spec(seen.pod, objects.string(status, "name"))
    return objects.string(status, "image") or objects.string(spec, "image")


# Each layer between the kubelet and the registry names the image once more.
_LAYERS = re.compile(
    r'Back-off pulling image "[^"]*"(: )?|ErrImagePull(: )?|rpc error: code = \w+ desc = |'
    r'failed to pull and unpack image "[^"]*": |failed to resolve reference "[^"]*": |'
    r'Error response from daemon: |Failed to pull image "[^"]*": '
)


def registry_words(message: str) -> str:
    """Take the repetition off the front of a pull error, so that its end, the reason, is what is read."""
    while found := _LAYERS.match(message):
        message = message[found.end() :]
    return one_line(message)


def _ended(seen: Seen, status: Object, ended: Object, *, init: bool) -> Problem | None:
    if init and objects.integer(ended.get("exitCode")) == 0:
        return None
    return _crash(seen, status)


def _running(seen: Seen, status: Object, *, init: bool) -> Problem | None:
    name = objects.string(status, "name")
    sidecar = init and container_spec(seen.pod, name).get("restartPolicy") == "Always"
    if status.get("ready") is True or (sidecar and status.get("started") is True):
        return None
    last = objects.mapping(status, "lastState", "terminated")
    crashed = since(last.get("finishedAt"), seen.now)
    recent = crashed is not None and crashed < CRASH_MEMORY
    if recent and objects.integer(status.get("restartCount")) >= 2:
        return _crash(seen, status)
    if init:
        waits = name == WAIT_GCS_READY
        verb = f"wait[s] for the head (init container {name})" if waits else f"run[s] init container {name}"
        return Problem(Rank.STARTING, Status.CONTAINERS_CREATING, verb, waits_for_head=waits, container=name)
    age = since(objects.at(status, "state", "running", "startedAt"), seen.now)
    verb, reason = f"started container {name}" + ("" if age is None else f" {duration(age)} ago"), None
    if recent:
        verb, reason = f"restarted container {name} ({how_it_ended(last)})", Reason.RESTARTED
    detail = _unhealthy(seen.hints, name)
    return Problem(Rank.NOT_READY, Status.RUNNING, f"{verb}, not ready yet", detail, container=name, reason=reason)


def _unhealthy(hints: Sequence[Object], container: str) -> str:
    for event in reversed(hints):
        if event.get("reason") == "Unhealthy" and _is_about(event, container):
            return one_line(objects.string(event, "message"))
    return ""


def _crash(seen: Seen, status: Object, said: str = "") -> Problem:
    """Describe a container that ended and is started again (and again); ``said``: the kubelet's reason, if it has one.

    Beyond hope once the kubelet backs off from a second restart, or from a first one after running out of memory
    twice; at once if there is no such program to run.
    """
    name, restarts = objects.string(status, "name"), objects.integer(status.get("restartCount"))
    ended = objects.mapping(status, "state", "terminated") or objects.mapping(status, "lastState", "terminated")
    out_of_memory = ended.get("reason") == "OOMKilled"
    backing_off = bool(objects.mapping(status, "state", "waiting"))
    hopeless = backing_off and restarts >= (1 if out_of_memory else 2)
    again, reason = (f" again and again (restarted {restarts} times)", Reason.RESTARTED) if restarts > 1 else ("", None)
    if out_of_memory:
        verb = f"run[s] out of memory in container {name}{again}"
        detail = more_memory(container_spec(seen.pod, name), seen.group)
        return Problem(Rank.BROKEN, Status.CRASH_LOOP, verb, detail, hopeless, name, reason=reason)
    detail = said or _why(seen.hints, name, ended) or (how_it_ended(ended) if ended else "")
    never_ran = bool(said) or ended.get("reason") in _NEVER_RAN
    hopeless = hopeless or (never_ran and any(words in detail for words in _NO_SUCH_PROGRAM))
    verb = f"fail[s] in container {name}{again}"
    return Problem(Rank.BROKEN, Status.CRASH_LOOP, verb, detail, hopeless, name, reason=reason)


def _why(hints: Sequence[Object], container: str, ended: Object) -> str:
    """Say what killed a container where an event knows: a postStart hook that failed, a liveness probe."""
    killed = ended.get("exitCode") in _KILLED
    for event in reversed(hints):
        reason, message = event.get("reason"), objects.string(event, "message")
        if not _is_about(event, container):
            continue
        if reason == "FailedPostStartHook":
            return f"its postStart hook failed ({how_it_ended(ended)})"
        if reason == "Unhealthy" and killed and message.startswith("Liveness"):
            return f"{one_line(message, 160)} ({how_it_ended(ended)})"
    return ""


def _is_about(event: Object, container: str) -> bool:
    """Tell whether a pod's event is about that container (fieldPath ``spec.containers{ray-head}``), or about none."""
    field = objects.string(event, "involvedObject", "fieldPath")
    return not field or f"{{{container}}}" in field


def how_it_ended(ended: Object) -> str:
    """Say how a container ended: its exit code or signal, the reason and the message that it left."""
    code = objects.integer(ended.get("exitCode"), -1)
    reason, message = objects.string(ended, "reason"), objects.string(ended, "message")
    said = f"exit code {code}" if code >= 0 else "ended"
    if reason and reason != "Error":
        said += f", {reason}"
    elif code > 128:
        said += f", killed by signal {code - 128}"
    return f"{said}: {one_line(message, 160)}" if message else said


def more_memory(container: Object, group: str) -> str:
    """Say how much memory a container has, and which field of krayne's configuration gives it more."""
    limit = one_line(objects.string(container, "resources", "limits", "memory"))
    had = f"its limit is {limit}" if limit else "it has no limit of its own"
    if container.get("name") == WAIT_GCS_READY:
        return f"{had}, set by KubeRay"
    if container.get("name") == "autoscaler":
        return f"{had}; raise autoscaler.memory"
    return f"{had}; raise {'head' if group == HEAD_GROUP else f'worker_groups.{group}'}.memory"
