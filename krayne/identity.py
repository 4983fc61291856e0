"""Tells one process from another that later has the same id."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple


class Identity(NamedTuple):
    """A process: its id, when it started (clock ticks since boot on Linux, ps' words elsewhere), in which boot."""

    pid: int
    started: str
    boot: str


def identity(pid: int) -> Identity | None:
    """Who has this process id now; None where nobody has (a zombie is nobody)."""
    started = _started_linux(pid) if sys.platform == "linux" else _started_by_ps(pid)
    return Identity(pid, started, _boot()) if started else None


def myself() -> Identity:
    """This process."""
    found = identity(os.getpid())
    return found or Identity(os.getpid(), "", _boot())


def alive(who: Identity | None) -> bool:
    """Whether that very process still runs."""
    return who is not None and who.pid > 1 and identity(who.pid) == who


def send(who: Identity | None, number: int, *, group: bool = False) -> bool:
    """Send that very process a signal, or the process group that it leads; False where it is not there any more.

    On Linux a process cannot be taken for its successor even where it ends meanwhile (pidfd_open(2)).
    """
    if who is None:
        return False
    handle = None
    with suppress(ProcessLookupError, PermissionError):
        try:
            if sys.platform == "linux":
                handle = os.pidfd_open(who.pid)
            if not alive(who):
                return False
            if group and os.getpgid(who.pid) == who.pid:
                os.killpg(who.pid, number)
            elif handle is not None and sys.platform == "linux":
                signal.pidfd_send_signal(handle, number)
            else:
                os.kill(who.pid, number)
            return True
        finally:
            if handle is not None:
                os.close(handle)
    return False


def _started_linux(pid: int) -> str:
    """Field 22 of /proc/PID/stat (proc(5)); the name before it may hold blanks and parentheses."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in (b"Z", b"X") else fields[19].decode()


def _started_by_ps(pid: int) -> str:
    from krayne.process import Process

    words = Process(["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)]).communicate().stdout.decode().split(maxsplit=1)
    return "" if not words or words[0].startswith("Z") else words[-1].strip()


@cache
def _boot() -> str:
    if sys.platform == "linux":
        with suppress(OSError):
            return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return ""
    from krayne.process import Process

    return Process(["/usr/sbin/sysctl", "-n", "kern.bootsessionuuid"]).communicate().stdout.decode().strip()
