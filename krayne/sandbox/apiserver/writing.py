"""Create, update and patch: from a request's body to a new version in the store."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from krayne.sandbox.apiserver import (
    decoding,
    kinds,
    managers,
    merging,
    metadata,
    patches,
    pods,
    quota,
    structural,
    validation,
)
from krayne.sandbox.apiserver.cluster import Cluster
from krayne.sandbox.apiserver.managers import Writer
from krayne.sandbox.apiserver.requests import Request
from krayne.sandbox.apiserver.resources import Resource
from krayne.sandbox.apiserver.statuses import (
    ApiError,
    Cause,
    already_exists,
    bad_request,
    conflict,
    forbidden,
    invalid,
    invalid_options,
    modified,
    not_found,
    required,
    unsupported_media_type,
)
from krayne.sandbox.apiserver.store import Key, Object

# Built-in kinds whose generation counts the changes of their spec; custom ones all do.
_GENERATIONS = frozenset(
    ("Pod", "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "Ingress", "NetworkPolicy",
     "PodDisruptionBudget", "CustomResourceDefinition")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Written:
    """What a write gives back: the object and the HTTP code."""

    object: Object
    code: int


def create(cluster: Cluster, request: Request) -> Written:
    """Store the body's object as a new one. Raises ApiError."""
    item = decoding.decode(request)
    metadata.name_new(item, request)
    return Written(_add(cluster, request, item, _writer(request, "Update")), 201)


def create_own(cluster: Cluster, plural: str, item: dict[str, Any], group: str = "", version: str = "v1") -> Object:
    """Store an object of the server's own, as if it had been sent to it."""
    resource = cluster.resource(group, version, plural)
    namespace = item["metadata"].get("namespace", "")
    request = Request("POST", resource, namespace, "", "", {"fieldManager": "kube-apiserver"})
    shaped = decoding.shape(copy.deepcopy(item), request, [])
    metadata.name_new(shaped, request)
    return _add(cluster, request, shaped, _writer(request, "Update"))


def _add(cluster: Cluster, request: Request, item: dict[str, Any], writer: Writer | None) -> Object:
    """Store a new object; `writer` gets all its fields, None where an apply has settled whose they are."""
    resource = request.resource
    if resource.namespaced:
        cluster.require_namespace(resource, item["metadata"].get("name", ""), request.namespace)
    if "status" in resource.subresources and resource.custom:
        item.pop("status", None)
    set_defaults(resource, item)
    metadata.stamp_new(item)
    if _counts_generations(resource):
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


def set_defaults(resource: Resource, item: dict[str, Any]) -> None:
    """Fill in the schema's defaults and, for a built-in kind, the server's own."""
    structural.set_defaults(item, resource.schema)
    if not resource.custom:
        kinds.set_defaults(resource.kind, item)


def validate(resource: Resource, item: Mapping[str, Any]) -> None:
    """Refuse an object with problems (422), all of them told at once."""
    problems: list[Cause] = list(metadata.problems(item, resource.kind))
    if resource.custom:
        body = {name: value for name, value in item.items() if name != "metadata"}
        problems += validation.problems(body, resource.schema)
    else:
        problems += kinds.problems(resource.kind, item)
    if problems:
        raise invalid(resource.group, resource.kind, item["metadata"].get("name", ""), problems)


def _require_account(cluster: Cluster, resource: Resource, pod: Mapping[str, Any]) -> None:
    namespace, name = pod["metadata"]["namespace"], pod["spec"]["serviceAccountName"]
    if cluster.store.get(Key("serviceaccounts", namespace, name)) is None:
        why = f'error looking up service account {namespace}/{name}: serviceaccount "{name}" not found'
        raise forbidden(resource, pod["metadata"].get("name", ""), why)


def update(cluster: Cluster, request: Request) -> Written:
    """Replace the object, or its status, by the body's. Raises ApiError."""
    item = decoding.decode(request)
    resource = request.resource
    name = item["metadata"].get("name", request.name)
    if name != request.name:
        raise _other_name(name, request.name)
    old = _existing(cluster, request)
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
    old = _existing(cluster, request)
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
            else patches.merge_patch(current, document)
        )
    if not isinstance(changed.get("metadata"), dict):
        changed["metadata"] = {}
    item = decoding.shape(changed, request, [])
    if item["metadata"].get("name") != request.name:
        raise _other_name(item["metadata"].get("name", ""), request.name)
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
        raise _other_name(name, request.name)
    if resource.namespaced:
        wanted["metadata"].setdefault("namespace", request.namespace)
    place = f"{request.namespace}/{name}" if request.namespace else f"/{name}"
    merging.check_typed(wanted, resource.schema, f"{place}; {resource.group_version}, Kind={resource.kind}")
    wanted = structural.prune(wanted, resource.schema)[0]
    if "status" in resource.subresources and not request.subresource:
        wanted.pop("status", None)
    writer = _writer(request, "Apply")
    stored = cluster.store.get(request.key)
    if stored is None:
        if request.subresource:
            raise not_found(resource, request.name)
        metadata.name_new(wanted, request)
        item = decoding.normalised(managers.apply(None, wanted, resource.schema, writer, force=False), resource)
        return Written(_add(cluster, request, item, None), 201)
    _check_version(resource, stored.object, wanted)
    item = managers.apply(stored.object, wanted, resource.schema, writer, force=request.flag("force"))
    item = decoding.normalised(item, resource)
    return Written(_replace(cluster, request, stored.object, item, applied=True), 200)


def _replace(cluster: Cluster, request: Request, old: Object, item: dict[str, Any], *, applied: bool = False) -> Object:
    """Store `item` as the next version of `old`, or of its subresource, if it differs from it."""
    resource = request.resource
    _check_version(resource, old, item)
    _check_uid(resource, old, item)
    new = _joined(request, old, item)
    _carry_over(old, new)
    set_defaults(resource, new)
    if not applied:
        managers.record_update(old, new, resource.schema, _writer(request, "Update"))
    _check_finalizers(resource, old, new)
    if _counts_generations(resource) and _body(new) != _body(old):
        new["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1
    validate(resource, new)
    new["metadata"]["resourceVersion"] = old["metadata"]["resourceVersion"]
    if new == old or request.is_dry_run():
        return new
    if _is_let_go(new):
        cluster.store.put(request.key, new)
        return cluster.store.delete(request.key).object
    return cluster.store.put(request.key, new).object


def _is_let_go(item: Mapping[str, Any]) -> bool:
    """Whether nothing holds up the deletion that has begun."""
    metadata = item["metadata"]
    held = metadata.get("finalizers") or metadata.get("deletionGracePeriodSeconds") or item["kind"] == "Namespace"
    return "deletionTimestamp" in metadata and not held


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


def _check_version(resource: Resource, old: Object, item: Mapping[str, Any]) -> None:
    version = item["metadata"].get("resourceVersion")
    if version and version != old["metadata"]["resourceVersion"]:
        raise modified(resource, old["metadata"]["name"])


def _check_uid(resource: Resource, old: Object, item: Mapping[str, Any]) -> None:
    uid = item["metadata"].get("uid")
    if uid and uid != old["metadata"]["uid"]:
        why = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {old['metadata']['uid']}"
        raise conflict(resource, old["metadata"]["name"], why)


def _check_finalizers(resource: Resource, old: Object, new: Mapping[str, Any]) -> None:
    """Nothing may hold up a deletion that has begun."""
    if "deletionTimestamp" not in old["metadata"]:
        return
    added = [
        name for name in new["metadata"].get("finalizers", ()) if name not in old["metadata"].get("finalizers", ())
    ]
    if added:
        shown = "[]string{" + ", ".join(f'"{name}"' for name in added) + "}"
        message = (
            f"Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers {shown}"
        )
        cause = Cause("FieldValueForbidden", message, "metadata.finalizers")
        raise invalid(resource.group, resource.kind, old["metadata"]["name"], [cause])


def _existing(cluster: Cluster, request: Request) -> Object:
    stored = cluster.store.get(request.key)
    if stored is None:
        raise not_found(request.resource, request.name)
    return stored.object


def _body(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name not in ("metadata", "status")}


def _counts_generations(resource: Resource) -> bool:
    return resource.custom or resource.kind in _GENERATIONS


def _writer(request: Request, operation: str) -> Writer:
    version = request.resource.group_version
    return Writer(request.manager, operation, version, request.subresource, metadata.now())


def _other_name(given: str, expected: str) -> ApiError:
    return bad_request(f"the name of the object ({given}) does not match the name on the URL ({expected})")
