"""What the played containers have written: derived from the pod's status, so nothing is kept and nothing is lost."""

from __future__ import annotations

from typing import Any

from krayne.sandbox.door import LogLine, LogUnavailableError
from krayne.sandbox.player.clock import later, micro_time
from krayne.sandbox.player.kubelet.ray import bad_start

Object = dict[str, Any]


def log_lines(pod: Object, container: str, *, previous: bool, fault: str | None) -> list[LogLine]:
    """The lines of a container's current (or previous) run, oldest first.

    Raises `LogUnavailableError`, in the kubelet's words, where there is none.
    """
    status = container_status(pod, container)
    name = pod["metadata"]["name"]
    run = _previous(status) if previous else _current(status)
    if run is None and previous:
        raise LogUnavailableError(f'previous terminated container "{container}" in pod "{name}" not found')
    if run is None:
        waiting = (status.get("state") or {}).get("waiting") or {}
        reason = waiting.get("reason", "ContainerCreating")
        if reason in ("ErrImagePull", "ImagePullBackOff", "InvalidImageName"):
            words = "trying and failing to pull image"
            raise LogUnavailableError(f'container "{container}" in pod "{name}" is waiting to start: {words}')
        raise LogUnavailableError(f'container "{container}" in pod "{name}" is waiting to start: {reason}')
    started = run["startedAt"]
    texts = _texts(pod, container, run, fault)
    return [LogLine(micro_time(later(started, index / 1000)), text) for index, text in enumerate(texts)]


def container_status(pod: Object, container: str) -> Object:
    """A container's status, empty where it has none."""
    status = pod.get("status") or {}
    every = [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]
    return next((item for item in every if item["name"] == container), {})


def _current(status: Object) -> Object | None:
    """The run to show: the present one, else the last one that ended (as the kubelet does between restarts)."""
    state = status.get("state") or {}
    run: Object | None = state.get("running") or state.get("terminated") or _previous(status)
    return run if run and run.get("startedAt") else None


def _previous(status: Object) -> Object | None:
    ended: Object | None = (status.get("lastState") or {}).get("terminated")
    return ended


def _texts(pod: Object, container: str, run: Object, fault: str | None) -> list[str]:
    spec = pod["spec"]
    if container == "wait-gcs-ready":
        done = run.get("exitCode") == 0
        return ["GCS is ready."] if done else ["0 seconds elapsed: Waiting for GCS to be ready."]
    if container == "autoscaler":
        return ["The Ray head is ready. Starting the autoscaler."]
    if container != spec["containers"][0]["name"]:
        return _init_texts(run) if run.get("exitCode") else []
    unknown = bad_start(spec["containers"][0])
    if unknown:
        return [
            "Usage: ray start [OPTIONS]",
            "Try 'ray start --help' for help.",
            "",
            f"Error: No such option: --{unknown}",
        ]
    return _start_texts(pod) + _end_texts(run, fault)


def _init_texts(run: Object) -> list[str]:
    return [f"init: failed with exit code {run['exitCode']}"]


def _start_texts(pod: Object) -> list[str]:
    ip = (pod.get("status") or {}).get("podIP", "127.0.0.1")
    if (pod["metadata"].get("labels") or {}).get("ray.io/node-type") != "head":
        return [
            f"[sandbox] Local node IP: {ip}",
            "--------------------",
            "Ray runtime started.",
            "--------------------",
        ]
    return [
        "INFO usage_lib.py:447 -- Usage stats collection is disabled.",
        f"INFO scripts.py:914 -- Local node IP: {ip}",
        "SUCC scripts.py:950 -- --------------------",
        "SUCC scripts.py:951 -- Ray runtime started.",
        "SUCC scripts.py:952 -- --------------------",
        "INFO scripts.py:954 -- Next steps",
        "INFO scripts.py:957 -- To add another node to this Ray cluster, run",
        f"INFO scripts.py:960 --   ray start --address='{ip}:6379'",
        "INFO scripts.py:1035 -- --block",
        "INFO scripts.py:1036 -- This command will now block forever until terminated by a signal.",
    ]


def _end_texts(run: Object, fault: str | None) -> list[str]:
    if "exitCode" not in run:
        return []
    if run["reason"] == "OOMKilled":
        return ["ray::IDLE invoked oom-killer: the container went over its memory limit"]
    if fault == "hook":
        return ["postStart hook failed; the container is stopped"]
    if run["exitCode"]:
        return [
            "ERR scripts.py:1052 -- Some Ray subprocesses exited unexpectedly:",
            f"ERR scripts.py:1056 --   gcs_server [exit code={run['exitCode']}]",
            "ERR scripts.py:1061 -- Remaining processes will be killed.",
        ]
    return []
