"""`kubectl krayne sandbox`: up, status, down, and what it keeps to itself."""

from __future__ import annotations

import os
import shlex
import stat
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.shell import Shell

pytestmark = pytest.mark.only_sandbox("it is the sandbox's own life that is tested")


@pytest.fixture
def fresh(shell: Shell, tmp_path: Path) -> Iterator[Shell]:
    """A shell with a state folder of its own and no kubeconfig: no sandbox is up yet."""
    home = tmp_path / "home"
    home.mkdir()
    env = {**shell.env, "XDG_STATE_HOME": str(home / "state"), "HOME": str(home), "KUBECONFIG": ""}
    fresh = replace(shell, env=env)
    yield fresh
    fresh.krayne("sandbox", "down")


def kubeconfig(line: str) -> str:
    """The path in the line to eval."""
    export, assignment = shlex.split(line)
    name, _, path = assignment.partition("=")
    assert (export, name) == ("export", "KUBECONFIG")
    return path


def test_up_prints_the_line_to_eval_and_says_what_it_is_not(fresh: Shell) -> None:
    """stdout is the line alone; stderr says that no Ray runs in it."""
    up = fresh.krayne("sandbox", "up").ok()
    path = Path(kubeconfig(up.out))
    assert "no ray" in up.err.lower()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert fresh.run("kubectl", "get", "rayclusters", KUBECONFIG=str(path)).code == 0
    assert not Path(fresh.env["HOME"], ".kube", "config").exists(), "the user's own kubeconfig is left alone"


def test_up_again_is_the_same_sandbox(fresh: Shell) -> None:
    """Idempotent: same line, and what was made is still there."""
    first = fresh.krayne("sandbox", "up").ok().out
    fresh.krayne("create", "kept", "--no-wait", KUBECONFIG=kubeconfig(first)).ok()
    second = fresh.krayne("sandbox", "up").ok().out
    assert second == first
    assert "kept" in fresh.krayne("get", KUBECONFIG=kubeconfig(second)).ok().out


def test_status_and_down(fresh: Shell) -> None:
    """Status tells both; down is idempotent and leaves nothing that answers."""
    assert fresh.krayne("sandbox", "status").code != 0
    line = fresh.krayne("sandbox", "up").ok().out
    assert "127.0.0.1" in fresh.krayne("sandbox", "status").ok().out
    assert "Its pods stay at demo speed" in fresh.krayne("sandbox", "up", "--speed=fast").ok().err
    told = fresh.krayne("sandbox", "status", "-v").ok().err
    assert Path(told.partition("log: ")[2].strip()).exists(), told
    fresh.krayne("sandbox", "down").ok()
    fresh.krayne("sandbox", "down").ok()
    assert fresh.krayne("sandbox", "status").code != 0
    assert fresh.krayne("get", KUBECONFIG=kubeconfig(line)).code == 1


def test_without_its_token_it_lets_nobody_in(fresh: Shell) -> None:
    """Token-protected, loopback only."""
    config = kubeconfig(fresh.krayne("sandbox", "up").ok().out)
    server = fresh.run(
        "kubectl", "config", "view", "-o", "jsonpath={.clusters[0].cluster.server}", KUBECONFIG=config
    ).out
    assert server.startswith("https://127.0.0.1:")
    done = fresh.run("kubectl", "get", "pods", "--server", server, "--insecure-skip-tls-verify", "--token=wrong")
    assert done.code == 1
    assert "logged in" in done.err or "Unauthorized" in done.err, str(done)


def test_a_sandbox_that_died_comes_up_again(fresh: Shell) -> None:
    """A stale state file is no obstacle, and no stranger's process is ended for it."""
    line = fresh.krayne("sandbox", "up").ok().out
    (pid, *_) = [
        int(process.name)
        for process in Path("/proc").glob("[0-9]*")
        if fresh.env["XDG_STATE_HOME"].encode() in _read(process / "environ")
        and b"sandbox" in _read(process / "cmdline")
    ]
    os.kill(pid, 9)
    again = fresh.krayne("sandbox", "up").ok().out
    assert fresh.krayne("get", KUBECONFIG=kubeconfig(again)).code == 0, line


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
