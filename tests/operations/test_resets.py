"""What an apply is said to put back to its default."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from krayne.config import ClusterConfig, load_configs
from krayne.operations.resets import reset_warning
from krayne.render import render

EVERYTHING = Path(__file__).parents[1] / "configs" / "valid" / "full.yaml"
OLD = ClusterConfig(
    name="demo",
    ray_version="2.53.0",
    env={"A": "1"},
    autoscaler={"enabled": False, "version": "v1"},
    head={"memory": "6Gi"},
    worker_groups=[{"name": "cpu", "replicas": 2, "memory": "3Gi"}, {"name": "gpu", "memory": "3Gi"}],
)
GROUPS = [{"name": "cpu"}, {"name": "gpu"}]


def told(before: ClusterConfig, **fields: Any) -> str:
    """What is told where a configuration takes the place of another."""
    after = ClusterConfig(name="demo", **fields)
    said = reset_warning(after, render(before), render(after)) or ""
    return said.removeprefix("raycluster demo goes back to defaults where the configuration says nothing: ")


def test_what_goes_back_unsaid_is_named_with_both_values() -> None:
    """Once for groups that share it, and for requests and limits; what is only gone or new is no change."""
    said = told(OLD.replace(ray_version=None), worker_groups=GROUPS)
    assert said == (
        "replicas of group cpu 2 → 0, maxReplicas of group cpu 2 → 1, "
        "resources.limits.memory of group cpu and group gpu 3Gi → 2Gi, "
        "spec.enableInTreeAutoscaling false → true, resources.limits.memory of the head 6Gi → 5Gi"
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"worker_groups": [{"name": "cpu", "memory": "2Gi"}, {"name": "gpu", "memory": "2Gi"}]},
        {"worker_groups": [{"name": "cpu", "memory": "4Gi"}, {"name": "gpu", "memory": "5Gi"}]},
    ],
)
def test_what_was_said_is_not_told(fields: dict[str, Any]) -> None:
    """Be it the default or another value."""
    assert "memory of group" not in told(OLD, **fields)


def test_what_follows_from_what_was_said_is_not_told() -> None:
    """The bound of more replicas, the image of a GPU, that of a Ray."""
    before = ClusterConfig(name="demo", ray_version="2.53.0", image="own:1")
    said = told(before, ray_version="2.60.0", worker_groups=[{"name": "worker", "replicas": 3, "gpus": 1}])
    assert said == ""


def test_much_is_cut_short() -> None:
    """After the first few."""
    assert told(OLD.replace(image="own:1"), worker_groups=GROUPS).endswith(" more")


def test_nothing_is_told_where_nothing_changed() -> None:
    """The same configuration again."""
    assert told(OLD, **{key: value for key, value in OLD.given.items() if key != "name"}) == ""


def test_all_that_a_configuration_can_say_counts_as_said() -> None:
    """Each field of it as the default that it has; over a cluster that had something else in each."""
    (other,) = load_configs(str(EVERYTHING))
    before = render(other.replace(overrides=None))
    groups = [{"name": group.name} for group in other.worker_groups]
    bare = ClusterConfig(name=other.name, namespace=other.namespace, worker_groups=groups)
    spoken = {key: value for key, value in bare.as_dict().items() if value is not None}
    assert reset_warning(bare, before, render(bare))
    assert reset_warning(ClusterConfig(**spoken), before, render(bare)) is None


def test_any_configuration_can_be_judged() -> None:
    """Its contrary may not be valid, but can be rendered."""
    (config,) = load_configs(str(EVERYTHING))
    after = render(config)
    after["spec"]["enableInTreeAutoscaling"] = "other"
    assert reset_warning(config, render(config), after) is None
