"""Begins, changes and ends tunnels: what those who want one ask of its supervisor."""

from __future__ import annotations

import os
import shlex
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from krayne.errors import KrayneError
from krayne.identity import alive, send
from krayne.process import Process
from krayne.tunnels import places
from krayne.tunnels.assign import assign
from krayne.tunnels.files import folder_of, forget, read_record, read_wanted, records, write_wanted
from krayne.tunnels.state import DENIED, NEEDS_LOGIN, UNREACHABLE, UP, Holder, Place, Record, Wanted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from krayne.kubectl import Kubectl

_ENDING = 5.0  # seconds that a supervisor gets to end by itself
_LETTING_GO = 1.0  # seconds that its lock may outlive it, in a kubectl that it was just starting
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
        _end_namesakes(place)
        folder = folder_of(place.key)
        record, before = read_record(folder), read_wanted(folder)
        holder, holders = _joined(before.holders if before else (), holder)
        wanted = Wanted(
            revision=(before.revision if before else 0) + 1,
            place=place,
            connection=kubectl.pinned().connection(),
            kubeconfig=kubeconfig_variable(),
            local=assign(place, before, record, holder.services, asked),
            remote={**(before.remote if before else {}), **remote},
            holders=holders,
        )
        if record and before and record.running and not _needs_another(record, before, wanted, holder):
            wanted = replace(wanted, connection=before.connection, kubeconfig=before.kubeconfig)
        elif record:
            end(record)
        write_wanted(wanted)
        ensure(place.key)
        return wanted


def ensure(key: str) -> None:
    """See that a tunnel has a supervisor, and that it has heard what is wanted. Raises KrayneError."""
    folder = folder_of(key)
    record = read_record(folder)
    if record and send(record.supervisor, signal.SIGHUP):
        return
    if record:
        _bury(record)
    _await_nobody(folder)
    root = str(Path(__file__).parent.parent.parent)
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
    """End a tunnel, whoever wants it. A supervisor that is not known ends by itself, a moment after its folder."""
    with places.locked():
        _finish(read_record(folder_of(record.place.key)) or record)


def sweep(but: str) -> None:
    """Clear away what supervisors left that have ended (the cluster is gone; a kill, a reboot), and with it the ports
    that it keeps from others; but of one: under the lock."""
    for key in places.tunnels():
        record = read_record(folder_of(key))
        if key == but or (record and record.running):
            continue
        if not places.unattended(folder_of(key)):  # whatever its files say
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


def kubeconfig_variable() -> str | None:
    """$KUBECONFIG, its paths absolute: for a kubectl that works in another folder; None without one."""
    files = os.environ.get("KUBECONFIG")
    paths = (os.path.abspath(path) if path else "" for path in files.split(os.pathsep)) if files else ()  # noqa: PTH100 - of text
    return os.pathsep.join(paths) or None


def _bury(record: Record) -> None:
    """End the kubectls of a supervisor that ended without doing so."""
    if not record.running:
        for child in record.children:
            send(child, signal.SIGKILL)


def _finish(record: Record) -> None:
    end(record)
    forget(record.place.key)


def _end_namesakes(place: Place) -> None:
    """End the tunnel to another cluster that had the name before."""
    for other in records():
        if other.place.ports_of == place.ports_of and other.place.key != place.key:
            _finish(other)


def _joined(before: Sequence[Holder], holder: Holder) -> tuple[Holder, tuple[Holder, ...]]:
    """A holder with what it held already, and all who hold now."""
    holders = {each.name: each for each in before if each.present()}
    if known := holders.get(holder.name):
        holder = replace(holder, services=tuple(dict.fromkeys((*known.services, *holder.services))))
    holders[holder.name] = holder
    return holder, tuple(holders.values())


def _needs_another(record: Record, before: Wanted, wanted: Wanted, holder: Holder) -> bool:
    """Whether a new supervisor is to take the place of the one that runs, which keeps what it was started with."""
    if record.tunnel.state in (NEEDS_LOGIN, DENIED, UNREACHABLE):
        return True  # what this shell has (variables of a new login, a proxy) may be what the supervisor's lacks
    if record.tunnel.state == UP and holder.owner:
        return False  # what a user keeps open, and works, is not cut by a program that wants it for a while
    return _way(before) != _way(wanted)


def _way(wanted: Wanted) -> dict[str, Any]:
    """Where kubectl leads, and as whom; not how long a call may take."""
    way = {name: flag for name, flag in wanted.connection.items() if name not in ("namespace", "request_timeout")}
    return way if way.get("kubeconfig") else way | {"KUBECONFIG": wanted.kubeconfig}


def _await_nobody(folder: str) -> None:
    """Wait the moment that a supervisor that is ending takes. Raises KrayneError where one stays: which, is unknown."""
    until = time.monotonic() + _LETTING_GO
    while not places.unattended(folder):
        if time.monotonic() > until:
            raise KrayneError(
                f"this tunnel has a supervisor that {folder}/{places.STATE} does not tell of: the file is damaged, or "
                f"another krayne's\nEnd the supervisor by removing its folder: rm -r {shlex.quote(folder)}\n"
                "Then open the tunnel again"
            )
        time.sleep(0.02)
