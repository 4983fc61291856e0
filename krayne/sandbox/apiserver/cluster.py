"""The cluster that a request works on: the store, what is served, who runs the pods, and namespaces' state."""

from __future__ import annotations

from dataclasses import dataclass, field

from krayne.sandbox.apiserver.registry import Registry
from krayne.sandbox.apiserver.resources import Resource
from krayne.sandbox.apiserver.statuses import Cause, forbidden, not_found
from krayne.sandbox.apiserver.store import Key, Object, Store
from krayne.sandbox.door import NoRuntime, PodRuntime

SYSTEM_NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")


@dataclass
class Cluster:
    """All state of one API server."""

    store: Store = field(default_factory=Store)
    runtime: PodRuntime = field(default_factory=NoRuntime)
    registry: Registry = field(init=False)

    def __post_init__(self) -> None:
        self.registry = Registry(self.store)

    def resource(self, group: str, version: str, plural: str) -> Resource:
        """A resource that is known to be served."""
        found = self.registry.find(group, version, plural)
        if found is None:
            raise LookupError(f"{plural}.{group}/{version} is not served")
        return found

    def require_namespace(self, resource: Resource, name: str, namespace: str) -> None:
        """Refuse to create in a namespace that is not there (404) or on its way out (403)."""
        stored = self.store.get(Key("namespaces", "", namespace))
        if stored is None:
            raise not_found(self.resource("", "v1", "namespaces"), namespace)
        if "deletionTimestamp" in stored.object["metadata"]:
            why = f"unable to create new content in namespace {namespace} because it is being terminated"
            cause = Cause("NamespaceTerminating", f"namespace {namespace} is being terminated", "metadata.namespace")
            raise forbidden(resource, name, why, [cause])

    def namespace_contents(self, namespace: str) -> list[tuple[Resource, Object]]:
        """Every object in a namespace."""
        return [
            (resource, stored.object)
            for resource in self.registry.stored()
            if resource.namespaced
            for stored in self.store.list(resource.qualified, namespace)
        ]
