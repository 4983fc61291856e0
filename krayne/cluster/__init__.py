"""What krayne knows of a cluster: ClusterInfo for a row, ClusterDetails for all of it."""

from krayne.cluster.details import cluster_details
from krayne.cluster.info import cluster_info
from krayne.cluster.values import ClusterDetails, ClusterInfo, Condition, Event, Head, Owner, Pod, Versions, WorkerGroup
from krayne.objects import by_cluster

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
    "by_cluster",
    "cluster_details",
    "cluster_info",
]
