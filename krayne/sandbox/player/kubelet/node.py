"""The node that the played kubelet stands for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from krayne.sandbox.player.clock import micro_time, rfc3339

Object = dict[str, Any]

LEASE_SECONDS = 40
NAMESPACE = "kube-node-lease"
SANDBOX_LABEL = "krayne.io/sandbox"
VERSION = "v1.33.0-krayne-sandbox"


@dataclass(frozen=True, slots=True)
class NodeSpec:
    """A node's name and what it has to give (Kubernetes quantities)."""

    name: str = "krayne-sandbox"
    address: str = "10.97.0.1"
    capacity: dict[str, str] = field(
        default_factory=lambda: {"cpu": "64", "memory": "256Gi", "ephemeral-storage": "1Ti", "pods": "1000"}
    )
    labels: dict[str, str] = field(default_factory=dict)


def node_manifest(spec: NodeSpec) -> Object:
    """The Node object, ready from the start."""
    labels = {
        "kubernetes.io/hostname": spec.name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        SANDBOX_LABEL: "true",
        **spec.labels,
    }
    return {"metadata": {"name": spec.name, "labels": labels}, "spec": {}, "status": node_status(spec)}


def node_status(spec: NodeSpec) -> Object:
    """The Node's status, with a fresh heartbeat."""
    now = rfc3339()
    good = {
        "MemoryPressure": ("False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        "DiskPressure": ("False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        "PIDPressure": ("False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        "Ready": ("True", "KubeletReady", "krayne's sandbox plays this node: no container really runs"),
    }
    conditions = [
        {
            "type": kind,
            "status": status,
            "reason": reason,
            "message": message,
            "lastHeartbeatTime": now,
            "lastTransitionTime": now,
        }
        for kind, (status, reason, message) in good.items()
    ]
    return {
        "capacity": dict(spec.capacity),
        "allocatable": dict(spec.capacity),
        "conditions": conditions,
        "addresses": [
            {"type": "InternalIP", "address": spec.address},
            {"type": "Hostname", "address": spec.name},
        ],
        "nodeInfo": {
            "architecture": "amd64",
            "bootID": "",
            "containerRuntimeVersion": "containerd://2.0.0-played",
            "kernelVersion": "",
            "kubeProxyVersion": "",
            "kubeletVersion": VERSION,
            "machineID": "",
            "operatingSystem": "linux",
            "osImage": "krayne sandbox",
            "systemUUID": "",
        },
    }


def lease_manifest(spec: NodeSpec) -> Object:
    """The Lease that shows the node alive."""
    return {
        "metadata": {"name": spec.name, "namespace": NAMESPACE},
        "spec": {"holderIdentity": spec.name, "leaseDurationSeconds": LEASE_SECONDS, "renewTime": micro_time()},
    }
