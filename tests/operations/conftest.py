"""A ready cluster, as a real KubeRay left it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from krayne.kubectl import Kubectl

CAPTURED = Path(__file__).parents[1] / "captured"


def captured(name: str, kind: str) -> list[dict[str, Any]]:
    """The objects of a kind in a captured state."""
    items = json.loads((CAPTURED / f"{name}.json").read_text(encoding="utf-8"))["items"]
    return [item for item in items if item["kind"] == kind]


@pytest.fixture
def cluster() -> dict[str, Any]:
    """A ready RayCluster called demo: one group, cpu, with one worker of 0 to 2."""
    return captured("ready-3-ready", "RayCluster")[0]


@pytest.fixture
def pods() -> list[dict[str, Any]]:
    """Its head and its worker."""
    return captured("ready-3-ready", "Pod")


@pytest.fixture
def kubectl() -> Kubectl:
    """The scripted kubectl, in a namespace, so that no kubeconfig is asked for."""
    return Kubectl(namespace="ml")
