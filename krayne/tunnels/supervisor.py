"""Keeps one cluster's tunnel up, until nobody wants it any more or the cluster is gone."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from krayne.identity import identity, myself
from krayne.tunnels import places
from krayne.tunnels import state as word
from krayne.tunnels.files import forget, read_wanted, write_record
from krayne.tunnels.forward import Keeper
from krayne.tunnels.head import Head
from krayne.tunnels.log import Log
from krayne.tunnels.patience import finished
from krayne.tunnels.running import Running
from krayne.tunnels.state import Record, Tunnel, Wanted, now
from krayne.tunnels.targets import TARGETS

if TYPE_CHECKING:
    from krayne.tunnels.head import Pod

_TICK = 1.0  # seconds between looks at the clocks and the owners
_SLEPT = 3.0  # a tick that took so much longer: the machine, or this process, was stopped


class Supervisor:
    """Keeps what is wanted, in one folder."""

    def __init__(self, folder: str, wanted: Wanted) -> None:
        self._folder, self._wanted = folder, wanted
        self._mine = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)  # until it ends
        self._log = Log(folder)
        self._me = myself()
        self._kubectl = wanted.kubectl()
        self._head = Head(self._kubectl, wanted.place, self._log.write)
        self._keepers: dict[str, tuple[Keeper, asyncio.Task[None]]] = {}
        self._state, self._since = word.STARTING, now()
        self._why: str | None = None
        self._stop = asyncio.Event()
        self._writing = False

    async def run(self) -> None:
        """Work until told to stop, until nobody wants it, or until the cluster is gone."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._reread)
        self._log.write(f"started: pid {self._me.pid}, {self._wanted.place.namespace}/{self._wanted.place.name}")
        self._arrange()
        self._write()
        parts = (self._head.follow(), self._tick(), self._tell(), self._stopped())
        tasks: list[asyncio.Task[None]] = [loop.create_task(part) for part in parts]
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        tasks += [task for _, task in self._keepers.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._keepers.clear()
        if self._head.gone:
            self._log.write(f"gone: {self._head.gone}; nothing is left to do")
        self._sum_up()
        self._write()
        self._log.write("ended")
        for task in done:
            task.result()  # a fault of ours goes to the log, as a traceback

    async def _stopped(self) -> None:
        await self._stop.wait()

    def _reread(self) -> None:
        """Somebody wants something else, or that all be looked at again."""
        if wanted := read_wanted(self._folder):
            self._wanted = wanted
        self._arrange()
        self._wake()

    def _wake(self) -> None:
        self._head.nudge()
        for keeper, _ in self._keepers.values():
            keeper.kick()

    def _arrange(self) -> None:
        """Begin the forwards that are wanted and are not there, end those that are there and are not wanted."""
        services = self._wanted.services()
        for name, (keeper, task) in list(self._keepers.items()):
            if name not in services or keeper.stands.local != self._wanted.local[name]:
                task.cancel()
                del self._keepers[name]
        loop = asyncio.get_running_loop()
        for name in services:
            if name not in self._keepers:
                keeper = Keeper(
                    name,
                    self._wanted.local[name],
                    self._wanted.remote[name],
                    kubectl=self._kubectl,
                    head=self._head,
                    told=self._changed,
                    find_port=lambda pod, name=name: self._find_port(name, pod),  # type: ignore[misc]  # binds the name
                )
                self._keepers[name] = (keeper, loop.create_task(keeper.keep()))
        self._changed(None)

    async def _find_port(self, service: str, pod: Pod) -> int | None:
        """Where a service of the head says that it listens; None where it does not say."""
        from krayne.services import READ_STATES, SERVICES, read_states

        asked = self._kubectl.exec(pod.name, pod.container, *READ_STATES)
        done = await finished(asked.process)
        if done.code:
            return None
        states = read_states(done.stdout.decode(errors="replace"), dict.fromkeys(SERVICES, True))
        return next((each.port for each in states if each.service == service and each.state == "running"), None)

    async def _tick(self) -> None:
        """Notice that time has jumped, and that nobody is left who wants this."""
        while True:
            clocks = (time.monotonic(), time.time())
            await asyncio.sleep(_TICK)
            slept = max(time.monotonic() - clocks[0], time.time() - clocks[1]) - _TICK
            if slept > _SLEPT:
                self._log.write(f"stood still for {slept:.0f} s: looking at everything again")
                self._wake()
            for _, task in self._keepers.values():
                if task.done():
                    task.result()  # a keeper never ends by itself: this is a fault of ours
            if not self._has_folder():
                self._log.write("its folder was removed: nobody could find or close it any more")
                self._stop.set()
            elif not self._keepers and self._dropped():  # what was not wanted a tick ago has let go of its port by now
                self._log.write("nobody wants it any more")
                self._stop.set()
            elif set(self._keepers) - set(self._wanted.services()):
                self._arrange()

    def _dropped(self) -> bool:
        """Forget the tunnel, unless somebody wants it again; those who do say so under the lock that this takes.

        False, too, where another process has that: it may be waiting for us to end.
        """
        with places.locked(wait=False) as held:
            if not held:
                return False
            if (wanted := read_wanted(self._folder)) and wanted.services():
                self._reread()
                return False
            forget(os.path.basename(self._folder))  # noqa: PTH119 - of text
            return True

    def _has_folder(self) -> bool:
        """Whether its folder is there, and is not another one that was made in its place."""
        try:
            return os.path.samestat(os.stat(self._folder), os.fstat(self._mine))  # noqa: PTH116 - of text
        except OSError:
            return False

    async def _tell(self) -> None:
        while True:
            await self._head.news.wait()
            self._changed(None)

    def _changed(self, line: str | None) -> None:
        if line:
            self._log.write(line)
        if not self._writing:
            self._writing = True
            asyncio.get_running_loop().call_later(0.02, self._write_soon)

    def _write_soon(self) -> None:
        self._writing = False
        self._sum_up()
        if not self._stop.is_set():
            self._write()

    def _sum_up(self) -> None:
        state, why = self._verdict()
        if state != self._state:
            self._since = now()
        if (state, why) != (self._state, self._why):
            self._log.write(state + (f": {why}" if why else ""))
        self._state, self._why = state, why

    def _verdict(self) -> tuple[str, str | None]:
        forwards = [keeper.stands for keeper, _ in self._keepers.values()]
        trouble = self._head.trouble
        if self._head.gone:
            return word.GONE, self._head.gone
        if forwards and all(each.state in (word.UP, word.WAITING) for each in forwards):
            return word.UP, trouble.words if trouble else None
        if trouble:
            return trouble.state, trouble.words
        if not self._head.known:
            return word.STARTING, "looking for the head"
        if self._head.pod is None:
            return word.NO_HEAD, self._head.headless or "the head does not run"
        return word.REPAIRING, next((each.why for each in forwards if each.state != word.UP and each.why), None)

    def _write(self) -> None:
        place, keepers = self._wanted.place, [self._keepers[name][0] for name in TARGETS if name in self._keepers]
        tunnel = Tunnel(
            name=place.name,
            namespace=place.namespace,
            server=place.server,
            context=self._kubectl.context,
            state=self._state,
            why=self._why,
            since=self._since,
            pod=self._head.pod.name if self._head.pod else None,
            forwards=tuple(keeper.stands.forward for keeper in keepers),
            log=f"{self._folder}/{places.LOG}",
        )
        children = tuple(who for each in Running.everyone if (who := identity(each.process.pid)))
        with suppress(OSError):  # the folder may be taken away by the one who ends us
            if self._has_folder():
                write_record(self._folder, Record(tunnel, place, self._wanted.revision, self._me, children))
