"""Judge a cluster by its pods: the worst problem of any pod speaks for all, the head's before a worker's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from krayne import objects
from krayne.objects import HEAD_GROUP, Object, is_ready
from krayne.status.events import Events
from krayne.status.pods import pod_problem
from krayne.status.problems import Problem, since
from krayne.status.readiness import ANSWERS_WITHIN, has_surplus, not_taken_up, says_ready, taken_up
from krayne.status.replacements import replaced_again
from krayne.status.verdict import Reason, Status, Verdict
from krayne.text import count, one_line

# A worker that has not reached a ready head this many seconds after its start is cut off from it.
REACHES_HEAD_WITHIN = 120


class Scene(NamedTuple):
    """A cluster with its own pods, the events heard, and of them those about the cluster itself, oldest first."""

    cluster: Object
    pods: Sequence[Object]
    heard: Events
    events: Sequence[Object]
    now: datetime


Found = tuple[Problem, str, Object]


def by_pods(scene: Scene) -> Verdict:
    """Judge a cluster that is neither suspended nor deleted nor refused, whose pods are known."""
    groups: dict[str, list[Object]] = {}
    for pod in scene.pods:
        if not objects.is_going(pod):
            groups.setdefault(objects.group_of(pod), []).append(pod)
    desired = _desired_by_group(scene.cluster)
    short = {name: count for name, count in desired.items() if _ready_count(groups.get(name, [])) < count}
    if not short:
        return _all_ready(scene.cluster, scene.now)
    found: list[Found] = [
        (problem, name, pod)
        for name in short
        for pod in groups.get(name, ())
        if (problem := pod_problem(pod, name, scene.heard.hints(pod), scene.now))
    ]
    for name in short:
        if replaced := replaced_again(scene.cluster, name, scene.events, scene.now):
            found = _beyond_hope(found, name, replaced)
    if HEAD_GROUP not in short:
        ready_for = _ready_for(groups[HEAD_GROUP], scene.now)
        found = [(_held_back(problem, pod, ready_for, scene.now), name, pod) for problem, name, pod in found]
    if not found:
        return _missing(scene, short, groups)
    return _worst(scene, found, desired, groups)


def _ready_for(heads: Sequence[Object], now: datetime) -> float:
    """Give the seconds for which the head has been ready."""
    return max(since(objects.condition(head, "Ready").get("lastTransitionTime"), now) or 0 for head in heads)


def _beyond_hope(found: list[Found], group: str, replaced: Problem) -> list[Found]:
    """Let a group whose pods KubeRay replaces again and again be in a crash loop, whatever its newest pod does."""
    mine = [(problem, pod) for problem, name, pod in found if name == group]
    if not mine:
        return [(replaced, group, {}), *found]
    problem, pod = min(mine, key=lambda each: each[0].rank)
    container = problem.container or objects.string(objects.ray_container(pod), "name") or None
    return [(replace(replaced, container=container), group, pod), *found]


def _held_back(problem: Problem, pod: Object, ready_for: float, now: datetime) -> Problem:
    """Tell of a worker that has long waited for a head that is ready: something is between them."""
    waited = min(since(objects.at(pod, "status", "startTime"), now) or 0, ready_for)
    if not problem.waits_for_head or waited < REACHES_HEAD_WITHIN:
        return replace(problem, waits_for_head=False)
    detail = "the head is ready; do DNS and network policies let the pods reach it?"
    return replace(problem, waits_for_head=False, detail=detail)


def _desired_by_group(cluster: Object) -> dict[str, int]:
    wanted = {HEAD_GROUP: 1}
    for group in objects.worker_groups(cluster):
        wanted[objects.string(group, "groupName")] = objects.desired_pods(group)
    return wanted


def _ready_count(pods: Sequence[Object]) -> int:
    return sum(1 for pod in pods if is_ready(pod))


def _all_ready(cluster: Object, now: datetime) -> Verdict:
    if not taken_up(cluster, now):
        return not_taken_up(cluster)
    if objects.condition(cluster, "HeadPodReady") and not says_ready(cluster):
        return Verdict(Status.RUNNING, "all pods are ready; KubeRay has yet to say so")
    return Verdict(Status.READY)


def _worst(scene: Scene, found: Sequence[Found], desired: dict[str, int], groups: dict[str, list[Object]]) -> Verdict:
    """Let the worst problem speak for all, the head's before a worker's."""
    problem, group, pod = min(found, key=lambda each: (each[0].rank, each[1] != HEAD_GROUP, not each[0].hopeless))
    same = sum(1 for other, name, _ in found if name == group and other.status == problem.status)
    total = max(desired[group], len(groups.get(group, ())))
    cause = _sentence(problem, group, min(same, total), total)
    head = next((each for each in found if each[1] == HEAD_GROUP), None)
    container, reason = problem.container, problem.reason
    if problem.waits_for_head:
        cause = f"{_sentence(head[0], HEAD_GROUP, 1, 1) if head else _no_head(scene.cluster)}; {cause}"
        pod, container, reason = (head[2], head[0].container, head[0].reason) if head else (pod, None, None)
    culprit = objects.name(pod) if container else None
    return Verdict(_word(problem, groups), cause, problem.hopeless, culprit, container, reason)


def _word(problem: Problem, groups: dict[str, list[Object]]) -> Status:
    """Say running only where a pod runs."""
    runs = any(objects.at(pod, "status", "phase") == "Running" for pods in groups.values() for pod in pods)
    return problem.status if runs or problem.status is not Status.RUNNING else Status.CREATING


def _sentence(problem: Problem, group: str, number: int, total: int) -> str:
    if group == HEAD_GROUP:
        return f"head: {problem.sentence()}"
    return f"worker group {one_line(group, 63)}: {number} of {count(total, 'pod')} {problem.sentence(number != 1)}"


def _missing(scene: Scene, short: dict[str, int], groups: dict[str, list[Object]]) -> Verdict:
    """Describe pods that are not there: not made yet, or gone."""
    group = next(iter(short))
    word = Status.RUNNING if groups else Status.CREATING
    lacks = f"{short[group] - len(groups.get(group, ()))} of {count(short[group], 'pod')}"
    whose = f"worker group {one_line(group, 63)}: {lacks}"
    going = sum(1 for pod in scene.pods if objects.is_going(pod))
    if not going and _counts_as_ready(scene.cluster, group):
        return _unnoticed(scene, "head: its pod is" if group == HEAD_GROUP else whose, word)
    what = _no_head(scene.cluster) if group == HEAD_GROUP else f"{whose} not made yet"
    if going:
        what += f" ({count(going, 'old pod')} still ending)"
    if not taken_up(scene.cluster, scene.now):
        what += "; KubeRay has not taken up the latest change yet"
    return Verdict(word, what)


def _counts_as_ready(cluster: Object, group: str) -> bool:
    """Tell whether KubeRay's status has all pods of the group ready."""
    if group == HEAD_GROUP:
        return objects.is_true(cluster, "HeadPodReady")
    return says_ready(cluster) and not has_surplus(cluster)


def _unnoticed(scene: Scene, what: str, word: Status) -> Verdict:
    """Describe pods that are not there although KubeRay's status has them ready.

    Either may be the older: a status that KubeRay wrote just now may count pods that the list does not show yet.
    """
    cause = f"{what} missing, though KubeRay's status says ready"
    written = since(objects.at(scene.cluster, "status", "lastUpdateTime"), scene.now)
    if written is not None and written < ANSWERS_WITHIN:
        return Verdict(word, cause)
    return Verdict(word, f"{cause}: it has not noticed yet, or its operator does not run", reason=Reason.UNANSWERED)


def _no_head(cluster: Object) -> str:
    if objects.is_true(cluster, "RayClusterProvisioned"):
        return "head: its pod is gone; KubeRay makes a new one"
    if objects.is_true(cluster, "RayClusterSuspended"):
        return "it is being resumed; KubeRay has made no head pod yet"
    return "KubeRay has made no head pod yet"
