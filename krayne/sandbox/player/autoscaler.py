"""A small part of Ray's autoscaler: keeps replicas within a group's bounds and up to the demand it is told of."""

from __future__ import annotations

import asyncio
from typing import Any

from krayne.sandbox.player import client
from krayne.sandbox.player.client import JSON_PATCH, Api, Object
from krayne.sandbox.player.faults import demand
from krayne.sandbox.player.kuberay import names
from krayne.sandbox.player.kuberay.pods import hosts
from krayne.sandbox.player.kuberay.status import MAX_INT32, head_of, is_ready, suspension
from krayne.sandbox.player.queue import WorkQueue
from krayne.sandbox.player.reflector import Key, Reflector, key_of
from krayne.sandbox.player.timing import Timing

COMPONENT = "python-requests"
"""The real one patches by Python's requests, whose user agent becomes its field manager."""


def scale_patch(cluster: Object, pods: list[Object]) -> list[dict[str, Any]]:
    """The JSON patch that brings each group to what its bounds and the demand ask for; empty where all is well.

    A group for which no demand is given keeps its replicas, but never fewer than `minReplicas`. On the way down the
    last workers are named in `workersToDelete`, as Ray's autoscaler does; names that are gone are cleared.
    """
    wanted = demand(cluster)
    patch: list[dict[str, Any]] = []
    for index, group in enumerate(cluster["spec"].get("workerGroupSpecs") or []):
        path = f"/spec/workerGroupSpecs/{index}"
        replicas = int(group.get("replicas") or 0)
        most = group.get("maxReplicas")
        target = min(wanted.get(group["groupName"], replicas), MAX_INT32 if most is None else most)
        target = max(target, int(group.get("minReplicas") or 0))
        alive = [pod["metadata"]["name"] for pod in pods if _in_group(pod, group["groupName"])]
        named = (group.get("scaleStrategy") or {}).get("workersToDelete") or []
        leaving = alive[target * hosts(group) :] if target < replicas else [name for name in named if name in alive]
        if leaving != named:
            patch.append({"op": "replace", "path": f"{path}/scaleStrategy", "value": {"workersToDelete": leaving}})
        if target != replicas:
            patch.append({"op": "replace", "path": f"{path}/replicas", "value": target})
    for change in patch:
        # "replace" needs the field to be there already; "add" sets it either way.
        if change["path"].endswith("scaleStrategy"):
            change["op"] = "add"
    return patch


def _in_group(pod: Object, group: str) -> bool:
    labels = pod["metadata"].get("labels") or {}
    return labels.get(names.GROUP) == group and "deletionTimestamp" not in pod["metadata"]


class Autoscaler:
    """Runs for each cluster that has it enabled, as long as its head is ready."""

    def __init__(self, api: Api, clusters: Reflector, pods: Reflector, timing: Timing) -> None:
        self._api = api.speaking_as(COMPONENT)
        self._clusters = clusters
        self._pods = pods
        self._timing = timing
        self._queue: WorkQueue[Key] = WorkQueue()
        clusters.listen(lambda _, after: self._look(key_of(after)) if after else None)

    def _look(self, key: Key) -> None:
        self._queue.add(key, after=self._timing.idle)

    async def run(self) -> None:
        """Scale, forever."""
        await asyncio.gather(self._clusters.synced.wait(), self._pods.synced.wait())
        await self._queue.run(self._scale, workers=4)

    async def _scale(self, key: Key) -> None:
        cluster = self._clusters.get(key)
        if cluster is None or not names.autoscaling(cluster) or "deletionTimestamp" in cluster["metadata"]:
            return
        pods = self._pods.indexed(key)
        head = head_of(pods)
        if cluster["spec"].get("suspend") or suspension(cluster) or head is None or not is_ready(head):
            return
        patch = scale_patch(cluster, pods)
        if patch:
            answer = await self._api.patch(client.RAY_CLUSTERS, *key, patch, content_type=JSON_PATCH)
            self._clusters.observe(answer)
