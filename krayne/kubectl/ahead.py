"""Calls that have been started before they were asked for: the first who asks for just that one gets it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from krayne.process import Process

_running: dict[tuple[str, ...], Process] = {}


def keep(process: Process) -> None:
    """Keep a program that runs for whoever asks for its command line."""
    _running[process.argv] = process


def take(argv: tuple[str, ...]) -> Process | None:
    """The program that runs with this command line, once."""
    return _running.pop(argv, None)


def drop() -> None:
    """End those that nobody asked for."""
    while _running:
        _running.popitem()[1].stop()
