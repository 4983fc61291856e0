"""End to end: the real kubectl, the real `kubectl krayne` found by it, on a server that does not know it is tested."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support import servers
from tests.support.shell import Shell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.servers import Server

HERE = Path(__file__).parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Everything here needs an API server; what can run on only one of the two is skipped on the other, saying why."""
    elsewhere = "only_sandbox" if config.getoption("--on-cluster") else "only_cluster"
    for item in items:
        if HERE not in item.path.parents:
            continue
        item.add_marker(pytest.mark.cluster)
        for mark in item.iter_markers(elsewhere):
            item.add_marker(pytest.mark.skip(reason=mark.args[0]))


@pytest.fixture(autouse=True)
def isolated() -> None:
    """No fake here: what a test runs gets its environment from its shell."""


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """The API server of this run: the sandbox, or with --on-cluster KUBECONFIG's."""
    # A terminated run takes down what it started, too.
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("terminated", returncode=143))
    if not request.config.getoption("--on-cluster"):
        with servers.sandbox() as server:
            yield server
        return
    if not os.environ.get("KUBECONFIG"):
        pytest.exit("--on-cluster needs KUBECONFIG: the tests make and delete namespaces there", returncode=2)
    with servers.own() as server:
        yield server


@pytest.fixture
def shell(server: Server, tmp_path: Path) -> Iterator[Shell]:
    """Someone at a shell, in a namespace of their own."""
    with servers.namespace(server, tmp_path) as shell:
        yield shell


@pytest.fixture
def offline(tmp_path: Path) -> Shell:
    """Someone at a shell who has no cluster: no kubeconfig at all."""
    env = {**servers.environment(), "HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path), "KUBECONFIG": ""}
    return Shell(env, "default", str(tmp_path))


@pytest.fixture(scope="session")
def demo(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A shell where a cluster called demo, with one worker, is ready. For looking at, not for changing."""
    with servers.namespace(server, tmp_path_factory.mktemp("demo"), wait=True) as shell:
        shell.krayne("create", "demo", "--set", "worker_groups.worker.replicas=1").ok()
        yield shell
