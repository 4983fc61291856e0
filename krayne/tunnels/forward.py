"""Keeps one local port forwarded to the head: a kubectl port-forward that is watched, probed and replaced."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from krayne.errors import KrayneError
from krayne.text import one_line
from krayne.tunnels.endings import Ending, ending
from krayne.tunnels.probes import Answer, probe
from krayne.tunnels.rhythm import Rhythm
from krayne.tunnels.running import News, Running, first
from krayne.tunnels.standing import Standing
from krayne.tunnels.state import DOWN, NEEDS_LOGIN, PORT_BUSY, STARTING, UP, WAITING
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
_AGAIN = 1.0  # seconds from a probe without an answer to the next one
_SILENT = 2  # so many probes without an answer condemn a forward: a head may be busy
_DENIED = 15.0  # seconds between kubectls after a refusal of rights


class Keeper:
    """One forward, which ``stands`` so. ``told`` is called whenever there is news of it, with a line for the log where
    that deserves one; ``find_port`` tells where its service listens."""

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
        self.stands = Standing(service, local, remote, told)
        self._target = TARGETS[service]
        self._kubectl, self._head, self._told, self._find_port = kubectl, head, told, find_port
        self._running: Running | None = None
        self._rhythm, self._tries = Rhythm(head), News()
        self._forwarding = self._doubtful = False
        self._probed = 0.0  # when, by the loop's clock

    def kick(self) -> None:
        """Probe at once, and take the first silence for an answer."""
        self._doubtful = True
        self._rhythm.begin_anew()
        self._rhythm.kicks.tell()

    async def keep(self) -> None:
        """Keep it up until cancelled."""
        try:
            while True:
                pod = self._head.reachable
                if pod is None:
                    await self._await_head()
                    continue
                try:
                    await self._once(pod)
                except KrayneError as error:  # kubectl itself is not there: it is being upgraded
                    self._lost(one_line(str(error)))
                    await self._rhythm.rest()
        finally:
            self._end()

    async def _await_head(self) -> None:
        if self._head.trouble:
            self.stands.say(DOWN, self._head.trouble.words)
        elif self._head.known and self._head.pod is None:
            self.stands.say(DOWN, "no head runs")
        await self._head.news.wait()
        if self._head.reachable:
            self.stands.say(STARTING)

    async def _once(self, pod: Pod) -> None:
        """One kubectl, from its start to its end."""
        began = News()
        self._forwarding = False
        if self.stands.state == PORT_BUSY:
            self.stands.say(STARTING)
        self._rhythm.same(pod)  # it may have become ready between two kubectls
        arguments = (pod.name, self.stands.local, self.stands.remote)
        self._running = running = Running(self._kubectl.port_forward(*arguments), lambda line: self._line(line, began))
        self._told(None)  # whose child it is must be known, should we end without a word
        hung = False
        try:
            if await self._begins(running, began, pod):
                hung = await self._watch_over(running, pod)
        finally:
            alive = running.process.alive()
            words = self._end()
        if not self._rhythm.same(pod):
            self._lost("the head was replaced" if self._head.pod else "no head runs")
        elif hung:
            self._lost("hung: it took connections and carried nothing")
            await self._rhythm.rest()
        else:
            await self._after(words, pod, alive=alive)

    def _line(self, line: bytes, began: News) -> None:
        if line.startswith(b"Forwarding from"):
            self._forwarding = True
            began.tell()
        elif line.startswith(b"Handling connection") and asyncio.get_running_loop().time() - self._probed > 1.0:
            self._tries.tell()  # not a probe's: somebody has tried

    async def _begins(self, running: Running, began: News, pod: Pod) -> bool:
        """Wait until it forwards; False where it will not, or asks for a login as the head's own calls do."""
        loop = asyncio.get_running_loop()
        end = loop.time() + _BEGIN
        while not self._forwarding and running.process.alive() and self._rhythm.same(pod) and loop.time() < end:
            if self._head.trouble and self._head.trouble.state == NEEDS_LOGIN:
                return False
            waits = (running.wait(), began.wait(), self._head.news.wait())
            if not await first(*map(loop.create_task, waits), timeout=_PROMPT) and running.stderr.strip():
                self._head.doubt()  # a question, or a warning of a slow kubectl: the next call tells
        return self._forwarding

    async def _watch_over(self, running: Running, pod: Pod) -> bool:
        """Probe it now and then, until it ends or is of no more use; True where it hangs."""
        silent, loop = 0, asyncio.get_running_loop()
        while running.process.alive() and self._rhythm.same(pod):
            # What was asked is of no use once the head is another one, or ready now, or somebody asks anew.
            waits = (running.wait(), self._head.news.wait(), self._rhythm.kicks.wait())
            news = [loop.create_task(each) for each in waits]
            if loop.time() < self._rhythm.next_probe:
                tried = loop.create_task(self._tries.wait())
                done = await first(*news, tried, timeout=self._rhythm.next_probe - loop.time())
                if tried in done and self.stands.state == WAITING:
                    await self._settle(running)  # if kubectl lives through it, there is something there
                    self._rhythm.next_probe = 0.0
                continue
            doubtful = self._doubtful
            probing = loop.create_task(self._probe(_QUICK if doubtful else _PROBE))
            if probing not in await first(probing, *news, timeout=None):
                continue
            answer, self._doubtful = probing.result(), False
            silent = silent + 1 if answer is Answer.SILENT else 0
            if silent and (doubtful or silent >= _SILENT or self.stands.state != UP):
                return True
            if not await self._take(answer, running, pod):
                return True
        return False

    async def _probe(self, timeout: float) -> Answer:
        self._probed = asyncio.get_running_loop().time()
        answer = await probe(self.stands.local, self._target.greeting, timeout)
        self._probed = asyncio.get_running_loop().time()
        return answer

    async def _take(self, answer: Answer, running: Running, pod: Pod) -> bool:
        """Draw what follows from a probe, and say when the next one is due; False where kubectl listens no more."""
        if answer is Answer.ANSWERED:
            self._rhythm.begin_anew()
            self._rhythm.probe_in(_EVERY)
            self.stands.say(UP)
        elif answer is Answer.SILENT:
            self._rhythm.probe_in(_AGAIN)
        else:
            await self._settle(running)
            if answer is Answer.CLOSED:
                return not running.process.alive()
            # A forward that worked and now ends with the connection: what it says tells why (_after).
            if running.process.alive() or ending(running.stderr) is Ending.REFUSED:
                await self._nobody(pod)
        return True

    async def _settle(self, running: Running) -> None:
        """Give a kubectl whose connection was refused the moment that it takes to end, or not."""
        await first(asyncio.get_running_loop().create_task(running.wait()), timeout=0.3)

    async def _nobody(self, pod: Pod) -> None:
        """Nothing listens at the other end: say so, and leave it in peace for a while."""
        self._rhythm.leave_in_peace(ray=self._target.ray, rare=self._target.rare)
        self.stands.say(WAITING, f"nothing listens on port {self.stands.remote} of the head yet")
        if self._target.ray:
            return
        found = await self._rhythm.answer_of(pod, self._find_port(pod))
        if found and found != self.stands.remote:
            self.stands.remote, self._rhythm.next_probe = found, 0.0
            self._end()

    async def _after(self, words: str, pod: Pod, *, alive: bool) -> None:
        """What the end of a kubectl means, and how long to wait before the next one. ``alive``: we have ended it."""
        why = ending(words)
        said = f"kubectl port-forward {'did not begin to forward' if alive else 'ended'}"
        if words.strip():
            said = one_line(words.strip().split("\n")[0])
        if why is Ending.LOGIN:
            self._lost(said)
            self._head.doubt()
            await self._rhythm.sit_out(pod)  # what refuses this alone lets the head's own calls pass
            return
        if self._forwarding and self.stands.state != WAITING and why is Ending.REFUSED:
            await self._nobody(pod)
        if self._forwarding and self.stands.state == WAITING:
            # The local port is to be there for who comes next; what is behind it is probed later.
            await self._rhythm.breathe()
            return
        if why is Ending.BUSY:
            port = self.stands.local
            self.stands.say(PORT_BUSY, f"local port {port} is taken by another program; tun-open chooses another")
        else:
            self._lost(said)
        await self._rhythm.rest(_DENIED if why is Ending.FORBIDDEN else None)

    def _lost(self, why: str) -> None:
        self._rhythm.next_probe = 0.0
        self.stands.lost(why)

    def _end(self) -> str:
        if self._running is None:
            return ""
        done, self._running = self._running.kill(), None
        return done.stderr
