"""What is allowed but hardly meant is told, with what to change; what is meant is not doubted."""

from __future__ import annotations

from typing import Any

import pytest

from krayne.config import ClusterConfig, load_configs
from krayne.render import render
from krayne.render.doubts import doubts
from tests.render.test_golden import CASES, MANIFESTS


def said(**fields: Any) -> str:
    """What is said of a cluster with these fields."""
    config = ClusterConfig(name="x", **fields)
    return "\n".join(doubts(render(config), config))


IDLE_HEAD: dict[str, Any] = {"worker_groups": [], "autoscaler": {"enabled": False}}


@pytest.mark.parametrize(
    "image",
    [
        "rayproject/ray:2.40.0",
        "rayproject/ray:2.40.0-py311-gpu",
        "rayproject/ray:2.40.0.1a2b3c-py311-cu121",
        "rayproject/ray-ml:2.40.0-py311-cpu",
        "registry.corp:5000/docker-hub/rayproject/ray:2.40.0-aarch64",
        "docker.io/rayproject/ray:2.40.0@sha256:" + "a" * 64,
    ],
)
@pytest.mark.parametrize("where", ["cluster", "head", "group"])
def test_an_image_of_another_ray_than_ray_version_says(image: str, where: str) -> None:
    """Once, wherever the image was given, and by the flag that puts it right."""
    groups = [{"name": "a", "image": image}, {"name": "b", "image": image}]
    fields: dict[str, Any] = {"cluster": {"image": image}, "head": {"head": {"image": image}}}
    found = said(**fields.get(where, {"worker_groups": groups}))
    assert found.count("\n") == 0
    assert f"image {image} holds Ray 2.40.0, but ray_version is 2.60.0" in found
    assert "--ray-version 2.40.0" in found


def test_an_image_of_another_python_than_python_version_says() -> None:
    """It has no effect beside an image that is given."""
    found = said(image="rayproject/ray:2.60.0-py310", python_version="3.12")
    assert "holds Python 3.10, but python_version is 3.12" in found


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"ray_version": "2.40.0", "python_version": "3.11"},
        {"image": "rayproject/ray:2.40.0-py311", "ray_version": "2.40.0", "python_version": "3.11"},
        {"image": "rayproject/ray:2.60.0rc1", "ray_version": "2.60.0"},
        {"image": "rayproject/ray:2.60.0", "python_version": "3.11"},
        {"image": "rayproject/ray:nightly"},
        {"image": "rayproject/ray:2.9"},
        {"image": "rayproject/ray@sha256:" + "a" * 64},
        {"image": "own/ray:2.40.0"},
        {"image": "rayproject/raytracer:2.40.0"},
        {"image": "rayproject/ray:2.40.0", "overrides": {"spec": {"rayVersion": "2.40.0"}}},
        {"head": {"gpus": 1, "runs_tasks": True}},
        {**IDLE_HEAD, "head": {"runs_tasks": True}},
        {"autoscaler": {"enabled": False}, "worker_groups": [{"name": "w", "replicas": 1}]},
    ],
)
def test_what_fits_together_is_not_doubted(fields: dict[str, Any]) -> None:
    """Also where an image's tag does not tell."""
    assert said(**fields) == ""


@pytest.mark.parametrize(
    ("fields", "cure"),
    [
        (IDLE_HEAD, "--workers 1"),
        ({"autoscaler": {"enabled": False}}, "--workers 1"),
        ({"worker_groups": []}, "--max-workers 1"),
        ({"worker_groups": [{"name": "w", "max_replicas": 0}]}, "--max-workers 1"),
    ],
)
def test_a_cluster_that_can_run_nothing_is_told_of(fields: dict[str, Any], cure: str) -> None:
    """A head without CPUs for tasks, and no worker now or later."""
    found = said(**fields)
    assert "no task that takes a CPU can run" in found
    assert cure in found
    assert "--head-runs-tasks" in found


def test_gpus_of_a_head_that_runs_no_tasks_are_told_of() -> None:
    """Nothing could use them."""
    assert said(head={"gpus": 1}) == (
        "the head has 1 GPU, but runs no tasks that could use them: let it run tasks (--head-runs-tasks)"
    )


@pytest.mark.parametrize("case", CASES)
def test_nothing_is_raised_for_any_configuration(case: str) -> None:
    """Whatever it holds; each doubt is one line."""
    (config,) = load_configs(str(MANIFESTS / f"{case}.config.yaml"))
    assert all("\n" not in doubt for doubt in doubts(render(config), config))
