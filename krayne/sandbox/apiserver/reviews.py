"""Requests that store nothing of their own: access reviews and a pod's binding to its node."""

from __future__ import annotations

import copy
from typing import Any

from krayne.sandbox.apiserver import decoding
from krayne.sandbox.apiserver.cluster import Cluster
from krayne.sandbox.apiserver.listing import get
from krayne.sandbox.apiserver.metadata import now
from krayne.sandbox.apiserver.requests import Request
from krayne.sandbox.apiserver.statuses import conflict

# Whoever has the sandbox's token is this user, and may do everything.
_USER = {"username": "krayne-sandbox", "groups": ["system:masters", "system:authenticated"]}
_RULES = {
    "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
    "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
    "incomplete": False,
}
_ANSWERS: dict[str, dict[str, Any]] = {
    "SelfSubjectReview": {"userInfo": _USER},
    "SelfSubjectAccessReview": {"allowed": True},
    "SelfSubjectRulesReview": _RULES,
}


def review(request: Request) -> dict[str, Any]:
    """A review's answer to whoever sent it."""
    return decoding.decode(request) | {"status": _ANSWERS[request.resource.kind]}


def bind(cluster: Cluster, request: Request) -> dict[str, Any]:
    """Put a pod on a node, as a scheduler does. Raises ApiError 409 where it is on one already."""
    binding, _ = decoding.parse(request.body, request.content_type, "Binding")
    pod = copy.deepcopy(dict(get(cluster, request).object))
    node = pod["spec"].get("nodeName")
    if node:
        raise conflict(request.resource, request.name, f'pod {request.name} is already assigned to node "{node}"')
    pod["spec"]["nodeName"] = binding["target"]["name"]
    scheduled = {"type": "PodScheduled", "status": "True", "lastProbeTime": None, "lastTransitionTime": now()}
    others = [entry for entry in pod["status"].get("conditions", ()) if entry["type"] != "PodScheduled"]
    pod["status"]["conditions"] = [*others, scheduled]
    if not request.is_dry_run():
        cluster.store.put(request.key, pod)
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}
