"""Keeps one local port forwarded to the head: a kubectl port-forward that is watched, probed and replaced."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from krayne.errors import KrayneError
from krayne.kubectl.failures import wants_login
from krayne.text import one_line
from krayne.tunnels import state as word
from krayne.tunnels.probes import Answer, probe
from krayne.tunnels.running import News, Running, first
from krayne.tunnels.targets import TARGETS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from krayne.kubectl import Kubectl
    from krayne.tunnels.head import Head, Pod

_BEGIN = 30.0  # seconds that kubectl may take to say "Forwarding from": a login plugin may be at work
_PROMPT = 2.0  # seconds after which words on its stderr are taken for a question
_PROBE = 5.0  # seconds that an answer may take
_QUICK = 2.0  # the same, where something gives reason to doubt
_EVERY = 10.0  # seconds between probes of what works; they keep idle connections open, too
_SILENT = 2  # so many probes without an answer condemn a forward: a head may be busy
_BACK = (0.2, 10.0)  # seconds between tries: the first, the longest; doubled in between
_DENIED = 15.0  # the first pause after a refusal of rights
_UNREADY = 2.0  # the longest while the head is not ready
_WAIT = {False: (1.0, 60.0), True: (5.0, 300.0)}  # the same for what does not listen yet; and for what may never

_BUSY = re.compile(r"address already in use|unable to listen on any of the requested ports", re.IGNORECASE)
_NOBODY = re.compile(r"connection refused", re.IGNORECASE)
_FORBIDDEN = re.compile(r"forbidden", re.IGNORECASE)


class Keeper:
    """One forward. ``told`` is called whenever what there is to say of it changes; ``find_port`` where it listens."""

    def __init__(
        self,
        service: str,
        local: int,
        remote: int,
        *,
        kubectl: Kubectl,
        head: Head,
        told: Callable[[str | None], None],
        find_port: Callable[[Pod], Awaitable[int | None]],
    ) -> None:
        self.service, self.local, self.remote = service, local, remote
        self._kubectl, self._head, self._told, self._find_port = kubectl, head, told, find_port
        self.state, self.since = word.STARTING, now()
        self.why: str | None = None
        self.restarts = 0
        self.running: Running | None = None
        self._kicks = News()
        self._forwarding = self._doubtful = self._was_ready = False
        self._probed = 0.0  # when, by the loop's clock
        self._back = 0.0
        self._wait = 0.0
        self._next_probe = 0.0

    @property
    def forward(self) -> word.Forward:
        """What there is to say of it."""
        url = TARGETS[self.service].url.format(self.local)
        return word.Forward(self.service, self.local, self.remote, url, self.state, self.why, self.since, self.restarts)

    def kick(self) -> None:
        """Probe at once, and take the first silence for an answer."""
        self._doubtful = True
        self._back = self._wait = self._next_probe = 0.0
        self._kicks.tell()

    async def keep(self) -> None:
        """Keep it up until cancelled."""
        try:
            while True:
                if pod := self._head.reachable:
                    try:
                        await self._once(pod)
                    except KrayneError as error:  # kubectl itself is not there: it is being upgraded
                        self._lost(one_line(str(error)))
                        await self._rest(self._longer(pod))
                else:
                    self._say(word.DOWN, self._no_head())
                    await self._head.news.wait()
        finally:
            self._end()

    async def _once(self, pod: Pod) -> None:
        """One kubectl, from its start to its end."""
        began = News()
        self._forwarding = False
        if self.state == word.PORT_BUSY:
            self._say(word.STARTING, None)
        self._same(pod)  # it may have become ready between two kubectls
        self.running = running = Running(
            self._kubectl.port_forward(pod.name, self.local, self.remote), lambda line: self._line(line, began)
        )
        self._told(None)  # whose child it is must be known, should we end without a word
        hung = False
        try:
            if await self._begins(running, began, pod):
                hung = await self._watch_over(running, pod)
        finally:
            words = self._end()
        if not self._same(pod):
            self._lost("the head was replaced" if self._head.pod else "no head runs")
        elif hung:
            self._lost("hung: it took connections and carried nothing")
            await self._rest(self._longer(pod))
        else:
            await self._after(words, pod)

    def _line(self, line: bytes, began: News) -> None:
        if line.startswith(b"Forwarding from"):
            self._forwarding = True
            began.tell()
            return
        ours = asyncio.get_running_loop().time() - self._probed < 1.0
        if line.startswith(b"Handling connection") and self.state == word.WAITING and not ours:
            self._kicks.tell()  # somebody has tried: if kubectl lives through it, there is something there

    async def _begins(self, running: Running, began: News, pod: Pod) -> bool:
        """Wait until it forwards; False where it will not, or asks for a login as the head's own calls do."""
        loop = asyncio.get_running_loop()
        end = loop.time() + _BEGIN
        while not self._forwarding and running.process.alive() and self._same(pod) and loop.time() < end:
            if self._head.trouble and self._head.trouble.state == word.NEEDS_LOGIN:
                return False
            waits = (running.wait(), began.wait(), self._head.news.wait())
            if not await first(*map(loop.create_task, waits), timeout=_PROMPT) and running.stderr.strip():
                self._head.doubt()  # a question, or a warning of a slow kubectl: the next call tells
        return self._forwarding

    async def _watch_over(self, running: Running, pod: Pod) -> bool:
        """Probe it now and then, until it ends or is of no more use; True where it hangs."""
        silent, loop = 0, asyncio.get_running_loop()
        while running.process.alive() and self._same(pod):
            ended, news = loop.create_task(running.wait()), loop.create_task(self._head.news.wait())
            if loop.time() < self._next_probe:
                kicked = loop.create_task(self._kicks.wait())
                await first(ended, kicked, news, timeout=self._next_probe - loop.time())
                if kicked.done() and not kicked.cancelled() and self.state == word.WAITING:
                    await self._settle(running)
                    self._next_probe = 0.0
                continue
            doubtful = self._doubtful
            probing = loop.create_task(self._probe(_QUICK if doubtful else _PROBE))
            await first(probing, ended, news, timeout=None)
            if not probing.done() or probing.cancelled():
                continue  # the head is another one, or ready now: what was asked is of no use
            answer, self._doubtful = probing.result(), False
            silent = silent + 1 if answer is Answer.SILENT else 0
            if silent and (doubtful or silent >= _SILENT or self.state != word.UP):
                return True
            if not await self._take(answer, running, pod):
                return True
        return False

    async def _probe(self, timeout: float) -> Answer:
        self._probed = asyncio.get_running_loop().time()
        answer = await probe(self.local, TARGETS[self.service].greeting, timeout)
        self._probed = asyncio.get_running_loop().time()
        return answer

    async def _take(self, answer: Answer, running: Running, pod: Pod) -> bool:
        """Draw what follows from a probe, and say when the next one is due; False where kubectl listens no more."""
        if answer is Answer.ANSWERED:
            self._back, self._wait = 0.0, 0.0
            self._next_probe = asyncio.get_running_loop().time() + _EVERY
            self._say(word.UP, None)
        elif answer is Answer.SILENT:
            self._next_probe = asyncio.get_running_loop().time() + 1.0
        else:
            await self._settle(running)
            if answer is Answer.CLOSED:
                return not running.process.alive()
            # A forward that worked and now ends with the connection: what it says tells why (_after).
            if running.process.alive() or _NOBODY.search(running.stderr):
                await self._nobody(pod)
        return True

    async def _settle(self, running: Running) -> None:
        """Give a kubectl whose connection was refused the moment that it takes to end, or not."""
        await first(asyncio.get_running_loop().create_task(running.wait()), timeout=0.3)

    async def _nobody(self, pod: Pod) -> None:
        """Nothing listens at the other end: say so, and leave it in peace for a while."""
        target = TARGETS[self.service]
        shortest, longest = _WAIT[target.rare]
        if not pod.ready and target.ray:
            longest = _UNREADY
        self._wait = min(max(2 * self._wait, shortest), longest)
        self._next_probe = asyncio.get_running_loop().time() + self._wait
        self._say(word.WAITING, f"nothing listens on port {self.remote} of the head yet")
        if not target.ray and (found := await self._find_port(pod)) and found != self.remote:
            self.remote, self._next_probe = found, 0.0
            self._end()

    async def _after(self, words: str, pod: Pod) -> None:
        """What the end of a kubectl means, and how long to wait before the next one."""
        said = one_line(words.strip().split("\n")[0]) if words.strip() else "kubectl port-forward ended"
        if wants_login(words):
            self._lost(said)
            self._head.doubt()
            pause = self._longer(pod)  # what refuses this alone lets the head's own calls pass
            await first(asyncio.get_running_loop().create_task(self._kicks.wait()), timeout=pause)
            return
        if self._forwarding and self.state != word.WAITING and _NOBODY.search(words):
            await self._nobody(pod)
        if self._forwarding and self.state == word.WAITING:
            # The local port is to be there for who comes next; what is behind it is probed later.
            await self._rest(_BACK[0])
            return
        if _BUSY.search(words):
            self._say(word.PORT_BUSY, f"local port {self.local} is taken by another program; tun-open chooses another")
        else:
            self._lost(said)
            if _FORBIDDEN.search(words):
                self._back = _DENIED
        await self._rest(self._longer(pod))

    def _longer(self, pod: Pod) -> float:
        """The next pause, twice the last one up to a limit."""
        longest = max(_BACK[1] if pod.ready else _UNREADY, self._back)
        self._back = min(max(2 * self._back, _BACK[0]), longest)
        return self._back

    async def _rest(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        await first(*(loop.create_task(news.wait()) for news in (self._kicks, self._head.news)), timeout=seconds)

    def _same(self, pod: Pod) -> bool:
        """Whether the head is still the one that this kubectl leads to. That it has become ready asks for a probe."""
        new = self._head.pod
        if new and new.ready and not self._was_ready:
            self._back = self._wait = self._next_probe = 0.0
        self._was_ready = bool(new and new.ready)
        return new is not None and (new.uid, new.started) == (pod.uid, pod.started)

    def _lost(self, why: str) -> None:
        if self.state == word.UP:
            self.restarts += 1
        self._next_probe = 0.0
        self._say(word.DOWN, why)

    def _no_head(self) -> str:
        return self._head.trouble.words if self._head.trouble else "no head runs"

    def _end(self) -> str:
        if self.running is None:
            return ""
        done, self.running = self.running.kill(), None
        return done.stderr

    def _say(self, state: str, why: str | None) -> None:
        if (state, why) == (self.state, self.why):
            return
        if state != self.state:
            self.since = now()
        self.state, self.why = state, why
        self._told(f"{self.service} (port {self.local}): {state}" + (f": {why}" if why else ""))


def now() -> str:
    """The time as state files hold it."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
