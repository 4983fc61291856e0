"""Asks a local port whether what is behind it answers."""

from __future__ import annotations

import asyncio
from enum import Enum


class Answer(Enum):
    """What came of a probe."""

    ANSWERED = "it answered"
    REFUSED = "the connection was closed without a word: nothing listens there"
    SILENT = "no answer"
    CLOSED = "nobody listens on the local port"


async def probe(port: int, greeting: bytes, timeout: float) -> Answer:
    """Connect, say ``greeting`` and wait for any byte in return, ``timeout`` seconds in all."""
    try:
        return await asyncio.wait_for(_ask(port, greeting), timeout)
    except asyncio.TimeoutError:
        return Answer.SILENT


async def _ask(port: int, greeting: bytes) -> Answer:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return Answer.CLOSED
    try:
        if greeting:
            writer.write(greeting)
            await writer.drain()
        return Answer.ANSWERED if await reader.read(1) else Answer.REFUSED
    except OSError:
        return Answer.REFUSED
    finally:
        writer.transport.abort()
