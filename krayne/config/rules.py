"""What no schema can say: the rules between fields, by Kubernetes, KubeRay (validation.go, 1.7) and GKE."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from krayne.config.defaults import AUTOSCALER_V2_RAY, TOKEN_AUTH_RAY, complete, ray_version
from krayne.config.group_rules import check_group, check_head, own_labels
from krayne.config.problems import Problem, shown
from krayne.objects import QUEUE_LABEL, mapping

if TYPE_CHECKING:
    from collections.abc import Iterator

Config = dict[str, Any]


def check(given: Config) -> Iterator[Problem]:
    """Every broken rule. ``given`` is sound by the schema, but fields may be missing from it."""
    config = complete(given)
    yield from _versions(given, config)
    yield from _kueue(config)
    yield from _redis(config)
    yield from _environment(config)
    yield from _code_server(given.get("services", {}), config["services"])
    yield from _volumes(config["volumes"])
    yield from own_labels(("labels",), config["labels"])
    yield from _identity(config["overrides"])
    yield from check_head(config["head"])
    yield from _unique("worker_groups", "name", config["worker_groups"])
    said_groups = given.get("worker_groups", config["worker_groups"])
    for index, (said, group) in enumerate(zip(said_groups, config["worker_groups"], strict=True)):
        yield from check_group(("worker_groups", index), said, group, config["autoscaler"])


def _versions(given: Config, config: Config) -> Iterator[Problem]:
    version, text = ray_version(config["ray_version"]), config["ray_version"]
    if given.get("auth") == "token" and version < TOKEN_AUTH_RAY:
        yield Problem(("auth",), f"token needs Ray 2.52.0 or newer, ray_version is {text}; use none, or a newer Ray")
    if given.get("autoscaler", {}).get("version") == "v2" and version < AUTOSCALER_V2_RAY:
        yield Problem(("autoscaler", "version"), f"v2 needs Ray 2.10.0 or newer, ray_version is {text}; use v1")


def _kueue(config: Config) -> Iterator[Problem]:
    queue = config.get("queue")
    if queue and config.get("suspend"):
        yield Problem(("suspend",), "with a queue, Kueue decides when the cluster runs: leave suspend out, or queue")
    labelled = config["labels"].get(QUEUE_LABEL)
    if queue and labelled is not None and labelled != queue:
        yield Problem(("labels", QUEUE_LABEL), f"{shown(labelled)} contradicts queue, which is {shown(queue)}")


def _redis(config: Config) -> Iterator[Problem]:
    """KubeRay refuses Redis settings that come by more than one way."""
    tolerant = "gcs_fault_tolerance" in config
    by_annotation = config["annotations"].get("ray.io/ft-enabled") == "true"
    for name, field, refused in (
        ("RAY_REDIS_ADDRESS", "redis_address", tolerant or not by_annotation),
        ("REDIS_PASSWORD", "redis_password", tolerant),
        ("REDIS_USERNAME", "redis_username", True),
    ):
        if refused and name in config["env"]:
            yield Problem(("env", name), f"KubeRay refuses it here; use gcs_fault_tolerance.{field}")
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


def _code_server(given: Config, services: Config) -> Iterator[Problem]:
    """Another release than the default's has other digests, which only its user can know."""
    version = given.get("code_server_version")
    default = complete({})["services"]["code_server_version"]
    if version not in (None, default) and services["code_server"] and "code_server_sha256" not in given:
        message = f"needs services.code_server_sha256 beside it: krayne knows the SHA-256 of {default} only"
        yield Problem(("services", "code_server_version"), message)


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


def _identity(overrides: Config) -> Iterator[Problem]:
    """An override may not make another object of the cluster, or none."""
    for name in ("apiVersion", "kind"):
        if name in overrides:
            yield Problem(("overrides", name), "cannot be overridden: the manifest is krayne's RayCluster")
    for name in ("metadata", "spec"):
        if not isinstance(overrides.get(name, {}), dict):
            yield Problem(("overrides", name), f"{shown(overrides[name])} is not a map")
    for name in ("name", "namespace"):
        if name in mapping(overrides, "metadata"):
            yield Problem(("overrides", "metadata", name), f"cannot be overridden; use the field {name}")
