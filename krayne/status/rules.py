"""From a RayCluster, its pods and events to one word and its cause. Pure: no process, no clock, and nothing raises."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from krayne import objects
from krayne.objects import QUEUE_LABEL, Object
from krayne.status.events import Events
from krayne.status.problems import since
from krayne.status.readiness import (
    ANSWERS_WITHIN,
    desired_workers,
    has_surplus,
    is_behind,
    not_taken_up,
    ready_workers,
    says_ready,
    taken_up,
)
from krayne.status.refusals import no_pods_because, refusal
from krayne.status.verdict import Reason, Status, Verdict
from krayne.text import count, duration, one_line

# A deletion that takes longer than this many seconds is held up by something.
DELETES_WITHIN = 60


def settled(cluster: Object) -> bool:
    """Tell whether the cluster's own status settles its state (ready, suspended, deleting): no pod is needed then."""
    if objects.is_going(cluster):
        return True
    if objects.at(cluster, "spec", "suspend") is True:
        return objects.is_true(cluster, "RayClusterSuspended")
    return not is_behind(cluster) and says_ready(cluster) and not has_surplus(cluster)


def judge(
    cluster: dict[str, Any],
    pods: Sequence[Object] | None,
    events: Iterable[Object] | Events = (),
    *,
    now: datetime,
) -> Verdict:
    """Judge a cluster by design's table of words.

    ``pods``: those labelled with its name, or None where they are unknown (not asked for, or not to be read): then its
    own status has to do. An empty list says that there are none, whatever the status has kept. ``events``:
    those about the cluster and its pods, among others and in any order (of many clusters: as ``Events``, made once);
    without them some causes stay unsaid. ``now``: an aware time.
    """
    if objects.is_going(cluster):
        return _deleting(cluster, pods, now)
    own = own_pods(cluster, pods)
    heard = events if isinstance(events, Events) else Events(events)
    about_it = heard.about(cluster, "RayCluster")
    return (
        refusal(cluster, own or [], about_it)
        or _suspended(cluster, own, now)
        or _unanswered(cluster, own, now)
        or _without_pods(cluster, own, about_it, now)
        or _with_pods(cluster, own or [], heard, now)
    )


def _with_pods(cluster: Object, pods: Sequence[Object], heard: Events, now: datetime) -> Verdict:
    from krayne.status.by_pods import Scene, by_pods  # what settled clusters do without

    return by_pods(Scene(cluster, pods, heard, heard.about(cluster, "RayCluster"), now))


def own_pods(cluster: Object, pods: Sequence[Object] | None) -> list[Object] | None:
    """Leave out the pods of an earlier cluster of the same name; None where the cluster's pods are not known."""
    if pods is None:
        return None
    uid = objects.at(cluster, "metadata", "uid")
    return [pod for pod in pods if isinstance(pod, dict) and _owner_uid(pod) in (None, uid)]


def _owner_uid(pod: Object) -> object:
    for owner in objects.items(pod, "metadata", "ownerReferences"):
        if owner.get("kind") == "RayCluster":
            return owner.get("uid")
    return None


def _deleting(cluster: Object, pods: Sequence[Object] | None, now: datetime) -> Verdict:
    age = since(objects.at(cluster, "metadata", "deletionTimestamp"), now)
    cause = "it is being deleted" if age is None else f"its deletion began {duration(max(age, 0))} ago"
    left = objects.at(cluster, "metadata", "finalizers")
    finalizers = [str(each) for each in left] if isinstance(left, list) else []
    if pods:
        cause += f"; {count(len(pods), 'pod')} still there"
    held = bool(finalizers) and age is not None and age > DELETES_WITHIN
    if finalizers:
        cause += f"; {'held up by' if held else 'waits for'} finalizer {one_line(', '.join(finalizers))}"
    return Verdict(Status.DELETING, cause, hopeless=True, reason=Reason.FINALIZER if held else None)


def _suspended(cluster: Object, pods: Sequence[Object] | None, now: datetime) -> Verdict | None:
    if objects.at(cluster, "spec", "suspend") is not True:
        return None
    queue = objects.labels(cluster).get(QUEUE_LABEL)
    if pods:
        return Verdict(Status.RUNNING, f"it is being suspended: {count(len(pods), 'pod')} still to go")
    if not objects.mapping(cluster, "status") and not queue:
        return _unanswered(cluster, pods, now)
    if isinstance(queue, str) and queue:
        return Verdict(Status.SUSPENDED, f"it waits in Kueue's queue {one_line(queue)} for quota")
    if pods is None and not objects.is_true(cluster, "RayClusterSuspended"):
        return Verdict(Status.RUNNING, "it is being suspended")
    return Verdict(Status.SUSPENDED, "it is suspended (spec.suspend is true): no pods run", hopeless=True)


def _unanswered(cluster: Object, pods: Sequence[Object] | None, now: datetime) -> Verdict | None:
    if pods or objects.mapping(cluster, "status"):
        return None
    manager = objects.string(cluster, "spec", "managedBy")
    if manager not in ("", "ray.io/kuberay-operator"):
        return Verdict(Status.CREATING, f"it is managed by {one_line(manager)}, which has not reported yet")
    age = since(objects.at(cluster, "metadata", "creationTimestamp"), now)
    if age is None or age < ANSWERS_WITHIN:
        return Verdict(Status.CREATING, "submitted; KubeRay has not answered yet")
    namespace = objects.string(cluster, "metadata", "namespace")
    return Verdict(
        Status.CREATING,
        f"KubeRay has not answered for {duration(age)}: its operator does not run, or does not watch "
        f"namespace {one_line(namespace) or 'default'}, or has refused the cluster in an event that has expired",
        reason=Reason.UNANSWERED,
    )


# Of a head's reason to be unready, the word.
_HEAD_REASONS = {
    "ImagePullBackOff": Status.IMAGE_PULL_ERROR,
    "ErrImagePull": Status.IMAGE_PULL_ERROR,
    "InvalidImageName": Status.IMAGE_PULL_ERROR,
    "CrashLoopBackOff": Status.CRASH_LOOP,
    "RunContainerError": Status.CRASH_LOOP,
    "PostStartHookError": Status.CRASH_LOOP,
    "OOMKilled": Status.CRASH_LOOP,
    "Error": Status.CRASH_LOOP,
    "ContainersNotReady": Status.RUNNING,
    "CreateContainerConfigError": Status.CONTAINERS_CREATING,
    "ContainerCreating": Status.CONTAINERS_CREATING,
    "PodInitializing": Status.CONTAINERS_CREATING,
    "Unknown": Status.PODS_PENDING,
}


def _without_pods(
    cluster: Object, pods: Sequence[Object] | None, events: Sequence[Object], now: datetime
) -> Verdict | None:
    if pods is None:
        return _by_status(cluster, now)
    return None if pods else no_pods_because(events, now)


def _by_status(cluster: Object, now: datetime) -> Verdict:
    """Judge by the cluster's own status, where its pods are unknown."""
    if says_ready(cluster):
        return Verdict(Status.READY) if taken_up(cluster, now) else not_taken_up(cluster)
    head = objects.condition(cluster, "HeadPodReady")
    if head.get("status") == "True":
        ready, desired = ready_workers(cluster), desired_workers(cluster)
        return Verdict(Status.RUNNING, f"{ready} of {count(desired, 'worker')} ready")
    reason = objects.string(head, "reason")
    # KubeRay joins "containers with unready status: […]" and "container: message" (FindHeadPodReadyCondition).
    from krayne.status.containers import registry_words
    from krayne.status.hooks import hook_failure

    message = objects.string(head, "message")
    message = hook_failure(message) or registry_words(message.rpartition("; ")[2])
    return Verdict(_HEAD_REASONS.get(reason, Status.CREATING), f"head: {message or reason or 'not ready yet'}")
