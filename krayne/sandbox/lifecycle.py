"""The sandbox's life as SDK functions: up(), status(), down(). One sandbox to a state folder, whoever calls."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from krayne import private
from krayne.errors import KrayneError
from krayne.identity import alive, send
from krayne.sandbox import state
from krayne.sandbox.state import Record

_EXTRA = ("aiohttp", "jsonpatch", "trustme")
_SECONDS_TO_START = 30.0
_SECONDS_TO_STOP = 10.0
_SECONDS_TO_LOCK = 60.0
_STEP = 0.05


@dataclass(frozen=True, slots=True)
class SandboxStatus:
    """Whether the sandbox runs; if so where, since when (RFC 3339), as which process, and at which speed."""

    running: bool
    kubeconfig: str
    folder: str
    url: str | None = None
    since: str | None = None
    pid: int | None = None
    speed: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The status as plain values."""
        return asdict(self)


def up(folder: Path | None = None, *, speed: str | None = None) -> SandboxStatus:
    """Start the sandbox unless it runs, and wait until it serves.

    `speed` is how long its pods take to start: "demo" to be watched (also where it is None), "fast" for tests; a
    sandbox that runs keeps its own. Raises KrayneError where the extra is missing or the sandbox does not start.
    """
    folder = folder or state.default_folder()
    _require_extra()
    with _locked(folder):
        if state.running(folder) is None:
            _start(folder, speed or "demo")
    return status(folder)


def status(folder: Path | None = None) -> SandboxStatus:
    """How it is with the sandbox now."""
    folder = folder or state.default_folder()
    record = state.running(folder)
    config = str(state.kubeconfig_path(folder))
    if record is None:
        return SandboxStatus(False, config, str(folder))
    url = f"https://127.0.0.1:{record.port}"
    return SandboxStatus(True, config, str(folder), url, record.since, record.process.pid, record.speed)


def down(folder: Path | None = None) -> bool:
    """Stop the sandbox and drop its objects; False where none ran. Raises KrayneError where it will not stop."""
    folder = folder or state.default_folder()
    if not folder.is_dir():
        return False
    with _locked(folder):
        record = state.running(folder)
        if record is not None:
            _stop(record)
        state.clear(folder)
    return record is not None


def _require_extra() -> None:
    missing = [name for name in _EXTRA if find_spec(name) is None]
    if missing:
        raise KrayneError(
            f"the sandbox needs {' and '.join(missing)}, which krayne itself does not: "
            "pip install 'kubectl-krayne[sandbox]'"
        )


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Be the only one to start or stop this sandbox."""
    path = f"{private.own(str(folder))}/lock"
    deadline = time.monotonic() + _SECONDS_TO_LOCK
    try:
        while (fd := private.lock(path, wait=False)) is None:
            if time.monotonic() > deadline:
                raise KrayneError(f"another krayne has been starting or stopping the sandbox in {folder} for too long")
            time.sleep(_STEP)
    except OSError as error:
        raise private.unfit(str(folder), error) from error
    try:
        yield
    finally:
        os.close(fd)


def _start(folder: Path, speed: str) -> None:
    """Start the process, detached from the terminal and the shell, and wait until it serves."""
    state.clear(folder)
    command = [sys.executable, "-m", "krayne.sandbox.process", "--dir", str(folder.resolve()), "--speed", speed]
    log = os.open(state.log_path(folder), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    root = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    try:
        process = subprocess.Popen(  # noqa: S603 (our own module)
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": path},
            start_new_session=True,
        )
    finally:
        os.close(log)
    deadline = time.monotonic() + _SECONDS_TO_START
    while not ((record := state.running(folder)) and _serves(folder, record)):
        if process.poll() is not None:
            raise KrayneError(f"the sandbox did not start: {_last_words(folder)}")
        if time.monotonic() > deadline:
            process.kill()
            process.wait()
            raise KrayneError(f"the sandbox did not serve within {_SECONDS_TO_START:.0f} s: {_last_words(folder)}")
        time.sleep(_STEP)
    # It is left behind on purpose: the interpreter need not warn of a child that still runs.
    process.returncode = 0


def _serves(folder: Path, record: Record) -> bool:
    """Whether the API server answers, as a client with its CA and token sees it."""
    from http.client import HTTPException, HTTPSConnection

    from krayne.sandbox import credentials

    context = credentials.client_context(folder)
    connection = HTTPSConnection("127.0.0.1", record.port, timeout=2.0, context=context)
    try:
        connection.request("GET", "/readyz", headers={"Authorization": f"Bearer {credentials.token(folder)}"})
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _last_words(folder: Path) -> str:
    path = state.log_path(folder)
    lines = [line for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    return f"{lines[-1]} (all of it in {path})" if lines else f"it said nothing in {path}"


def _stop(record: Record) -> None:
    """End the process, politely first; never another one that has got its id since."""
    for number, seconds in ((signal.SIGTERM, _SECONDS_TO_STOP), (signal.SIGKILL, _SECONDS_TO_STOP)):
        if not send(record.process, number):
            return
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not alive(record.process):
                return
            time.sleep(_STEP)
    raise KrayneError(f"the sandbox's process {record.process.pid} does not end")
