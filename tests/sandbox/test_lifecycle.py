"""The sandbox's life: one process to a folder, private files, and only its own process ended."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import pytest

from krayne import private
from krayne.errors import KrayneError
from krayne.identity import Identity, identity
from krayne.sandbox import lifecycle, state
from krayne.sandbox.state import Record

SLEEPER = [sys.executable, "-c", "input()"]


@pytest.fixture(autouse=True)
def isolated() -> None:
    """No fake kubectl is needed here."""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A state folder whose sandbox is down again afterwards."""
    yield tmp_path / "state" / "sandbox"
    lifecycle.down(tmp_path / "state" / "sandbox")


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """A process that is no sandbox."""
    with subprocess.Popen(SLEEPER, stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def kubectl(folder: Path, *args: str) -> str:
    """What kubectl says on that sandbox."""
    command = ["kubectl", f"--kubeconfig={state.kubeconfig_path(folder)}", *args]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_ten_ups_at_once_start_one_sandbox_that_serves(folder: Path) -> None:
    """Whoever comes second finds the first one's process."""
    with ThreadPoolExecutor(10) as threads:
        found = list(threads.map(lambda _: lifecycle.up(folder, speed="fast"), range(10)))
    assert len({each.pid for each in found}) == 1
    assert all(each.running for each in found)
    assert kubectl(folder, "get", "--raw", "/readyz").strip() == "ok"
    assert "rayclusters.ray.io" in kubectl(folder, "get", "crd", "-o", "name")


def test_what_it_keeps_is_for_its_owner_alone(folder: Path) -> None:
    """Its folder 0700, every file 0600, whatever the umask."""
    before = os.umask(0)
    try:
        lifecycle.up(folder, speed="fast")
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {
        path.name: 0o600 for path in folder.iterdir()
    }
    secret = (folder / "token").read_text()
    arguments = Path(f"/proc/{lifecycle.status(folder).pid}/cmdline")
    if arguments.exists():
        assert secret not in arguments.read_text()


def test_it_comes_up_again_on_its_port_with_its_credentials(folder: Path) -> None:
    """A kubeconfig that was exported once goes on working; the objects are gone."""
    first = lifecycle.up(folder, speed="fast")
    kubectl(folder, "create", "namespace", "mine")
    config = state.kubeconfig_path(folder).read_text()
    assert lifecycle.down(folder)
    second = lifecycle.up(folder, speed="fast")
    assert (second.url, state.kubeconfig_path(folder).read_text()) == (first.url, config)
    assert second.pid != first.pid
    assert "mine" not in kubectl(folder, "get", "namespaces", "-o", "name")


def test_a_sandbox_that_was_killed_is_not_running_and_comes_up_again(folder: Path) -> None:
    """What it left behind is no obstacle."""
    pid = lifecycle.up(folder, speed="fast").pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    while identity(pid) is not None:
        pass
    assert not lifecycle.status(folder).running
    assert lifecycle.up(folder, speed="fast").pid != pid


def test_down_is_idempotent(folder: Path) -> None:
    """False tells that there was nothing to do."""
    assert not lifecycle.down(folder)
    lifecycle.up(folder, speed="fast")
    assert lifecycle.down(folder)
    assert not lifecycle.down(folder)
    assert not lifecycle.status(folder).running


def test_down_leaves_a_process_alone_that_has_the_pid_of_a_dead_sandbox(
    folder: Path, stranger: subprocess.Popen[bytes]
) -> None:
    """A recorded pid proves nothing where the start time is another."""
    private.own(str(folder))
    record = Record(Identity(stranger.pid, "another time", ""), 1, "then", "fast")
    (folder / "process.json").write_text(json.dumps(asdict(record)))
    assert not lifecycle.status(folder).running
    assert not lifecycle.down(folder)
    assert stranger.poll() is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}', '{"pid": 1, "x": 2}'])
def test_a_damaged_record_means_that_nothing_is_known_to_run(folder: Path, text: str) -> None:
    """No traceback, and nobody is ended."""
    private.own(str(folder))
    (folder / "process.json").write_text(text)
    assert not lifecycle.status(folder).running
    assert not lifecycle.down(folder)


def test_without_the_extra_it_says_what_to_install(folder: Path, tmp_path: Path) -> None:
    """A bare krayne has no aiohttp: the error names the extra."""
    program = (
        "import sys, importlib.util as util\n"
        "real = util.find_spec\n"
        "util.find_spec = lambda name, *rest: None if name == 'aiohttp' else real(name, *rest)\n"
        "from pathlib import Path\n"
        "from krayne.sandbox import lifecycle\n"
        "from krayne.errors import KrayneError\n"
        "try: lifecycle.up(Path(sys.argv[1]))\n"
        "except KrayneError as error: print(error)\n"
    )
    said = subprocess.run([sys.executable, "-c", program, str(folder)], check=True, capture_output=True, text=True)
    assert "pip install 'kubectl-krayne[sandbox]'" in said.stdout
    assert not folder.exists()


def test_a_folder_that_cannot_be_made_is_an_error_of_krayne(tmp_path: Path) -> None:
    """A file is where the folder should be."""
    (tmp_path / "state").write_text("")
    with pytest.raises(KrayneError, match="cannot keep state in"):
        lifecycle.up(tmp_path / "state" / "sandbox")
