"""Folders and files that only their user can read: where krayne keeps its state.

Without pathlib, which costs `get` 3 ms.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from krayne.errors import KrayneError


def state_folder() -> str:
    """krayne's state folder: in $XDG_STATE_HOME, else ~/.local/state (XDG Base Directory Specification)."""
    home = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")  # noqa: PTH111
    return f"{home}/krayne"


def own(folder: str) -> str:
    """Make a folder that only its user can enter, unless it is there. Raises KrayneError, also for another's."""
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)  # noqa: PTH103
        found = os.stat(folder)  # noqa: PTH116
        if {found.st_uid, os.lstat(folder).st_uid} != {os.geteuid()}:
            raise PermissionError(0, "it belongs to another user")
        if found.st_mode & 0o077:
            os.chmod(folder, 0o700)  # noqa: PTH101
    except OSError as error:
        raise unfit(folder, error) from error
    return folder


def write(path: str, content: str | bytes) -> None:
    """Put a file in place in one step, readable by its user only; nobody's link is followed."""
    draft = f"{path}.{os.getpid()}"
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with open(fd, "wb") as file:  # noqa: PTH123
        file.write(content.encode() if isinstance(content, str) else content)
    os.replace(draft, path)  # noqa: PTH105


def lock(path: str, *, wait: bool) -> int | None:
    """Take the lock of a file; None where another process has it and it is not waited for.

    Closing the file descriptor gives it back; the end of the process does, too. Raises OSError.
    """
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BaseException as error:
        os.close(fd)
        if isinstance(error, BlockingIOError):
            return None
        raise
    return fd


@contextmanager
def locked(folder: str, *, wait: bool = True) -> Iterator[bool]:
    """Hold the one lock of a folder, which is made unless it is there. Raises KrayneError where that cannot be.

    Gives whether it is held: not where another process has it and it is not waited for.
    """
    try:
        fd = lock(f"{own(folder)}/.lock", wait=wait)
    except OSError as error:
        raise unfit(folder, error) from error
    try:
        yield fd is not None
    finally:
        if fd is not None:
            os.close(fd)


def unfit(folder: str, error: OSError) -> KrayneError:
    """The error for a folder that no state can be kept in."""
    from krayne.errors import KrayneError

    return KrayneError(
        f"cannot keep state in {folder}: {error.strerror}\nName another folder with XDG_STATE_HOME=/path/to/folder"
    )
