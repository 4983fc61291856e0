"""A RayCluster's status as KubeRay 1.6.2 works it out, from the cluster, its pods and its head Service."""

from __future__ import annotations

import copy
from typing import Any, NamedTuple

from krayne.quantity import Amounts, Quantity, add_up, container_amounts
from krayne.sandbox.player.kuberay import names
from krayne.sandbox.player.kuberay.pods import hosts
from krayne.sandbox.player.kuberay.start import is_gpu

Object = dict[str, Any]

MAX_INT32 = 2**31 - 1

HEAD_READY = "HeadPodReady"
PROVISIONED = "RayClusterProvisioned"
SUSPENDED = "RayClusterSuspended"
SUSPENDING = "RayClusterSuspending"
FAILURE = "ReplicaFailure"


class Failure(NamedTuple):
    """What went wrong in the reconcile: a reason only where it makes the ReplicaFailure condition."""

    reason: str
    message: str


class _Value(NamedTuple):
    """What a condition says."""

    status: str
    reason: str
    message: str = ""


def desired_status(
    cluster: Object, pods: list[Object], service: Object | None, failure: Failure | None, now: str
) -> Object:
    """The status to write. `now` is RFC 3339; conditions keep their transition time while their status stays."""
    status: Object = copy.deepcopy(cluster.get("status") or {})
    conditions = status.setdefault("conditions", [])
    status["observedGeneration"] = cluster["metadata"].get("generation", 0)
    _set_counts(status, cluster, pods)
    old_state = status.get("state", "")
    all_running = _all_running(pods)
    if not failure and all_running and len(pods) == status.get("desiredWorkerReplicas", 0) + 1:
        status["state"] = "ready"
    _set_failure(conditions, failure, now)
    _set_head_ready(conditions, head_of(pods), now)
    _set_provisioned(conditions, all_running, now)
    _set_suspension(conditions, cluster, pods, now)
    if cluster["spec"].get("suspend") and not pods:
        status["state"] = "suspended"
    _set_head(status, head_of(pods), service)
    status["lastUpdateTime"] = now
    if status.get("state", "") != old_state:
        status["stateTransitionTimes"] = {**(status.get("stateTransitionTimes") or {}), status["state"]: now}
    return status


def differs(old: Object, new: Object) -> bool:
    """Whether KubeRay would write the new status: times, generations and desired resources alone do not count."""
    ignored = {"lastUpdateTime", "observedGeneration", "stateTransitionTimes"}
    ignored |= {key for key in new if key.startswith("desired") and key != "desiredWorkerReplicas"}
    return {k: v for k, v in old.items() if k not in ignored} != {k: v for k, v in new.items() if k not in ignored}


def suspension(cluster: Object) -> str:
    """The suspension condition that is true (`RayClusterSuspending` or `RayClusterSuspended`), or ""."""
    for condition in (cluster.get("status") or {}).get("conditions") or []:
        if condition["type"] in (SUSPENDING, SUSPENDED) and condition["status"] == "True":
            return str(condition["type"])
    return ""


def desired_replicas(group: Object) -> int:
    """How many pods a group should have: replicas within its bounds, times the hosts of a replica."""
    if group.get("suspend"):
        return 0
    least, most = _bounds(group)
    wanted = group.get("replicas")
    replicas = least if wanted is None or wanted < least else min(wanted, most)
    return int(replicas) * hosts(group)


def head_of(pods: list[Object]) -> Object | None:
    """The head among a cluster's pods."""
    return next((pod for pod in pods if node_type(pod) == "head"), None)


def node_type(pod: Object) -> str:
    """Head or worker."""
    return str((pod["metadata"].get("labels") or {}).get(names.NODE_TYPE, ""))


def is_ready(pod: Object) -> bool:
    """Whether the pod runs and its Ready condition is true."""
    status = pod.get("status") or {}
    return status.get("phase") == "Running" and any(
        condition["type"] == "Ready" and condition["status"] == "True" for condition in status.get("conditions") or []
    )


def _bounds(group: Object) -> tuple[int, int]:
    most = group.get("maxReplicas")
    return int(group.get("minReplicas") or 0), MAX_INT32 if most is None else int(most)


def _all_running(pods: list[Object]) -> bool:
    return bool(pods) and all(is_ready(pod) for pod in pods)


def _set_counts(status: Object, cluster: Object, pods: list[Object]) -> None:
    groups = cluster["spec"].get("workerGroupSpecs") or []
    active = [group for group in groups if not group.get("suspend")]
    workers = [pod for pod in pods if node_type(pod) == "worker"]
    counts = {
        "readyWorkerReplicas": sum(is_ready(pod) for pod in workers),
        "availableWorkerReplicas": sum((pod.get("status") or {}).get("phase") == "Running" for pod in workers),
        "desiredWorkerReplicas": sum(desired_replicas(group) for group in groups),
        "minWorkerReplicas": sum(_bounds(group)[0] * hosts(group) for group in active),
        "maxWorkerReplicas": min(sum(_bounds(group)[1] * hosts(group) for group in active), MAX_INT32),
    }
    for field, count in counts.items():
        status.pop(field, None)
        if count:  # zero is left out of the JSON
            status[field] = count
    total = add_up(_pod_amounts(cluster["spec"]["headGroupSpec"]), *(_group_amounts(group) for group in active))
    gpus = add_up(*({"gpu": amount} for name, amount in total.items() if is_gpu(name)))
    status["desiredCPU"] = str(total.get("cpu", Quantity()))
    status["desiredMemory"] = str(total.get("memory", Quantity()))
    status["desiredGPU"] = str(gpus.get("gpu", Quantity()))
    status["desiredTPU"] = str(total.get("google.com/tpu", Quantity()))


def _pod_amounts(group: Object) -> Amounts:
    return add_up(*(container_amounts(container) for container in group["template"]["spec"]["containers"]))


def _group_amounts(group: Object) -> Amounts:
    # The replicas that the spec names, bounds or not: the operator's own sum does not clamp here.
    factor = int(group.get("replicas") or 0) * hosts(group)
    return {name: amount.times(factor) for name, amount in _pod_amounts(group).items()} if factor else {}


def _set(conditions: list[Object], now: str, kind: str, value: _Value) -> None:
    """Set a condition as apimachinery's `meta.SetStatusCondition` does."""
    condition = next((condition for condition in conditions if condition["type"] == kind), None)
    if condition is None:
        condition = {"type": kind, "status": ""}
        conditions.append(condition)
    if condition["status"] != value.status:
        condition |= {"status": value.status, "lastTransitionTime": now}
    condition |= {"reason": value.reason, "message": value.message}


def _set_failure(conditions: list[Object], failure: Failure | None, now: str) -> None:
    if failure is None:
        conditions[:] = [condition for condition in conditions if condition["type"] != FAILURE]
    elif failure.reason:
        _set(conditions, now, FAILURE, _Value("True", failure.reason, f"{failure.reason}\n{failure.message}"))


def _set_head_ready(conditions: list[Object], head: Object | None, now: str) -> None:
    if head is None:
        _set(conditions, now, HEAD_READY, _Value("False", "HeadPodNotFound", "Head Pod not found"))
    else:
        _set(conditions, now, HEAD_READY, _head_readiness(head.get("status") or {}))


def _head_readiness(status: Object) -> _Value:
    ready = next((c for c in status.get("conditions") or [] if c["type"] == "Ready"), None)
    if ready is None:
        return _Value("False", "Unknown")
    reason, message = ready.get("reason") or "", ready.get("message") or ""
    if ready["status"] == "True":
        return _Value("True", reason or "HeadPodRunningAndReady", message)
    if reason == "ContainersNotReady":
        for container in status.get("containerStatuses") or []:
            state = container.get("state") or {}
            why = state.get("waiting") or state.get("terminated")
            if why is not None:
                told = f"{container['name']}: {why.get('message') or ''}"
                return _Value(ready["status"], why.get("reason") or "", f"{message}; {told}" if message else told)
    return _Value(ready["status"], reason or "Unknown", message)


def _set_provisioned(conditions: list[Object], all_running: bool, now: str) -> None:
    if _is_true(conditions, PROVISIONED) or _is_true(conditions, SUSPENDED):
        return
    if all_running:
        message = "All Ray Pods are ready for the first time"
        _set(conditions, now, PROVISIONED, _Value("True", "AllPodRunningAndReadyFirstTime", message))
    else:
        message = "RayCluster Pods are being provisioned for first time"
        _set(conditions, now, PROVISIONED, _Value("False", "RayClusterPodsProvisioning", message))


def _set_suspension(conditions: list[Object], cluster: Object, pods: list[Object], now: str) -> None:
    wanted = cluster["spec"].get("suspend")
    if _is_true(conditions, SUSPENDING):
        if not pods:
            _set(
                conditions,
                now,
                PROVISIONED,
                _Value("False", "RayClusterPodsProvisioning", "RayCluster has been suspended"),
            )
            _set(conditions, now, SUSPENDING, _Value("False", SUSPENDING))
            _set(conditions, now, SUSPENDED, _Value("True", SUSPENDED))
    elif _is_true(conditions, SUSPENDED):
        if wanted is False:
            _set(conditions, now, SUSPENDED, _Value("False", SUSPENDED))
    else:
        _set(conditions, now, SUSPENDED, _Value("False", SUSPENDED))
        _set(conditions, now, SUSPENDING, _Value("True" if wanted else "False", SUSPENDING))


def _is_true(conditions: list[Object], kind: str) -> bool:
    return any(condition["type"] == kind and condition["status"] == "True" for condition in conditions)


def _set_head(status: Object, head: Object | None, service: Object | None) -> None:
    info: Object = {}
    if head is not None:
        info |= {"podName": head["metadata"]["name"], "podIP": (head.get("status") or {}).get("podIP")}
    if service is not None:
        spec = service["spec"]
        ip = spec.get("clusterIP")
        info |= {
            "serviceName": service["metadata"]["name"],
            "serviceIP": info.get("podIP") if ip in (None, "None") else ip,
        }
        endpoints = status.get("endpoints") or {}
        for port in spec.get("ports") or []:
            if port.get("name"):
                number = port.get("nodePort") or port.get("targetPort") or port["port"]
                endpoints[port["name"]] = str(number)
        status["endpoints"] = endpoints
    status["head"] = {field: value for field, value in info.items() if value}
