"""Keeps the played nodes known and alive."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import aiohttp

from krayne.sandbox.player import client
from krayne.sandbox.player.client import ApiError
from krayne.sandbox.player.kubelet.node import (
    LEASE_SECONDS,
    NAMESPACE,
    NodeSpec,
    lease_manifest,
    node_manifest,
    node_status,
)

if TYPE_CHECKING:
    from krayne.sandbox.player.client import Api

log = logging.getLogger(__name__)


class Nodes:
    """The Node objects and their leases, from the start to the end of the play."""

    def __init__(self, api: Api, nodes: tuple[NodeSpec, ...]) -> None:
        self._api = api.speaking_as("kubelet")
        self._nodes = nodes

    async def register(self) -> None:
        """Make the nodes known, ready and without taints."""
        for node in self._nodes:
            try:
                await self._api.create(client.NODES, node_manifest(node))
            except ApiError as error:
                if error.status != 409:
                    raise
                await self._api.patch(
                    client.NODES, None, node.name, {"status": node_status(node)}, subresource="status"
                )
            # The API server taints a new node until the node lifecycle controller sees it ready; there may be none.
            await self._api.patch(client.NODES, None, node.name, {"spec": {"taints": None}})
            await self._renew(node)

    async def unregister(self) -> None:
        """Take the nodes away again."""
        for node in self._nodes:
            for resource, namespace in ((client.NODES, None), (client.LEASES, NAMESPACE)):
                try:
                    await self._api.delete(resource, namespace, node.name)
                except (ApiError, aiohttp.ClientError, OSError) as error:
                    log.info("cannot remove %s %s: %s", resource.plural, node.name, error)

    async def keep_alive(self) -> None:
        """Renew the nodes' leases and heartbeats, forever."""
        while True:
            for node in self._nodes:
                try:
                    await self._renew(node)
                except (ApiError, aiohttp.ClientError, OSError, asyncio.TimeoutError) as error:
                    log.info("cannot renew node %s: %s", node.name, error)
            await asyncio.sleep(LEASE_SECONDS / 4)

    async def _renew(self, node: NodeSpec) -> None:
        await self._api.patch(client.NODES, None, node.name, {"status": node_status(node)}, subresource="status")
        lease = lease_manifest(node)
        try:
            await self._api.patch(client.LEASES, NAMESPACE, node.name, {"spec": lease["spec"]})
        except ApiError as error:
            if error.status != 404:
                raise
            try:
                await self._api.create(client.LEASES, lease)
            except ApiError as refused:
                if refused.status != 404:  # an API server without leases
                    raise
