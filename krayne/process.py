"""Runs a program through sh: the only module that imports it.

The program's own file descriptors are plain pipes that are read here, so what it writes arrives unchanged and at
once, large output costs no more than reading it, and no terminal is faked.
"""

from __future__ import annotations

import os
import selectors
import signal
import time
from contextlib import contextmanager, suppress
from io import BytesIO
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sh import RunningCommand

CHUNK = 1 << 16
_SILENCE = 1.0  # seconds after which words on stderr are taken for a prompt rather than a last error
_CHECK = 0.2  # seconds between looks at a program whose own children keep its stderr open


def _import_sh() -> Any:
    """Import sh, without asyncio and importlib.metadata where that is allowed: they serve its async interface and its
    version alone, and are most of its cost (sh 2.4 on Python 3.11: 60 ms whole, 25 ms so).
    """
    from krayne.deferred import Deferred

    asyncio = Deferred("asyncio", Queue=object, get_running_loop=_no_running_loop)
    metadata = Deferred("importlib.metadata", version=lambda _name: "unknown", PackageNotFoundError=LookupError)
    with asyncio, metadata:
        import sh
    return sh


def _no_running_loop() -> None:
    raise RuntimeError("no running event loop")


class Completed(NamedTuple):
    """How a program ended: its exit code (minus the signal's number where one ended it) and all it wrote."""

    code: int
    stdout: bytes
    stderr: str


class Process:
    """One running program.

    ``stdin`` is written to it and closed; without it the program has our terminal to ask on, where there is one.
    ``tell`` gets what it says on stderr while it goes on waiting, such as a login plugin's "open this page".
    Raises FileNotFoundError or PermissionError where the program cannot be started.
    """

    def __init__(
        self, argv: Sequence[str], *, stdin: bytes | None = None, tell: Callable[[str], None] | None = None
    ) -> None:
        self.argv, self.tell = tuple(argv), tell
        self._pending_input = stdin or b""
        self.stdout, out = os.pipe()
        self.stderr, err = os.pipe()
        self._input: int | None = None
        if stdin is None:
            source = os.dup(0) if _is_terminal(0) else os.open(os.devnull, os.O_RDONLY)
        else:
            source, self._input = os.pipe()
        for fd in (self.stdout, self.stderr, self._input):
            if fd is not None:
                os.set_blocking(fd, False)
        try:
            self._running = _spawn(argv, source, out, err)
        except BaseException:
            self._close()
            raise
        finally:
            for fd in (source, out, err):
                os.close(fd)

    def communicate(self, take: Callable[[bytes], object] | None = None, *, until: float | None = None) -> Completed:
        """Wait for the end, reading all output. ``take`` gets what it writes as it comes; ``stdout`` is then empty.

        ``until``: the moment (of time.monotonic) at which it is ended, if it still runs and has just written nothing:
        raises TimeoutError.
        """
        out, err = BytesIO(), bytearray()  # BytesIO gives its content without a copy
        told, heard = 0, time.monotonic()
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(self.stdout, selectors.EVENT_READ, take or out.write)
                selector.register(self.stderr, selectors.EVENT_READ, err.extend)
                if self._input is not None:
                    selector.register(self._input, selectors.EVENT_WRITE)
                while selector.get_map():
                    left = _CHECK if until is None else max(until - time.monotonic(), 0.0)
                    events = selector.select(min(_CHECK, left))
                    for key, _ in events:
                        if key.fd == self._input:
                            self._feed(key.fd, selector)
                        elif chunk := os.read(key.fd, CHUNK):
                            key.data(chunk)
                            heard = time.monotonic()
                        else:
                            selector.unregister(key.fd)
                    # It may have written its last since the look that found nothing: one more, now that it has ended.
                    if not events and not self.alive() and not selector.select(0):
                        break
                    if not events and left == 0:
                        self.kill()
                        raise TimeoutError(f"{self.argv[0]} did not end in time")
                    if self.tell and len(err) > told and time.monotonic() - heard > _SILENCE:
                        self.tell(err[told:].decode(errors="replace"))
                        told = len(err)
            return Completed(self._wait(), out.getvalue(), err.decode(errors="replace"))
        finally:
            self.stop()

    @property
    def pid(self) -> int:
        """Its process id."""
        return int(self._running.pid)

    def alive(self) -> bool:
        """Whether it still runs."""
        return bool(self._running.process.is_alive()[0])

    def kill(self) -> Completed:
        """End it at once, even one that is stopped or deaf, and give how it ended and what it had left to say."""
        if self.alive():
            with suppress(ProcessLookupError):
                self._running.process.kill()
        code = self._wait()
        rest = [_drained(fd) for fd in (self.stdout, self.stderr)]
        self._close()
        return Completed(code, rest[0], rest[1].decode(errors="replace"))

    def stop(self) -> None:
        """End it if it still runs, and give back its pipes. Does nothing the second time."""
        if self.alive():
            with suppress(ProcessLookupError):
                self._running.terminate()
            self._wait()
        self._close()

    def _wait(self) -> int:
        return int(self._running.process.wait())

    def _feed(self, fd: int, selector: selectors.BaseSelector) -> None:
        try:
            written = os.write(fd, self._pending_input[:CHUNK])
        except BrokenPipeError:
            self._pending_input = b""
        else:
            self._pending_input = self._pending_input[written:]
        if not self._pending_input:
            selector.unregister(fd)
            os.close(fd)
            self._input = None

    def _close(self) -> None:
        for fd in (self.stdout, self.stderr, self._input):
            if fd is not None and fd >= 0:
                os.close(fd)
        self.stdout = self.stderr = -1
        self._input = None


def run_attached(argv: Sequence[str]) -> int:
    """Run a program on our own stdin, stdout and stderr, and give its exit code (128 + a signal's number).

    ^C is the program's to answer; what else asks us to end ends it first. Raises FileNotFoundError or
    PermissionError where it cannot be started.
    """
    running: RunningCommand | None = None
    asked_to_end = False

    def end(*_: object) -> None:
        nonlocal asked_to_end
        asked_to_end = True
        if running is not None:  # its truth would be that of its output, once it has ended
            with suppress(ProcessLookupError):
                running.process.terminate()

    previous = {}
    with suppress(ValueError):  # only the main thread may answer signals
        previous[signal.SIGINT] = signal.signal(signal.SIGINT, lambda *_: None)
        previous |= {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        # sh has what runs in the background ignore a hangup; here the terminal's end is the program's too.
        running = _spawn(argv, 0, 1, 2, hangup=signal.SIG_DFL)
        if asked_to_end:
            end()
        code = int(running.process.wait())
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    return 128 - code if code < 0 else code


def _drained(fd: int) -> bytes:
    """What a pipe whose writer has ended still holds; what another holder of it writes later is not waited for."""
    read = bytearray()
    with suppress(OSError):
        while fd >= 0 and (chunk := os.read(fd, CHUNK)):
            read.extend(chunk)
    return bytes(read)


def _spawn(
    argv: Sequence[str], source: int, out: int, err: int, *, hangup: signal.Handlers = signal.SIG_IGN
) -> RunningCommand:
    sh = _import_sh()
    try:
        command = sh.Command(argv[0])
    except sh.CommandNotFound as error:  # so called, too, where a path leads to what cannot be run
        there = os.sep in argv[0] and os.path.exists(argv[0])  # noqa: PTH110 - pathlib costs get 3 ms
        raise (PermissionError if there else FileNotFoundError)(argv[0]) from error
    try:
        with _interrupts_held() as let_go:
            running: RunningCommand = command(
                *argv[1:],
                _in=_Descriptor(source),
                _out=_Descriptor(out),
                _err=_Descriptor(err),
                _bg=True,
                _bg_exc=False,
                _return_cmd=True,
                _no_pipe=True,
                _preexec_fn=lambda: (let_go(), signal.signal(signal.SIGHUP, hangup)),
            )
        return running
    except sh.ForkException as error:  # exec failed in the child: the file is there but cannot be run
        raise PermissionError(argv[0]) from error


@contextmanager
def _interrupts_held() -> Iterator[Callable[[], object]]:
    """Keep ^C until after a fork: Python's own hooks around one would swallow it. Gives what undoes that in a child."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})

    def let_go() -> object:
        return signal.pthread_sigmask(signal.SIG_SETMASK, before)

    try:
        yield let_go
    finally:
        let_go()


class _Descriptor:
    """A bare file descriptor in the form that sh hands to a program as it is."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def fileno(self) -> int:
        return self._fd


def _is_terminal(fd: int) -> bool:
    try:
        return os.isatty(fd)
    except OSError:
        return False
