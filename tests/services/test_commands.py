"""krayne.services.commands: run by a real bash on a real folder."""

from __future__ import annotations

import base64
import subprocess
from subprocess import PIPE
from typing import TYPE_CHECKING

from krayne.services import READ_STATES, SERVICES, add_key, read_states

if TYPE_CHECKING:
    from pathlib import Path

BLOB = base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0 " + bytes(range(32))).decode()
KEY = f"ssh-ed25519 {BLOB} me@laptop\n"
ALL = dict.fromkeys(SERVICES, True)


def read(folder: Path) -> str:
    """What the reading command prints of a folder."""
    return subprocess.check_output([*READ_STATES[:-1], str(folder)], text=True)


def add(folder: Path, key: str) -> subprocess.CompletedProcess[str]:
    """Run the command that adds a key to a folder."""
    return subprocess.run([*add_key()[:-1], str(folder)], input=key, capture_output=True, text=True, check=False)


def test_nothing_there_reads_as_nothing(tmp_path: Path) -> None:
    """No folder, or an empty one, is no error."""
    assert read(tmp_path / "none") == read(tmp_path) == ""


def test_states_count_while_their_supervisor_runs(tmp_path: Path) -> None:
    """Which is told by its process id and its command line, not by the id alone."""
    (tmp_path / "ssh.json").write_text('{"service": "ssh", "state": "running", "port": 22}')
    with (
        subprocess.Popen(["/bin/cat"], stdin=PIPE) as other,
        subprocess.Popen(["/bin/cat", "-", f"{tmp_path}/x"], stdin=PIPE) as its,
    ):
        for process, state in ((other, "failed"), (its, "running")):
            (tmp_path / "supervisor.pid").write_text(f"{process.pid}\n")
            assert read_states(read(tmp_path), ALL)[2].state == state
        its.kill()
        other.kill()


def test_a_key_is_added_once(tmp_path: Path) -> None:
    """Its comment does not make it another one, and what is there stays."""
    (tmp_path / "ssh").mkdir()
    keys = tmp_path / "ssh" / "authorized_keys"
    keys.write_text("ssh-rsa AAAA there already\n")
    for key in (KEY, KEY, KEY.replace("me@laptop", "you"), KEY.strip()):
        assert add(tmp_path, key).returncode == 0
    assert keys.read_text() == "ssh-rsa AAAA there already\n" + KEY
    keys.unlink()
    assert add(tmp_path, KEY).returncode == 0
    assert (keys.read_text(), keys.stat().st_mode & 0o777) == (KEY, 0o600)


def test_a_head_without_ssh_takes_no_key(tmp_path: Path) -> None:
    """Exit code 3, so that a caller can wait for it."""
    assert add(tmp_path, KEY).returncode == 3
    (tmp_path / "ssh").mkdir()
    assert add(tmp_path, "").returncode == 4
