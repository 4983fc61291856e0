"""How answers are sent: JSON with warnings, tables, and streams of lines as they come."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

from aiohttp import web

from krayne.sandbox.apiserver import tables, watching
from krayne.sandbox.apiserver.cluster import Cluster
from krayne.sandbox.apiserver.requests import Request
from krayne.sandbox.apiserver.statuses import unknown_path
from krayne.sandbox.apiserver.store import Stored

JSON = "application/json"
_AHEAD = 16  # lines that wait for a client to read them


def wants_table(accept: str) -> bool:
    """Whether the client likes a Table best."""
    return "as=Table" in accept.partition(",")[0]


def table(request: Request, items: Iterable[Stored], meta: Mapping[str, Any], *, head: bool = True) -> dict[str, Any]:
    """The objects as a Table, with as much of each object as the query asks for."""
    return tables.table(request.resource, items, meta, request.query.get("includeObject", "Metadata"), head=head)


async def event_lines(cluster: Cluster, request: Request, *, as_table: bool) -> AsyncIterator[bytes]:
    """A watch's events as lines, each object as it is or as a Table of one row."""
    head = True
    async for event in watching.watch(cluster, request):
        if not as_table or event.type == "ERROR":
            yield watching.line(event.type, event.stored.text)
            continue
        meta = {"resourceVersion": str(event.stored.version)}
        rows = [] if event.type == "BOOKMARK" else [event.stored]
        yield watching.line(event.type, Stored(table(request, rows, meta, head=head), 0).text)
        head = head and not rows


async def stream(http: web.Request, lines: AsyncIterator[bytes], kind: str, *, eager: bool) -> web.StreamResponse:
    """Send lines as they come. What is refused before the first line is an answer of its own.

    `eager` sends the headers before there is a line: a watcher waits for them. A client that does not read holds up
    the lines, not the server.
    """
    queue: asyncio.Queue[bytes | None] = asyncio.Queue(_AHEAD)
    reader = asyncio.create_task(_pump(lines, queue))
    try:
        first = b"" if eager else await queue.get()
        await asyncio.sleep(0)
        if reader.done() and (error := reader.exception()) is not None:
            raise error
        response = web.StreamResponse(headers={"Content-Type": kind, "Cache-Control": "no-cache, private"})
        await response.prepare(http)
        with contextlib.suppress(ConnectionError):  # the client has gone
            while first is not None:
                await response.write(first)
                first = await queue.get()
    finally:
        reader.cancel()
    return response


async def _pump(lines: AsyncIterator[bytes], queue: asyncio.Queue[bytes | None]) -> None:
    """Move lines into the queue, and None once there are no more, or are no more to be had."""
    try:
        async for line in lines:
            await queue.put(line)
    except Exception:
        await queue.put(None)
        raise
    await queue.put(None)


def found_or_404(body: dict[str, Any] | None) -> web.Response:
    """The answer, where there is one."""
    if body is None:
        raise unknown_path()
    return as_json(body)


def as_json(
    body: Mapping[str, Any], code: int = 200, kind: str = JSON, warnings: list[str] | None = None
) -> web.Response:
    """The answer as JSON, warnings as the headers that kubectl shows."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    response = web.Response(body=text, status=code, headers={"Content-Type": kind})
    for warning in warnings or ():
        shown = warning.replace("\\", "\\\\").replace('"', '\\"')
        response.headers.add("Warning", f'299 - "{shown}"')
    return response
