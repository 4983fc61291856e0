"""From a RayCluster, its pods and events to one word and its cause. Pure: no process, no clock, and nothing raises."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from krayne import objects
from krayne.objects import HEAD_GROUP, Object
from krayne.status.pods import is_ready, pod_problem
from krayne.status.problems import Problem, since
from krayne.status.refusals import event_time, is_behind, last_change, refusal
from krayne.status.verdict import Status, Verdict
from krayne.text import duration, one_line

# KubeRay answers a new or changed cluster within a second or two; after this many seconds it is not listening.
ANSWERS_WITHIN = 15

# A deletion that takes longer than this many seconds is held up by something.
DELETES_WITHIN = 60

QUEUE_LABEL = "kueue.x-k8s.io/queue-name"


def settled(cluster: Object) -> bool:
    """Tell whether the cluster's own status settles its state (ready, suspended, deleting): no pod is needed then."""
    if objects.is_going(cluster):
        return True
    if objects.at(cluster, "spec", "suspend") is True:
        return objects.is_true(cluster, "RayClusterSuspended")
    return not is_behind(cluster) and _says_ready(cluster)


def judge(
    cluster: dict[str, Any],
    pods: Sequence[dict[str, Any]] | None,
    events: Sequence[dict[str, Any]] = (),
    *,
    now: datetime,
) -> Verdict:
    """Judge a cluster by design's table of words.

    ``pods``: those labelled with its name, or None where they are unknown: then its own status has to do. ``events``:
    those about the cluster and its pods, in any order; without them some causes stay unsaid. ``now``: an aware time.
    """
    if objects.is_going(cluster):
        return _deleting(cluster, pods, now)
    own = None if pods is None else _own_pods(cluster, pods)
    if refused := refusal(cluster, own or [], _about(events, "RayCluster").get(objects.name(cluster), [])):
        return refused
    if objects.at(cluster, "spec", "suspend") is True:
        return _suspended(cluster, own, now)
    if not objects.mapping(cluster, "status") and not own:
        return _unanswered(cluster, now)
    if own is None:
        return _by_status(cluster, now)
    return _by_pods(cluster, own, warnings_by_pod(events), now)


def _own_pods(cluster: Object, pods: Sequence[Object]) -> list[Object]:
    """Leave out the pods of an earlier cluster of the same name."""
    uid = objects.at(cluster, "metadata", "uid")
    return [pod for pod in pods if isinstance(pod, dict) and _owner_uid(pod) in (None, uid)]


def _owner_uid(pod: Object) -> object:
    for owner in objects.items(pod, "metadata", "ownerReferences"):
        if owner.get("kind") == "RayCluster":
            return owner.get("uid")
    return None


def warnings_by_pod(events: Sequence[Object]) -> dict[str, list[Object]]:
    """Sort the Warning events about pods by the pod's name, newest last."""
    return _about([event for event in events if isinstance(event, dict) and event.get("type") == "Warning"], "Pod")


def _about(events: Sequence[Object], kind: str) -> dict[str, list[Object]]:
    found: dict[str, list[Object]] = {}
    for event in sorted((each for each in events if isinstance(each, dict)), key=event_time):
        what = objects.mapping(event, "involvedObject")
        if what.get("kind") == kind:
            found.setdefault(objects.string(what, "name"), []).append(event)
    return found


def _deleting(cluster: Object, pods: Sequence[Object] | None, now: datetime) -> Verdict:
    age = since(objects.at(cluster, "metadata", "deletionTimestamp"), now)
    cause = "it is being deleted" if age is None else f"it is being deleted since {duration(max(age, 0))}"
    left = objects.at(cluster, "metadata", "finalizers")
    finalizers = [str(each) for each in left] if isinstance(left, list) else []
    if pods:
        cause += f"; {_count(len(pods), 'pod')} still there"
    if finalizers:
        held = "held up by" if age is not None and age > DELETES_WITHIN else "waits for"
        cause += f"; {held} finalizer {one_line(', '.join(finalizers))}"
    return Verdict(Status.DELETING, cause, hopeless=True)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _suspended(cluster: Object, pods: Sequence[Object] | None, now: datetime) -> Verdict:
    queue = objects.labels(cluster).get(QUEUE_LABEL)
    if pods:
        return Verdict(Status.RUNNING, f"it is being suspended: {_count(len(pods), 'pod')} still to go")
    if not objects.mapping(cluster, "status") and not queue:
        return _unanswered(cluster, now)
    if isinstance(queue, str) and queue:
        return Verdict(Status.SUSPENDED, f"it waits in Kueue's queue {one_line(queue)} for quota")
    if pods is None and not objects.is_true(cluster, "RayClusterSuspended"):
        return Verdict(Status.RUNNING, "it is being suspended")
    return Verdict(Status.SUSPENDED, "it is suspended (spec.suspend is true): no pods run")


def _unanswered(cluster: Object, now: datetime) -> Verdict:
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
    )


def _by_status(cluster: Object, now: datetime) -> Verdict:
    """Judge by the cluster's own status, where its pods are unknown."""
    if _says_ready(cluster):
        return Verdict(Status.READY) if _taken_up(cluster, now) else _not_taken_up(cluster)
    head = objects.condition(cluster, "HeadPodReady")
    if head.get("status") == "True":
        ready, desired = _ready_workers(cluster), _desired_workers(cluster)
        return Verdict(Status.RUNNING, f"{ready} of {_count(desired, 'worker')} ready")
    reason, message = objects.string(head, "reason"), one_line(objects.string(head, "message"))
    word = {
        "ImagePullBackOff": Status.IMAGE_PULL_ERROR,
        "ErrImagePull": Status.IMAGE_PULL_ERROR,
        "InvalidImageName": Status.IMAGE_PULL_ERROR,
        "CrashLoopBackOff": Status.CRASH_LOOP,
        "ContainersNotReady": Status.RUNNING,
        "ContainerCreating": Status.CONTAINERS_CREATING,
        "PodInitializing": Status.CONTAINERS_CREATING,
        "Unknown": Status.PODS_PENDING,
    }.get(reason, Status.CREATING)
    return Verdict(word, f"head: {message or reason or 'not ready yet'}")


def _by_pods(cluster: Object, pods: Sequence[Object], warnings: dict[str, list[Object]], now: datetime) -> Verdict:
    live = [pod for pod in pods if not objects.is_going(pod)]
    groups: dict[str, list[Object]] = {}
    for pod in live:
        groups.setdefault(objects.group_of(pod), []).append(pod)
    desired = _desired_by_group(cluster)
    short = {name: count for name, count in desired.items() if _ready_count(groups.get(name, [])) < count}
    if not short:
        return _all_ready(cluster, now)
    found = [
        (problem, name, pod)
        for name in short
        for pod in groups.get(name, ())
        if (problem := pod_problem(pod, name, warnings.get(objects.name(pod), ()), now))
    ]
    if found:
        return _worst(found, desired, groups)
    return _missing(cluster, pods, live, short, groups)


def _desired_by_group(cluster: Object) -> dict[str, int]:
    wanted = {HEAD_GROUP: 1}
    for group in objects.worker_groups(cluster):
        wanted[objects.string(group, "groupName")] = objects.desired_pods(group)
    return wanted


def _desired_workers(cluster: Object) -> int:
    return sum(objects.desired_pods(group) for group in objects.worker_groups(cluster))


def _ready_workers(cluster: Object) -> int:
    return objects.integer(objects.at(cluster, "status", "readyWorkerReplicas"))


def _ready_count(pods: Sequence[Object]) -> int:
    return sum(1 for pod in pods if is_ready(pod))


def _says_ready(cluster: Object) -> bool:
    """Tell whether the status has the head and every worker that the spec wants ready, of whatever generation."""
    return objects.is_true(cluster, "HeadPodReady") and _ready_workers(cluster) >= _desired_workers(cluster)


def _taken_up(cluster: Object, now: datetime) -> bool:
    """Tell whether KubeRay has taken up the spec as it is.

    KubeRay 1.4 to 1.7 does not write observedGeneration alone (InconsistentRayClusterStatus): a change that alters no
    other field of the status, as another idle timeout, leaves it behind for good. So a change that is old enough
    counts as seen, where managedFields tell how old it is.
    """
    if not is_behind(cluster):
        return True
    age = since(last_change(cluster), now)
    return age is not None and age >= ANSWERS_WITHIN


def _not_taken_up(cluster: Object) -> Verdict:
    seen = objects.integer(objects.at(cluster, "status", "observedGeneration"))
    latest = objects.integer(objects.at(cluster, "metadata", "generation"))
    return Verdict(
        Status.RUNNING, f"KubeRay has not taken up the latest change yet (generation {latest}; it has seen {seen})"
    )


def _all_ready(cluster: Object, now: datetime) -> Verdict:
    if not _taken_up(cluster, now):
        return _not_taken_up(cluster)
    if objects.condition(cluster, "HeadPodReady") and not _says_ready(cluster):
        return Verdict(Status.RUNNING, "all pods are ready; KubeRay has yet to say so")
    return Verdict(Status.READY)


Found = tuple[Problem, str, Object]


def _worst(found: Sequence[Found], desired: dict[str, int], groups: dict[str, list[Object]]) -> Verdict:
    """Let the worst problem speak for all, the head's before a worker's."""
    problem, group, pod = min(found, key=lambda each: (each[0].rank, each[1] != HEAD_GROUP, not each[0].hopeless))
    same = sum(1 for other, name, _ in found if name == group and other.status == problem.status)
    cause = _sentence(problem, group, same, max(desired[group], len(groups[group])))
    head = next((each for each, name, _ in found if name == HEAD_GROUP), None)
    if problem.waits_for_head and head:
        cause = f"{_sentence(head, HEAD_GROUP, 1, 1)}; {cause}"
    return Verdict(
        problem.status, cause, problem.hopeless, objects.name(pod) if problem.container else None, problem.container
    )


def _sentence(problem: Problem, group: str, count: int, total: int) -> str:
    subject = (
        "head:" if group == HEAD_GROUP else f"worker group {one_line(group, 63)}: {count} of {_count(total, 'pod')}"
    )
    verb = problem.verb.replace("[s]", "s" if group == HEAD_GROUP or count == 1 else "", 1)
    return f"{subject} {verb}: {problem.detail}" if problem.detail else f"{subject} {verb}"


def _missing(
    cluster: Object,
    pods: Sequence[Object],
    live: Sequence[Object],
    short: dict[str, int],
    groups: dict[str, list[Object]],
) -> Verdict:
    """Describe pods that are not there: not made yet, or gone."""
    group = next(iter(short))
    going = len(pods) - len(live)
    if group == HEAD_GROUP:
        was = objects.is_true(cluster, "RayClusterProvisioned")
        what = "head: its pod is gone; KubeRay makes a new one" if was else "KubeRay has made no head pod yet"
    else:
        have = len(groups.get(group, ()))
        what = (
            f"worker group {one_line(group, 63)}: {short[group] - have} of {_count(short[group], 'pod')} not made yet"
        )
    if going:
        what += f" ({_count(going, 'old pod')} still ending)"
    return Verdict(Status.RUNNING if live else Status.CREATING, what)
