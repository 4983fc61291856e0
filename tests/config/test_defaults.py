"""Defaults, and those that depend on other fields."""

from __future__ import annotations

import pytest

from krayne.config import ClusterConfig
from krayne.config.defaults import ray_version


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, (0, 0, 1)),
        ({"replicas": 3}, (3, 0, 3)),
        ({"min_replicas": 2}, (2, 2, 2)),
        ({"max_replicas": 5}, (0, 0, 5)),
        ({"max_replicas": 0}, (0, 0, 0)),
        ({"min_replicas": 2, "max_replicas": 5}, (2, 2, 5)),
        ({"replicas": 3, "min_replicas": 2}, (3, 2, 3)),
        ({"replicas": 1, "max_replicas": 5}, (1, 0, 5)),
    ],
)
def test_replicas(said: dict[str, int], expected: tuple[int, int, int]) -> None:
    """(replicas, min, max) follow from what is given."""
    (group,) = ClusterConfig(name="a", worker_groups=[{"name": "w", **said}]).worker_groups
    assert (group.replicas, group.min_replicas, group.max_replicas) == expected


@pytest.mark.parametrize(
    ("version", "auth", "autoscaler"),
    [
        ("2.9.3", "none", "v1"),
        ("2.10.0", "none", "v2"),
        ("2.51.2", "none", "v2"),
        ("2.52.0", "token", "v2"),
        ("2.52.0rc1", "token", "v2"),
        ("10.0.0", "token", "v2"),
    ],
)
def test_what_ray_lacks(version: str, auth: str, autoscaler: str) -> None:
    """A mere default gives way to an older Ray."""
    config = ClusterConfig(name="a", ray_version=version)
    assert (config.auth, config.autoscaler.version) == (auth, autoscaler)


@pytest.mark.parametrize(
    ("text", "numbers"), [("2.60.0", (2, 60, 0)), ("2.53.0rc1", (2, 53, 0)), ("3.0.0.dev0", (3, 0, 0))]
)
def test_ray_version(text: str, numbers: tuple[int, ...]) -> None:
    """The three numbers."""
    assert ray_version(text) == numbers


def test_what_a_bare_name_stands_for() -> None:
    """One group that is empty at first, every service, the newest of what Ray has."""
    config = ClusterConfig(name="a")
    assert (config.ray_version, config.auth, config.autoscaler.version) == ("2.60.0", "token", "v2")
    assert (config.services.notebook, config.services.code_server, config.services.ssh) == (True, True, True)
    assert (config.head.cpus, config.head.memory, config.head.runs_tasks) == (1, "5Gi", False)
    (group,) = config.worker_groups
    assert (group.name, group.replicas, group.min_replicas, group.max_replicas) == ("worker", 0, 0, 1)
    assert (group.cpus, group.memory, group.gpus) == (1, "2Gi", 0)
