"""A cluster with a head whose services are real, and the check that nothing is left running."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from krayne.operations.tunnels import close_tunnels
from tests.support.shell import until
from tests.tunnels.world import NAMESPACE, World, kill, processes

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One after the other: all of them want the same well-known ports, and a forward that is being restarted leaves
    its port for a moment, in which another test might take it."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("tunnels"))


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The cluster demo in namespace ml, its head running, and the kubectl that shows it; nothing survives the test."""
    kubeconfig = tmp_path / "kubeconfig"
    # Of this test only: local ports are derived from it, and tests may run side by side.
    server = f"https://{tmp_path.name}-{os.getpid()}.example:6443"
    kubeconfig.write_text(
        json.dumps(
            {
                "contexts": [{"name": "lab", "context": {"cluster": "lab", "namespace": NAMESPACE}}],
                "clusters": [{"name": "lab", "cluster": {"server": server}}],
                "current-context": "lab",
            }
        ),
        encoding="utf-8",
    )
    made = World(tmp_path / "world")
    monkeypatch.setenv("KUBECTL", str(made.kubectl))
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    made.head("demo-head-1")
    try:
        yield made
        close_tunnels()
        until(lambda: not made.leftovers(), timeout=5)
    finally:
        for pid, _ in processes(str(tmp_path)):
            kill(pid)
        made.close()
