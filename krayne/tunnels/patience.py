"""Waits for a kubectl that may itself be waiting for somebody: a login plugin that asks."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from krayne.kubectl.failures import wants_login
from krayne.tunnels.running import Running, first

if TYPE_CHECKING:
    from collections.abc import Callable

    from krayne.process import Completed, Process

_PROMPT = 2.0  # seconds after which words on stderr of a kubectl that goes on are taken for a question
_SLOW = 10.0  # the same where the words are not those of a login: some kubectls warn, and are slow
_PATIENCE = 120.0  # seconds that a kubectl may wait for somebody's login


async def finished(process: Process, asks: Callable[[str], None] | None = None) -> Completed:
    """Wait for a kubectl's end; one that waits for ever is ended. ``asks`` gets its words where they are a question."""
    running, loop = Running(process), asyncio.get_running_loop()
    began = loop.time()
    try:
        while loop.time() < began + _PATIENCE:
            ended, said = loop.create_task(running.wait()), loop.create_task(running.words.wait())
            done = await first(ended, said, timeout=_PROMPT)
            if ended in done:
                return running.kill()
            if not done and asks and _is_question(running.stderr, waited=loop.time() - began):
                asks(running.stderr)
        done_for = running.kill()
        last = f"{done_for.stderr}\nUnauthorized: it waited for a login" if done_for.stderr.strip() else "i/o timeout"
        return done_for._replace(code=done_for.code or 1, stderr=last)
    finally:
        running.kill()


def _is_question(words: str, *, waited: float) -> bool:
    """Whether a kubectl that goes on after its last words waits for somebody."""
    return bool(words.strip()) and (wants_login(words) or waited > _SLOW)
