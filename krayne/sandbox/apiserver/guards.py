"""What must hold before an object changes: it is there, is the one that was meant, and may still be held back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from krayne.sandbox.apiserver.cluster import Cluster
from krayne.sandbox.apiserver.requests import Request
from krayne.sandbox.apiserver.resources import Resource
from krayne.sandbox.apiserver.statuses import ApiError, Cause, bad_request, conflict, invalid, modified, not_found
from krayne.sandbox.apiserver.store import Object


def existing(cluster: Cluster, request: Request) -> Object:
    """The object. Raises ApiError 404."""
    stored = cluster.store.get(request.key)
    if stored is None:
        raise not_found(request.resource, request.name)
    return stored.object


def check_version(resource: Resource, old: Object, item: Mapping[str, Any]) -> None:
    """Refuse a change that was made from another version (409)."""
    version = item["metadata"].get("resourceVersion")
    if version and version != old["metadata"]["resourceVersion"]:
        raise modified(resource, old["metadata"]["name"])


def check_uid(resource: Resource, old: Object, item: Mapping[str, Any]) -> None:
    """Refuse a change that is meant for another object of that name (409)."""
    uid = item["metadata"].get("uid")
    if uid and uid != old["metadata"]["uid"]:
        why = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {old['metadata']['uid']}"
        raise conflict(resource, old["metadata"]["name"], why)


def check_finalizers(resource: Resource, old: Object, new: Mapping[str, Any]) -> None:
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


def is_let_go(item: Mapping[str, Any]) -> bool:
    """Whether nothing holds up the deletion that has begun."""
    metadata = item["metadata"]
    held = metadata.get("finalizers") or metadata.get("deletionGracePeriodSeconds") or item["kind"] == "Namespace"
    return "deletionTimestamp" in metadata and not held


def other_name(given: str, expected: str) -> ApiError:
    """400: the body is about another object than the path."""
    return bad_request(f"the name of the object ({given}) does not match the name on the URL ({expected})")
