"""Follows a container's log."""

from __future__ import annotations

import os
import time
from collections import deque
from typing import TYPE_CHECKING

from krayne.kubectl.watch import read_ready
from krayne.process import CHUNK, Process

if TYPE_CHECKING:
    from krayne.kubectl.client import Kubectl


class Tail:
    """The last lines that a container writes, followed from now on until it ends; quiet where there is no log."""

    known = True  # no verdict waits for a log
    due: float | None = None

    def __init__(self, kubectl: Kubectl, pod: str, container: str, *, lines: int = 10) -> None:
        self.pod, self.container = pod, container
        self._lines: deque[bytes] = deque(maxlen=lines)
        self._rest = b""
        self._process: Process | None = kubectl.follow_logs(pod, container, tail=lines)

    @property
    def fd(self) -> int | None:
        """What to select on for more; None once the log has ended."""
        return self._process.stdout if self._process else None

    @property
    def lines(self) -> list[str]:
        """The last lines so far."""
        last = [*self._lines, self._rest] if self._rest else self._lines
        return [line.decode(errors="replace") for line in last]

    def resume(self) -> None:
        """Nothing: a log that has ended stays so."""

    def read(self) -> bool:
        """Take in more of the log, which changes nothing about the cluster."""
        if self._process is None:
            return False
        chunk = os.read(self._process.stdout, CHUNK)
        if not chunk:
            self.close()
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        self._lines.extend(lines)
        return False

    def finish(self, seconds: float) -> None:
        """Take in the rest, waiting for the end of the log at most so long."""
        until = time.monotonic() + seconds
        while self.fd is not None and (left := until - time.monotonic()) > 0:
            read_ready([self], time.monotonic() + left)

    def close(self) -> None:
        """Stop following."""
        if self._process:
            self._process.stop()
            self._process = None
