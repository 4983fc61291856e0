"""The process that keeps one cluster's tunnel up, until nobody wants it any more or the cluster is gone."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from krayne.kubectl import Kubectl
from krayne.tunnels import places
from krayne.tunnels import state as word
from krayne.tunnels.forward import Keeper
from krayne.tunnels.head import Head
from krayne.tunnels.identity import identity, myself
from krayne.tunnels.patience import finished
from krayne.tunnels.running import Running
from krayne.tunnels.state import Record, Tunnel, Wanted, now, read_wanted, write_record
from krayne.tunnels.targets import TARGETS

if TYPE_CHECKING:
    from krayne.tunnels.head import Pod

_TICK = 1.0  # seconds between looks at the clocks and the owners
_SLEPT = 3.0  # a tick that took so much longer: the machine, or this process, was stopped
_LOG_BYTES = 1 << 20  # of each of the two log files that are kept


class Supervisor:
    """Keeps what is wanted, in one folder."""

    def __init__(self, folder: str, wanted: Wanted) -> None:
        self._folder, self._wanted = folder, wanted
        self._me = myself()
        self._kubectl = _kubectl(wanted)
        self._head = Head(self._kubectl, wanted.place, self.log)
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
        self.log(f"started: pid {self._me.pid}, {self._wanted.place.namespace}/{self._wanted.place.name}")
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
            self.log(f"gone: {self._head.gone}; nothing is left to do")
        self._sum_up()
        self._write()
        self.log("ended")
        for task in done:
            task.result()  # a fault of ours goes to the log, as a traceback

    async def _stopped(self) -> None:
        await self._stop.wait()

    def log(self, line: str) -> None:
        """Write a line to the log."""
        with suppress(OSError):
            if os.fstat(2).st_size > _LOG_BYTES:
                _open_log(self._folder, anew=True)
        sys.stderr.write(f"{now()} {line}\n")
        sys.stderr.flush()

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
                self.log(f"stood still for {slept:.0f} s: looking at everything again")
                self._wake()
            if any(holder.owner for holder in self._wanted.holders) and set(self._keepers) - set(
                self._wanted.services()
            ):
                self._arrange()
            for _, task in self._keepers.values():
                if task.done():
                    task.result()  # a keeper never ends by itself: this is a fault of ours
            if not self._wanted.services():
                self.log("nobody wants it any more")
                self._stop.set()

    async def _tell(self) -> None:
        while True:
            await self._head.news.wait()
            self._changed(None)

    def _changed(self, line: str | None) -> None:
        if line:
            self.log(line)
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
            self.log(state + (f": {why}" if why else ""))
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
            return word.NO_HEAD, "the head does not run"
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
        with suppress(OSError):  # the folder is taken away by the one who ends us
            write_record(self._folder, Record(tunnel, place, self._wanted.revision, self._me, children))


def _kubectl(wanted: Wanted) -> Kubectl:
    flags = dict(wanted.connection)
    flags["as_groups"] = tuple(flags["as_groups"])
    return Kubectl(**{**flags, "namespace": wanted.place.namespace})


def _open_log(folder: str, *, anew: bool = False) -> None:
    """Make the log the place where stderr and stdout go."""
    path = f"{folder}/{places.LOG}"
    if anew:
        os.replace(path, f"{path}.1")  # noqa: PTH105 - paths are text throughout this package
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(fd, 1)
    os.dup2(fd, 2)
    os.close(fd)


def _detach() -> int:
    """Leave the shell: a session of one's own. In the parent, wait for the child's word and end; it is never back."""
    ours, theirs = os.pipe()
    if child := os.fork():
        os.close(theirs)
        if os.read(ours, 1):
            os._exit(0)
        _, status = os.waitpid(child, 0)
        os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
    os.close(ours)
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.close(null)
    return theirs


def main(folder: str) -> None:
    """Supervise the tunnel of a folder, in the background; at once back if somebody does already."""
    os.umask(0o077)
    ready = _detach()
    lock = places.try_lock(f"{folder}/{places.LOCK}")
    if lock is None:
        os._exit(0)
    _open_log(folder)
    if files := os.environ.get("KUBECONFIG"):
        absolute = (os.path.abspath(path) if path else "" for path in files.split(os.pathsep))  # noqa: PTH100 - as above
        os.environ["KUBECONFIG"] = os.pathsep.join(absolute)
    os.chdir("/")  # keeps no file system from being unmounted
    wanted = read_wanted(folder)
    if wanted is None:
        sys.exit("there is nothing to do: nothing is wanted")
    asyncio.run(_run(folder, wanted, ready))


async def _run(folder: str, wanted: Wanted, ready: int) -> None:
    supervisor = Supervisor(folder, wanted)
    task = asyncio.get_running_loop().create_task(supervisor.run())
    await asyncio.sleep(0)
    os.write(ready, b"1")
    os.close(ready)
    await task
