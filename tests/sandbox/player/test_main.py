"""The player's command: what it refuses, and how it says so."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.sandbox.player.conftest import ENVIRONMENT, ROOT

if TYPE_CHECKING:
    from tests.sandbox.player.conftest import Stage


def told(*arguments: str, path: str | None = None) -> tuple[int, str]:
    """The exit code and what the command says on stderr."""
    command = (sys.executable, "-m", "krayne.sandbox.player", *arguments)
    env = ENVIRONMENT if path is None else {**ENVIRONMENT, "PATH": path}
    result = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert "Traceback" not in result.stderr
    return result.returncode, result.stderr


def test_no_kubectl() -> None:
    """Without a kubectl there is no way to the cluster."""
    assert told(path="/nonexistent") == (1, "player: no kubectl found on PATH: install it, or name it in $KUBECTL\n")


def test_no_such_kubeconfig() -> None:
    """kubectl's own words are passed on."""
    code, text = told("--kubeconfig", "/nonexistent/kubeconfig")
    assert code == 1
    assert text.startswith("player: kubectl proxy did not start: error: stat /nonexistent/kubeconfig: no such file")


@pytest.mark.parametrize("text", ["x", "cpu=many", "=1x"])
def test_bad_capacity(text: str) -> None:
    """A capacity is a name and a quantity."""
    code, said = told("--capacity", text)
    assert code == 2
    assert f"'{text}' is not NAME=QUANTITY" in said


@pytest.mark.cluster
def test_second_player_is_refused(player: bool) -> None:
    """Two players would both make pods."""
    if not player:
        pytest.skip("the sandbox's own player keeps no other process out")
    code, text = told()
    assert code == 1
    assert text.startswith("player: another player plays here: it renewed node krayne-sandbox ")


@pytest.mark.cluster
def test_real_kuberay_is_refused(player: bool, stage: Stage) -> None:
    """Where an operator runs, the player keeps away."""
    if not player:
        pytest.skip("the sandbox runs no Deployments")
    labels = {"app.kubernetes.io/name": "kuberay-operator"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "operator", "image": "x"}]}}
    spec = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}
    metadata = {"name": "kuberay-operator", "labels": labels}
    stage.apply({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec})
    where = f"{stage.namespace}/kuberay-operator"
    assert told() == (
        1,
        f"player: this cluster has a KubeRay of its own (deployment {where}): nothing is to be played here\n",
    )
