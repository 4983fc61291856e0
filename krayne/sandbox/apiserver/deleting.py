"""Deletion: preconditions, grace, finalizers, propagation; one object or a collection."""

from __future__ import annotations

import copy
from datetime import datetime, timedelta, timezone
from typing import Any

from krayne.sandbox.apiserver.cluster import SYSTEM_NAMESPACES, Cluster
from krayne.sandbox.apiserver.requests import DeleteOptions, Request, delete_options
from krayne.sandbox.apiserver.resources import Resource
from krayne.sandbox.apiserver.selectors import Match
from krayne.sandbox.apiserver.statuses import conflict, forbidden, not_found, success
from krayne.sandbox.apiserver.store import Key, Object

FOREGROUND, ORPHAN = "foregroundDeletion", "orphan"


def delete(cluster: Cluster, request: Request) -> dict[str, Any]:
    """Delete the object or begin its deletion; the answer is a Status, or the object that is still there."""
    options = delete_options(request)
    stored = cluster.store.get(request.key)
    if stored is None:
        raise not_found(request.resource, request.name)
    _check_preconditions(request.resource, stored.object, options)
    if request.resource.kind == "Namespace" and request.name in SYSTEM_NAMESPACES[:1] + SYSTEM_NAMESPACES[2:]:
        raise forbidden(request.resource, request.name, "this namespace may not be deleted")
    left = remove(cluster, request.resource, stored.object, options)
    if left is not None:
        return dict(left)
    if request.resource.kind in ("Pod", "Service", "ServiceAccount"):
        return dict(stored.object)
    return success(request.resource, request.name, stored.object["metadata"]["uid"])


def delete_collection(cluster: Cluster, request: Request, chosen: Match) -> list[Object]:
    """Delete every chosen object of the resource in the namespace."""
    options = delete_options(request)
    found = [stored.object for stored in cluster.store.list(request.resource.qualified, request.namespace)]
    found = [item for item in found if chosen(item)]
    for item in found:
        remove(cluster, request.resource, item, options)
    return found


def remove(cluster: Cluster, resource: Resource, item: Object, options: DeleteOptions) -> Object | None:
    """Delete the object; what is left of it while finalizers or its grace period hold it, None where it is gone."""
    key = Key(resource.qualified, item["metadata"].get("namespace", ""), item["metadata"]["name"])
    finalizers = _finalizers(item, options)
    grace = _grace(resource, item, options)
    if not finalizers and not grace and resource.kind != "Namespace":
        if not options.dry_run:
            cluster.store.delete(key)
        return None
    doomed = _marked(resource, item, finalizers, grace)
    if doomed == item or options.dry_run:
        return doomed
    return cluster.store.put(key, doomed).object


def _check_preconditions(resource: Resource, item: Object, options: DeleteOptions) -> None:
    name, found = item["metadata"]["name"], item["metadata"]
    if options.uid is not None and options.uid != found["uid"]:
        why = (
            f"the UID in the precondition ({options.uid}) does not match the UID in record ({found['uid']}). "
            "The object might have been deleted and then recreated"
        )
        raise conflict(resource, name, why, by_kind=True)
    if options.version is not None and options.version != found["resourceVersion"]:
        why = (
            f"the ResourceVersion in the precondition ({options.version}) does not match the ResourceVersion in "
            f"record ({found['resourceVersion']}). The object might have been modified"
        )
        raise conflict(resource, name, why, by_kind=True)


def _finalizers(item: Object, options: DeleteOptions) -> list[str]:
    own = [name for name in item["metadata"].get("finalizers", ()) if name not in (FOREGROUND, ORPHAN)]
    if options.propagation == "Foreground":
        return [*own, FOREGROUND]
    return [*own, ORPHAN] if options.propagation == "Orphan" else own


def _grace(resource: Resource, item: Object, options: DeleteOptions) -> int:
    """Seconds that the kubelet has to stop a pod: none for a pod that is on no node or has ended."""
    if resource.kind != "Pod" or not item["spec"].get("nodeName"):
        return 0
    if item.get("status", {}).get("phase") in ("Succeeded", "Failed"):
        return 0
    own: int = item["spec"].get("terminationGracePeriodSeconds", 30)
    asked = own if options.grace is None else options.grace
    already = item["metadata"].get("deletionGracePeriodSeconds")
    return asked if already is None else min(already, asked)


def _marked(resource: Resource, item: Object, finalizers: list[str], grace: int) -> dict[str, Any]:
    """The object on its way out: marked once, its grace only ever shortened."""
    metadata = copy.deepcopy(dict(item["metadata"]))
    if finalizers:
        metadata["finalizers"] = finalizers
    else:
        metadata.pop("finalizers", None)
    if "deletionTimestamp" not in metadata or grace < metadata.get("deletionGracePeriodSeconds", 0):
        end = datetime.now(timezone.utc) + timedelta(seconds=grace)
        metadata["deletionTimestamp"] = end.strftime("%Y-%m-%dT%H:%M:%SZ")
        if resource.kind != "Namespace":
            metadata["deletionGracePeriodSeconds"] = grace
        if "generation" in metadata:
            metadata["generation"] += 1
    marked = {**item, "metadata": metadata}
    if resource.kind == "Namespace":
        marked["status"] = {"phase": "Terminating"}
    return marked
