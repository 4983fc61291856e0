"""What a RayCluster's own status says of its readiness, and whether it speaks of the spec as it is now."""

from __future__ import annotations

from datetime import datetime

from krayne import objects
from krayne.objects import Object
from krayne.status.problems import since
from krayne.status.verdict import Status, Verdict

# KubeRay answers a new or changed cluster within a second or two; after this many seconds it is not listening.
ANSWERS_WITHIN = 15


def is_behind(cluster: Object) -> bool:
    """Tell whether KubeRay has not said that it saw the spec as it is now."""
    generation = objects.integer(objects.at(cluster, "metadata", "generation"))
    return objects.integer(objects.at(cluster, "status", "observedGeneration")) < generation


def last_change(cluster: Object) -> str:
    """Give the RFC 3339 time of the last write that was not to the status; empty where managedFields were left out."""
    return max(
        (
            objects.string(entry, "time")
            for entry in objects.items(cluster, "metadata", "managedFields")
            if entry.get("subresource") != "status"
        ),
        default="",
    )


def desired_workers(cluster: Object) -> int:
    """Tell how many worker pods the spec asks for, all groups together."""
    return sum(objects.desired_pods(group) for group in objects.worker_groups(cluster))


def ready_workers(cluster: Object) -> int:
    """Tell how many worker pods KubeRay counts as ready."""
    return max(objects.integer(objects.at(cluster, "status", "readyWorkerReplicas")), 0)


def has_surplus(cluster: Object) -> bool:
    """Tell whether more workers run than the spec wants: some are ending, or their group is gone from the spec, which
    KubeRay (1.4 to 1.7) lets run on and counts. Then its counts do not tell how many of those wanted are ready.
    """
    running = objects.integer(objects.at(cluster, "status", "availableWorkerReplicas"))
    return max(running, ready_workers(cluster)) > desired_workers(cluster)


def says_ready(cluster: Object) -> bool:
    """Tell whether the status has the head and every worker that the spec wants ready, of whatever generation."""
    return objects.is_true(cluster, "HeadPodReady") and ready_workers(cluster) >= desired_workers(cluster)


def taken_up(cluster: Object, now: datetime) -> bool:
    """Tell whether KubeRay has taken up the spec as it is.

    KubeRay 1.4 to 1.7 does not write observedGeneration alone (InconsistentRayClusterStatus): a change that alters no
    other field of the status, as another idle timeout, leaves it behind for good. So a change that is old enough
    counts as seen, where managedFields tell how old it is and the status counts the workers that the spec wants.
    """
    if not is_behind(cluster):
        return True
    if objects.integer(objects.at(cluster, "status", "desiredWorkerReplicas")) != desired_workers(cluster):
        return False
    age = since(last_change(cluster), now)
    return age is not None and age >= ANSWERS_WITHIN


def not_taken_up(cluster: Object) -> Verdict:
    """Give the verdict on a cluster whose pods are ready, for a spec that is not the latest."""
    seen = objects.integer(objects.at(cluster, "status", "observedGeneration"))
    latest = objects.integer(objects.at(cluster, "metadata", "generation"))
    return Verdict(
        Status.RUNNING, f"KubeRay has not taken up the latest change yet (generation {latest}; it has seen {seen})"
    )
