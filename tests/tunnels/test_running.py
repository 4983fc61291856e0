"""Waiting beside other things."""

from __future__ import annotations

import asyncio

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
