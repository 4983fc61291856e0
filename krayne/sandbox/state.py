"""The sandbox's state folder: where it is, and which process it says is running, provably that one."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path

from krayne import private
from krayne.identity import Identity, alive, myself
from krayne.sandbox.credentials import kubeconfig

_RECORD, _PORT = "process.json", "port"


@dataclass(frozen=True, slots=True)
class Record:
    """The process that serves: which one, its port, since when (RFC 3339), and how fast its pods start."""

    process: Identity
    port: int
    since: str
    speed: str


def default_folder() -> Path:
    """`$XDG_STATE_HOME/krayne/sandbox`, by default below ~/.local/state."""
    return Path(private.state_folder()) / "sandbox"


def kubeconfig_path(folder: Path) -> Path:
    """Where the sandbox's kubeconfig is."""
    return folder / "kubeconfig"


def log_path(folder: Path) -> Path:
    """Where the process writes what goes wrong."""
    return folder / "log"


def write(folder: Path, port: int, speed: str) -> None:
    """Record this process as the one that serves."""
    since = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    private.write(f"{folder}/{_PORT}", str(port))
    private.write(str(kubeconfig_path(folder)), kubeconfig(folder, port))
    private.write(f"{folder}/{_RECORD}", json.dumps(asdict(Record(myself(), port, since, speed))) + "\n")


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
        fields = json.loads((folder / _RECORD).read_text(encoding="utf-8"))
        record = Record(**{**fields, "process": Identity(*fields["process"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return record if alive(record.process) else None
