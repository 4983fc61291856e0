"""The work queue."""

from __future__ import annotations

import asyncio

from krayne.sandbox.player.client import ApiError
from krayne.sandbox.player.queue import WorkQueue


def worked(add: list[str], work_done: int, fail: int = 0, *, again: bool = False) -> tuple[list[str], int]:
    """What was worked on until so much was, and how many ran at the same time for one key at most."""
    seen: list[str] = []
    at_once = {"now": 0, "most": 0}

    async def run() -> None:
        queue: WorkQueue[str] = WorkQueue()

        async def work(key: str) -> None:
            at_once["now"] += 1
            at_once["most"] = max(at_once["most"], at_once["now"])
            seen.append(key)
            if again and len(seen) == 1:
                queue.add(key)
            await asyncio.sleep(0.01)
            at_once["now"] -= 1
            if len(seen) <= fail:
                raise ApiError(500, "", "not now")

        for key in add:
            queue.add(key)
        task = asyncio.create_task(queue.run(work))
        for _ in range(1000):
            if len(seen) >= work_done:
                break
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        task.cancel()

    asyncio.run(run())
    return seen, at_once["most"]


def test_a_key_waits_once() -> None:
    """Adding a waiting key again changes nothing."""
    assert worked(["a", "a", "a"], 1) == (["a"], 1)


def test_a_key_that_changed_meanwhile_comes_again_but_never_twice_at_once() -> None:
    """A key added while it is worked on is worked on once more, afterwards."""
    assert worked(["a"], 2, again=True) == (["a", "a"], 1)


def test_different_keys_run_together() -> None:
    """Many keys are worked on at the same time."""
    seen, most = worked(["a", "b", "c"], 3)
    assert sorted(seen) == ["a", "b", "c"]
    assert most == 3


def test_failures_come_back() -> None:
    """A failed key is tried again."""
    assert worked(["a"], 3, fail=2) == (["a", "a", "a"], 1)


def test_the_earliest_delay_counts() -> None:
    """Of two delays the shorter one holds."""
    seen: list[float] = []

    async def run() -> None:
        queue: WorkQueue[str] = WorkQueue()

        async def work(_: str) -> None:
            seen.append(1)

        queue.add("a", after=30)
        queue.add("a", after=0.01)
        task = asyncio.create_task(queue.run(work))
        for _ in range(500):
            if seen:
                break
            await asyncio.sleep(0.01)
        task.cancel()

    asyncio.run(run())
    assert len(seen) == 1
