"""Waiting beside other things."""

from __future__ import annotations

import asyncio

from krayne.tunnels.pauses import Pause
from krayne.tunnels.running import News, first


def test_news_that_come_before_the_one_who_waits_first_runs_are_not_lost() -> None:
    """A task begins to run in the loop's next round: what is told in this one is news all the same."""

    async def wait() -> bool:
        news = News()
        waiting = asyncio.get_running_loop().create_task(news.wait())
        news.tell()
        return waiting in await first(waiting, timeout=1)

    assert asyncio.run(wait())


def test_news_are_not_told_twice() -> None:
    """Who waits again waits for the next."""

    async def wait() -> bool:
        news = News()
        news.tell()
        return bool(await first(asyncio.get_running_loop().create_task(news.wait()), timeout=0.05))

    assert not asyncio.run(wait())


def test_pauses_double_up_to_the_longest_until_begun_anew() -> None:
    """The longest may be another one each time: a head that is not ready is tried more often."""
    pause = Pause()
    assert [pause.next(0.2, 1.0) for _ in range(5)] == [0.2, 0.4, 0.8, 1.0, 1.0]
    assert pause.next(0.2, 0.5) == 0.5
    pause.begin_anew()
    assert pause.next(0.2, 1.0) == 0.2
