"""Begins, changes and ends tunnels: what those who want one ask of its supervisor."""

from __future__ import annotations

import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from krayne.errors import KrayneError, UsageError
from krayne.identity import alive, send
from krayne.process import Process
from krayne.tunnels import places, ports
from krayne.tunnels.files import folder_of, forget, read_record, read_wanted, records, write_wanted
from krayne.tunnels.state import DENIED, GONE, NEEDS_LOGIN, PORT_BUSY, Holder, Place, Record, Wanted
from krayne.tunnels.targets import TARGETS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from krayne.kubectl import Kubectl

_ENDING = 5.0  # seconds that a supervisor gets to end by itself
# The folder to import krayne from comes first only where it is not known anyway; the current folder never counts.
_START = """
import sys
root, folder = sys.argv[1:]
sys.path[:] = [path for path in sys.path if path]
if root not in sys.path: sys.path.insert(0, root)
from krayne.tunnels.daemon import main
main(folder)
"""


def hold(
    kubectl: Kubectl,
    place: Place,
    remote: Mapping[str, int],
    *,
    asked: Mapping[str, int],
    holder: Holder,
) -> Wanted:
    """Have a holder's services forwarded, and see that a supervisor is at it. ``remote``: their ports in the head.

    ``asked``: local ports that must be those. What others want of the tunnel stays. Raises UsageError where a port
    that was asked for is taken, KrayneError where no supervisor can be started.
    """
    with places.locked():
        sweep(but=place.key)
        for other in records():  # another cluster that had the name before
            if other.place.ports_of == place.ports_of and other.place.key != place.key:
                _finish(other)
        folder = folder_of(place.key)
        record, before = read_record(folder), read_wanted(folder)
        holders = {each.name: each for each in (before.holders if before else ()) if each.present()}
        if known := holders.get(holder.name):
            holder = replace(holder, services=tuple(dict.fromkeys((*known.services, *holder.services))))
        holders[holder.name] = holder
        wanted = Wanted(
            revision=(before.revision if before else 0) + 1,
            place=place,
            connection=kubectl.pinned().connection(),
            local=_local(place, before, record, holder.services, asked),
            remote={**(before.remote if before else {}), **remote},
            holders=tuple(holders.values()),
        )
        write_wanted(wanted)
        if record and record.tunnel.state in (NEEDS_LOGIN, DENIED):
            # What this shell has (variables of a new login) may be what the supervisor's lacks.
            end(record)
        ensure(place.key)
        return wanted


def ensure(key: str) -> None:
    """See that a tunnel has a supervisor, and that it has heard what is wanted. Raises KrayneError."""
    record = read_record(folder_of(key))
    if record and send(record.supervisor, signal.SIGHUP):
        return
    if record:
        _bury(record)
    root = str(Path(__file__).parent.parent.parent)
    folder = folder_of(key)
    done = Process([sys.executable, "-c", _START, root, folder]).communicate()
    if done.code:
        log = Path(f"{folder}/{places.LOG}")
        words = log.read_text(encoding="utf-8").strip() if log.exists() else done.stderr.strip()
        raise KrayneError(f"cannot start the tunnel's supervisor: {words.splitlines()[-1] if words else done.code}")


def release(key: str, holder: str) -> None:
    """Want nothing of a tunnel any more; it ends when nobody else does."""
    with places.locked():
        folder = folder_of(key)
        wanted, record = read_wanted(folder), read_record(folder)
        if wanted is None:
            return
        holders = tuple(each for each in wanted.holders if each.name != holder)
        rest = replace(wanted, revision=wanted.revision + 1, holders=holders)
        if rest.services():
            write_wanted(rest)
            ensure(key)
        elif record:
            _finish(record)


def close(record: Record) -> None:
    """End a tunnel, whoever wants it."""
    with places.locked():
        _finish(read_record(folder_of(record.place.key)) or record)


def sweep(but: str) -> None:
    """Clear away what supervisors left that ended without a word (a reboot, a kill), but of one: under the lock."""
    for key in places.tunnels():
        record = read_record(folder_of(key))
        if key == but or (record and (record.running or record.tunnel.state == GONE)):
            continue
        if record:
            _bury(record)
        forget(key)


def end(record: Record) -> None:
    """End a supervisor and what it has started: only what is provably its own."""
    if not send(record.supervisor, signal.SIGTERM):
        _bury(record)
        return
    send(record.supervisor, signal.SIGCONT)
    until = time.monotonic() + _ENDING
    while alive(record.supervisor) and time.monotonic() < until:
        time.sleep(0.02)
    send(record.supervisor, signal.SIGKILL, group=True)
    while alive(record.supervisor):
        time.sleep(0.02)
    _bury(record)


def _bury(record: Record) -> None:
    """End the kubectls of a supervisor that ended without doing so."""
    if not record.running:
        for child in record.children:
            send(child, signal.SIGKILL)


def _finish(record: Record) -> None:
    end(record)
    forget(record.place.key)


def _local(
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
