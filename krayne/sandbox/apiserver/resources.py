"""What a resource is to the API server, and the table of the built-in ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from krayne.sandbox.apiserver.types import Schema, object_schema

ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


@dataclass(frozen=True)
class Resource:
    """One resource of one group and version. `columns` are a CRD's additionalPrinterColumns, None for a built-in."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool
    schema: Schema = field(repr=False)
    singular: str = ""
    list_kind: str = ""
    short_names: Sequence[str] = ()
    categories: Sequence[str] = ()
    subresources: frozenset[str] = frozenset()
    verbs: Sequence[str] = ALL_VERBS
    columns: Sequence[Mapping[str, Any]] | None = None
    custom: bool = False

    @property
    def qualified(self) -> str:
        """As errors name the resource, and as the store keys it: "pods", "rayclusters.ray.io"."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def qualified_kind(self) -> str:
        """As some errors name the kind: "Pod", "RayCluster.ray.io"."""
        return f"{self.kind}.{self.group}" if self.group else self.kind

    @property
    def group_version(self) -> str:
        """As `apiVersion` has it: "v1", "ray.io/v1"."""
        return f"{self.group}/{self.version}" if self.group else self.version


_CORE, _APPS, _BATCH = ("", "v1", "core.v1"), ("apps", "v1", "apps.v1"), ("batch", "v1", "batch.v1")
_RBAC = ("rbac.authorization.k8s.io", "v1", "rbac.v1")
_POLICY, _NETWORK = ("policy", "v1", "policy.v1"), ("networking.k8s.io", "v1", "networking.v1")
_LEASES, _STORAGE = ("coordination.k8s.io", "v1", "coordination.v1"), ("storage.k8s.io", "v1", "storage.v1")
_PRIORITY = ("scheduling.k8s.io", "v1", "scheduling.v1")
_CRDS = ("apiextensions.k8s.io", "v1", "apiextensions.v1")

# group, kind, plural, namespaced, short names, categories, subresources
_TABLE: tuple[tuple[tuple[str, str, str], str, str, bool, str, str, str], ...] = (
    (_CORE, "ConfigMap", "configmaps", True, "cm", "", ""),
    (_CORE, "Endpoints", "endpoints", True, "ep", "", ""),
    (_CORE, "Event", "events", True, "ev", "", ""),
    (_CORE, "LimitRange", "limitranges", True, "limits", "", ""),
    (_CORE, "Namespace", "namespaces", False, "ns", "", "status finalize"),
    (_CORE, "Node", "nodes", False, "no", "", "status"),
    (_CORE, "PersistentVolumeClaim", "persistentvolumeclaims", True, "pvc", "", "status"),
    (_CORE, "PersistentVolume", "persistentvolumes", False, "pv", "", "status"),
    (_CORE, "Pod", "pods", True, "po", "all", "status log binding"),
    (_CORE, "ResourceQuota", "resourcequotas", True, "quota", "", "status"),
    (_CORE, "Secret", "secrets", True, "", "", ""),
    (_CORE, "ServiceAccount", "serviceaccounts", True, "sa", "", ""),
    (_CORE, "Service", "services", True, "svc", "all", "status"),
    (_CRDS, "CustomResourceDefinition", "customresourcedefinitions", False, "crd crds", "api-extensions", "status"),
    (_APPS, "DaemonSet", "daemonsets", True, "ds", "all", "status"),
    (_APPS, "Deployment", "deployments", True, "deploy", "all", "status scale"),
    (_APPS, "ReplicaSet", "replicasets", True, "rs", "all", "status scale"),
    (_APPS, "StatefulSet", "statefulsets", True, "sts", "all", "status scale"),
    (_BATCH, "Job", "jobs", True, "", "all", "status"),
    (_LEASES, "Lease", "leases", True, "", "", ""),
    (_NETWORK, "Ingress", "ingresses", True, "ing", "", "status"),
    (_NETWORK, "NetworkPolicy", "networkpolicies", True, "netpol", "", ""),
    (_POLICY, "PodDisruptionBudget", "poddisruptionbudgets", True, "pdb", "", "status"),
    (_RBAC, "ClusterRoleBinding", "clusterrolebindings", False, "", "", ""),
    (_RBAC, "ClusterRole", "clusterroles", False, "", "", ""),
    (_RBAC, "RoleBinding", "rolebindings", True, "", "", ""),
    (_RBAC, "Role", "roles", True, "", "", ""),
    (_PRIORITY, "PriorityClass", "priorityclasses", False, "pc", "", ""),
    (_STORAGE, "StorageClass", "storageclasses", False, "sc", "", ""),
)
# Asked rather than stored: who am I, and what may I do?
_REVIEWS = (
    ("authentication", "SelfSubjectReview"),
    ("authorization", "SelfSubjectAccessReview"),
    ("authorization", "SelfSubjectRulesReview"),
)


@cache
def builtin_resources() -> tuple[Resource, ...]:
    """The built-in resources, and the reviews, which are only ever created."""
    stored = tuple(
        Resource(
            group=group,
            version=version,
            kind=kind,
            plural=plural,
            namespaced=namespaced,
            schema=object_schema(f"{types}.{kind}"),
            singular=kind.lower(),
            list_kind=f"{kind}List",
            short_names=tuple(short.split()),
            categories=tuple(categories.split()),
            subresources=frozenset(subresources.split()),
        )
        for (group, version, types), kind, plural, namespaced, short, categories, subresources in _TABLE
    )
    return (*stored, *(_review(group, kind) for group, kind in _REVIEWS))


def _review(group: str, kind: str) -> Resource:
    schema = object_schema(f"{group}.v1.{kind}")
    return Resource(f"{group}.k8s.io", "v1", kind, f"{kind.lower()}s", False, schema, kind.lower(), verbs=("create",))
