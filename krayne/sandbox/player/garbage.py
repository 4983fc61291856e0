"""The garbage collector's part, for an API server that has none: what a RayCluster owns goes with it."""

from __future__ import annotations

import asyncio

from krayne.sandbox.player import client
from krayne.sandbox.player.client import Api, ApiError, Object
from krayne.sandbox.player.queue import WorkQueue
from krayne.sandbox.player.reflector import Key, Reflector, key_of

COMPONENT = "garbage-collector"
OWNED = (
    client.PODS,
    client.SERVICES,
    client.SECRETS,
    client.SERVICE_ACCOUNTS,
    client.ROLE_BINDINGS,
    client.ROLES,
)
FOREGROUND = "foregroundDeletion"
ORPHAN = "orphan"


class GarbageCollector:
    """Looks after each RayCluster that goes or is gone, and at the start after pods whose cluster is gone already."""

    def __init__(self, api: Api, clusters: Reflector, pods: Reflector) -> None:
        self._api = api.speaking_as(COMPONENT)
        self._clusters = clusters
        self._pods = pods
        self._queue: WorkQueue[tuple[Key, str]] = WorkQueue()
        clusters.listen(self._cluster_changed)
        pods.listen(self._pod_changed)

    async def run(self) -> None:
        """Collect, forever."""
        await asyncio.gather(self._clusters.synced.wait(), self._pods.synced.wait())
        await self._queue.run(self._collect, workers=4)

    def _cluster_changed(self, before: Object | None, after: Object | None) -> None:
        cluster = after or before or {}
        if after is None or "deletionTimestamp" in after["metadata"]:
            self._queue.add((key_of(cluster), cluster["metadata"]["uid"]))

    def _pod_changed(self, before: Object | None, after: Object | None) -> None:
        pod = after or before or {}
        for owner in pod["metadata"].get("ownerReferences") or []:
            if owner["kind"] == "RayCluster":
                self._queue.add(((pod["metadata"]["namespace"], owner["name"]), owner["uid"]))

    async def _collect(self, item: tuple[Key, str]) -> None:
        key, uid = item
        cluster = self._clusters.get(key)
        if cluster is None or cluster["metadata"]["uid"] != uid:
            await self._delete_owned(key[0], uid)
            return
        finalizers = cluster["metadata"].get("finalizers") or []
        if "deletionTimestamp" not in cluster["metadata"]:
            return
        if ORPHAN in finalizers:
            await self._orphan_owned(key[0], uid)
            await self._release(cluster, ORPHAN)
        elif FOREGROUND in finalizers and not await self._delete_owned(key[0], uid):
            await self._release(cluster, FOREGROUND)

    async def _delete_owned(self, namespace: str, uid: str) -> bool:
        """Delete what the owner leaves behind; whether anything is still there."""
        left = False
        for resource in OWNED:
            for dependent in await self._owned(resource, namespace, uid):
                left = True
                metadata = dependent["metadata"]
                if "deletionTimestamp" in metadata:
                    continue
                try:
                    await self._api.delete(resource, namespace, metadata["name"], uid=metadata["uid"])
                except ApiError as error:
                    if error.status not in (404, 409):
                        raise
        return left

    async def _orphan_owned(self, namespace: str, uid: str) -> None:
        for resource in OWNED:
            for dependent in await self._owned(resource, namespace, uid):
                metadata = dependent["metadata"]
                owners = [owner for owner in metadata["ownerReferences"] if owner["uid"] != uid]
                change = {"metadata": {"uid": metadata["uid"], "ownerReferences": owners or None}}
                await self._api.patch(resource, namespace, metadata["name"], change)

    async def _owned(self, resource: client.Resource, namespace: str, uid: str) -> list[Object]:
        try:
            items, _ = await self._api.list(resource, namespace)
        except ApiError as error:
            if error.status == 404:  # the API server has no such resource
                return []
            raise
        return [
            item
            for item in items
            if any(owner["uid"] == uid for owner in item["metadata"].get("ownerReferences") or [])
        ]

    async def _release(self, cluster: Object, finalizer: str) -> None:
        metadata = cluster["metadata"]
        left = [name for name in metadata["finalizers"] if name != finalizer]
        change = {"metadata": {"finalizers": left or None, "resourceVersion": metadata["resourceVersion"]}}
        await self._api.patch(client.RAY_CLUSTERS, *key_of(cluster), change)
