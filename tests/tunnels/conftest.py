"""A cluster with a head whose services are real, and the check that nothing is left running."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from krayne.operations.tunnels import close_tunnels
from tests.support.shell import until
from tests.tunnels.world import NAMESPACE, World, kill, ports_of_its_own, processes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The API server's address, which no other test has; nor have others its tunnels' local ports."""
    with ports_of_its_own(tmp_path.name) as address:
        yield address


@pytest.fixture
def world(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The cluster demo in namespace ml, its head running, and the kubectl that shows it; nothing survives the test."""
    kubeconfig = tmp_path / "kubeconfig"
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
