"""The local ports of a tunnel: as they are asked for, as they were, or new ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from krayne.errors import KrayneError, UsageError
from krayne.tunnels import places, ports
from krayne.tunnels.files import folder_of, read_wanted
from krayne.tunnels.state import PORT_BUSY, Place, Record, Wanted
from krayne.tunnels.targets import TARGETS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def assign(
    place: Place, before: Wanted | None, record: Record | None, services: Sequence[str], asked: Mapping[str, int]
) -> dict[str, int]:
    """The local port of each service: as asked, as before, the well-known one, or the cluster's own other one."""
    mine = dict(before.local) if before else {}
    states = {each.service: each.state for each in record.tunnel.forwards} if record and record.running else {}
    # Another tunnel's ports are not free just because its forward is down for the moment.
    others = [wanted for key in places.tunnels() if key != place.key and (wanted := read_wanted(folder_of(key)))]
    taken = {port for wanted in others for port in wanted.local.values()}
    for service in services:
        if service in asked:
            port = asked[service]
            if port != mine.get(service) or service not in states:
                _demand(service, port, taken, {name: mine[name] for name in mine if name != service})
            mine[service] = port
            continue
        kept = mine.get(service)
        if kept and (service in states and states[service] != PORT_BUSY):
            continue
        spoken_for = taken | {port for name, port in {**mine, **asked}.items() if name != service}
        if kept and kept not in spoken_for and ports.is_free(kept):
            continue
        found = ports.local_port(place.ports_of, service, TARGETS[service].port, spoken_for)
        if found is None:
            raise KrayneError(f"no local port is free for {service}: choose one with --port {service}=PORT")
        mine[service] = found
    return mine


def _demand(service: str, port: int, taken: set[int], mine: Mapping[str, int]) -> None:
    for name, other in mine.items():
        if other == port:
            raise UsageError(f"local port {port} already leads to {name} of this cluster: choose another for {service}")
    if port in taken:
        raise UsageError(f"local port {port} belongs to another tunnel (see: kubectl krayne tun-list): choose another")
    if not ports.is_free(port):
        raise UsageError(f"local port {port} is taken by another program: choose another for {service}")
