"""Everything that a Kubernetes cluster with KubeRay does beside its API server, played by one client of that server."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from krayne.sandbox.door import LogLine, LogQuery, LogUnavailableError
from krayne.sandbox.player import client
from krayne.sandbox.player.autoscaler import Autoscaler
from krayne.sandbox.player.client import Api, Connection, connect
from krayne.sandbox.player.events import Recorder
from krayne.sandbox.player.kubelet.kubelet import Kubelet
from krayne.sandbox.player.kubelet.node import NodeSpec
from krayne.sandbox.player.kubelet.nodes import Nodes
from krayne.sandbox.player.kuberay.controller import KubeRay, cluster_index
from krayne.sandbox.player.reflector import Reflector
from krayne.sandbox.player.scheduler import Scheduler
from krayne.sandbox.player.timing import DEMO, Timing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from typing import Any


class Player:
    """The parts together, and the `PodRuntime` that an API server's door opens on.

    `nodes`: what the kubelet's part stands for; none where others run the pods. `scheduler`: play its part too, for an
    API server that comes without one.
    """

    def __init__(
        self, *, timing: Timing = DEMO, nodes: tuple[NodeSpec, ...] = (NodeSpec(),), scheduler: bool = False
    ) -> None:
        self._timing = timing
        self._nodes = nodes
        self._scheduler = scheduler
        self._kubelet: Kubelet | None = None
        self.ready = asyncio.Event()

    async def run(self, connection: Connection) -> None:
        """Play until cancelled; the nodes are taken away again at the end. Sets `ready` once all is listed."""
        async with connect(connection, "krayne-player") as api, self._registered(api) as parts:
            tasks = [asyncio.create_task(part) for part in parts]
            try:
                await asyncio.gather(*tasks)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    @asynccontextmanager
    async def _registered(self, api: Api) -> AsyncIterator[list[Any]]:
        clusters = Reflector(api, client.RAY_CLUSTERS)
        pods = Reflector(api, client.PODS, cluster_index)
        services = Reflector(api, client.SERVICES, cluster_index)
        nodes = Reflector(api, client.NODES)
        own = Nodes(api, self._nodes)
        reflectors = [clusters, pods, services]
        events = Recorder(api)
        kubelet = self._kubelet = Kubelet(api, events, pods, clusters, nodes=self._nodes, timing=self._timing)
        rooms: list[Any] = [
            events,
            kubelet,
            KubeRay(api, events, clusters, pods, services),
            Autoscaler(api, clusters, pods, self._timing),
        ]
        if self._scheduler:
            reflectors.append(nodes)
            rooms.append(Scheduler(api, events, pods, nodes))
        await own.register()
        try:
            yield [
                *(reflector.run() for reflector in reflectors),
                *(room.run() for room in rooms),
                own.keep_alive(),
                self._announce(reflectors),
            ]
        finally:
            await asyncio.shield(own.unregister())

    async def _announce(self, reflectors: list[Reflector]) -> None:
        for reflector in reflectors:
            await reflector.synced.wait()
        self.ready.set()

    async def logs(self, pod: Mapping[str, Any], query: LogQuery) -> AsyncIterator[LogLine]:
        """What a container has written; see `PodRuntime.logs`."""
        if self._kubelet is None:
            raise LogUnavailableError("the sandbox is still starting")
        async for line in self._kubelet.logs(pod, query):
            yield line
