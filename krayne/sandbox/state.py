"""The sandbox's state folder: where it is, and which process it says is running, provably that one."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path

from krayne.sandbox.credentials import kubeconfig, write_private

_RECORD, _PORT = "process.json", "port"


@dataclass(frozen=True, slots=True)
class Record:
    """The process that serves: its id, when the system says that it started, its port, since when, and how fast."""

    pid: int
    started: str
    port: int
    since: str
    speed: str


def default_folder() -> Path:
    """`$XDG_STATE_HOME/krayne/sandbox`, by default below ~/.local/state."""
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(home) / "krayne" / "sandbox"


def ensure_folder(folder: Path) -> None:
    """Make the folder, for its owner alone."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)


def kubeconfig_path(folder: Path) -> Path:
    """Where the sandbox's kubeconfig is."""
    return folder / "kubeconfig"


def log_path(folder: Path) -> Path:
    """Where the process writes what goes wrong."""
    return folder / "log"


def write(folder: Path, port: int, speed: str) -> None:
    """Record this process as the one that serves."""
    since = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    write_private(folder / _PORT, str(port))
    write_private(kubeconfig_path(folder), kubeconfig(folder, port))
    record = Record(os.getpid(), start_time(os.getpid()) or "", port, since, speed)
    write_private(folder / _RECORD, json.dumps(asdict(record)) + "\n")


def clear(folder: Path) -> None:
    """Forget the process; the port and the credentials stay for the next."""
    (folder / _RECORD).unlink(missing_ok=True)


def last_port(folder: Path) -> int:
    """The port that the sandbox had last, 0 where it never ran."""
    try:
        return int((folder / _PORT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return 0


def running(folder: Path) -> Record | None:
    """The process that serves, if it still is the one that was recorded: a pid alone proves nothing."""
    try:
        record = Record(**json.loads((folder / _RECORD).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return record if record.started and start_time(record.pid) == record.started else None


def start_time(pid: int) -> str | None:
    """When the system says that the process started, None where there is none (or only its remains)."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return _start_time_by_ps(pid) if not Path("/proc/self/stat").exists() else None
    # The name, in parentheses, may hold anything; the state is the first field after it, the start the 20th.
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in ("Z", "X") else f"{_boot_id()}:{fields[19]}"


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def _start_time_by_ps(pid: int) -> str | None:
    """On a system without /proc (macOS)."""
    command = ["ps", "-o", "lstart=", "-p", str(pid)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 (a number is all it is given)
    return found.stdout.strip() or None
