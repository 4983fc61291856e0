"""Pods that end and are replaced, again and again: under restartPolicy Never (autoscaler v2) nothing restarts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from krayne import objects
from krayne.objects import HEAD_GROUP, Object
from krayne.status.containers import how_it_ended, more_memory
from krayne.status.events import event_time
from krayne.status.problems import CRASH_MEMORY, Problem, Rank, since
from krayne.status.verdict import Status

# KubeRay 1.6: "Deleted head Pod ns/name; Pod status: Failed; Pod restart policy: Never; Ray container terminated
# status: &ContainerStateTerminated{ExitCode:1,Signal:0,Reason:Error,…}", and the same of a worker.
_REASON = {True: "DeletedHeadPod", False: "DeletedWorkerPod"}
_ENDED = re.compile(r"Pod status: Failed|&ContainerStateTerminated\{")
_HOW = re.compile(r"ExitCode:(-?\d+),Signal:\d+,Reason:(\w*)")


def replaced_again(cluster: Object, group: str, events: Sequence[Object], now: datetime) -> Problem | None:
    """Tell of a group whose pods failed and were replaced twice or more of late; ``events``: about the cluster."""
    head = group == HEAD_GROUP
    ended = [
        message
        for event in events
        if event.get("reason") == _REASON[head]
        and _ENDED.search(message := objects.string(event, "message"))
        and (head or f"-{group}-worker-" in message)
        and (since(event_time(event), now) or 0) < CRASH_MEMORY
    ]
    if len(ended) < 2:
        return None
    verb = f"end[s] again and again (KubeRay has replaced {len(ended)} pods)"
    return Problem(Rank.BROKEN, Status.CRASH_LOOP, verb, _how(cluster, group, ended[-1]), hopeless=True)


def _how(cluster: Object, group: str, message: str) -> str:
    """Say how the Ray container ended, and what would help."""
    found = _HOW.search(message)
    if not found:
        return ""
    how = how_it_ended({"exitCode": int(found[1]), "reason": found[2]})
    if found[2] != "OOMKilled":
        return how
    container = objects.ray_container(objects.mapping(objects.group_spec(cluster, group), "template"))
    return f"{how}; {more_memory(container, group)}"
