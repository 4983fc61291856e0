"""What is wrong with one pod."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from krayne import objects
from krayne.objects import Object
from krayne.status.containers import Seen, container_problem, how_it_ended
from krayne.status.events import event_time
from krayne.status.problems import CRASH_MEMORY, Problem, Rank, patience_over, since
from krayne.status.verdict import Status
from krayne.text import one_line

# The scheduler ends its message with what preemption found; that is never what to act on.
_PREEMPTION = re.compile(r"[.,;]?\s*(no new claims to deallocate,\s*)?preemption:.*", re.DOTALL)


def is_over(pod: Object) -> bool:
    """Tell whether the pod has ended for good; KubeRay deletes it and makes another."""
    return objects.at(pod, "status", "phase") in ("Failed", "Succeeded")


def pod_problem(pod: Object, group: str, hints: Sequence[Object], now: datetime) -> Problem | None:
    """Tell why a pod is not ready; None if it is. ``hints``: events about it that may tell, newest last."""
    if is_over(pod):
        return _over(pod)
    if objects.is_ready(pod):
        return None
    if not objects.string(pod, "spec", "nodeName") and not objects.is_true(pod, "PodScheduled"):
        return _unscheduled(pod, hints)
    hints = [event for event in hints if (since(event_time(event), now) or 0) < CRASH_MEMORY]
    seen = Seen(pod, group, hints, now)
    found = [
        problem
        for field, init in (("initContainerStatuses", True), ("containerStatuses", False))
        for status in objects.items(pod, "status", field)
        if (problem := container_problem(seen, status, init=init))
    ]
    worst = min(found, key=lambda problem: problem.rank) if found else None
    if worst is None and objects.at(pod, "status", "phase") == "Running":
        return Problem(Rank.NOT_READY, Status.RUNNING, "run[s] without being ready", _not_ready(pod))
    if worst is None or (worst.rank == Rank.STARTING and worst.container is None):
        return _blocked(pod, hints, now) or worst or _CREATING
    return worst


_CREATING = Problem(Rank.STARTING, Status.CONTAINERS_CREATING, "start[s] containers")
_BLOCKERS = ("FailedMount", "FailedAttachVolume", "FailedMapVolume", "FailedCreatePodSandBox")


def _blocked(pod: Object, hints: Sequence[Object], now: datetime) -> Problem | None:
    """Say what keeps the kubelet from starting any container: a volume, the pod's network."""
    messages = [objects.string(event, "message") for event in hints if event.get("reason") in _BLOCKERS]
    if not messages:
        return None
    # The kubelet sums up ("Unable to attach or mount volumes: … timed out") what it said in full before.
    telling = [message for message in messages if not message.startswith("Unable to attach or mount")] or messages
    missing = telling[-1].rstrip().endswith("not found") and patience_over(pod, now)
    return Problem(
        Rank.BROKEN if missing else Rank.STARTING,
        Status.CONTAINERS_CREATING,
        "cannot start",
        one_line(telling[-1]),
        hopeless=missing,
    )


def _over(pod: Object) -> Problem:
    """Describe a pod that ended: evicted or refused by its node, or with a container that failed."""
    reason, message = objects.string(pod, "status", "reason"), objects.string(pod, "status", "message")
    if reason:
        # Eviction, preemption, a node's shutdown: no container's fault, and another pod is on its way.
        return Problem(Rank.NOT_READY, Status.RUNNING, f"ended by the node ({one_line(reason, 60)})", one_line(message))
    for field in ("initContainerStatuses", "containerStatuses"):
        for status in objects.items(pod, "status", field):
            ended = objects.mapping(status, "state", "terminated")
            if ended and (objects.integer(ended.get("exitCode")) or field == "containerStatuses"):
                name = objects.string(status, "name")
                return Problem(
                    Rank.BROKEN, Status.CRASH_LOOP, f"ended with container {name}", how_it_ended(ended), container=name
                )
    return Problem(Rank.BROKEN, Status.CRASH_LOOP, "ended", one_line(message))


def _unscheduled(pod: Object, hints: Sequence[Object]) -> Problem:
    scheduled = objects.condition(pod, "PodScheduled")
    reason, message = scheduled.get("reason"), objects.string(scheduled, "message")
    if reason == "Unschedulable":
        why = one_line(_PREEMPTION.sub("", message)) + _scaling(hints)
        return Problem(Rank.UNSCHEDULABLE, Status.UNSCHEDULABLE, "fit[s] on no node", why)
    if reason == "SchedulingGated":
        gates = [objects.string(gate, "name") for gate in objects.items(pod, "spec", "schedulingGates")]
        return Problem(
            Rank.PENDING, Status.PODS_PENDING, "wait[s] behind a scheduling gate", one_line(", ".join(gates))
        )
    scheduler = objects.string(pod, "spec", "schedulerName")
    by = f" by {one_line(scheduler, 60)}" if scheduler not in ("", "default-scheduler") else ""
    return Problem(Rank.PENDING, Status.PODS_PENDING, f"wait[s] to be scheduled{by}", one_line(message))


def _scaling(hints: Sequence[Object]) -> str:
    """Say whether the node autoscaler (cluster-autoscaler, Karpenter) does something about a pod that fits nowhere."""
    for event in reversed(hints):
        if event.get("reason") in ("TriggeredScaleUp", "Nominated"):
            return "; a node is being added for it"
        if event.get("reason") in ("NotTriggerScaleUp", "FailedScaleUp"):
            return f"; no node is added: {one_line(objects.string(event, 'message'), 160)}"
    return ""


def _not_ready(pod: Object) -> str:
    said = one_line(objects.string(objects.condition(pod, "Ready"), "message"))
    node = one_line(objects.string(pod, "spec", "nodeName"), 63)
    return said or (f"its node {node} may be lost" if node else "")


def word_of(pod: Object) -> str:
    """Give the word that ``kubectl get pods`` shows as a pod's STATUS (Kubernetes' printPod, without the counting)."""
    if objects.is_going(pod):
        return "Terminating"
    reason = objects.string(pod, "status", "reason")
    for field in ("initContainerStatuses", "containerStatuses"):
        for status in objects.items(pod, "status", field):
            waiting = objects.string(status, "state", "waiting", "reason")
            ended = objects.mapping(status, "state", "terminated")
            if waiting and waiting != "PodInitializing":
                return waiting
            if ended and objects.integer(ended.get("exitCode")):
                return objects.string(ended, "reason") or f"ExitCode:{objects.integer(ended.get('exitCode'))}"
            if field == "initContainerStatuses" and objects.mapping(status, "state", "running"):
                return "Init"
    return reason or objects.string(pod, "status", "phase") or "Unknown"
