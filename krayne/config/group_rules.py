"""Rules within the head or one group of workers, by Kubernetes, KubeRay (validation.go, 1.7) and GKE."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from krayne.config.problems import Path, Problem, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

Config = dict[str, Any]
_KUBERAY_LABELS = frozenset(
    f"ray.io/{name}" for name in ("cluster", "node-type", "group", "is-ray-node", "identifier", "originated-from-crd")
)
_OWN_LABEL = "app.kubernetes.io/managed-by"
_TPU_SELECTORS = {
    "accelerator": "cloud.google.com/gke-tpu-accelerator",
    "topology": "cloud.google.com/gke-tpu-topology",
}
_WHOLE_PARAMS = ("num-cpus", "num-gpus", "memory", "object-store-memory")
_INT32 = 2**31 - 1
# What may not be more than what, and which of the two is then called wrong.
_ORDER = (
    ("min_replicas", "max_replicas", "min_replicas"),
    ("min_replicas", "replicas", "replicas"),
    ("replicas", "max_replicas", "replicas"),
)


def check_head(head: Config) -> Iterator[Problem]:
    """The head's broken rules. ``head`` is sound and complete."""
    yield from _placement(("head",), head)
    told = head["ray_start_params"].get("num-cpus", "0")
    if not head["runs_tasks"] and told != "0":
        message = f"{shown(told)} contradicts runs_tasks, which is false; set runs_tasks to true"
        yield Problem(("head", "ray_start_params", "num-cpus"), message)


def check_group(path: Path, said: Config, group: Config, autoscaler: Config) -> Iterator[Problem]:
    """The broken rules of the group at ``path``, as the user ``said`` it and complete, under that autoscaler."""
    yield from _placement(path, group)
    yield from _replicas(path, said, group)
    yield from _tpu(path, group)
    if group.get("name") == "headgroup":
        yield Problem((*path, "name"), '"headgroup" is what KubeRay calls the head; choose another name')
    if "idle_timeout_seconds" in said:
        yield from _idle_timeout((*path, "idle_timeout_seconds"), autoscaler)


def _idle_timeout(path: Path, autoscaler: Config) -> Iterator[Problem]:
    if not autoscaler["enabled"]:
        yield Problem(path, "a group's own idle timeout needs the autoscaler, which is off (autoscaler.enabled)")
    elif autoscaler["version"] == "v1":
        message = "a group's own idle timeout needs autoscaler.version v2; use autoscaler.idle_timeout_seconds"
        yield Problem(path, message)


def _replicas(path: Path, said: Config, group: Config) -> Iterator[Problem]:
    """Only what was said can contradict: each number that is left out follows from the others."""
    for low, high, field in _ORDER:
        if {low, high} <= said.keys() and said[low] > said[high]:
            other, way = (high, "more") if field == low else (low, "less")
            yield Problem((*path, field), f"{said[field]} is {way} than {other}, which is {said[other]}")
    most = group["max_replicas"]
    if most * group["num_of_hosts"] > _INT32:
        field = "num_of_hosts" if "num_of_hosts" in said else "max_replicas"
        yield Problem((*path, field), f"max_replicas times num_of_hosts is more than {_INT32} pods")


def _tpu(path: Path, group: Config) -> Iterator[Problem]:
    """GKE: the slice's topology is its hosts' chips; both selectors must say what the group says."""
    tpu = group.get("tpu")
    if not tpu:
        return
    if {"topology", "chips"} <= tpu.keys():
        chips = math.prod(int(axis) for axis in tpu["topology"].split("x"))
        if chips != tpu["chips"] * group["num_of_hosts"]:
            yield Problem((*path, "tpu", "topology"), _wrong_topology(chips, tpu, group["num_of_hosts"]))
    if group["gpus"]:
        yield Problem((*path, "gpus"), "a group has GPUs or TPUs, not both: make two groups")
    for field, selector in _TPU_SELECTORS.items():
        selected = group["node_selector"].get(selector)
        if field in tpu and selected is not None and selected != tpu[field]:
            message = f"{shown(selected)} contradicts tpu.{field}, which is {shown(tpu[field])}: leave the selector out"
            yield Problem((*path, "node_selector", selector), message)


def _wrong_topology(chips: int, tpu: Config, hosts: int) -> str:
    found = f"{tpu['topology']} has {chips} chips, but num_of_hosts {hosts} times chips {tpu['chips']} makes "
    right, rest = divmod(chips, tpu["chips"])
    likely = f" (did you mean num_of_hosts: {right}?)" if not rest else ""
    return f"{found}{hosts * tpu['chips']}{likely}"


def _placement(path: Path, part: Config) -> Iterator[Problem]:
    """What the head and each group have alike."""
    yield from own_labels((*path, "labels"), part["labels"])
    yield from _start_params((*path, "ray_start_params"), part["ray_start_params"])
    for index, toleration in enumerate(part["tolerations"]):
        yield from _toleration((*path, "tolerations", index), toleration)


def own_labels(path: Path, labels: Config) -> Iterator[Problem]:
    """Labels that krayne and KubeRay set themselves."""
    for key in labels:
        if key == _OWN_LABEL and labels[key] != "krayne":
            yield Problem((*path, key), "is set by krayne, to krayne: leave it out")
        if key in _KUBERAY_LABELS:
            yield Problem((*path, key), "is set by KubeRay, which finds its pods by it: leave it out")


def _start_params(path: Path, params: Config) -> Iterator[Problem]:
    """num-cpus and the like tell Ray another amount than the pod has, which is allowed; ray start wants integers."""
    for name in _WHOLE_PARAMS:
        if name in params and not re.fullmatch("[0-9]+", params[name]):
            yield Problem((*path, name), f'{shown(params[name])} is not a whole number in quotes, such as "4"')
    if "labels" in params:
        yield Problem((*path, "labels"), "KubeRay refuses it here; use overrides for Ray's labels")


def _toleration(path: Path, toleration: Config) -> Iterator[Problem]:
    """Kubernetes' own rules (core validation, ValidateTolerations)."""
    operator = toleration.get("operator", "Equal")
    if operator == "Exists" and toleration.get("value"):
        yield Problem((*path, "value"), "operator Exists takes no value: leave it out, or use Equal")
    if operator != "Exists" and toleration and not toleration.get("key"):
        yield Problem((*path, "key"), f"operator {operator} needs a key; only Exists goes without")
    if operator in ("Gt", "Lt") and not toleration.get("value", "").lstrip("-").isdecimal():
        yield Problem((*path, "value"), f"operator {operator} needs a whole number, in quotes")
    if "tolerationSeconds" in toleration and toleration.get("effect") != "NoExecute":
        yield Problem((*path, "tolerationSeconds"), "needs effect NoExecute")
