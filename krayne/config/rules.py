"""What no schema can say: the rules between fields, by Kubernetes, KubeRay (validation.go, 1.7) and GKE."""

from __future__ import annotations

import math
import posixpath
import re
from typing import TYPE_CHECKING, Any

from krayne.config.defaults import AUTOSCALER_V2_RAY, TOKEN_AUTH_RAY, complete, ray_version
from krayne.config.problems import Path, Problem, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

Config = dict[str, Any]
_QUEUE_LABEL = "kueue.x-k8s.io/queue-name"
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


def check(given: Config) -> Iterator[Problem]:
    """Every broken rule. ``given`` is sound by the schema, but fields may be missing from it."""
    config = complete(given)
    yield from _versions(given, config)
    yield from _kueue(config)
    yield from _redis(config)
    yield from _environment(config)
    yield from _volumes(config["volumes"])
    yield from _own_labels(("labels",), config["labels"])
    yield from _identity(config["overrides"])
    yield from _head(config["head"])
    yield from _unique("worker_groups", "name", config["worker_groups"])
    said_groups = given.get("worker_groups", config["worker_groups"])
    for index, (said, group) in enumerate(zip(said_groups, config["worker_groups"], strict=True)):
        if group:
            yield from _group(("worker_groups", index), said, group, config)


def _versions(given: Config, config: Config) -> Iterator[Problem]:
    version, text = ray_version(config["ray_version"]), config["ray_version"]
    if given.get("auth") == "token" and version < TOKEN_AUTH_RAY:
        yield Problem(("auth",), f"token needs Ray 2.52.0 or newer, ray_version is {text}; use none, or a newer Ray")
    if given.get("autoscaler", {}).get("version") == "v2" and version < AUTOSCALER_V2_RAY:
        yield Problem(("autoscaler", "version"), f"v2 needs Ray 2.10.0 or newer, ray_version is {text}; use v1")
    if "python_version" in given and "image" in given:
        yield Problem(("python_version",), "only picks a rayproject/ray image, but image is given: leave one out")


def _kueue(config: Config) -> Iterator[Problem]:
    queue = config.get("queue")
    if queue and config["suspend"]:
        yield Problem(("suspend",), "with a queue, Kueue decides when the cluster runs: leave suspend out, or queue")
    labelled = config["labels"].get(_QUEUE_LABEL)
    if queue and labelled is not None and labelled != queue:
        yield Problem(("labels", _QUEUE_LABEL), f"{shown(labelled)} contradicts queue, which is {shown(queue)}")


def _redis(config: Config) -> Iterator[Problem]:
    """KubeRay refuses Redis settings that come by more than one way."""
    tolerant = "gcs_fault_tolerance" in config
    for name, field in (("RAY_REDIS_ADDRESS", "redis_address"), ("REDIS_USERNAME", "redis_username")):
        if name in config["env"] and (tolerant or config["annotations"].get("ray.io/ft-enabled") != "true"):
            yield Problem(("env", name), f"KubeRay refuses it here; use gcs_fault_tolerance.{field}")
    if tolerant and "REDIS_PASSWORD" in config["env"]:
        yield Problem(("env", "REDIS_PASSWORD"), "KubeRay refuses it here; use gcs_fault_tolerance.redis_password")
    for key in ("ray.io/ft-enabled", "ray.io/external-storage-namespace"):
        if tolerant and key in config["annotations"]:
            yield Problem(("annotations", key), "contradicts gcs_fault_tolerance, which stands for it: leave one out")
    for name in ("redis-password", "redis-username"):
        if name in config["head"]["ray_start_params"] and (tolerant or name == "redis-username"):
            field = f"gcs_fault_tolerance.{name.replace('-', '_')}"
            yield Problem(("head", "ray_start_params", name), f"KubeRay refuses it here; use {field}")


def _environment(config: Config) -> Iterator[Problem]:
    """Variables that KubeRay sets itself from a field."""
    set_by_kuberay = {"RAY_enable_autoscaler_v2": "autoscaler.version"}
    if config["auth"] == "token":
        set_by_kuberay |= {"RAY_AUTH_MODE": "auth", "RAY_AUTH_TOKEN": "auth"}
    for name, field in set_by_kuberay.items():
        if name in config["env"]:
            yield Problem(("env", name), f"is set by KubeRay; use {field}")


def _volumes(volumes: list[Config]) -> Iterator[Problem]:
    yield from _unique("volumes", "name", volumes)
    seen: dict[str, int] = {}
    for index, volume in enumerate(volumes):
        if "mount_path" not in volume:
            continue
        path = posixpath.normpath(volume["mount_path"])
        first = seen.setdefault(path, index)
        if first != index:
            yield Problem(("volumes", index, "mount_path"), f"{shown(path)} is volumes[{first}]'s mount_path already")


def _unique(field: str, key: str, items: list[Config]) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for index, item in enumerate(items):
        first = seen.setdefault(item[key], index) if key in item else index
        if first != index:
            yield Problem(
                (field, index, key), f"{shown(item[key])} is {field}[{first}]'s {key} already; they must differ"
            )


def _own_labels(path: Path, labels: Config) -> Iterator[Problem]:
    for key in labels:
        if key == _OWN_LABEL and labels[key] != "krayne":
            yield Problem((*path, key), "is set by krayne, to krayne: leave it out")
        if key in _KUBERAY_LABELS:
            yield Problem((*path, key), "is set by KubeRay, which finds its pods by it: leave it out")


def _identity(overrides: Config) -> Iterator[Problem]:
    """An override may not make another object of the cluster."""
    for name in ("apiVersion", "kind"):
        if name in overrides:
            yield Problem(("overrides", name), "cannot be overridden: the manifest is krayne's RayCluster")
    metadata = overrides.get("metadata", {})
    if not isinstance(metadata, dict):
        yield Problem(("overrides", "metadata"), f"{shown(metadata)} is not a map")
        return
    for name in ("name", "namespace"):
        if name in metadata:
            yield Problem(("overrides", "metadata", name), f"cannot be overridden; use the field {name}")


def _head(head: Config) -> Iterator[Problem]:
    yield from _placement(("head",), head)
    told = head["ray_start_params"].get("num-cpus", "0")
    if not head["runs_tasks"] and told != "0":
        message = f"{shown(told)} contradicts runs_tasks, which is false; set runs_tasks to true"
        yield Problem(("head", "ray_start_params", "num-cpus"), message)


def _group(path: Path, said: Config, group: Config, config: Config) -> Iterator[Problem]:
    yield from _placement(path, group)
    yield from _replicas(path, said, group)
    yield from _tpu(path, group)
    if group.get("name") == "headgroup":
        yield Problem((*path, "name"), '"headgroup" is what KubeRay calls the head; choose another name')
    if "idle_timeout_seconds" in said and config["autoscaler"]["version"] == "v1":
        message = "a group's own idle timeout needs autoscaler.version v2; use autoscaler.idle_timeout_seconds"
        yield Problem((*path, "idle_timeout_seconds"), message)


def _replicas(path: Path, said: Config, group: Config) -> Iterator[Problem]:
    fewest, replicas, most = group["min_replicas"], group["replicas"], group["max_replicas"]
    if fewest > most:
        yield Problem((*path, "min_replicas"), f"{fewest} is more than max_replicas, which is {most}")
    elif replicas < fewest:
        yield Problem((*path, "replicas"), f"{replicas} is less than min_replicas, which is {fewest}")
    elif replicas > most:
        yield Problem((*path, "replicas"), f"{replicas} is more than max_replicas, which is {most}")
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
    yield from _own_labels((*path, "labels"), part["labels"])
    yield from _start_params((*path, "ray_start_params"), part["ray_start_params"])
    for index, toleration in enumerate(part["tolerations"]):
        yield from _toleration((*path, "tolerations", index), toleration)


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
