"""What krayne knows of a cluster: ClusterInfo for a row, ClusterDetails for all of it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from krayne.cluster.details import ClusterDetails, Condition, Event, Pod, Versions, cluster_details
    from krayne.cluster.info import cluster_info
    from krayne.cluster.values import ClusterInfo, Head, Owner, WorkerGroup

__all__ = [
    "ClusterDetails",
    "ClusterInfo",
    "Condition",
    "Event",
    "Head",
    "Owner",
    "Pod",
    "Versions",
    "WorkerGroup",
    "cluster_details",
    "cluster_info",
]

_PLACES = {
    "krayne.cluster.details": ("ClusterDetails", "Condition", "Event", "Pod", "Versions", "cluster_details"),
    "krayne.cluster.info": ("cluster_info",),
    "krayne.cluster.values": ("ClusterInfo", "Head", "Owner", "WorkerGroup"),
}


def __getattr__(name: str) -> Any:
    """Load each part when it is first asked for: get needs no details, and starts the faster for it."""
    for place, names in _PLACES.items():
        if name in names:
            return getattr(import_module(place), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
