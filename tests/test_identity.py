"""One process is not taken for another that has its id."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from krayne.identity import alive, identity, myself, send

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def test_a_process_is_known_until_it_ends() -> None:
    """A zombie has ended."""
    with subprocess.Popen(SLEEP) as process:
        who = identity(process.pid)
        assert who is not None
        assert alive(who)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert not alive(who)
    assert identity(process.pid) is None


def test_nothing_is_sent_to_another_process_of_that_id() -> None:
    """Neither one that started at another time, nor one of another boot."""
    with subprocess.Popen(SLEEP) as process:
        who = identity(process.pid)
        assert who is not None
        assert not send(who._replace(started="1"), signal.SIGKILL)
        assert not send(who._replace(boot="another"), signal.SIGKILL)
        assert not send(None, signal.SIGKILL)
        assert process.poll() is None
        assert send(who, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL


def test_a_group_is_signalled_by_its_leader_only() -> None:
    """One who leads no group is signalled alone: our own group is not ended with it."""
    with subprocess.Popen(SLEEP) as process:
        assert send(identity(process.pid), signal.SIGKILL, group=True)
        assert process.wait() == -signal.SIGKILL
    assert alive(myself())


def test_a_process_is_itself_whatever_its_name_holds() -> None:
    """Blanks and parentheses in the command's name do not shift the fields."""
    code = (
        "open('/proc/self/comm', 'w').write('a) b (c'); print(1, flush=True); input()"
        if sys.platform == "linux"
        else "print(1, flush=True); input()"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        who = identity(process.pid)
        assert who is not None
        assert who.started.isdigit() or sys.platform != "linux"
        assert alive(who)
        process.communicate(b"\n")
