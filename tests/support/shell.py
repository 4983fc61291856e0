"""Someone at a shell: runs the real kubectl and the `kubectl krayne` that it finds, with and without a terminal."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import select
import signal
import struct
import subprocess
import termios
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PATIENCE = 60.0
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True)
class Result:
    """What a finished command said. As a string: all of it, for a failed assert."""

    argv: tuple[str, ...]
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, parsed."""
        return json.loads(self.out)

    def __str__(self) -> str:
        return f"$ {' '.join(self.argv)}\n{self.out}--- stderr\n{self.err}--- exit {self.code}"

    def ok(self) -> Result:
        """Itself, having checked that the command went well."""
        assert self.code == 0, str(self)
        return self


@dataclass(frozen=True)
class Shell:
    """An environment to run commands in. ``namespace`` is the one that its kubeconfig's context names."""

    env: Mapping[str, str]
    namespace: str
    cwd: str

    def run(self, *argv: str, stdin: str | None = None, timeout: float = PATIENCE, **env: str) -> Result:
        """Run a command to its end, without a terminal. ``env`` is as in ``environment``."""
        done = subprocess.run(
            argv,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            env=self.environment(**env),
            cwd=self.cwd,
        )
        return Result(argv, done.returncode, done.stdout, done.stderr)

    def kubectl(self, *args: str, stdin: str | None = None, **env: str) -> Result:
        """Run kubectl, which must succeed."""
        return self.run("kubectl", *args, stdin=stdin, **env).ok()

    def krayne(self, *args: str, stdin: str | None = None, timeout: float = PATIENCE, **env: str) -> Result:
        """Run ``kubectl krayne``, whatever becomes of it."""
        return self.run("kubectl", "krayne", *args, stdin=stdin, timeout=timeout, **env)

    @contextlib.contextmanager
    def start(self, *argv: str, **env: str) -> Iterator[subprocess.Popen[str]]:
        """Start a command that the test reads from, or ends; it is killed at the end, and after a minute."""
        with subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment(**env),
            cwd=self.cwd,
            start_new_session=True,
        ) as process:
            patience = threading.Timer(PATIENCE, _kill, [process])
            patience.start()
            try:
                yield process
            finally:
                patience.cancel()
                _kill(process)

    def terminal(self, *argv: str, **env: str) -> Terminal:
        """Start a command on a terminal of its own: use it in a ``with``."""
        return Terminal(argv, self.environment(TERM="xterm", **env), self.cwd)

    def write(self, name: str, text: str | bytes) -> str:
        """Write a file into the working folder; its name, for the command line."""
        Path(self.cwd, name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return name

    def get(self, kind: str, name: str) -> Any:
        """The object as the API server holds it."""
        return self.kubectl("get", kind, name, "-o", "json").json

    def environment(self, **env: str) -> dict[str, str]:
        """This shell's environment, with ``env`` set; a variable set to "" is unset."""
        return {name: value for name, value in {**self.env, **env}.items() if value != ""}


class Terminal:
    """A command on a pseudo terminal: what it shows can be waited for, what it asks can be answered."""

    def __init__(self, argv: tuple[str, ...], env: Mapping[str, str], cwd: str) -> None:
        self._master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self._process = subprocess.Popen(
            argv,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=dict(env),
            cwd=cwd,
            start_new_session=True,
            # Its controlling terminal, so that ^C comes from the terminal as it does in life.
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 (no thread runs here)
        )
        os.close(slave)
        self.shown = ""

    @property
    def text(self) -> str:
        """What was shown so far, without escape sequences."""
        return ESCAPES.sub("", self.shown).replace("\r\n", "\n")

    def expect(self, pattern: str, timeout: float = PATIENCE) -> None:
        """Wait until what was shown matches."""
        end = time.monotonic() + timeout
        while not re.search(pattern, self.text):
            assert self._read(end - time.monotonic()), f"{pattern!r} never came:\n{self.text}"

    def send(self, keys: str) -> None:
        """Type."""
        os.write(self._master, keys.encode())

    def interrupt(self) -> None:
        """Press ^C until it is heeded: Python misses one that comes just as it begins to read a line."""
        for _ in range(5):
            self.send("\x03")
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(2)
                return

    def wait(self, timeout: float = PATIENCE) -> int:
        """Read to the end; the exit code, negative for a signal."""
        end = time.monotonic() + timeout
        while self._read(end - time.monotonic()):
            pass
        return self._process.wait(max(0.1, end - time.monotonic()))

    def _read(self, timeout: float) -> bool:
        if timeout <= 0 or not select.select([self._master], [], [], timeout)[0]:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:  # Linux's way to say that nobody has the other side open any more
            return False
        self.shown += data.decode("utf-8", "replace")
        return bool(data)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *error: object) -> None:
        _kill(self._process)
        self._process.wait()
        os.close(self._master)


def read_until(stream: IO[str] | None, word: str) -> str:
    """Read lines until one has ``word`` among its words; that line. Fails when the stream ends first."""
    assert stream is not None
    for line in stream:
        if word in re.split(r"[\s:;,]+", line):
            return line
    raise AssertionError(f"{word} never came")


def _kill(process: subprocess.Popen[Any]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


def until(question: Any, timeout: float = PATIENCE, pause: float = 0.05) -> Any:
    """Ask until the answer is truthy, and give it; fail when time runs out."""
    end = time.monotonic() + timeout
    while not (answer := question()):
        assert time.monotonic() < end, f"still {answer!r} after {timeout:g} s"
        time.sleep(pause)
    return answer
