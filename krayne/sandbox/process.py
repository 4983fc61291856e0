"""The sandbox's process: joins the API server and the player, and serves until it is told to stop."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from krayne import private
from krayne.sandbox import credentials, state
from krayne.sandbox.apiserver.cluster import SYSTEM_NAMESPACES, Cluster
from krayne.sandbox.apiserver.controllers import Controllers
from krayne.sandbox.apiserver.creating import create_own
from krayne.sandbox.apiserver.server import Server
from krayne.sandbox.door import NoRuntime, PodRuntime
from krayne.sandbox.player import Connection, Player
from krayne.sandbox.player.timing import TIMINGS

_CRDS = Path(__file__).with_name("crds")


@asynccontextmanager
async def api_server(folder: Path, port: int = 0, runtime: PodRuntime | None = None) -> AsyncIterator[str]:
    """An API server from the folder's credentials, nothing played on it; yields its URL.

    `port` 0 takes the one it had last, or any that is free. `runtime` runs the pods.
    """
    private.own(str(folder))
    credentials.ensure(folder)
    cluster = Cluster(runtime=runtime or NoRuntime())
    controllers = Controllers(cluster, credentials.authority(folder))
    server = Server(cluster, credentials.token(folder))
    await _listen(server, folder, port or state.last_port(folder))
    _furnish(cluster, controllers, server.port)
    working = asyncio.create_task(controllers.run())
    try:
        yield f"https://127.0.0.1:{server.port}"
    finally:
        await _end(working)
        await server.stop()


async def serve(folder: Path, port: int = 0, speed: str = "demo") -> None:
    """Serve a cluster with KubeRay's, the scheduler's and the kubelet's parts played, until SIGTERM or SIGINT."""
    player = Player(timing=TIMINGS[speed], scheduler=True)
    stopping = asyncio.create_task(_told_to_stop())
    async with api_server(folder, port, player) as url:
        connection = Connection(url, credentials.token(folder), credentials.authority(folder))
        playing = asyncio.create_task(player.run(connection))
        ready = asyncio.create_task(player.ready.wait())
        try:
            await asyncio.wait({playing, ready, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if ready.done():
                state.write(folder, int(url.rpartition(":")[2]), speed)
                await asyncio.wait({playing, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if playing.done():
                playing.result()
        finally:
            state.clear(folder)
            await _end(playing, ready, stopping)


async def _end(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _listen(server: Server, folder: Path, port: int) -> None:
    """Take the port, or any free one where it is taken."""
    context = credentials.server_context(folder)
    try:
        await server.start(port, context)
    except OSError:
        await server.start(0, context)


def _furnish(cluster: Cluster, controllers: Controllers, port: int) -> None:
    """What every cluster has: its namespaces, the API server's own Service, the CRDs."""
    import yaml

    for name in SYSTEM_NAMESPACES:
        create_own(cluster, "namespaces", {"metadata": {"name": name}})
    controllers.settle_all()
    ports = [{"name": "https", "port": 443, "targetPort": port}]
    labels = {"component": "apiserver", "provider": "kubernetes"}
    metadata = {"name": "kubernetes", "namespace": "default", "labels": labels}
    create_own(cluster, "services", {"metadata": metadata, "spec": {"clusterIP": "10.96.0.1", "ports": ports}})
    for path in sorted(_CRDS.glob("*.yaml")):
        crd = yaml.safe_load(path.read_text(encoding="utf-8"))
        create_own(cluster, "customresourcedefinitions", crd, group="apiextensions.k8s.io")


async def _told_to_stop() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()


def main(arguments: list[str]) -> int:
    """Run in the foreground: `python -m krayne.sandbox.process --dir D [--port N]`."""
    parser = argparse.ArgumentParser(prog="krayne.sandbox.process", description="Serve the sandbox in the foreground.")
    parser.add_argument("--dir", required=True, type=Path, help="its state folder")
    parser.add_argument("--port", type=int, default=0, help="its port; a free one by default")
    parser.add_argument("--speed", choices=sorted(TIMINGS), default="demo", help="how fast pods start (%(default)s)")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s: %(message)s")
    asyncio.run(serve(options.dir, options.port, options.speed))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
