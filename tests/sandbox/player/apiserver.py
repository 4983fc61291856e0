"""A tiny HTTP server that plays one collection of an API server, to order, with its faults."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from krayne.sandbox.player.client import Connection, connect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from krayne.sandbox.player.client import Api


def pod(name: str, version: int, **metadata: Any) -> dict[str, Any]:
    """A Pod of one namespace."""
    return {"metadata": {"name": name, "namespace": "ns", "uid": name, "resourceVersion": str(version), **metadata}}


class Pods:
    """What lists and watches of pods answer: each list takes the next of `lists`, each watch the next of `watches`.

    A watch is a list of changes, sent one by one; or a status code, refused with.
    """

    def __init__(self, lists: list[Any], watches: list[Any]) -> None:
        self.lists, self.watches = lists, watches
        self.asked: list[dict[str, str]] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """One GET of the collection."""
        self.asked.append(dict(request.query))
        if "watch" not in request.query:
            return web.json_response(self.lists.pop(0) if len(self.lists) > 1 else self.lists[0])
        watch = self.watches.pop(0) if self.watches else None
        if isinstance(watch, int):
            body = {"kind": "Status", "code": watch, "reason": "Expired", "message": "too old resource version"}
            return web.json_response(body, status=watch)
        response = web.StreamResponse()
        await response.prepare(request)
        for change in watch or []:
            await response.write(json.dumps(change).encode() + b"\n")
        if watch is None:
            await asyncio.sleep(60)
        return response


@asynccontextmanager
async def serving(pods: Pods) -> AsyncIterator[Api]:
    """A client of such a server."""
    app = web.Application()
    app.router.add_get("/api/v1/pods", pods.answer)
    async with TestServer(app) as server, connect(Connection(str(server.make_url("/"))), "test") as api:
        yield api


def listing(version: int, *items: dict[str, Any], more: str = "") -> dict[str, Any]:
    """One page of a list."""
    return {"metadata": {"resourceVersion": str(version), "continue": more}, "items": list(items)}
