"""The kubelet's part: walks the pods bound to its nodes through the states of real ones, to the end."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Mapping
from typing import Any

from krayne.sandbox.door import LogLine, LogQuery
from krayne.sandbox.player import client
from krayne.sandbox.player.client import Api, ApiError, Object
from krayne.sandbox.player.clock import rfc3339
from krayne.sandbox.player.events import Event, Recorder
from krayne.sandbox.player.faults import pod_fault, slow_start
from krayne.sandbox.player.kubelet import logs
from krayne.sandbox.player.kubelet.containers import move
from krayne.sandbox.player.kubelet.images import full_name
from krayne.sandbox.player.kubelet.missing import missing_references
from krayne.sandbox.player.kubelet.moves import Move, Scene
from krayne.sandbox.player.kubelet.node import NodeSpec
from krayne.sandbox.player.kubelet.podstatus import (
    EVICTED,
    evicted_status,
    first_statuses,
    initialized,
    pod_status,
)
from krayne.sandbox.player.kuberay.controller import cluster_index
from krayne.sandbox.player.kuberay.status import is_ready, node_type
from krayne.sandbox.player.queue import WorkQueue
from krayne.sandbox.player.reflector import Key, Reflector, key_of
from krayne.sandbox.player.timing import Timing

COMPONENT = "kubelet"
OVER = ("Succeeded", "Failed")


class Play:
    """What the kubelet remembers of one pod: when each container may move on, and which images are being pulled.

    All of it can be forgotten: the pod's status tells the rest.
    """

    def __init__(self) -> None:
        self.due: dict[str, float] = {}
        self.pulling: frozenset[str] = frozenset()

    def next_due(self, now: float) -> float | None:
        """The next time after `now` at which a container may move on."""
        return min((time for time in self.due.values() if time > now), default=None)


class Kubelet:
    """The node agent of every played node, and the `PodRuntime` behind the door."""

    def __init__(
        self,
        api: Api,
        events: Recorder,
        pods: Reflector,
        clusters: Reflector,
        *,
        nodes: tuple[NodeSpec, ...],
        timing: Timing,
    ) -> None:
        self._api = api.speaking_as(COMPONENT)
        self._events = events
        self._pods = pods
        self._clusters = clusters
        self._nodes = {node.name: node for node in nodes}
        self._timing = timing
        self._queue: WorkQueue[Key] = WorkQueue()
        self._plays: dict[str, Play] = {}
        self._images: dict[str, set[str]] = {node.name: set() for node in nodes}
        self._addresses = itertools.count(2)
        self._changed = asyncio.Event()
        pods.listen(self._pod_changed)
        clusters.listen(self._cluster_changed)

    async def run(self) -> None:
        """Walk the pods, forever."""
        await self._pods.synced.wait()
        await self._clusters.synced.wait()
        await self._queue.run(self._advance)

    def _pod_changed(self, before: Object | None, after: Object | None) -> None:
        pod = after or before or {}
        if after is None:
            self._plays.pop(pod["metadata"]["uid"], None)
        elif self._mine(after):
            self._queue.add(key_of(after))
        if node_type(pod) == "head" and _readiness(before) != _readiness(after):
            self._wake(cluster_index(pod))
        self._changed.set()
        self._changed = asyncio.Event()

    def _cluster_changed(self, before: Object | None, after: Object | None) -> None:
        if after is not None and before is not None and _annotations(before) != _annotations(after):
            self._wake(key_of(after))

    def _wake(self, cluster: Key | None) -> None:
        for pod in self._pods.indexed(cluster):
            if self._mine(pod):
                self._queue.add(key_of(pod))

    def _mine(self, pod: Object) -> bool:
        return pod["spec"].get("nodeName") in self._nodes

    async def _advance(self, key: Key) -> None:
        pod = self._pods.get(key)
        if pod is None or not self._mine(pod):
            return
        play = self._plays.setdefault(pod["metadata"]["uid"], Play())
        if "deletionTimestamp" in pod["metadata"]:
            await self._end(pod, play)
        elif (pod.get("status") or {}).get("phase") not in OVER:
            await self._step(pod, play)

    async def _step(self, pod: Object, play: Play) -> None:
        cluster = self._clusters.get(cluster_index(pod) or ("", ""))
        now = asyncio.get_running_loop().time()
        fault = pod_fault(pod, cluster)
        if "startTime" not in (pod.get("status") or {}):
            inits, mains = first_statuses(pod)
            wait = self._timing.create + slow_start(pod, cluster)
            play.due = {status["name"]: now + wait for status in (*inits, *mains)}
            await self._write(pod, inits, mains, ip=None)
        elif fault == "evict" and is_ready(pod):
            await self._evict(pod, play, now)
        else:
            await self._move_containers(pod, play, fault, now)
        due = play.next_due(now)
        if due is not None:
            self._queue.add(key_of(pod), after=max(due - asyncio.get_running_loop().time(), 0.001))

    async def _move_containers(self, pod: Object, play: Play, fault: str | None, now: float) -> None:
        status = pod["status"]
        inits = list(status.get("initContainerStatuses") or [])
        mains = list(status.get("containerStatuses") or [])
        by_name = {c["name"]: c for c in (*(pod["spec"].get("initContainers") or []), *pod["spec"]["containers"])}
        waiting = [
            item["name"]
            for item in (*inits, *mains)
            if "waiting" in item["state"] and play.due.get(item["name"], 0) <= now
        ]
        missing = await missing_references(self._api, pod) if waiting else None
        if missing and missing.mount:
            self._tell(pod, Event("Warning", "FailedMount", missing.mount))
            play.due = dict.fromkeys(by_name, now + self._timing.retry)
            return
        scene = Scene(
            now=rfc3339(),
            timing=self._timing,
            fault=fault,
            gcs_ready=self._gcs_ready(pod),
            problems=missing.containers if missing else {},
            images=frozenset(self._images[pod["spec"]["nodeName"]]),
            pulling=play.pulling,
        )
        changed = False
        init = not initialized(inits)
        statuses = inits if init else mains
        for index, item in enumerate(statuses):
            if play.due.get(item["name"], 0) > now:
                if init:
                    break
                continue
            made = move(pod, by_name[item["name"]], item, scene, init=init)
            if made:
                changed = True
                statuses[index] = self._apply(pod, play, by_name[item["name"]], made, now)
            if init and not initialized(statuses[: index + 1]):
                break
        if changed:
            ip = status.get("podIP") or self._new_address()
            await self._write(pod, inits, mains, ip=ip)

    def _apply(self, pod: Object, play: Play, container: Object, made: Move, now: float) -> Object:
        name = container["name"]
        if made.after is None:
            play.due.pop(name, None)
        else:
            play.due[name] = now + made.after
        play.pulling = play.pulling | {name} if made.pulling else play.pulling - {name}
        if "containerID" in made.status:
            self._images[pod["spec"]["nodeName"]].add(full_name(container["image"]))
        for event in made.events:
            self._tell(pod, event)
        return made.status

    async def _write(self, pod: Object, inits: list[Object], mains: list[Object], *, ip: str | None) -> None:
        host = self._nodes[pod["spec"]["nodeName"]].address
        await self._write_status(pod, pod_status(pod, inits, mains, now=rfc3339(), host=host, ip=ip))

    async def _write_status(self, pod: Object, status: Object) -> None:
        namespace, name = key_of(pod)
        change = {"metadata": {"uid": pod["metadata"]["uid"]}, "status": status}
        try:
            written = await self._api.patch(client.PODS, namespace, name, change, subresource="status")
        except ApiError as error:
            if error.status in (404, 409):  # gone, or another pod of that name by now
                return
            raise
        self._pods.observe(written)

    async def _evict(self, pod: Object, play: Play, now: float) -> None:
        due = play.due.setdefault("evict", now + self._timing.die)
        if now < due:
            return
        self._tell(pod, Event("Warning", "Evicted", EVICTED))
        await self._write_status(pod, evicted_status(pod, rfc3339()))

    async def _end(self, pod: Object, play: Play) -> None:
        namespace, name = key_of(pod)
        cluster = self._clusters.get(cluster_index(pod) or ("", ""))
        now = asyncio.get_running_loop().time()
        if pod_fault(pod, cluster) == "stuck":
            return
        if "end" not in play.due:
            play.due = {"end": now + self._timing.stop}
            for status in (pod.get("status") or {}).get("containerStatuses") or []:
                if "running" in status["state"]:
                    where = f"spec.containers{{{status['name']}}}"
                    self._tell(pod, Event("Normal", "Killing", f"Stopping container {status['name']}", where))
        if play.due["end"] > now:
            self._queue.add((namespace, name), after=play.due["end"] - now)
            return
        uid = pod["metadata"]["uid"]
        try:
            await self._api.delete(client.PODS, namespace, name, uid=uid, grace=0)
        except ApiError as error:
            if error.status not in (404, 409):
                raise
        if not pod["metadata"].get("finalizers"):
            self._pods.forget((namespace, name), uid)

    def _gcs_ready(self, pod: Object) -> bool:
        mates = self._pods.indexed(cluster_index(pod))
        return any(is_ready(mate) for mate in mates if node_type(mate) == "head")

    def _new_address(self) -> str:
        taken = {(pod.get("status") or {}).get("podIP") for pod in self._pods}
        numbers = (f"10.98.{number // 250 % 250}.{number % 250 + 2}" for number in self._addresses)
        return next(address for address in numbers if address not in taken)

    def _tell(self, pod: Object, event: Event) -> None:
        about = {**pod, "apiVersion": "v1", "kind": "Pod"}
        self._events.tell(about, event, component=COMPONENT, host=pod["spec"]["nodeName"])

    # --- the door

    async def logs(self, pod: Mapping[str, Any], query: LogQuery) -> AsyncIterator[LogLine]:
        """What a container has written; see `PodRuntime.logs`."""
        sent = 0
        current: Object | None = dict(pod)
        while current is not None:
            fault = pod_fault(current, self._clusters.get(cluster_index(current) or ("", "")))
            lines = logs.log_lines(current, query.container, previous=query.previous, fault=fault)
            for line in lines[sent:]:
                yield line
            sent = len(lines)
            if query.previous or not query.follow or not _running(current, query.container):
                return
            await self._changed.wait()
            current = self._pods.get((pod["metadata"]["namespace"], pod["metadata"]["name"]))


def _running(pod: Object, container: str) -> bool:
    return "running" in (logs.container_status(pod, container).get("state") or {})


def _readiness(pod: Object | None) -> bool:
    return pod is not None and is_ready(pod)


def _annotations(item: Object) -> Object:
    annotations: Object = item["metadata"].get("annotations") or {}
    return annotations
