"""The sandbox and a real API server give the same kubectl the same answers."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.sandbox.apiserver import consoles


@pytest.mark.parametrize("name", consoles.names())
def test_the_sandbox_answers_as_a_real_server_was_recorded(name: str, bare: Path) -> None:
    """Word for word, but for times, versions and uids."""
    assert consoles.replay(name, str(bare / "kubeconfig")) == consoles.recorded(name)


@pytest.mark.cluster
@pytest.mark.parametrize("name", consoles.names())
def test_a_real_server_answers_as_recorded(name: str, request: pytest.FixtureRequest) -> None:
    """The records are true of KUBECONFIG's cluster, too."""
    if not request.config.getoption("--on-cluster"):
        pytest.skip("it is the other server of the pair that this asks")
    assert consoles.replay(name, os.environ["KUBECONFIG"]) == consoles.recorded(name)
