"""Run commands by turns, and tell their median time and their peak memory."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Command = tuple[str, ...]


@dataclass(frozen=True)
class Figure:
    """Of one command: seconds (median, wall clock) and megabytes (the largest of its processes, at its largest)."""

    seconds: float
    megabytes: float


def by_turns(commands: Mapping[str, Command], rounds: int, *, allowed: Sequence[int] = (0,)) -> dict[str, Figure]:
    """Measure the commands one after the other, ``rounds`` times: what disturbs the machine disturbs them all."""
    seen: dict[str, list[Figure]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            seen[name].append(_once(command, allowed))
    return {
        name: Figure(statistics.median(f.seconds for f in figures), max(f.megabytes for f in figures))
        for name, figures in seen.items()
    }


def _once(command: Command, allowed: Sequence[int]) -> Figure:
    start = time.perf_counter()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    said = process.stderr.read()
    # wait4 counts the command's own children in: kubectl, where krayne is measured.
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in allowed:
        raise SystemExit(f"bench: {' '.join(command)} ended with {process.returncode}: {said.decode()}")
    return Figure(seconds, _megabytes(usage))


def _megabytes(usage: resource.struct_rusage) -> float:
    return usage.ru_maxrss / 1024
