"""Clusters that belong to another object, which goes on managing them."""

from __future__ import annotations

from typing import Any


def owner_warning(cluster: dict[str, Any], doing: str) -> str | None:
    """What to know before one changes a cluster of a RayJob or RayService (labels: KubeRay 1.4 to 1.7)."""
    labels = cluster["metadata"].get("labels") or {}
    kind = labels.get("ray.io/originated-from-crd")
    if kind not in ("RayJob", "RayService"):
        return None
    name = labels.get("ray.io/originated-from-cr-name", "<unknown>")
    mine = cluster["metadata"]["name"]
    return f"raycluster {mine} belongs to the {kind} {name}, which may undo this: {doing} the {kind} instead"
