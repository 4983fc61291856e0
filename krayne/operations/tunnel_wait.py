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
    """What has been asked of a supervisor; ``again`` asks anew, which chooses other ports for those that are taken."""

    place: Place
    services: tuple[str, ...]
    again: Callable[[], None]


def await_tunnel(
    kubectl: Kubectl,
    held: Held,
    timeout: float | None,
    *,
    must: Sequence[str] = (),
    progress: Progress | None = None,
) -> Tunnel:
    """Wait until services are up, as far as they can be. Raises KrayneError where that cannot come by itself."""
    from krayne.tunnels.control import ensure
    from krayne.tunnels.files import folder_of, read_record, read_wanted
    from krayne.tunnels.places import locked
    from krayne.tunnels.state import DENIED, GONE, NEEDS_LOGIN, PORT_BUSY

    place, asked = held.place, 0.0
    until = None if timeout is None else time.monotonic() + timeout
    folder = folder_of(place.key)
    revision = wanted.revision if (wanted := read_wanted(folder)) else 0
    last: Tunnel | None = None
    while True:
        record = read_record(folder)
        if record and record.revision >= revision:
            if progress and record.tunnel != last:
                progress(record.tunnel)
            last = record.tunnel
            if _settled(last, held.services, must):
                return last
            busy = any(each.state == PORT_BUSY and each.service in held.services for each in last.forwards)
            if busy and time.monotonic() > asked + _AGAIN:
                asked = time.monotonic()
                held.again()  # somebody was faster: two users who open the same at once want the same ports
                revision = wanted.revision if (wanted := read_wanted(folder)) else 0
            if last.state in (NEEDS_LOGIN, DENIED, GONE):
                raise KrayneError(_stuck(kubectl, last))
        if record is None or not record.running:
            with locked():
                if read_wanted(folder) is None:
                    raise KrayneError(f"the tunnel to {kubectl.named(place.name)} was closed by somebody else")
                ensure(place.key)
        if until is not None and time.monotonic() > until:
            raise ClusterTimeoutError(_late(kubectl, place, last, timeout))
        time.sleep(_LOOK)


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


def _stuck(kubectl: Kubectl, tunnel: Tunnel) -> str:
    where = kubectl.where(tunnel.name)
    text = f"the tunnel to {kubectl.named(tunnel.name)} cannot come up: {tunnel.state}: {tunnel.why}"
    if tunnel.state == "needs-login":
        text += f"\nLog in (any kubectl command asks for it), then again: kubectl krayne tun-open {where}"
    return f"{text}\nIts log: {tunnel.log}"


def _late(kubectl: Kubectl, place: Place, tunnel: Tunnel | None, timeout: float | None) -> str:
    from krayne.tunnels.state import UP

    lines = [f"the tunnel to {kubectl.named(place.name)} is not up after {timeout:g}s; it stays, and goes on trying"]
    if tunnel:
        lines[0] += f" ({tunnel.state}{f': {tunnel.why}' if tunnel.why else ''})"
        down = [each for each in tunnel.forwards if each.state != UP]
        lines += [f"  {each.service}: {each.state}{f', {each.why}' if each.why else ''}" for each in down]
    where = kubectl.where(place.name)
    lines.append(f"See:   kubectl krayne tun-list; kubectl krayne describe {where}")
    lines.append(f"Close: kubectl krayne tun-close {where}")
    return "\n".join(lines)
