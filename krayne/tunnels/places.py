"""Where tunnels keep their state."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from krayne import private

if TYPE_CHECKING:
    from collections.abc import Iterator

WANTED, STATE, LOCK, LOG = "wanted.json", "state.json", "lock", "log"


def tunnels_folder() -> str:
    """The folder with one folder for each tunnel."""
    return f"{private.state_folder()}/tunnels"


def tunnels() -> list[str]:
    """The keys of all tunnels that have any state here."""
    try:
        with os.scandir(tunnels_folder()) as entries:
            return sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
    except OSError:
        return []


def unattended(folder: str) -> bool:
    """Whether no supervisor looks after a tunnel: each has its folder's lock until it ends."""
    try:
        fd = private.lock(f"{folder}/{LOCK}", wait=False)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    if fd is None:
        return False
    os.close(fd)
    return True


@contextmanager
def locked(*, wait: bool = True) -> Iterator[bool]:
    """Hold the one lock under which tunnels are begun, changed and ended. Raises KrayneError where there is none.

    Gives whether it is held: not where another process has it and it is not waited for.
    """
    folder = private.own(tunnels_folder())
    try:
        fd = private.lock(f"{folder}/.lock", wait=wait)
    except OSError as error:
        raise private.unfit(folder, error) from error
    try:
        yield fd is not None
    finally:
        if fd is not None:
            os.close(fd)
