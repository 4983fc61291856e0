"""How long to wait before the next try."""

from __future__ import annotations


class Pause:
    """Twice as long each time as the time before, until something gives reason to begin anew."""

    def __init__(self) -> None:
        self._last = 0.0

    def begin_anew(self) -> None:
        """The next one is the shortest."""
        self._last = 0.0

    def next(self, shortest: float, longest: float) -> float:
        """Seconds to wait this time."""
        self._last = min(max(2 * self._last, shortest), longest)
        return self._last
