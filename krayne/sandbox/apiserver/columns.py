"""The built-in kinds' columns in `kubectl get`, wide ones with priority 1."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from krayne.sandbox.apiserver import durations, podcells

Item = Mapping[str, Any]
Read = Callable[[Item, datetime], Any]
_NONE = "<none>"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, how an object's cell is read, 0 for always and 1 for wide."""

    name: str
    read: Read
    priority: int = 0


def _at(*path: str, default: Any = _NONE) -> Read:
    def read(item: Item, _: datetime) -> Any:
        value: Any = item
        for step in path:
            value = value.get(step) if isinstance(value, Mapping) else None
        return default if value in (None, "") else value

    return read


def _age(item: Item, now: datetime) -> str:
    return durations.since(item["metadata"].get("creationTimestamp"), now)


def _size(*fields: str) -> Read:
    return lambda item, _: sum(len(item.get(field) or ()) for field in fields)


def _ports(item: Item, _: datetime) -> str:
    shown = []
    for port in item["spec"].get("ports", ()):
        node = f":{port['nodePort']}" if port.get("nodePort") else ""
        shown.append(f"{port['port']}{node}/{port.get('protocol', 'TCP')}")
    return ",".join(shown) or _NONE


def _selector(*path: str) -> Read:
    def read(item: Item, now: datetime) -> str:
        labels = _at(*path, default={})(item, now)
        return ",".join(f"{key}={labels[key]}" for key in sorted(labels)) or _NONE

    return read


def _external(item: Item, _: datetime) -> str:
    spec = item["spec"]
    given = ",".join(spec.get("externalIPs", ()))
    if spec.get("type") == "ExternalName":
        return str(spec.get("externalName", _NONE))
    if spec.get("type") == "LoadBalancer":
        found = item.get("status", {}).get("loadBalancer", {}).get("ingress", ())
        names = [entry.get("ip") or entry.get("hostname", "") for entry in found]
        return ",".join([*names, *([given] if given else [])]) or "<pending>"
    return given or _NONE


def _node_state(item: Item, _: datetime) -> str:
    conditions = {entry["type"]: entry["status"] for entry in item.get("status", {}).get("conditions", ())}
    word = {"True": "Ready", "False": "NotReady"}.get(conditions.get("Ready", ""), "Unknown")
    return word + (",SchedulingDisabled" if item.get("spec", {}).get("unschedulable") else "")


def _roles(item: Item, _: datetime) -> str:
    mark = "node-role.kubernetes.io/"
    names = sorted(key[len(mark) :] for key in item["metadata"].get("labels", {}) if key.startswith(mark))
    return ",".join(name for name in names if name) or _NONE


def _address(kind: str) -> Read:
    def read(item: Item, _: datetime) -> str:
        found = item.get("status", {}).get("addresses", ())
        return next((str(entry["address"]) for entry in found if entry["type"] == kind), _NONE)

    return read


def _event_seen(item: Item, now: datetime) -> str:
    series = item.get("series") or {}
    last = series.get("lastObservedTime") or item.get("lastTimestamp") or item.get("eventTime")
    return durations.since(last or item.get("firstTimestamp"), now)


def _event_first(item: Item, now: datetime) -> str:
    return durations.since(item.get("firstTimestamp") or item.get("eventTime"), now)


def _event_about(item: Item, _: datetime) -> str:
    about = item.get("involvedObject", {})
    return f"{about.get('kind', '').lower()}/{about.get('name', '')}"


def _event_source(item: Item, _: datetime) -> str:
    source = item.get("source") or {}
    names = [source.get("component") or item.get("reportingComponent", ""), source.get("host", "")]
    return ", ".join(name for name in names if name)


def _event_count(item: Item, _: datetime) -> int:
    series = item.get("series") or {}
    return int(series.get("count") or item.get("count") or 1)


def _quota(*, limits: bool) -> Read:
    def read(item: Item, _: datetime) -> str:
        status = item.get("status", {})
        hard, used = status.get("hard", {}), status.get("used", {})
        names = [name for name in sorted(hard) if name.startswith("limits") == limits]
        return ", ".join(f"{name}: {used.get(name, '0')}/{hard[name]}" for name in names)

    return read


def _ready_of(ready: str, wanted: str) -> Read:
    def read(item: Item, now: datetime) -> str:
        return f"{_at('status', ready, default=0)(item, now)}/{_at('spec', wanted, default=0)(item, now)}"

    return read


def _containers(field: str) -> Read:
    def read(item: Item, _: datetime) -> str:
        found = item["spec"].get("template", {}).get("spec", {}).get("containers", ())
        return ",".join(entry.get(field, "") for entry in found)

    return read


def _role_of(item: Item, _: datetime) -> str:
    return f"{item['roleRef'].get('kind')}/{item['roleRef'].get('name')}"


def _created(item: Item, _: datetime) -> str:
    return str(item["metadata"].get("creationTimestamp", ""))


def _job_state(item: Item, _: datetime) -> str:
    held = {entry["type"] for entry in item.get("status", {}).get("conditions", ()) if entry["status"] == "True"}
    return next((word for word in ("Complete", "Failed", "Suspended") if word in held), "Running")


_NAME, _AGE = Column("Name", _at("metadata", "name")), Column("Age", _age)
_TEMPLATE = (
    Column("Containers", _containers("name"), 1),
    Column("Images", _containers("image"), 1),
    Column("Selector", _selector("spec", "selector", "matchLabels"), 1),
)

BUILTIN: dict[str, Sequence[Column]] = {
    "": (_NAME, _AGE),
    "Pod": (
        _NAME,
        Column("Ready", podcells.ready),
        Column("Status", podcells.state),
        Column("Restarts", podcells.restarts),
        _AGE,
        Column("IP", _at("status", "podIP"), 1),
        Column("Node", _at("spec", "nodeName"), 1),
        Column("Nominated Node", _at("status", "nominatedNodeName"), 1),
        Column("Readiness Gates", podcells.gates, 1),
    ),
    "Service": (
        _NAME,
        Column("Type", _at("spec", "type")),
        Column("Cluster-IP", _at("spec", "clusterIP")),
        Column("External-IP", _external),
        Column("Port(s)", _ports),
        _AGE,
        Column("Selector", _selector("spec", "selector"), 1),
    ),
    "Namespace": (_NAME, Column("Status", _at("status", "phase")), _AGE),
    "ConfigMap": (_NAME, Column("Data", _size("data", "binaryData")), _AGE),
    "Secret": (_NAME, Column("Type", _at("type")), Column("Data", _size("data")), _AGE),
    "ServiceAccount": (_NAME, Column("Secrets", _size("secrets")), _AGE),
    "Node": (
        _NAME,
        Column("Status", _node_state),
        Column("Roles", _roles),
        _AGE,
        Column("Version", _at("status", "nodeInfo", "kubeletVersion", default="")),
        Column("Internal-IP", _address("InternalIP"), 1),
        Column("External-IP", _address("ExternalIP"), 1),
        Column("OS-Image", _at("status", "nodeInfo", "osImage", default="<unknown>"), 1),
        Column("Kernel-Version", _at("status", "nodeInfo", "kernelVersion", default="<unknown>"), 1),
        Column("Container-Runtime", _at("status", "nodeInfo", "containerRuntimeVersion", default="<unknown>"), 1),
    ),
    "Event": (
        Column("Last Seen", _event_seen),
        Column("Type", _at("type", default="")),
        Column("Reason", _at("reason", default="")),
        Column("Object", _event_about),
        Column("Subobject", _at("involvedObject", "fieldPath", default=""), 1),
        Column("Source", _event_source, 1),
        Column("Message", lambda item, _: item.get("message", "").strip()),
        Column("First Seen", _event_first, 1),
        Column("Count", _event_count, 1),
        Column("Name", _at("metadata", "name"), 1),
    ),
    "ResourceQuota": (_NAME, Column("Request", _quota(limits=False)), Column("Limit", _quota(limits=True)), _AGE),
    "PersistentVolumeClaim": (
        _NAME,
        Column("Status", _at("status", "phase", default="")),
        Column("Volume", _at("spec", "volumeName", default="")),
        Column("Capacity", _at("status", "capacity", "storage", default="")),
        Column("Access Modes", lambda item, _: _modes(item.get("status", {}).get("accessModes", ()))),
        Column("StorageClass", _at("spec", "storageClassName", default="")),
        Column("VolumeAttributesClass", _at("spec", "volumeAttributesClassName", default="<unset>")),
        _AGE,
        Column("VolumeMode", _at("spec", "volumeMode", default="<unset>"), 1),
    ),
    "Deployment": (
        _NAME,
        Column("Ready", _ready_of("readyReplicas", "replicas")),
        Column("Up-to-date", _at("status", "updatedReplicas", default=0)),
        Column("Available", _at("status", "availableReplicas", default=0)),
        _AGE,
        *_TEMPLATE,
    ),
    "ReplicaSet": (
        _NAME,
        Column("Desired", _at("spec", "replicas", default=0)),
        Column("Current", _at("status", "replicas", default=0)),
        Column("Ready", _at("status", "readyReplicas", default=0)),
        _AGE,
        *_TEMPLATE,
    ),
    "StatefulSet": (_NAME, Column("Ready", _ready_of("readyReplicas", "replicas")), _AGE, *_TEMPLATE[:2]),
    "Job": (
        _NAME,
        Column("Status", _job_state),
        Column("Completions", _ready_of("succeeded", "completions")),
        Column("Duration", _at("status", "duration", default="")),
        _AGE,
    ),
    "Role": (_NAME, Column("Created At", _created)),
    "ClusterRole": (_NAME, Column("Created At", _created)),
    "RoleBinding": (_NAME, Column("Role", _role_of), _AGE),
    "ClusterRoleBinding": (_NAME, Column("Role", _role_of), _AGE),
    "CustomResourceDefinition": (_NAME, Column("Created At", _created)),
    "Lease": (_NAME, Column("Holder", _at("spec", "holderIdentity", default="")), _AGE),
}


def _modes(modes: Sequence[str]) -> str:
    short = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}
    return ",".join(short.get(mode, mode) for mode in modes)
