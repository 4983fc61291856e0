"""A kubectl that runs beside other things in an asyncio loop."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any, ClassVar

from krayne.process import CHUNK, Completed

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from krayne.process import Process

_CHECK = 1.0  # seconds between looks at a program whose own children keep its output open
_KEPT = 1 << 16  # bytes of stderr that are kept


class News:
    """Lets many wait for one thing to happen, again and again."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def tell(self) -> None:
        """Wake all who wait now."""
        self._event.set()
        self._event = asyncio.Event()

    def wait(self) -> Coroutine[Any, Any, Any]:
        """Wait until it happens next, counted from this call: what happens before a task of it first runs counts."""
        return self._event.wait()


class Running:
    """A process whose output is read as it comes: ``on_line`` gets each line of stdout as it is whole."""

    everyone: ClassVar[set[Running]] = set()  # that runs now: whoever finds us killed has to end them

    def __init__(self, process: Process, on_line: Callable[[bytes], None] | None = None) -> None:
        self.process, self._on_line = process, on_line
        self.out, self._err = bytearray(), bytearray()
        self.words = News()
        self._ended = asyncio.Event()
        self._done: Completed | None = None
        self._open = {process.stdout, process.stderr}
        loop = asyncio.get_running_loop()
        loop.add_reader(process.stdout, self._read, process.stdout)
        loop.add_reader(process.stderr, self._read, process.stderr)
        self.everyone.add(self)

    @property
    def stderr(self) -> str:
        """What it said on stderr so far."""
        return self._err.decode(errors="replace")

    async def wait(self) -> Completed:
        """Wait for its end."""
        while not self._ended.is_set():
            try:
                await asyncio.wait_for(self._ended.wait(), _CHECK)
            except asyncio.TimeoutError:
                if not self.process.alive():
                    break
        return self.kill()

    def kill(self) -> Completed:
        """End it if it still runs; how it ended."""
        if self._done is None:
            self._forget(*self._open)
            rest = self.process.kill()
            self._done = Completed(rest.code, bytes(self.out) + rest.stdout, self.stderr + rest.stderr)
            self._ended.set()
            self.everyone.discard(self)
        return self._done

    def _read(self, fd: int) -> None:
        try:
            chunk = os.read(fd, CHUNK)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        if not chunk:
            self._forget(fd)
            if not self._open:
                self._ended.set()
        elif fd == self.process.stderr:
            self._err.extend(chunk)
            del self._err[:-_KEPT]
            self.words.tell()
        else:
            self.out.extend(chunk)
            self._split()

    def _split(self) -> None:
        if self._on_line is None:
            return
        *lines, rest = bytes(self.out).split(b"\n")
        self.out[:] = rest
        for line in lines:
            self._on_line(line)

    def _forget(self, *fds: int) -> None:
        for fd in fds:
            asyncio.get_running_loop().remove_reader(fd)
            self._open.discard(fd)


async def first(*waits: asyncio.Task[Any], timeout: float | None) -> set[asyncio.Task[Any]]:
    """Wait until any of these is done, then cancel the others; those that are done, none if the time ran out."""
    try:
        done, _ = await asyncio.wait(waits, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        return done
    finally:
        for each in waits:
            each.cancel()
