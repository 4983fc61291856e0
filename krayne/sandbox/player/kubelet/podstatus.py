"""A pod's status from its containers': phase and conditions, as a real kubelet writes them."""

from __future__ import annotations

from typing import Any

from krayne.sandbox.player.kubelet.containers import may_restart, new_status

Object = dict[str, Any]

EVICTED = "The node was low on resource: memory. Threshold quantity: 100Mi, available: 52Mi. "


def first_statuses(pod: Object) -> tuple[list[Object], list[Object]]:
    """The init containers' and containers' statuses when the kubelet takes a pod up."""
    spec = pod["spec"]
    inits = spec.get("initContainers") or []
    reason = "PodInitializing" if inits else "ContainerCreating"
    return [new_status(c, "PodInitializing") for c in inits], [new_status(c, reason) for c in spec["containers"]]


def pod_status(pod: Object, inits: list[Object], mains: list[Object], *, now: str, host: str, ip: str | None) -> Object:
    """The whole status. `ip` is the pod's, None until its sandbox stands."""
    old = pod.get("status") or {}
    phase = _phase(pod, inits, mains)
    status: Object = {
        **old,
        "phase": phase,
        "hostIP": host,
        "hostIPs": [{"ip": host}],
        "startTime": old.get("startTime", now),
        "conditions": _conditions(old, inits, mains, phase, sandbox=bool(ip), now=now),
        "containerStatuses": mains,
        **({"initContainerStatuses": inits} if inits else {}),
    }
    return {**status, "podIP": ip, "podIPs": [{"ip": ip}]} if ip else status


def evicted_status(pod: Object, now: str) -> Object:
    """The status of a pod that the kubelet puts out to save the node."""
    mains = []
    for container in pod["status"]["containerStatuses"]:
        ended = {
            "exitCode": 137,
            "reason": "ContainerStatusUnknown",
            "message": "The container could not be located when the pod was terminated",
            "startedAt": None,
            "finishedAt": None,
        }
        mains.append({**container, "ready": False, "started": False, "state": {"terminated": ended}})
    inits = pod["status"].get("initContainerStatuses") or []
    old = pod["status"]
    conditions = _conditions(old, inits, mains, "Failed", sandbox=False, now=now)
    disruption = {
        "type": "DisruptionTarget",
        "status": "True",
        "reason": "TerminationByKubelet",
        "message": EVICTED,
        "lastProbeTime": None,
        "lastTransitionTime": now,
    }
    return {
        **old,
        "phase": "Failed",
        "reason": "Evicted",
        "message": EVICTED,
        "conditions": [disruption, *conditions],
        "containerStatuses": mains,
    }


def initialized(inits: list[Object]) -> bool:
    """Whether every init container has done its work."""
    return all((status["state"].get("terminated") or {}).get("exitCode") == 0 for status in inits)


def _phase(pod: Object, inits: list[Object], mains: list[Object]) -> str:
    if not initialized(inits):
        ended = [status for status in inits if (status["state"].get("terminated") or {}).get("exitCode")]
        return "Failed" if any(not may_restart(pod, status) for status in ended) else "Pending"
    over = [status for status in mains if "terminated" in status["state"]]
    if len(over) == len(mains) and not any(may_restart(pod, status) for status in over):
        return "Failed" if any(status["state"]["terminated"]["exitCode"] for status in over) else "Succeeded"
    return "Running" if all("containerID" in status for status in mains) else "Pending"


def _conditions(
    old: Object, inits: list[Object], mains: list[Object], phase: str, *, sandbox: bool, now: str
) -> list[Object]:
    unready = [status["name"] for status in mains if not status["ready"]]
    unfinished = [status["name"] for status in inits if not status["ready"]]
    ready = ("True", "", "")
    if phase in ("Succeeded", "Failed"):
        ready = ("False", "PodCompleted" if phase == "Succeeded" else "PodFailed", "")
    elif unready:
        ready = ("False", "ContainersNotReady", f"containers with unready status: [{' '.join(unready)}]")
    initial = ("True", "", "")
    if unfinished:
        words = f"containers with incomplete status: [{' '.join(unfinished)}]"
        initial = ("False", "ContainersNotInitialized", words)
    values = {
        "PodReadyToStartContainers": ("True" if sandbox and phase in ("Pending", "Running") else "False", "", ""),
        "Initialized": initial,
        "Ready": ready,
        "ContainersReady": ready,
        "PodScheduled": ("True", "", ""),
    }
    before = {condition["type"]: condition for condition in old.get("conditions") or []}
    return [_condition(before.get(kind), kind, value, now) for kind, value in values.items()]


def _condition(before: Object | None, kind: str, value: tuple[str, str, str], now: str) -> Object:
    status, reason, message = value
    same = before is not None and before["status"] == status and before.get("lastTransitionTime")
    return {
        "type": kind,
        "status": status,
        "lastProbeTime": None,
        "lastTransitionTime": same or now,
        **({"reason": reason} if reason else {}),
        **({"message": message} if message else {}),
    }
