"""The `ray start` command line that KubeRay makes of a group's parameters and its container's resources."""

from __future__ import annotations

import json
import re
from typing import Any

from krayne.quantity import NANO, quantity
from krayne.sandbox.player.kuberay.names import AGENT_PORT, METRICS_PORT

Parameters = dict[str, str]

_ACCELERATORS = {"aws.amazon.com/neuroncore": "neuron_cores", "google.com/tpu": "TPU"}
_TAKE_TRUE_OR_FALSE = ("log-color", "include-dashboard")
_MIG = re.compile(r"nvidia\.com/mig-\d+g\.\d+gb")


def is_gpu(resource: str) -> bool:
    """Whether KubeRay counts a resource as GPUs."""
    return resource.endswith("gpu") or bool(_MIG.fullmatch(resource))


def start_parameters(group: dict[str, Any], *, address: str | None, extra: Parameters | None = None) -> Parameters:
    """All parameters of a group's `ray start`: the given ones, the injected ones, those from the limits.

    `address` is the head's for a worker, None for the head.
    """
    parameters = {name: str(value) for name, value in (group.get("rayStartParams") or {}).items()}
    parameters |= _from_group(group)
    parameters |= extra or {}
    if address:
        parameters.setdefault("address", address)
    else:
        parameters.setdefault("dashboard-host", "0.0.0.0")  # noqa: S104 (what KubeRay passes to ray start)
    parameters.setdefault("metrics-export-port", str(METRICS_PORT))
    parameters["block"] = "true"
    parameters.setdefault("dashboard-agent-listen-port", AGENT_PORT)
    _add_resources(parameters, group["template"]["spec"]["containers"][0].get("resources") or {})
    return parameters


def start_command(parameters: Parameters, *, head: bool) -> str:
    """The command line, flags in alphabetical order, in KubeRay's own spacing."""
    flags = ""
    for name, value in sorted(parameters.items()):
        if value.lower() not in ("true", "false") or name in _TAKE_TRUE_OR_FALSE:
            flags += f" --{name}={value} "
        elif value.lower() == "true":
            flags += f" --{name} "
    return f"ray start --head {flags}" if head else f"ray start {flags}"


def _from_group(group: dict[str, Any]) -> Parameters:
    parameters: Parameters = {}
    custom: dict[str, float] = {}
    for name, amount in (group.get("resources") or {}).items():
        flag = {"cpu": "num-cpus", "memory": "memory"}.get(name.lower()) or ("num-gpus" if is_gpu(name.lower()) else "")
        if flag:
            parameters[flag] = str(quantity(amount).value)
        else:
            custom[name] = quantity(amount).nano / NANO
    if custom:
        parameters["resources"] = _quoted(custom)
    if group.get("labels"):
        parameters["labels"] = ",".join(f"{key}={value}" for key, value in sorted(group["labels"].items()))
    return parameters


def _add_resources(parameters: Parameters, resources: dict[str, Any]) -> None:
    limits = {name: quantity(amount) for name, amount in (resources.get("limits") or {}).items()}
    requests = {name: quantity(amount) for name, amount in (resources.get("requests") or {}).items()}
    cpus = limits.get("cpu") or requests.get("cpu")
    if cpus and cpus.nano:
        parameters.setdefault("num-cpus", str(cpus.value))
    if "memory" in limits and limits["memory"].nano:
        parameters.setdefault("memory", str(limits["memory"].value))
    for name in sorted(limits):
        if is_gpu(name) and limits[name].nano:
            parameters.setdefault("num-gpus", str(limits[name].value))
    _add_accelerator(parameters, {name: amount.nano / NANO for name, amount in limits.items() if amount.nano})


def _add_accelerator(parameters: Parameters, limits: dict[str, float]) -> None:
    try:
        custom = json.loads(parameters.get("resources", "{}").strip("'\"` "))
    except ValueError:
        return
    if any(resource in custom for resource in _ACCELERATORS.values()):
        return
    name = next((name for name in sorted(limits) if name in _ACCELERATORS), None)
    if name:
        parameters["resources"] = _quoted({**custom, _ACCELERATORS[name]: limits[name]})


def _quoted(custom: dict[str, float]) -> str:
    whole = {name: int(value) if float(value).is_integer() else value for name, value in custom.items()}
    return "'" + json.dumps(whole, separators=(",", ":"), sort_keys=True) + "'"
