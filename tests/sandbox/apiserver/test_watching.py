"""Clients that read slowly, or not at all, cost the server little."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from aiohttp import web

from krayne.sandbox.apiserver.answers import stream
from krayne.sandbox.apiserver.cluster import Cluster
from krayne.sandbox.apiserver.controllers import Controllers
from krayne.sandbox.apiserver.requests import Request
from krayne.sandbox.apiserver.store import Key
from krayne.sandbox.apiserver.watching import BACKLOG, watch


def test_a_watcher_that_falls_behind_is_let_go() -> None:
    """It gets what was kept for it; then its watch ends, and it may resume where it was."""

    async def seen() -> list[str]:
        cluster = Cluster()
        put(cluster, "first")
        query = {"watch": "1", "resourceVersion": str(cluster.store.version)}
        request = Request("GET", cluster.resource("", "v1", "configmaps"), "ns", "", "", query)
        events = watch(cluster, request)
        task = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0)
        for number in range(2 * BACKLOG):
            put(cluster, str(number))
        return [event.stored.object["metadata"]["name"] for event in [await task, *[one async for one in events]]]

    assert asyncio.run(seen()) == [str(number) for number in range(BACKLOG)]


def test_a_client_that_does_not_read_holds_up_the_lines() -> None:
    """No more of them are made than fit into the connection."""

    async def made() -> int:
        count = 0

        async def lines() -> AsyncIterator[bytes]:
            nonlocal count
            while True:
                count += 1
                yield bytes(1 << 16)
                await asyncio.sleep(0)

        async def answer(http: web.Request) -> web.StreamResponse:
            return await stream(http, lines(), "text/plain", eager=True)

        app = web.Application()
        app.router.add_get("/", answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 16)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        before = -1
        while before != count or not count:
            before = count
            await asyncio.sleep(0.2)
        writer.transport.abort()
        await runner.cleanup()
        return count

    assert asyncio.run(asyncio.wait_for(made(), 60)) < 1000


def test_an_event_stays_until_its_time_after_it_was_last_written() -> None:
    """As long as etcd's lease for it."""
    cluster = Cluster()
    controllers = Controllers(cluster)
    for name in ("old", "renewed", "old"):
        put(cluster, name, "events")
    controllers.settle_all()
    between = time.monotonic()
    put(cluster, "renewed", "events")
    controllers.settle_all()
    controllers.expire_events(between)
    assert [stored.object["metadata"]["name"] for stored in cluster.store.list("events")] == ["renewed"]


def put(cluster: Cluster, name: str, resource: str = "configmaps") -> None:
    """Write an object."""
    metadata = {"name": name, "namespace": "ns", "uid": name}
    cluster.store.put(Key(resource, "ns", name), {"metadata": metadata})
