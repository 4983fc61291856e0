"""Where tunnels keep their state: folders and files that only their user can read."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from krayne.errors import KrayneError

WANTED, STATE, LOCK, LOG = "wanted.json", "state.json", "lock", "log"


def state_folder() -> str:
    """krayne's state folder: in $XDG_STATE_HOME, else ~/.local/state (XDG Base Directory Specification)."""
    home = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")  # noqa: PTH111 - pathlib costs get 3 ms
    return f"{home}/krayne"


def tunnels_folder() -> str:
    """The folder with one folder for each tunnel."""
    return f"{state_folder()}/tunnels"


def tunnels() -> list[str]:
    """The keys of all tunnels that have any state here."""
    try:
        with os.scandir(tunnels_folder()) as entries:
            return sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
    except OSError:
        return []


def own(folder: str) -> str:
    """Make a folder that only its user can enter, unless it is there. Raises KrayneError."""
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)  # noqa: PTH103 - as above
        if os.stat(folder).st_mode & 0o077:  # noqa: PTH116 - as above
            os.chmod(folder, 0o700)  # noqa: PTH101 - as above
    except OSError as error:
        raise _unfit(folder, error) from error
    return folder


def write(path: str, text: str) -> None:
    """Put a file in place in one step, readable by its user only."""
    draft = f"{path}.{os.getpid()}"
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:  # noqa: PTH123
        file.write(text)
    os.replace(draft, path)  # noqa: PTH105 - as above


def try_lock(path: str) -> int | None:
    """Take the lock of a file; None where another process has it. Closing the file descriptor gives it back."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(fd)
        return None
    return fd


@contextmanager
def locked() -> Iterator[None]:
    """Hold the one lock under which tunnels are begun, changed and ended. Raises KrayneError where there is none."""
    folder = own(tunnels_folder())
    try:
        fd = os.open(f"{folder}/.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _unfit(folder, error) from error
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
        except OSError as error:
            raise _unfit(folder, error) from error
        yield
    finally:
        os.close(fd)


def _unfit(folder: str, error: OSError) -> KrayneError:
    from krayne.errors import KrayneError

    return KrayneError(
        f"cannot keep state in {folder}: {error.strerror}\nName another folder with XDG_STATE_HOME=/path/to/folder"
    )
