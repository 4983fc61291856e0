"""What an apply is said to take away."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from krayne.config import ClusterConfig
from krayne.operations.losses import loss_warning
from krayne.render import render

if TYPE_CHECKING:
    from collections.abc import Callable

FULL = ClusterConfig(
    name="demo",
    labels={"team": "ml"},
    env={"A": "1"},
    head={"node_selector": {"disk": "ssd"}},
    worker_groups=[{"name": "cpu"}, {"name": "gpu"}],
)


@pytest.mark.parametrize(
    ("fields", "lost"),
    [
        ({"labels": None}, "metadata.labels.team"),
        ({"worker_groups": [{"name": "cpu"}]}, "worker group gpu"),
        ({"head": None}, "nodeSelector of the head"),
        ({"image": "other:1", "auth": "none", "env": {"A": "2", "B": "3"}}, "spec.authOptions"),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, dict) else "",
)
def test_what_is_gone_is_named_once_and_what_changed_is_not(fields: dict[str, Any], lost: str) -> None:
    """The highest part that is gone, as Kubernetes calls it; a worker group by its name."""
    said = loss_warning(render(FULL), render(FULL.replace(**fields)))
    assert said == f"raycluster demo loses: {lost}"


def test_elements_of_lists_go_by_their_names() -> None:
    """One of the environment's variables, once for all groups that had it."""
    said = loss_warning(render(FULL.replace(env={"A": "1", "B": "2"})), render(FULL.replace(env={"B": "2"})))
    assert said == "raycluster demo loses: env[A] of the head and group cpu and group gpu"


def test_what_is_not_rays_container_is_called_by_its_place() -> None:
    """A sidecar's part, a label of pods alone, the services' ports."""
    before, after = render(FULL), render(FULL.replace(services={"ssh": False}))
    template = before["spec"]["headGroupSpec"]["template"]
    template["spec"]["containers"].append({"name": "log", "env": [{"name": "A"}]})
    template["metadata"]["labels"]["mine"] = "x"
    after["spec"]["headGroupSpec"]["template"]["spec"]["containers"].append({"name": "log", "env": []})
    said = loss_warning(before, after)
    assert said == (
        "raycluster demo loses: template.metadata.labels.mine of the head, ports[ssh] of the head, "
        "containers[log].env[A] of the head"
    )


def test_much_is_cut_short() -> None:
    """The groups first."""
    before, after = render(FULL.replace(labels={f"l{i}": "x" for i in range(9)})), render(ClusterConfig(name="demo"))
    said = loss_warning(before, after) or ""
    assert ": worker group cpu, worker group gpu, " in said
    assert said.endswith(" more")


def _scaled(cluster: dict[str, Any]) -> None:
    cluster["spec"]["workerGroupSpecs"][0]["scaleStrategy"] = {"workersToDelete": ["a"]}


def _emptied(cluster: dict[str, Any]) -> None:
    cluster["spec"]["workerGroupSpecs"][0]["scaleStrategy"] = {}
    cluster["metadata"] |= {"annotations": {}, "finalizers": ["x"], "managedFields": []}


@pytest.mark.parametrize("add", [_scaled, _emptied])
def test_what_no_configuration_makes_is_no_loss(add: Callable[[dict[str, Any]], None]) -> None:
    """The autoscaler's part, empty values, what the API server keeps of an object."""
    before = deepcopy(render(FULL))
    add(before)
    assert loss_warning(before, render(FULL)) is None
