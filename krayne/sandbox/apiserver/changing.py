"""Changing: update, patch and apply, from a request's body to the object's next version."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from krayne.merge_patch import merge_patch
from krayne.sandbox.apiserver import decoding, managers, merging, metadata, patches, structural
from krayne.sandbox.apiserver.cluster import Cluster
from krayne.sandbox.apiserver.creating import add
from krayne.sandbox.apiserver.guards import (
    check_finalizers,
    check_uid,
    check_version,
    existing,
    is_let_go,
    other_name,
)
from krayne.sandbox.apiserver.requests import Request
from krayne.sandbox.apiserver.settling import Written, counts_generations, set_defaults, validate, writer_of
from krayne.sandbox.apiserver.statuses import (
    Cause,
    bad_request,
    invalid,
    invalid_options,
    not_found,
    required,
    unsupported_media_type,
)
from krayne.sandbox.apiserver.store import Object


def update(cluster: Cluster, request: Request) -> Written:
    """Replace the object, or its status, by the body's. Raises ApiError."""
    item = decoding.decode(request)
    resource = request.resource
    name = item["metadata"].get("name", request.name)
    if name != request.name:
        raise other_name(name, request.name)
    old = existing(cluster, request)
    if resource.custom and not item["metadata"].get("resourceVersion"):
        cause = Cause(
            "FieldValueInvalid", "Invalid value: 0x0: must be specified for an update", "metadata.resourceVersion"
        )
        raise invalid(resource.group, resource.plural, request.name, [cause])
    return Written(_replace(cluster, request, old, item), 200)


def patch(cluster: Cluster, request: Request) -> Written:
    """Change the object by the body's patch, by its content type. Raises ApiError."""
    resource = request.resource
    accepted = [patches.JSON, patches.MERGE, *([] if resource.custom else [patches.STRATEGIC]), patches.APPLY]
    content = request.content_type.partition(";")[0].strip()
    if content not in accepted:
        raise unsupported_media_type(accepted)
    if content == patches.APPLY:
        return _apply(cluster, request)
    old = existing(cluster, request)
    current = copy.deepcopy(dict(old))
    if content == patches.JSON:
        changed = patches.json_patch(current, request.body)
    else:
        document = patches.read(request.body)
        if not isinstance(document, dict):
            raise bad_request(
                "error decoding patch: json: cannot unmarshal into Go value of type map[string]interface {}"
            )
        strategic = content == patches.STRATEGIC
        changed = (
            patches.strategic_patch(current, document, resource.schema)
            if strategic
            else copy.deepcopy(merge_patch(current, document))
        )
    if not isinstance(changed.get("metadata"), dict):
        changed["metadata"] = {}
    item = decoding.shape(changed, request, [])
    if item["metadata"].get("name") != request.name:
        raise other_name(item["metadata"].get("name", ""), request.name)
    return Written(_replace(cluster, request, old, item), 200)


def _apply(cluster: Cluster, request: Request) -> Written:
    resource = request.resource
    if not request.query.get("fieldManager"):
        raise invalid_options("PatchOptions", required("fieldManager", "is required for apply patch"))
    wanted, _ = decoding.parse(request.body, "application/yaml", resource.kind)
    wanted.setdefault("metadata", {})
    decoding.check_kind(wanted, resource)
    if wanted["metadata"].get("managedFields"):
        raise bad_request("metadata.managedFields must be nil")
    name = wanted["metadata"].setdefault("name", request.name)
    if name != request.name:
        raise other_name(name, request.name)
    if resource.namespaced:
        wanted["metadata"].setdefault("namespace", request.namespace)
    place = f"{request.namespace}/{name}" if request.namespace else f"/{name}"
    merging.check_typed(wanted, resource.schema, f"{place}; {resource.group_version}, Kind={resource.kind}")
    wanted = structural.prune(wanted, resource.schema)[0]
    if "status" in resource.subresources and not request.subresource:
        wanted.pop("status", None)
    writer = writer_of(request, "Apply")
    stored = cluster.store.get(request.key)
    if stored is None:
        if request.subresource:
            raise not_found(resource, request.name)
        metadata.name_new(wanted, request)
        item = decoding.normalised(managers.apply(None, wanted, resource.schema, writer, force=False), resource)
        return Written(add(cluster, request, item, None), 201)
    check_version(resource, stored.object, wanted)
    item = managers.apply(stored.object, wanted, resource.schema, writer, force=request.flag("force"))
    item = decoding.normalised(item, resource)
    return Written(_replace(cluster, request, stored.object, item, applied=True), 200)


def _replace(cluster: Cluster, request: Request, old: Object, item: dict[str, Any], *, applied: bool = False) -> Object:
    """Store `item` as the next version of `old`, or of its subresource, if it differs from it."""
    resource = request.resource
    check_version(resource, old, item)
    check_uid(resource, old, item)
    new = _joined(request, old, item)
    _carry_over(old, new)
    set_defaults(resource, new)
    if not applied:
        managers.record_update(old, new, resource.schema, writer_of(request, "Update"))
    check_finalizers(resource, old, new)
    if counts_generations(resource) and _body(new) != _body(old):
        new["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1
    validate(resource, new)
    new["metadata"]["resourceVersion"] = old["metadata"]["resourceVersion"]
    if new == old or request.is_dry_run():
        return new
    if is_let_go(new):
        cluster.store.put(request.key, new)
        return cluster.store.delete(request.key).object
    return cluster.store.put(request.key, new).object


def _joined(request: Request, old: Object, item: dict[str, Any]) -> dict[str, Any]:
    """What the endpoint lets through: the status only below /status, everything but the status elsewhere."""
    if "status" not in request.resource.subresources:
        return item
    if request.subresource == "status":
        kept = {name: copy.deepcopy(value) for name, value in old.items() if name != "status"}
        managed = item["metadata"].get("managedFields")
        kept["metadata"] = kept["metadata"] | ({"managedFields": managed} if managed else {})
        return kept | ({"status": item["status"]} if "status" in item else {})
    rest = {name: value for name, value in item.items() if name != "status"}
    return rest | ({"status": copy.deepcopy(old["status"])} if "status" in old else {})


def _carry_over(old: Object, new: dict[str, Any]) -> None:
    server_side = (
        "uid",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "generation",
        "namespace",
    )
    for name in server_side:
        if name in old["metadata"]:
            new["metadata"][name] = old["metadata"][name]
        else:
            new["metadata"].pop(name, None)


def _body(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name not in ("metadata", "status")}
