"""Tunnels: local ports that lead to a cluster's services."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from krayne.errors import ClusterNotReadyError, UsageError
from krayne.kubectl import Kubectl
from krayne.operations import timeouts
from krayne.operations.tunnel_wait import Held, await_tunnel

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from krayne.operations.tunnel_wait import Progress
    from krayne.tunnels.state import Holder, Record, Tunnel

USER = "user"  # the holder that stays until tun-close
_LOOK = 0.2  # seconds between looks at the state file for somebody who reads what is shown


def ensure_tunnel(
    name: str,
    namespace: str | None = None,
    *,
    only: Sequence[str] = (),
    ports: Mapping[str, int] | None = None,
    timeout: float | None = timeouts.TUNNEL,
    progress: Progress | None = None,
    kubectl: Kubectl | None = None,
) -> Tunnel:
    """Open a cluster's tunnel, or repair it, and leave it open until close_tunnel: what ``tun-open`` does.

    ``only``: these of dashboard, client, serve, notebook, code-server, ssh; without it all that the cluster has. What
    was opened before stays. ``ports``: local ports by service. Returns when each service answers; one that does not
    listen yet is ``waiting`` and comes up by itself. Raises ClusterTimeoutError if Ray's own do not answer within
    ``timeout`` seconds (the tunnel stays, and goes on trying), ClusterNotReadyError for a cluster that is suspended or
    being deleted, UsageError for a service that the cluster does not have or a local port that is taken,
    ClusterNotFoundError or another KrayneError.
    """
    from krayne.tunnels.state import Holder

    kubectl = (kubectl or Kubectl()).within(namespace)
    held = _hold(kubectl, name, only, ports or {}, Holder(USER, None, ()))
    return await_tunnel(kubectl, held, timeout, progress=progress)


@contextmanager
def open_tunnel(
    name: str,
    namespace: str | None = None,
    *,
    only: Sequence[str] = (),
    ports: Mapping[str, int] | None = None,
    timeout: float | None = timeouts.TUNNEL,
    must: Sequence[str] = (),
    progress: Progress | None = None,
    kubectl: Kubectl | None = None,
) -> Iterator[dict[str, str]]:
    """A cluster's local URLs by service, open inside the ``with`` and no longer than this process lives.

    Services that others have opened stay open. ``must``: services of the head that have to answer, too, before it
    begins. Otherwise as ensure_tunnel, but that nothing stays where it raises.

        with open_tunnel("my-cluster") as urls:
            os.environ.update(ray_environment("my-cluster"))  # Ray's token; before ray is imported
            import ray

            ray.init(urls["client"])
    """
    import secrets

    from krayne.identity import myself
    from krayne.tunnels.control import release
    from krayne.tunnels.state import Holder

    kubectl = (kubectl or Kubectl()).within(namespace)
    holder = Holder(secrets.token_hex(8), myself(), ())
    held = _hold(kubectl, name, only, ports or {}, holder)
    try:
        tunnel = await_tunnel(kubectl, held, timeout, must=must, progress=progress)
        yield {service: url for service, url in tunnel.urls().items() if service in held.services}
    finally:
        release(held.place.key, holder.name)


def follow_tunnel(name: str, namespace: str | None = None, *, kubectl: Kubectl | None = None) -> Iterator[Tunnel]:
    """A cluster's tunnel as it is, then again whenever it changes; ends when it is closed, ``gone`` or ``stopped``."""
    from krayne.tunnels.files import folder_of, read_record
    from krayne.tunnels.places import locked

    found = _records((kubectl or Kubectl()).within(namespace), name)
    record, last = (found[0] if found else None), None
    while record:
        runs = record.running  # asked once: it may end at any moment, and that is told before we return
        if not runs:
            with locked():  # perhaps somebody is just giving it a new supervisor
                record = read_record(folder_of(record.place.key))
            runs = record is not None and record.running
        if record and (tunnel := _as_it_is(record)) != last:
            yield tunnel
            last = tunnel
        if record is None or not runs:
            return
        # Looking at one small file is all there is: nothing in the standard library tells that another process has
        # replaced a file, and a socket's path may be too long for a folder of the user's choice (unix(7): 108 bytes).
        time.sleep(_LOOK)
        record = read_record(folder_of(record.place.key))


def find_tunnel(name: str, namespace: str | None = None, *, kubectl: Kubectl | None = None) -> Tunnel | None:
    """A cluster's open tunnel; None where none is open."""
    found = _records((kubectl or Kubectl()).within(namespace), name)
    return found[0].tunnel if found and found[0].running else None


def close_tunnel(name: str, namespace: str | None = None, *, kubectl: Kubectl | None = None) -> bool:
    """Close a cluster's tunnel; True if there was one. Asks no API server: it may be out of reach."""
    from krayne.tunnels import places

    if not places.tunnels():
        return False
    from krayne.tunnels.control import close

    found = _records((kubectl or Kubectl()).within(namespace), name)
    for record in found:
        close(record)
    return bool(found)


def _records(kubectl: Kubectl, name: str) -> list[Record]:
    """A cluster's tunnels, by its name: the running one first; others led to clusters that had the name before."""
    from krayne.tunnels.files import records

    wanted = (kubectl.server, kubectl.current_namespace, name)
    found = [each for each in records() if (each.place.server, each.place.namespace, each.place.name) == wanted]
    return sorted(found, key=lambda record: not record.running)


def close_tunnels(namespace: str | None = None, *, kubectl: Kubectl | None = None) -> list[Tunnel]:
    """Close every tunnel that list_tunnels would list; those that were there. Asks no API server."""
    found = _picked((kubectl or Kubectl()).within(namespace))
    if found:
        from krayne.tunnels.control import close

        for record in found:
            close(record)
    return [record.tunnel for record in found]


def list_tunnels(namespace: str | None = None, *, kubectl: Kubectl | None = None) -> list[Tunnel]:
    """Every tunnel of this user on this machine, whatever its cluster, by namespace and name; asks no API server.

    ``namespace``, or that of ``kubectl``: those of one; ``kubectl`` with a context, a kubeconfig or a cluster: those
    to the API server that it leads to. One whose supervisor ended without a word (it was killed, the machine
    restarted) is ``stopped``, one whose cluster has been deleted ``gone``; opening any tunnel clears them away. One
    whose supervisor has left nothing that can be read is ``unreadable``; closing it ends it.
    """
    return [_as_it_is(record) for record in _picked((kubectl or Kubectl()).within(namespace))]


def _picked(kubectl: Kubectl) -> list[Record]:
    """The tunnels that a connection picks, as far as it says anything."""
    from krayne.tunnels import places

    if not places.tunnels():
        return []
    from krayne.tunnels.files import records

    found = [record for record in records() if kubectl.namespace in (None, record.place.namespace)]
    if kubectl.context or kubectl.kubeconfig or kubectl.cluster:
        found = [record for record in found if record.place.server == kubectl.server]
    return found


def _as_it_is(record: Record) -> Tunnel:
    """A tunnel as its supervisor told it, or ``stopped`` where that has ended without a word."""
    from dataclasses import replace

    from krayne.tunnels.state import DOWN, GONE, STOPPED, UNREADABLE

    tunnel = record.tunnel
    if record.running or tunnel.state in (GONE, UNREADABLE):
        return tunnel
    why = f"its supervisor has ended: see {tunnel.log}; open it again with tun-open"
    forwards = tuple(replace(each, state=DOWN, why=None) for each in tunnel.forwards)
    return replace(tunnel, state=STOPPED, why=why, forwards=forwards)


def _hold(kubectl: Kubectl, name: str, only: Sequence[str], asked: Mapping[str, int], holder: Holder) -> Held:
    """Have services forwarded for a holder."""
    from dataclasses import replace

    from krayne.operations.reading import read_cluster
    from krayne.operations.services import read_services
    from krayne.tunnels.control import hold
    from krayne.tunnels.state import Place
    from krayne.tunnels.targets import TARGETS, enabled

    if unknown := [each for each in (*only, *asked) if each not in TARGETS]:
        raise UsageError(f"{unknown[0]!r} is no service: those are {', '.join(TARGETS)}")
    cluster = read_cluster(kubectl, name)
    _demand_head(kubectl, cluster)
    there = enabled(cluster)
    if missing := [each for each in (*only, *asked) if each not in there]:
        raise UsageError(f"{kubectl.named(name)} has no {missing[0]}: it was made without that service")
    meta = cluster["metadata"]
    place = Place(name=name, namespace=meta["namespace"], uid=meta["uid"], server=kubectl.server)
    wanted = tuple(each for each in there if not only or each in only or each in asked)
    remote = {each: there[each] for each in wanted}
    if not all(TARGETS[each].ray for each in wanted):  # these may listen elsewhere than they were told to
        told = read_services(kubectl, cluster)
        remote |= {each.service: each.port for each in told if each.port and each.service in remote}
    named = replace(holder, services=wanted)

    def again() -> None:
        hold(kubectl, place, remote, asked=asked, holder=named)

    again()
    return Held(place, wanted, again, stays=holder.owner is None)


def _demand_head(kubectl: Kubectl, cluster: dict[str, Any]) -> None:
    """Raises ClusterNotReadyError where a cluster is to have no head, which would be waited for in vain."""
    from datetime import datetime, timezone

    from krayne import objects

    if why := objects.why_headless(cluster):
        text = f"no tunnel can be opened to {kubectl.named(objects.name(cluster))}: {why}"
        if not objects.is_going(cluster) and not objects.labels(cluster).get(objects.QUEUE_LABEL):
            from krayne.cluster import cluster_info
            from krayne.cluster.advice import resume

            text += f"\nResume it: {resume(cluster_info(cluster, now=datetime.now(timezone.utc)), kubectl.way)}"
        raise ClusterNotReadyError(text)
