"""What KubeRay 1.6.2 calls things: labels, annotations, ports, and the names that it makes from a cluster's."""

from __future__ import annotations

from typing import Any

VERSION = "v1.6.2"

CLUSTER = "ray.io/cluster"
NODE_TYPE = "ray.io/node-type"
GROUP = "ray.io/group"
IDENTIFIER = "ray.io/identifier"
IS_RAY_NODE = "ray.io/is-ray-node"
REPLICA_INDEX = "ray.io/worker-group-replica-index"
REPLICA_NAME = "ray.io/worker-group-replica-name"
HOST_INDEX = "ray.io/replica-host-index"
ORIGIN_KIND = "ray.io/originated-from-crd"
FT_ENABLED = "ray.io/ft-enabled"
STORAGE_NAMESPACE = "ray.io/external-storage-namespace"
OVERWRITE_COMMAND = "ray.io/overwrite-container-cmd"
RECREATE_HASH = "ray.io/upgrade-strategy-recreate-hash"
KUBERAY_VERSION = "ray.io/kuberay-version"
FT_FINALIZER = "ray.io/gcs-ft-redis-cleanup-finalizer"
OPERATOR = "ray.io/kuberay-operator"
APP_NAME = "app.kubernetes.io/name"
CREATED_BY = "app.kubernetes.io/created-by"
HEAD_GROUP = "headgroup"
APP_LABELS = {APP_NAME: "kuberay", CREATED_BY: "kuberay-operator"}

GCS_PORT = "6379"
METRICS_PORT = 8080
AGENT_PORT = "52365"
SERVICE_PORTS = {"client": 10001, "dashboard": 8265, "gcs-server": 6379, "metrics": METRICS_PORT, "serve": 8000}

LONGEST = 50
"""Names longer than this are cut: "-worker-" and five random characters follow, of 63."""


def check_name(name: str) -> str:
    """A name cut from the front to 50 characters that starts with a letter (KubeRay's `CheckName`)."""
    name = name[-LONGEST:]
    return name if name[:1].isalpha() else "r" + name[1:]


def check_label(value: str) -> str:
    """A label value cut from the front to 63 characters (KubeRay's `CheckLabel`)."""
    value = value[-63:]
    return value if value[:1].isalnum() else "r" + value[1:]


def pod_prefix(prefix: str, node_type: str) -> str:
    """A pod's generateName."""
    return f"{prefix[:LONGEST]}-{node_type}-".lower()


def head_service(cluster: dict[str, Any]) -> str:
    """The head Service's name: the custom one's own, or the cluster's with `-head-svc`."""
    custom = cluster["spec"]["headGroupSpec"].get("headService") or {}
    return (custom.get("metadata") or {}).get("name") or f"{cluster['metadata']['name']}-head-svc"


def head_address(cluster: dict[str, Any]) -> str:
    """Where the workers find the head, in full."""
    return f"{head_service(cluster)}.{cluster['metadata']['namespace']}.svc.cluster.local"


def head_port(cluster: dict[str, Any]) -> str:
    """The GCS server's port."""
    return str((cluster["spec"]["headGroupSpec"].get("rayStartParams") or {}).get("port", GCS_PORT))


def owner_reference(cluster: dict[str, Any]) -> dict[str, Any]:
    """The reference that makes the cluster an object's controller."""
    return {
        "apiVersion": "ray.io/v1",
        "kind": "RayCluster",
        "name": cluster["metadata"]["name"],
        "uid": cluster["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def autoscaling(cluster: dict[str, Any]) -> bool:
    """Whether Ray's own autoscaler runs beside the head."""
    return bool(cluster["spec"].get("enableInTreeAutoscaling"))


def autoscaling_v2(cluster: dict[str, Any]) -> bool:
    """Whether version 2 of the autoscaler is asked for in words."""
    return (cluster["spec"].get("autoscalerOptions") or {}).get("version") == "v2"


def token_auth(cluster: dict[str, Any]) -> bool:
    """Whether Ray asks for a token."""
    return (cluster["spec"].get("authOptions") or {}).get("mode") == "token"


def kubernetes_auth(cluster: dict[str, Any]) -> bool:
    """Whether the token is checked by Kubernetes rather than against a Secret."""
    return bool((cluster["spec"].get("authOptions") or {}).get("enableK8sTokenAuth"))


def fault_tolerant(cluster: dict[str, Any]) -> bool:
    """Whether the GCS keeps its state in Redis."""
    annotations = cluster["metadata"].get("annotations") or {}
    return "gcsFaultToleranceOptions" in cluster["spec"] or annotations.get(FT_ENABLED, "").lower() == "true"
