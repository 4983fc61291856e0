"""Follows a cluster's head: which pod it is, whether it is ready, and whether the cluster can be asked at all."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from krayne import objects
from krayne.errors import ClusterNotFoundError, KrayneError, PermissionDeniedError
from krayne.kubectl import pod_selector
from krayne.kubectl.failures import LoginWantedError
from krayne.pauses import Pause
from krayne.services import head_of
from krayne.text import one_line
from krayne.tunnels.patience import finished
from krayne.tunnels.running import News, Running, first
from krayne.tunnels.state import DENIED, NEEDS_LOGIN, UNREACHABLE, Place

if TYPE_CHECKING:
    from collections.abc import Callable

    from krayne.kubectl import Kubectl, Reply

_WATCH = 300  # seconds that one watch lasts, so that one whose connection died unnoticed does no lasting harm
_BRIEF = 1.0  # seconds: a watch that ends sooner is not begun again at once
_POLL = 5.0  # seconds between looks without a watch
_LOOK = (1.0, 10.0)  # seconds between looks at a cluster without a head: the first, the longest
# Seconds until the next try, the first and the longest, by what went wrong.
_PAUSES = {NEEDS_LOGIN: (10.0, 300.0), DENIED: (10.0, 300.0), UNREACHABLE: (0.5, 15.0)}


class Pod(NamedTuple):
    """A running head: its Ray container runs since ``started``, and ``ready`` is its readiness."""

    name: str
    uid: str
    container: str
    started: str
    ready: bool

    def same(self, other: Pod) -> bool:
        """Whether they are one and the same run of one and the same pod, more or less ready."""
        return (self.uid, self.started) == (other.uid, other.started)


@dataclass(frozen=True)
class Trouble:
    """Why the cluster cannot be asked: a tunnel's state, and kubectl's words."""

    state: str
    words: str


class Head:
    """The head as it is now. ``pod`` None: none runs, once it is ``known``; ``headless`` says why that is meant so,
    where it is. ``news`` tells of every change."""

    def __init__(self, kubectl: Kubectl, place: Place, log: Callable[[str], None]) -> None:
        self._kubectl, self._place, self._log = kubectl, place, log
        self.pod: Pod | None = None
        self.known = False
        self.headless: str | None = None
        self.trouble: Trouble | None = None
        self.gone: str | None = None
        self.news = News()
        self._nudges = News()
        self._doubted = False
        self._pods: dict[str, Any] = {}
        self._pause = Pause()

    @property
    def reachable(self) -> Pod | None:
        """The head, where a new kubectl has a chance to get to it."""
        return None if self.trouble or self._doubted else self.pod

    def nudge(self) -> None:
        """Look again at once: the machine has slept, or somebody has logged in."""
        self._pause.begin_anew()
        self._nudges.tell()

    def doubt(self) -> None:
        """Another kubectl was refused: nobody else is to try before one call has gone through."""
        if not self._doubted and not self.trouble:
            self._doubted = True
            self._nudges.tell()

    async def follow(self) -> None:
        """Keep all of this current; returns when the cluster is gone."""
        while not self.gone:
            try:
                version = await self._look()
                if not self.gone:
                    await self._watch_or_poll(version)
            except KrayneError as error:
                await self._rest_from(error)

    async def _look(self) -> str:
        try:
            cluster = await self._json(self._kubectl.get_cluster(self._place.name))
        except ClusterNotFoundError:
            cluster = None
        if cluster is None or cluster["metadata"].get("uid") != self._place.uid:
            self._end("the cluster has been deleted" + (", and another has its name" if cluster else ""))
            return ""
        listed = await self._json(self._kubectl.list_path(self._path, labelSelector=self._selector))
        self._pods = {item["metadata"]["name"]: item for item in listed.get("items") or []}
        self._doubted, self.known = False, True
        self.headless = objects.why_headless(cluster)
        self._pause.begin_anew()
        self._choose(tell=True)
        return str(listed["metadata"]["resourceVersion"])

    async def _watch_or_poll(self, version: str) -> None:
        """Where the user may list pods and not watch them, looking now and then has to do."""
        try:
            await self._watch(version)
        except PermissionDeniedError:
            await self._rest(_POLL)

    async def _watch(self, version: str) -> None:
        """Until the watch ends, or doubt or a nudge asks for a new look."""
        process = self._kubectl.watch(self._path, version, labelSelector=self._selector, timeoutSeconds=str(_WATCH))
        expired = False

        def take(line: bytes) -> None:
            nonlocal expired
            expired = self._take(json.loads(line)) or expired

        running, loop, looks = Running(process, take), asyncio.get_running_loop(), Pause()
        began = loop.time()
        until = began + _WATCH + 30
        try:
            while not (expired or self._doubted or self.gone) and loop.time() < until:
                waits = (running.wait(), self._nudges.wait(), self.news.wait())
                ended, nudged, changed = (loop.create_task(each) for each in waits)
                patience = until - loop.time() if self.pod else looks.next(*_LOOK)
                done = await first(ended, nudged, changed, timeout=patience)
                if ended in done:
                    self._judge(running)
                    if loop.time() < began + _BRIEF:
                        await self._rest(_BRIEF)
                    return
                if nudged in done:
                    return
                if changed in done:
                    looks.begin_anew()
                elif self.pod is None:
                    await self._still_there()
        finally:
            running.kill()

    async def _still_there(self) -> None:
        try:
            cluster = await self._json(self._kubectl.get_cluster(self._place.name))
        except ClusterNotFoundError:
            self._end("the cluster has been deleted")
            return
        if cluster["metadata"].get("uid") != self._place.uid:
            self._end("the cluster has been deleted, and another has its name")
        elif (why := objects.why_headless(cluster)) != self.headless:
            self.headless = why
            self.news.tell()

    def _judge(self, running: Running) -> None:
        """Raises KrayneError where a watch ended for another reason than that its time was over."""
        done = running.kill()
        if done.code and "Expired" not in done.stderr:
            raise self._kubectl.failure(f"watch the head of {self._place.name}", done)

    def _take(self, event: dict[str, Any]) -> bool:
        """Take in one change of a pod; True where the watch is of no more use."""
        if event.get("type") == "ERROR":
            return True
        item = event.get("object") or {}
        if event.get("type") == "DELETED":
            self._pods.pop(objects.name(item), None)
        elif event.get("type") in ("ADDED", "MODIFIED"):
            self._pods[objects.name(item)] = item
        self._choose()
        return False

    def _choose(self, *, tell: bool = False) -> None:
        before, found = self.pod, head_of(list(self._pods.values()))
        self.pod = None
        if found:
            pod = self._pods[found.pod]
            started = found.started.isoformat() if found.started else ""
            ready = objects.is_true(pod, "Ready")
            self.pod = Pod(found.pod, objects.string(pod, "metadata", "uid"), found.container, started, ready)
        if self.pod != before:
            self._log(f"head: {self.pod.name}, {'' if self.pod.ready else 'not '}ready" if self.pod else "head: none")
        if tell or self.pod != before:
            self.news.tell()

    def _end(self, why: str) -> None:
        self.gone = why
        self.pod = None
        self.news.tell()

    async def _rest_from(self, error: KrayneError) -> None:
        state = UNREACHABLE
        if isinstance(error, LoginWantedError):
            state = NEEDS_LOGIN
        elif isinstance(error, PermissionDeniedError):
            state = DENIED
        if self.trouble and self.trouble.state != state:
            self._pause.begin_anew()
        self._tell_trouble(state, str(error).split("\n", maxsplit=1)[0])
        await self._rest(self._pause.next(*_PAUSES[state]))

    async def _rest(self, seconds: float) -> None:
        """Wait, but not if a nudge comes."""
        await first(asyncio.get_running_loop().create_task(self._nudges.wait()), timeout=seconds)

    def _tell_trouble(self, state: str, words: str) -> None:
        trouble = Trouble(state, one_line(words))
        if self.trouble != trouble:
            self.trouble = trouble
            self._log(f"{state}: {trouble.words}")
            self.news.tell()

    async def _json(self, reply: Reply) -> dict[str, Any]:
        done = await finished(reply.process, lambda words: self._tell_trouble(NEEDS_LOGIN, words))
        found: dict[str, Any] = json.loads(reply.judged(done))
        if self.trouble:
            self.trouble = None
            self._log("reachable")
            self.news.tell()
        return found

    @property
    def _path(self) -> str:
        return self._kubectl.core_path("pods")

    @property
    def _selector(self) -> str:
        return pod_selector([self._place.name], heads=True)
