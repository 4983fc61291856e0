"""A ready cluster, as a real KubeRay left it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from krayne.kubectl import Kubectl

if TYPE_CHECKING:
    from tests.support.kubectl import FakeKubectl

CAPTURED = Path(__file__).parents[1] / "captured"


def captured(name: str, kind: str) -> list[dict[str, Any]]:
    """The objects of a kind in a captured state."""
    items = json.loads((CAPTURED / f"{name}.json").read_text(encoding="utf-8"))["items"]
    return [item for item in items if item["kind"] == kind]


def left_behind(fake_kubectl: FakeKubectl) -> list[str]:
    """The calls that still run, or of whose end nobody has taken notice."""
    return [call.line for call in fake_kubectl.calls if _exists(call.pid)]


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def pipes() -> int:
    """How many files this process has open."""
    return sum(1 for _ in Path("/dev/fd").iterdir())


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
