"""An API server of the sandbox's, bare, for the tests of this folder."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from krayne.sandbox import state

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def isolated() -> None:
    """No fake kubectl here: what runs is the real one, on a kubeconfig that it is given."""


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The state folder of an API server that serves while the tests run."""
    folder = tmp_path_factory.mktemp("bare")
    with subprocess.Popen([sys.executable, "-m", "tests.sandbox.apiserver.bare", str(folder)], cwd=ROOT) as process:
        try:
            deadline = time.monotonic() + 30
            while state.running(folder) is None:
                assert process.poll() is None, "the API server ended"
                assert time.monotonic() < deadline, "the API server did not start in time"
                time.sleep(0.05)
            yield folder
        finally:
            process.kill()
