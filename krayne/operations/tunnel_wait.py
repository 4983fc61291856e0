"""Waiting until a tunnel is up, as far as it can be."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from krayne.errors import ClusterTimeoutError, KrayneError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from krayne.kubectl import Kubectl
    from krayne.tunnels.state import Place, Tunnel

    Progress = Callable[[Tunnel], None]

_AGAIN = 1.0  # seconds that a choice of ports gets to come up
_LOOK = 0.05  # seconds between looks at the state file


class Held(NamedTuple):
    """What has been asked of a supervisor; ``again`` asks anew, which chooses other ports for those that are taken.

    ``stays``: it is held until tun-close, however the wait ends.
    """

    place: Place
    services: tuple[str, ...]
    again: Callable[[], None]
    stays: bool


def await_tunnel(
    kubectl: Kubectl,
    held: Held,
    timeout: float | None,
    *,
    must: Sequence[str] = (),
    progress: Progress | None = None,
) -> Tunnel:
    """Wait until services are up, as far as they can be. Raises KrayneError where that cannot come by itself."""
    until = None if timeout is None else time.monotonic() + timeout
    waiting = _Waiting(kubectl, held, progress)
    while not ((tunnel := waiting.look()) and _settled(tunnel, held.services, must)):
        waiting.help(tunnel)
        if until is not None and time.monotonic() > until:
            raise ClusterTimeoutError(_late(kubectl, held, waiting.last, timeout))
        time.sleep(_LOOK)
    return tunnel


class _Waiting:
    """A tunnel that is waited for. ``last``: what its supervisor last told, once that has heard what is wanted."""

    def __init__(self, kubectl: Kubectl, held: Held, progress: Progress | None) -> None:
        from krayne.tunnels.files import folder_of

        self._kubectl, self._held, self._progress = kubectl, held, progress
        self._folder = folder_of(held.place.key)
        self._revision, self._asked = self._wanted(), 0.0
        self._runs = False
        self.last: Tunnel | None = None

    def look(self) -> Tunnel | None:
        """How it stands, telling what is new of it; None as long as its supervisor has not heard what is wanted."""
        from krayne.tunnels.files import read_record

        record = read_record(self._folder)
        self._runs = record is not None and record.running
        if record is None or record.revision < self._revision:
            return None
        if self._progress and record.tunnel != self.last:
            self._progress(record.tunnel)
        self.last = record.tunnel
        return self.last

    def help(self, tunnel: Tunnel | None) -> None:
        """Do what one who waits can do about how it stands. Raises KrayneError where that is nothing."""
        from krayne.tunnels.state import DENIED, GONE, NEEDS_LOGIN, PORT_BUSY

        forwards = tunnel.forwards if tunnel else ()
        busy = any(each.state == PORT_BUSY and each.service in self._held.services for each in forwards)
        if busy and time.monotonic() > self._asked + _AGAIN:
            self._asked = time.monotonic()
            self._held.again()  # somebody was faster: two users who open the same at once want the same ports
            self._revision = self._wanted()
        if tunnel and tunnel.state in (NEEDS_LOGIN, DENIED, GONE):
            raise KrayneError(_stuck(self._kubectl, tunnel, stays=self._held.stays))
        if not self._runs:
            self._restart()

    def _restart(self) -> None:
        from krayne.tunnels.control import ensure
        from krayne.tunnels.files import read_wanted
        from krayne.tunnels.places import locked

        with locked():
            if read_wanted(self._folder) is None:
                named = self._kubectl.named(self._held.place.name)
                raise KrayneError(f"the tunnel to {named} was closed by somebody else")
            ensure(self._held.place.key)

    def _wanted(self) -> int:
        from krayne.tunnels.files import read_wanted

        return wanted.revision if (wanted := read_wanted(self._folder)) else 0


def _settled(tunnel: Tunnel, services: Sequence[str], must: Sequence[str]) -> bool:
    """Whether services are up; those that may not listen yet may be waiting, unless they ``must``."""
    from krayne.tunnels.state import UP, WAITING
    from krayne.tunnels.targets import TARGETS

    states = {each.service: each.state for each in tunnel.forwards}
    for service in services:
        may_wait = (not TARGETS[service].ray or TARGETS[service].rare) and service not in must
        if states.get(service) not in ((UP, WAITING) if may_wait else (UP,)):
            return False
    return True


def _stuck(kubectl: Kubectl, tunnel: Tunnel, *, stays: bool) -> str:
    from krayne.tunnels.state import NEEDS_LOGIN

    where = kubectl.where(tunnel.name)
    text = f"the tunnel to {kubectl.named(tunnel.name)} cannot come up: {tunnel.state}: {tunnel.why}"
    if tunnel.state == NEEDS_LOGIN:
        text += f"\nLog in (any kubectl command asks for it), then again: kubectl krayne tun-open {where}"
    return f"{text}\nIts log: {tunnel.log}" if stays else text


def _late(kubectl: Kubectl, held: Held, tunnel: Tunnel | None, timeout: float | None) -> str:
    from krayne.operations.hints import see_why
    from krayne.tunnels.state import UP

    name = held.place.name
    lines = [f"the tunnel to {kubectl.named(name)} is not up after {timeout:g}s"]
    if held.stays:
        lines[0] += "; it stays, and goes on trying"
    if tunnel:
        lines[0] += f" ({tunnel.state}{f': {tunnel.why}' if tunnel.why else ''})"
        down = [each for each in tunnel.forwards if each.state != UP]
        lines += [f"  {each.service}: {each.state}{f', {each.why}' if each.why else ''}" for each in down]
    if held.stays:
        where = kubectl.where(name)
        lines.append(f"See:   kubectl krayne tun-list; kubectl krayne describe {where}")
        lines.append(f"Close: kubectl krayne tun-close {where}")
    else:
        lines.append(see_why(kubectl, name))
    return "\n".join(lines)
