"""Where tunnels keep their state."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from krayne import private

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

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


def locked(*, wait: bool = True) -> AbstractContextManager[bool]:
    """Hold the lock under which tunnels are begun, changed and ended: private.locked says how."""
    return private.locked(tunnels_folder(), wait=wait)
