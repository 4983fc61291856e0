"""krayne.services.commands: run by a real bash on a real folder, and what is a public key."""

from __future__ import annotations

import base64
import subprocess
from subprocess import PIPE
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from krayne.errors import UsageError
from krayne.services import READ_STATES, SERVICES, add_key, public_key, read_states

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


@pytest.mark.parametrize("text", [KEY, f"# mine\n\n  {KEY}", f"ssh-ed25519 {BLOB}", KEY.replace("me@laptop", "a b")])
def test_a_public_key_is_one_clean_line(text: str) -> None:
    """Type, key and at most one word of comment."""
    assert public_key(text).startswith(f"ssh-ed25519 {BLOB}")
    assert public_key(public_key(text)) == public_key(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "one line, found 0"),
        (KEY * 2, "one line, found 2"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nx\n", "private key"),
        (f'command="rm -rf /" {KEY}', "not an OpenSSH public key"),
        (f"ssh-dss {BLOB}", "not an OpenSSH public key"),
        (f"ssh-rsa {BLOB}", "damaged"),
        ("ssh-ed25519", "damaged"),
        ("ssh-ed25519 AAAA", "damaged"),
        ("ssh-ed25519 ü", "damaged"),
    ],
)
def test_anything_else_is_refused(text: str, why: str) -> None:
    """In words that say what it is."""
    with pytest.raises(UsageError, match=why):
        public_key(text)


@given(st.text())
def test_no_text_becomes_more_than_a_key(text: str) -> None:
    """A comment cannot bring options or a second line."""
    try:
        line = public_key(f"ssh-ed25519 {BLOB} {text}")
    except UsageError:
        return
    assert line.isascii()
    assert line.count("\n") == 1
    assert line.endswith("\n")
    assert line.split()[:2] == ["ssh-ed25519", BLOB]
    assert len(line.split()) <= 3
