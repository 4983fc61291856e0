"""The scale subresource of workloads, as `kubectl scale` reads and writes it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from krayne.merge_patch import merge_patch
from krayne.sandbox.apiserver import decoding, patches
from krayne.sandbox.apiserver.changing import patch
from krayne.sandbox.apiserver.cluster import Cluster
from krayne.sandbox.apiserver.listing import get
from krayne.sandbox.apiserver.requests import Request


def read(cluster: Cluster, request: Request) -> dict[str, Any]:
    """The object's Scale."""
    return _scale(get(cluster, request).object)


def write(cluster: Cluster, request: Request) -> dict[str, Any]:
    """Set the object's replicas from a Scale or a merge patch of one."""
    if request.method == "PATCH":
        change = merge_patch(read(cluster, request), patches.read(request.body))
    else:
        change, _ = decoding.parse(request.body, request.content_type, "Scale")
    body = b'{"spec":{"replicas":%d}}' % int(change["spec"].get("replicas", 0))
    version = change["metadata"].get("resourceVersion")
    if version:
        body = b'{"metadata":{"resourceVersion":"%s"},%s' % (str(version).encode(), body[1:])
    written = patch(cluster, replace(request, body=body, content_type=patches.MERGE, subresource=""))
    return _scale(written.object)


def _scale(item: Mapping[str, Any]) -> dict[str, Any]:
    names = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    selector = item["spec"].get("selector", {}).get("matchLabels", {})
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {name: copy.deepcopy(item["metadata"][name]) for name in names},
        "spec": {"replicas": item["spec"].get("replicas", 0)},
        "status": {
            "replicas": item.get("status", {}).get("replicas", 0),
            "selector": ",".join(f"{key}={value}" for key, value in sorted(selector.items())),
        },
    }
