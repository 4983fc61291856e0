"""The vocabulary of bad states: what a user writes to see one, and what it means for a pod or a cluster.

docs/sandbox.md describes each word.
"""

from __future__ import annotations

import re
from typing import Any

Object = dict[str, Any]

FAULT = "sandbox.krayne.io/fault"
DEMAND = "sandbox.krayne.io/demand"
SLOW = "sandbox.krayne.io/slow-start"

POD_FAULTS = frozenset({"config", "crash", "die", "evict", "hook", "init", "not-ready", "oom", "pull", "stuck"})
"""Faults of the pods of the head or of one group."""

CREATE_FAULTS = frozenset({"quota", "webhook"})
"""Faults of creating the pods of the head or of one group."""

OPERATOR_ABSENT = ("operator", "absent")
DELETION_STUCK = ("deletion", "stuck")

_IMAGE_WORDS = {"crash": "crash", "oom": "oom", "hook": "hook", "die": "die", "evict": "evict", "unready": "not-ready"}


def faults(cluster: Object | None) -> dict[str, str]:
    """What the cluster's annotation asks for, by target: `head=die,gpu=oom`, or just `die` for the head."""
    text = _annotations(cluster).get(FAULT, "")
    asked: dict[str, str] = {}
    for part in filter(None, re.split(r"[,\s]+", text)):
        target, _, fault = part.rpartition("=")
        asked[target or "head"] = fault
    return asked


def cluster_fault(cluster: Object | None, fault: tuple[str, str]) -> bool:
    """Whether the cluster's annotation asks for a fault that is no pod's."""
    target, word = fault
    return faults(cluster).get(target) == word


def target_of(pod: Object) -> str:
    """What the annotation calls a pod: `head`, or its group."""
    labels = pod["metadata"].get("labels") or {}
    return "head" if labels.get("ray.io/node-type") == "head" else str(labels.get("ray.io/group", ""))


def pod_fault(pod: Object, cluster: Object | None) -> str | None:
    """The fault that a pod is to show: by its own annotation, its cluster's, or its Ray container's image."""
    own = _annotations(pod).get(FAULT)
    asked = own or faults(cluster).get(target_of(pod))
    if asked in POD_FAULTS:
        return asked
    containers = pod["spec"].get("containers") or [{}]
    return _image_fault(containers[0].get("image") or "")


def create_fault(cluster: Object, target: str) -> str | None:
    """The fault that creating a pod of the head or of a group is to show."""
    asked = faults(cluster).get(target)
    return asked if asked in CREATE_FAULTS else None


def slow_start(pod: Object, cluster: Object | None) -> float:
    """Seconds that a pod stays in ContainerCreating, by its own annotation or its cluster's."""
    text = _annotations(pod).get(SLOW) or _annotations(cluster).get(SLOW) or "0"
    try:
        return max(0.0, float(text))
    except ValueError:
        return 0.0


def demand(cluster: Object) -> dict[str, int]:
    """How many replicas of each group the tasks need: `gpu=3,cpu=1`."""
    text = _annotations(cluster).get(DEMAND, "")
    pairs = (part.partition("=") for part in filter(None, re.split(r"[,\s]+", text)))
    return {group: int(count) for group, _, count in pairs if count.isdigit()}


def _image_fault(image: str) -> str | None:
    words = re.split(r"[-._:]", image.rsplit("/", 1)[-1].split("@", 1)[0])
    return next((_IMAGE_WORDS[word] for word in words if word in _IMAGE_WORDS), None)


def _annotations(item: Object | None) -> dict[str, str]:
    annotations: dict[str, str] = ((item or {}).get("metadata") or {}).get("annotations") or {}
    return annotations
