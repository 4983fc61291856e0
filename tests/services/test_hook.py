"""The head's hook and supervisor, run for real; code-server is a stand-in that the image has."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from krayne.services import STATES_FOLDER
from tests.support.head import Head, hook, install_code_server

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def head(tmp_path: Path) -> Iterator[Head]:
    """A head with code-server in its image."""
    with Head(tmp_path / "services", "code-server") as made:
        made.env["PATH"] = f"{install_code_server(tmp_path / 'bin').parent}:{made.env['PATH']}"
        yield made


def test_the_hook_and_krayne_mean_the_same_folder() -> None:
    """What the hook is told is what krayne reads."""
    assert STATES_FOLDER in hook(ssh=True)


def test_only_what_is_on_is_in_the_hook() -> None:
    """A service that is off has neither settings nor a script there."""
    command = hook(code_server=True)
    assert list(json.loads(command[command.index("settings.json") + 1])["services"]) == ["code-server"]
    assert [word for word in command if word.endswith(".py")] == ["supervisor.py", "code_server.py"]


def test_the_image_s_own_is_used_and_asks_for_its_password(head: Head) -> None:
    """It runs on the port that was told, and its state tells the password."""
    head.start()
    info = head.until("code-server", "running")
    assert (info.port, info.why, info.restarts) == (head.ports["code-server"], None, 0)
    assert info.password
    assert info.password not in repr(info)
    assert info.password not in str(info.as_dict())


def test_all_of_it_is_the_user_s_alone(head: Head) -> None:
    """The folder is 0700, every file in it 0600, and no secret is in an argument or a log."""
    head.start()
    password = head.until("code-server", "running").password
    assert head.folder.stat().st_mode & 0o777 == 0o700
    files = [path for path in head.folder.rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert password
    for pid in (head.supervisor(), head.pid("code-server")):
        assert password not in Path(f"/proc/{pid}/cmdline").read_text()
    assert password not in head.logs()


def test_it_returns_while_the_work_goes_on(tmp_path: Path) -> None:
    """Nothing of what runs on holds the caller's pipes: it got their end while a service is being installed."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = {"url": f"http://127.0.0.1:{silent.getsockname()[1]}"}
        with Head(tmp_path / "services", "code-server", code_server=address) as head:
            head.start()
            head.wait(lambda: "downloading" in (head.states()["code-server"].why or ""))


def test_a_second_call_changes_nothing(head: Head) -> None:
    """The same supervisor, the same service, the same state."""
    head.start()
    before = head.until("code-server", "running")
    pids = head.supervisor(), head.pid("code-server")
    for _ in range(3):
        head.start()
    head.wait(lambda: head.supervisors() == 1)
    assert (head.supervisor(), head.pid("code-server")) == pids
    assert head.states()["code-server"] == before


def test_many_calls_at_once_make_one_supervisor(head: Head) -> None:
    """The lock decides; the others go."""
    calls = [subprocess.Popen(head.command, env=head.env) for _ in range(6)]
    assert [call.wait(30) for call in calls] == [0] * 6
    head.until("code-server", "running")
    head.wait(lambda: head.supervisors() == 1)


def test_a_killed_service_is_started_again(head: Head) -> None:
    """With the restarts counted and the reason told."""
    head.start()
    head.until("code-server", "running")
    first = head.pid("code-server")
    os.kill(first, signal.SIGKILL)
    head.wait(lambda: head.states()["code-server"].restarts == 1 and head.states()["code-server"].state == "running")
    assert head.pid("code-server") != first


def test_restarts_have_a_limit(head: Head) -> None:
    """Then it has failed, with its last words, but not its password."""
    head.env["STAND_IN"] = "fails"
    head.start()
    info = head.until("code-server", "failed")
    assert info.restarts == 5
    assert info.why
    assert info.why.startswith("6 times within 600 s it ended with exit code 1: cannot start, and says why")
    assert info.why.endswith("the password is …")


def test_a_service_that_asks_for_nothing_is_not_left_running(head: Head) -> None:
    """A configuration in the image that switches the password off must not open the head."""
    head.env["STAND_IN"] = "open"
    head.start()
    assert "without its secret" in (head.until("code-server", "failed").why or "")
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", head.ports["code-server"]), timeout=5)


def test_a_port_in_use_is_said(head: Head) -> None:
    """Another program's port is not taken for the service."""
    with socket.create_server(("127.0.0.1", head.ports["code-server"])):
        head.start()
        assert "is in use" in (head.until("code-server", "failed").why or "")


def test_variables_that_code_server_would_prefer_are_kept_from_it(head: Head) -> None:
    """PASSWORD and PORT are common names in containers."""
    head.env |= {"PASSWORD": "x", "PORT": "80", "CODE_SERVER_HOST": "0.0.0.0"}
    head.start()
    head.until("code-server", "running")


def test_ending_the_supervisor_ends_the_services(head: Head) -> None:
    """And krayne then says that nobody looks after them."""
    head.start()
    head.until("code-server", "running")
    pid, supervisor = head.pid("code-server"), head.supervisor()
    assert supervisor
    while head.supervisor() is not None:  # told again and again, it still ends in order
        with contextlib.suppress(ProcessLookupError):
            os.kill(supervisor, signal.SIGTERM)
    head.wait(lambda: head.supervisor() is None and not Path(f"/proc/{pid}").exists())
    assert "has ended" in (head.states()["code-server"].why or "")


@pytest.mark.parametrize("fault", ["no python", "old python", "no home", "a file in its place", "not its own", "empty"])
def test_whatever_is_wrong_the_hook_succeeds(head: Head, tmp_path: Path, fault: str) -> None:
    """An exit code other than 0 would kill the container."""
    if fault in ("no python", "old python"):
        only = tmp_path / "only"
        only.mkdir()
        for tool in ("mkdir", "chmod", "mv"):
            (only / tool).symlink_to(f"/bin/{tool}")
        if fault == "old python":
            (only / "python3").write_text("#!/bin/bash\nexit 1\n")
            (only / "python3").chmod(0o755)
        head.env["PATH"] = str(only)
    elif fault == "no home":
        del head.env["HOME"]
    elif fault == "a file in its place":
        head.folder.write_text("")
    elif fault == "not its own":
        (tmp_path / "elsewhere").mkdir()
        head.folder.symlink_to(tmp_path / "elsewhere")
    else:
        head.env.clear()
    head.start()
    if fault == "no home":
        head.until("code-server", "running")
    if fault == "not its own":
        assert not list((tmp_path / "elsewhere").iterdir())


def test_settings_are_data(tmp_path: Path) -> None:
    """Nothing in them is run by a shell on the way."""
    trap = tmp_path / "trap"
    nasty = f"http://127.0.0.1:1/$(touch {trap})`touch {trap}`';touch {trap};'\"\\n${{IFS}}"
    with Head(tmp_path / "services", "code-server", code_server={"url": nasty}) as head:
        head.start()
        why = head.until("code-server", "failed").why or ""
    assert f"$(touch {trap})`touch {trap}`" in why
    assert not trap.exists()
