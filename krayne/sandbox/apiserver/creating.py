"""Creating: from a request's body to a new object in the store."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from krayne.sandbox.apiserver import decoding, kinds, managers, metadata, pods, quota
from krayne.sandbox.apiserver.cluster import Cluster
from krayne.sandbox.apiserver.managers import Writer
from krayne.sandbox.apiserver.requests import Request
from krayne.sandbox.apiserver.resources import Resource
from krayne.sandbox.apiserver.settling import Written, counts_generations, set_defaults, validate, writer_of
from krayne.sandbox.apiserver.statuses import already_exists, forbidden
from krayne.sandbox.apiserver.store import Key, Object


def create(cluster: Cluster, request: Request) -> Written:
    """Store the body's object as a new one. Raises ApiError."""
    item = decoding.decode(request)
    metadata.name_new(item, request)
    return Written(add(cluster, request, item, writer_of(request, "Update")), 201)


def create_own(cluster: Cluster, plural: str, item: dict[str, Any], group: str = "", version: str = "v1") -> Object:
    """Store an object of the server's own, as if it had been sent to it."""
    resource = cluster.resource(group, version, plural)
    namespace = item["metadata"].get("namespace", "")
    request = Request("POST", resource, namespace, "", "", {"fieldManager": "kube-apiserver"})
    shaped = decoding.shape(copy.deepcopy(item), request, [])
    metadata.name_new(shaped, request)
    return add(cluster, request, shaped, writer_of(request, "Update"))


def add(cluster: Cluster, request: Request, item: dict[str, Any], writer: Writer | None) -> Object:
    """Store a new object; `writer` gets all its fields, None where an apply has settled whose they are."""
    resource = request.resource
    if resource.namespaced:
        cluster.require_namespace(resource, item["metadata"].get("name", ""), request.namespace)
    if "status" in resource.subresources and resource.custom:
        item.pop("status", None)
    set_defaults(resource, item)
    metadata.stamp_new(item)
    if counts_generations(resource):
        item["metadata"]["generation"] = 1
    if writer is not None:
        item["metadata"].pop("managedFields", None)
        managers.record_update(None, item, resource.schema, writer)
    if not resource.custom:
        kinds.prepare_new(resource.kind, item, cluster.store)
        if resource.kind == "Pod":
            pods.admit(item)
            _require_account(cluster, resource, item)
    validate(resource, item)
    key = request.key_of(item["metadata"]["name"])
    if cluster.store.get(key) is not None:
        raise already_exists(resource, key.name)
    quota.check(cluster.store, resource, item)
    return item if request.is_dry_run() else cluster.store.put(key, item).object


def _require_account(cluster: Cluster, resource: Resource, pod: Mapping[str, Any]) -> None:
    namespace, name = pod["metadata"]["namespace"], pod["spec"]["serviceAccountName"]
    if cluster.store.get(Key("serviceaccounts", namespace, name)) is None:
        why = f'error looking up service account {namespace}/{name}: serviceaccount "{name}" not found'
        raise forbidden(resource, pod["metadata"].get("name", ""), why)
