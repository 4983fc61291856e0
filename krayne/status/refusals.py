"""How KubeRay says that it cannot make what was asked for: a condition, or only an event."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from krayne import objects
from krayne.objects import Object
from krayne.status.events import event_time
from krayne.status.problems import since
from krayne.status.readiness import is_behind, last_change
from krayne.status.verdict import Reason, Status, Verdict
from krayne.text import one_line

# KubeRay 1.6 writes these and stops before it touches the status (rayClusterReconcile).
_INVALID = ("InvalidRayClusterSpec", "InvalidRayClusterMetadata", "InvalidRayClusterStatus")

# The API server's and admission's words for a no that stays a no; anything else may pass (a webhook that is down,
# a write that raced another).
_REFUSED = ("forbidden", "exceeded quota", "denied the request", "denied request", "is invalid", "violates podsecurity")

# KubeRay tries again ever more slowly, up to this many seconds apart (controller-runtime's rate limiter).
RETRIES_WITHIN = 1000

_WHAT = {
    "FailedCreateHeadPod": "KubeRay cannot create the head pod",
    "FailedCreateWorkerPod": "KubeRay cannot create worker pods",
    "FailedDeleteHeadPod": "KubeRay cannot delete the head pod",
    "FailedDeleteWorkerPod": "KubeRay cannot delete worker pods",
    "FailedDeleteAllPods": "KubeRay cannot delete the pods",
}


def refusal(cluster: Object, pods: Sequence[Object], events: Sequence[Object]) -> Verdict | None:
    """Tell what of the cluster was refused, and by whom; None if nothing was, or if it is cured.

    ``events``: those about the cluster itself, oldest first.
    """
    return _invalid(cluster, events) or _replica_failure(cluster, pods)


def _invalid(cluster: Object, events: Sequence[Object]) -> Verdict | None:
    """Find KubeRay's judgment on a spec that it has not taken up: one on an earlier spec no longer counts."""
    if not is_behind(cluster):
        return None
    # Of a spec that never changed every event counts: those of an earlier cluster are told apart by its uid.
    changed = last_change(cluster) if objects.integer(objects.at(cluster, "metadata", "generation")) > 1 else ""
    for event in reversed(events):
        message = objects.string(event, "message")
        # "RayCluster spec warning …" comes under the same reason, but is only that.
        if event.get("reason") in _INVALID and " spec warning " not in message:
            if changed and event_time(event)[:19] < changed[:19]:
                return None
            return _failed(f"KubeRay refuses it: {one_line(message)}", message, hopeless=True)
    return None


def _replica_failure(cluster: Object, pods: Sequence[Object]) -> Verdict | None:
    """Read ReplicaFailure, which stands only while KubeRay is failing."""
    failure = objects.condition(cluster, "ReplicaFailure")
    if failure.get("status") != "True":
        return None
    reason, message = objects.string(failure, "reason"), objects.string(failure, "message")
    # Pods on their way out still hold quota, so a quota that is full may soon not be.
    hopeless = is_refused(message) and not is_behind(cluster) and not any(objects.is_going(pod) for pod in pods)
    return _failed(f"{_WHAT.get(reason, 'KubeRay fails')}: {_own_words(message)}", message, hopeless=hopeless)


def _own_words(message: str) -> str:
    """Leave out KubeRay's first line, which only repeats the condition's reason."""
    return one_line(message.partition("\n")[2] or message, 320)


def no_pods_because(events: Sequence[Object], now: datetime) -> Verdict | None:
    """Say why there is no pod: a Service, Role or account that KubeRay fails to make leaves an event, nothing else."""
    latest = events[-1] if events else {}
    age = since(event_time(latest), now)
    if latest.get("type") != "Warning" or age is None or age > RETRIES_WITHIN:
        return None
    reason, message = objects.string(latest, "reason"), objects.string(latest, "message")
    missing = reason == "AutoscalerServiceAccountNotFound"
    if not missing and not reason.startswith("FailedToCreate"):
        return None
    return _failed(f"KubeRay cannot go on: {one_line(message)}", message, hopeless=missing or is_refused(message))


def _failed(cause: str, message: str, *, hopeless: bool) -> Verdict:
    """Give the verdict that a message amounts to: the API server's words for a quota are "exceeded quota: name"."""
    return Verdict(Status.FAILED, cause, hopeless, reason=Reason.QUOTA if "exceeded quota" in message else None)


def is_refused(message: str) -> bool:
    """Tell whether a message is a refusal, rather than a fault that may pass."""
    said = message.lower()
    return any(words in said for words in _REFUSED)
