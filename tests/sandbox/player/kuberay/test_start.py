"""The `ray start` command line."""

from __future__ import annotations

from typing import Any

from krayne.sandbox.player.kuberay.start import start_command, start_parameters


def group(limits: dict[str, str] | None = None, **fields: Any) -> dict[str, Any]:
    """A group whose container has limits."""
    return {"template": {"spec": {"containers": [{"resources": {"limits": limits or {}}}]}}, **fields}


def test_resources_become_flags() -> None:
    """CPUs are rounded up, memory is in bytes, GPUs are found by their name's end."""
    parameters = start_parameters(group({"cpu": "1500m", "memory": "1Gi", "amd.com/gpu": "2"}), address="head:6379")
    assert parameters["num-cpus"] == "2"
    assert parameters["memory"] == str(2**30)
    assert parameters["num-gpus"] == "2"
    assert parameters["address"] == "head:6379"


def test_given_parameters_win() -> None:
    """What the user gives is never overwritten, but for --block."""
    given = {"num-cpus": "0", "dashboard-host": "127.0.0.1", "block": "false"}
    parameters = start_parameters(group({"cpu": "4"}, rayStartParams=given), address=None)
    assert (parameters["num-cpus"], parameters["dashboard-host"], parameters["block"]) == ("0", "127.0.0.1", "true")


def test_tpus_become_a_custom_resource() -> None:
    """TPU chips are a custom resource, merged with the given ones."""
    given = {"resources": "'{\"mine\": 1}'"}
    parameters = start_parameters(group({"google.com/tpu": "4"}, rayStartParams=given), address=None)
    assert parameters["resources"] == '\'{"TPU":4,"mine":1}\''


def test_group_resources_and_labels() -> None:
    """The group's own resources and labels become flags."""
    made = group(resources={"CPU": "2", "Accel": "1"}, labels={"b": "2", "a": "1"})
    parameters = start_parameters(made, address=None)
    assert parameters["num-cpus"] == "2"
    assert parameters["resources"] == "'{\"Accel\":1}'"
    assert parameters["labels"] == "a=1,b=2"


def test_switches_take_no_value() -> None:
    """True switches stand alone, false ones are left out, and two flags take true or false."""
    parameters = {"block": "true", "no-monitor": "false", "include-dashboard": "false", "port": "1"}
    assert start_command(parameters, head=True) == "ray start --head  --block  --include-dashboard=false  --port=1 "
