"""A supervisor's log: where its stdout and stderr go, and with them every traceback."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from krayne.tunnels import places
from krayne.tunnels.state import now

_BYTES = 1 << 20  # of each of the two files that are kept


class Log:
    """The log in a tunnel's folder."""

    def __init__(self, folder: str) -> None:
        self._path = f"{folder}/{places.LOG}"

    def open(self) -> None:
        """Make it this process's stdout and stderr."""
        fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(fd, 1)
        os.dup2(fd, 2)
        os.close(fd)

    def write(self, line: str) -> None:
        """Write a line, in a new file where the old one is full."""
        with suppress(OSError):
            if os.fstat(2).st_size > _BYTES:
                os.replace(self._path, f"{self._path}.1")  # noqa: PTH105 - paths are text throughout this package
                self.open()
        sys.stderr.write(f"{now()} {line}\n")
        sys.stderr.flush()
