"""Takes in what several sources bring, in one thread."""

from __future__ import annotations

import selectors
import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


class Source(Protocol):
    """Something that brings news now and then."""

    @property
    def known(self) -> bool:
        """Whether it has said all that there is to begin with, or never will."""

    @property
    def due(self) -> float | None:
        """When (time.monotonic) it is to be resumed, if it is down."""

    @property
    def fd(self) -> int | None:
        """What to select on for news."""

    def resume(self) -> None:
        """Begin, or go on."""

    def read(self) -> bool:
        """Take in what has come; True if it changed anything."""

    def close(self) -> None:
        """Stop."""


def changes(
    sources: Sequence[Source],
    *,
    until: float | None,
    tick: float | None = None,
    enough: Callable[[], bool] = lambda: False,
) -> Iterator[bool]:
    """Yield True once all sources are known, then whenever any changed, False after ``tick`` seconds without, until
    ``until`` (time.monotonic; None: for ever). Sources may be added meanwhile. Before all are known, changes are told
    only while there is ``enough``. Closes them all when it ends or is closed."""
    begun = False
    try:
        while (now := time.monotonic()) < (until or now + 1):
            for each in sources:
                if each.due is not None and each.due <= now:
                    each.resume()
            if not begun and all(each.known for each in sources):
                begun = True
                yield True
                continue
            next_tick = now + tick if tick else None
            changed = read_ready(sources, until, next_tick)
            if not (begun or enough()):
                continue
            if changed:
                yield True
            elif next_tick and time.monotonic() >= next_tick:
                yield False
    finally:
        for each in sources:
            each.close()


def read_ready(sources: Sequence[Source], *moments: float | None) -> bool:
    """Wait for news until the first of these moments (time.monotonic), and take it in; whether it changed anything."""
    times = [moment for moment in (*moments, *(each.due for each in sources)) if moment is not None]
    timeout = max(0.0, min(times) - time.monotonic()) if times else None
    with selectors.DefaultSelector() as selector:
        for each in sources:
            if each.fd is not None:
                selector.register(each.fd, selectors.EVENT_READ, each)
        changed = [key.data.read() for key, _ in selector.select(timeout)]
    return any(changed)
