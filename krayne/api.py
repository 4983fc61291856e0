"""The Python SDK: every verb of ``kubectl krayne`` as a function with the same meaning.

    from krayne.api import create_cluster
    from krayne.config import ClusterConfig

    create_cluster(ClusterConfig(name="my-cluster", namespace="ml-team"))

All errors are KrayneError. ``kubectl=Kubectl(context=…, kubeconfig=…)`` chooses the connection. docs/sdk.md tells more.
"""

from krayne.cluster import ClusterDetails, ClusterInfo
from krayne.errors import (
    ClusterAlreadyExistsError,
    ClusterFailedError,
    ClusterNotFoundError,
    ClusterNotReadyError,
    ClusterTimeoutError,
    ConfigValidationError,
    ConflictError,
    KrayneError,
    KubeConnectionError,
    KubectlError,
    KubectlNotFoundError,
    KubeRayNotInstalledError,
    KubeRayTooOldError,
    NamespaceNotFoundError,
    PermissionDeniedError,
    TemplateError,
    UsageError,
)
from krayne.kubectl import Kubectl
from krayne.operations.apply import apply_cluster, preview_apply
from krayne.operations.create import create_cluster, preview_create
from krayne.operations.delete import delete_cluster
from krayne.operations.describe import describe_cluster
from krayne.operations.get import get_cluster, list_clusters, watch_clusters
from krayne.operations.ray_environment import ray_environment
from krayne.operations.scale import preview_scale, scale_cluster
from krayne.operations.services import get_cluster_services
from krayne.operations.shell import exec_in_cluster, ssh_config, ssh_to_cluster
from krayne.operations.tunnels import close_tunnel, close_tunnels, ensure_tunnel, list_tunnels, open_tunnel
from krayne.operations.version import versions
from krayne.operations.wait import wait_until_deleted, wait_until_ready, wait_until_suspended
from krayne.status import Status

__all__ = [
    "ClusterAlreadyExistsError",
    "ClusterDetails",
    "ClusterFailedError",
    "ClusterInfo",
    "ClusterNotFoundError",
    "ClusterNotReadyError",
    "ClusterTimeoutError",
    "ConfigValidationError",
    "ConflictError",
    "KrayneError",
    "KubeConnectionError",
    "KubeRayNotInstalledError",
    "KubeRayTooOldError",
    "Kubectl",
    "KubectlError",
    "KubectlNotFoundError",
    "NamespaceNotFoundError",
    "PermissionDeniedError",
    "Status",
    "TemplateError",
    "UsageError",
    "apply_cluster",
    "close_tunnel",
    "close_tunnels",
    "create_cluster",
    "delete_cluster",
    "describe_cluster",
    "ensure_tunnel",
    "exec_in_cluster",
    "get_cluster",
    "get_cluster_services",
    "list_clusters",
    "list_tunnels",
    "open_tunnel",
    "preview_apply",
    "preview_create",
    "preview_scale",
    "ray_environment",
    "scale_cluster",
    "ssh_config",
    "ssh_to_cluster",
    "versions",
    "wait_until_deleted",
    "wait_until_ready",
    "wait_until_suspended",
    "watch_clusters",
]
