"""When one forward does what next: its pauses between kubectls and between probes, and what cuts them short."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from krayne.pauses import Pause
from krayne.tunnels.running import News, first

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from krayne.tunnels.head import Head, Pod

_BACK = (0.2, 10.0)  # seconds between kubectls: the first, the longest
_UNREADY = 2.0  # the longest while the head is not ready
_WAIT = {False: (1.0, 60.0), True: (5.0, 300.0)}  # between probes of what does not listen yet; and of what may never


class Rhythm:
    """The pauses of a forward to the ``head``. ``kicks`` tells of each time that somebody asks to look again;
    ``next_probe`` is when the next probe is due, by the loop's clock."""

    def __init__(self, head: Head) -> None:
        self._head = head
        self.kicks = News()
        self.next_probe = 0.0
        self._met: Pod | None = None  # the head when it was last looked at
        self._pause, self._patience = Pause(), Pause()  # between kubectls, and between probes of what does not listen

    def begin_anew(self) -> None:
        """All pauses are short again, and a probe is due."""
        self.next_probe = 0.0
        self._pause.begin_anew()
        self._patience.begin_anew()

    def same(self, pod: Pod) -> bool:
        """Whether the head is still the one that a kubectl leads to. Another one, or that it has become ready, is
        reason to try at once."""
        before, self._met = self._met, self._head.pod
        if self._met and not (before and before.same(self._met) and before.ready >= self._met.ready):
            self.begin_anew()
        return self._met is not None and self._met.same(pod)

    def probe_in(self, seconds: float) -> None:
        """The next probe is due then."""
        self.next_probe = asyncio.get_running_loop().time() + seconds

    def leave_in_peace(self, *, ray: bool, rare: bool) -> None:
        """What does not listen yet is probed more and more seldom; Ray's own, once the head is ready."""
        shortest, longest = _WAIT[rare]
        self.probe_in(self._patience.next(shortest, longest if self._ready or not ray else _UNREADY))

    async def rest(self, seconds: float | None = None) -> None:
        """Wait until there is news of the head, or somebody asks to look again; no longer than that. Without
        ``seconds``: longer than the last time."""
        if seconds is None:
            seconds = self._longer()
        loop = asyncio.get_running_loop()
        await first(*(loop.create_task(news.wait()) for news in (self.kicks, self._head.news)), timeout=seconds)

    async def breathe(self) -> None:
        """Wait as before the first try."""
        await self.rest(_BACK[0])

    async def sit_out(self, pod: Pod) -> None:
        """Wait longer than the last time whatever the news are, as long as the head is the same and nobody asks to
        look again."""
        loop = asyncio.get_running_loop()
        end, kicked = loop.time() + self._longer(), loop.create_task(self.kicks.wait())
        try:
            while self.same(pod) and not kicked.done() and (left := end - loop.time()) > 0:
                news = loop.create_task(self._head.news.wait())
                await asyncio.wait((kicked, news), timeout=left, return_when=asyncio.FIRST_COMPLETED)
                news.cancel()
        finally:
            kicked.cancel()

    async def answer_of(self, pod: Pod, question: Awaitable[int | None]) -> int | None:
        """What the head answers before it is another one: on a dead node, it hangs."""
        asking = asyncio.ensure_future(question)
        try:
            while not asking.done() and self.same(pod):
                news = asyncio.get_running_loop().create_task(self._head.news.wait())
                await asyncio.wait((asking, news), return_when=asyncio.FIRST_COMPLETED)
                news.cancel()
            return asking.result() if asking.done() else None
        finally:
            asking.cancel()

    @property
    def _ready(self) -> bool:
        return self._met is not None and self._met.ready

    def _longer(self) -> float:
        return self._pause.next(_BACK[0], _BACK[1] if self._ready else _UNREADY)
