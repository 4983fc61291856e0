"""Keys to look at: each at most once at a time, again when it changed meanwhile, later after a failure."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Generic, TypeVar

import aiohttp

from krayne.sandbox.player.client import ApiError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable

K = TypeVar("K", bound="Hashable")

log = logging.getLogger(__name__)

WORKERS = 16
RETRY = (0.1, 15.0)


class WorkQueue(Generic[K]):
    """Keys wait here to be worked on, as in client-go's workqueue."""

    def __init__(self) -> None:
        self._ready: asyncio.Queue[K] = asyncio.Queue()
        self._waiting: set[K] = set()
        self._working: set[K] = set()
        self._again: set[K] = set()
        self._later: dict[K, asyncio.TimerHandle] = {}
        self._failures: dict[K, int] = {}

    def add(self, key: K, after: float = 0) -> None:
        """Look at the key now, or in that many seconds (the earliest asked for counts)."""
        if after > 0:
            self._add_later(key, after)
        elif key in self._working:
            self._again.add(key)
        elif key not in self._waiting:
            self._waiting.add(key)
            self._ready.put_nowait(key)

    def _add_later(self, key: K, after: float) -> None:
        loop = asyncio.get_running_loop()
        timer = self._later.get(key)
        if timer and timer.when() <= loop.time() + after:
            return
        if timer:
            timer.cancel()
        self._later[key] = loop.call_later(after, self._due, key)

    def _due(self, key: K) -> None:
        self._later.pop(key, None)
        self.add(key)

    async def run(self, work: Callable[[K], Awaitable[None]], workers: int = WORKERS) -> None:
        """Work on the keys, forever. A failed key comes back, ever later."""
        tasks = [asyncio.create_task(self._worker(work)) for _ in range(workers)]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            for timer in self._later.values():
                timer.cancel()

    async def _worker(self, work: Callable[[K], Awaitable[None]]) -> None:
        while True:
            key = await self._ready.get()
            self._waiting.discard(key)
            self._working.add(key)
            try:
                await work(key)
                self._failures.pop(key, None)
            except (ApiError, aiohttp.ClientError, OSError, asyncio.TimeoutError) as error:
                self._retry(key, f"{error}" or repr(error))
            except Exception:  # one odd object must not stop the play for all others
                log.exception("cannot play %s", key)
                self._retry(key, "a fault in the player")
            finally:
                self._working.discard(key)
                if key in self._again:
                    self._again.discard(key)
                    self.add(key)

    def _retry(self, key: K, why: str) -> None:
        failures = self._failures[key] = self._failures.get(key, 0) + 1
        delay = min(RETRY[0] * 2 ** min(failures, 10), RETRY[1])
        log.info("%s again in %.1f s: %s", key, delay, why)
        self._add_later(key, delay)
