"""client-go's spam filter: a component may tell only so much about one object."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

BURST = 25
SECONDS = (
    300.0  # until one more may be told (client-go, tools/record/events_cache.go: defaultSpamBurst, defaultSpamQPS)
)
_REMEMBERED = 4096


class SpamFilter:
    """A bucket of events for each source and object, refilled slowly; the longest unused are forgotten."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def lets_pass(self, source: Hashable, now: float) -> bool:
        """Whether one more may be told at that time, in seconds; it then counts."""
        left, since = self._buckets.pop(source, (float(BURST), now))
        left = min(BURST, left + (now - since) / SECONDS)
        passes = left >= 1
        self._buckets[source] = (left - passes, now)
        if len(self._buckets) > _REMEMBERED:
            self._buckets.popitem(last=False)
        return passes
