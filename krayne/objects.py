"""Read Kubernetes objects as they come: what is missing, or is of the wrong type, reads as nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

Object = Mapping[str, Any]

HEAD_GROUP = "headgroup"  # KubeRay's name for the head's group in the label ray.io/group

QUEUE_LABEL = "kueue.x-k8s.io/queue-name"  # names the LocalQueue through which Kueue admits a cluster

# Ray's own ports by their names, which KubeRay gives a head that names none (KubeRay 1.6, getDefaultPorts).
RAY_PORTS = {"dashboard": 8265, "client": 10001, "serve": 8000}

UNBOUNDED = 2**31 - 1  # maxReplicas where none is said: the default of KubeRay's CRD

_EMPTY: Object = {}


def at(value: Any, *path: str) -> Any:
    """Give what stands at a path of fields, or None where any of them is missing."""
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def mapping(value: Any, *path: str) -> Object:
    """Give the mapping at the path, an empty one if there is none."""
    found = at(value, *path) if path else value
    return found if isinstance(found, dict) else _EMPTY


def items(value: Any, *path: str) -> list[Object]:
    """Give the mappings of the list at the path; what is no mapping is left out."""
    found = at(value, *path) if path else value
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def string(value: Any, *path: str) -> str:
    """Give the text at the path, an empty one if there is none."""
    found = at(value, *path) if path else value
    return found if isinstance(found, str) else ""


def integer(value: Any, default: int = 0) -> int:
    """Give a whole number, or the default for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def moment(value: Any) -> datetime | None:
    """Read an RFC 3339 time as Kubernetes writes it (UTC; whole seconds or microseconds)."""
    if not isinstance(value, str):
        return None
    try:
        # Python 3.10's fromisoformat knows neither Z nor more than six digits of a second.
        read = datetime.fromisoformat(value[:26].rstrip("Zz") if value[-1:] in "Zz" else value)
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=timezone.utc)


def name(value: Object) -> str:
    """Give the object's name."""
    return string(value, "metadata", "name")


def labels(value: Object) -> Object:
    """Give the object's labels."""
    return mapping(value, "metadata", "labels")


def condition(value: Object, kind: str) -> Object:
    """Give the status condition of that type, an empty mapping if there is none."""
    for each in items(value, "status", "conditions"):
        if each.get("type") == kind:
            return each
    return _EMPTY


def is_true(value: Object, kind: str) -> bool:
    """Tell whether the status condition of that type is True."""
    return condition(value, kind).get("status") == "True"


def is_ready(pod: Object) -> bool:
    """Tell whether the pod runs and is ready, as KubeRay counts it."""
    return at(pod, "status", "phase") == "Running" and is_true(pod, "Ready")


def is_going(value: Object) -> bool:
    """Tell whether the object is being deleted."""
    return bool(at(value, "metadata", "deletionTimestamp"))


def why_headless(cluster: Object) -> str | None:
    """Say why a RayCluster is to have no head; None where it is to have one."""
    if is_going(cluster):
        return "the cluster is being deleted"
    if at(cluster, "spec", "suspend") is True:
        return "the cluster is suspended" + (", until Kueue admits it" if labels(cluster).get(QUEUE_LABEL) else "")
    return None


def group_of(pod: Object) -> str:
    """Give the name of the pod's group as KubeRay labels it: ``headgroup`` for the head."""
    own = labels(pod)
    return HEAD_GROUP if own.get("ray.io/node-type") == "head" else string(own.get("ray.io/group"))


def worker_groups(cluster: Object) -> list[Object]:
    """Give the cluster's worker group specs."""
    return items(cluster, "spec", "workerGroupSpecs")


def group_spec(cluster: Object, group: str) -> Object:
    """Give the spec of the head's group or of a worker group, by its name."""
    if group == HEAD_GROUP:
        return mapping(cluster, "spec", "headGroupSpec")
    return next((each for each in worker_groups(cluster) if each.get("groupName") == group), _EMPTY)


def ray_container(pod: Object) -> Object:
    """Give the container of a pod, or of a pod template, that runs Ray: to KubeRay, the first."""
    return next(iter(items(pod, "spec", "containers")), _EMPTY)


def desired_pods(group: Object) -> int:
    """Tell how many pods KubeRay makes for a worker group.

    replicas within min and max, times numOfHosts, none if it is suspended: ``GetWorkerGroupDesiredReplicas`` of
    KubeRay 1.6. What an API server with KubeRay's CRD would have filled in is filled in here.
    """
    if group.get("suspend") is True:
        return 0
    low = max(integer(group.get("minReplicas")), 0)
    high = integer(group.get("maxReplicas"), UNBOUNDED)
    wanted = integer(group.get("replicas"), low)
    wanted = low if wanted < low else min(wanted, high)
    return max(wanted, 0) * max(integer(group.get("numOfHosts"), 1), 1)


def by_cluster(pods: Sequence[Object]) -> dict[tuple[str, str], list[Object]]:
    """Sort pods by the (namespace, name) of the cluster that they belong to."""
    found: dict[tuple[str, str], list[Object]] = {}
    for pod in pods:
        meta = mapping(pod, "metadata")
        cluster = mapping(meta.get("labels")).get("ray.io/cluster")
        if isinstance(cluster, str):
            found.setdefault((string(meta.get("namespace")), cluster), []).append(pod)
    return found
