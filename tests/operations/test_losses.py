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
        ({"head": None}, "spec.headGroupSpec.template.spec.nodeSelector"),
        ({"image": "other:1", "auth": "none", "env": {"A": "2", "B": "3"}}, "spec.authOptions"),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, dict) else "",
)
def test_what_is_gone_is_named_once_and_what_changed_is_not(fields: dict[str, Any], lost: str) -> None:
    """The highest part that is gone, as Kubernetes calls it; a worker group by its name."""
    said = loss_warning(render(FULL), render(FULL.replace(**fields)))
    assert said == f"raycluster demo loses what the configuration does not say: {lost}"


def test_elements_of_lists_go_by_their_names() -> None:
    """One of the environment's variables, in each container."""
    said = loss_warning(render(FULL.replace(env={"A": "1", "B": "2"})), render(FULL.replace(env={"B": "2"}))) or ""
    assert "spec.headGroupSpec.template.spec.containers[ray-head].env[A]" in said


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
