"""What is wanted of a tunnel and how it stands, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from krayne.identity import Identity, alive
from krayne.value import Value

if TYPE_CHECKING:
    from krayne.kubectl import Kubectl

# A forward: up; being started; waiting (it stands, but nothing listens at its end yet); down (why says what comes
# next); port-busy. A tunnel: starting (it looks for the head); up (all are up or waiting); repairing; no-head;
# needs-login, unreachable, denied (what the API server or kubectl says); gone (the cluster is).
UP, STARTING, WAITING, DOWN, PORT_BUSY = "up", "starting", "waiting", "down", "port-busy"
REPAIRING, NO_HEAD, NEEDS_LOGIN, UNREACHABLE, DENIED, GONE = (
    "repairing",
    "no-head",
    "needs-login",
    "unreachable",
    "denied",
    "gone",
)
# Not written: its supervisor has ended without a word; it runs, and what it wrote cannot be read.
STOPPED, UNREADABLE = "stopped", "unreadable"


@dataclass(frozen=True, slots=True)
class Place:
    """The cluster that a tunnel leads to: its name and namespace, uid, and the API server's address."""

    name: str
    namespace: str
    uid: str
    server: str

    @property
    def key(self) -> str:
        """What tells it from every other cluster; the name of its folder."""
        return _digest(self.server, self.namespace, self.uid)

    @property
    def host(self) -> str:
        """Its head's name in a list of known hosts; a cluster that is made again under its name keeps it."""
        return f"krayne-{_digest(self.ports_of)}"

    @property
    def ports_of(self) -> str:
        """What its local ports are derived from: they outlive a cluster that is made again under its name."""
        return "\0".join((self.server, self.namespace, self.name))


@dataclass(frozen=True, slots=True)
class Holder:
    """Who wants services: ``owner``, a process, as long as it lives; None: the user, until tun-close.

    ``name`` tells holders apart: one process may hold several.
    """

    name: str
    owner: Identity | None
    services: tuple[str, ...]

    def present(self) -> bool:
        """Whether it still holds what it holds."""
        return self.owner is None or alive(self.owner)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a supervisor is to do. ``local`` and ``remote`` are ports by service, ``connection`` kubectl's flags.

    ``kubeconfig``: its kubectls' $KUBECONFIG, paths absolute.
    """

    revision: int
    place: Place
    connection: Mapping[str, Any]
    kubeconfig: str | None
    local: Mapping[str, int]
    remote: Mapping[str, int]
    holders: tuple[Holder, ...]

    def services(self) -> tuple[str, ...]:
        """The services that somebody still wants."""
        held = {name for holder in self.holders if holder.present() for name in holder.services}
        return tuple(name for name in self.local if name in held)

    def kubectl(self) -> Kubectl:
        """As it is wanted, by whichever krayne; what that one had and this one has not is passed over."""
        from krayne.kubectl import Kubectl

        flags = {name: flag for name, flag in self.connection.items() if name in Kubectl.__dataclass_fields__}
        flags |= {"as_groups": tuple(flags.get("as_groups", ())), "namespace": self.place.namespace}
        return Kubectl(**flags)


@dataclass(frozen=True, slots=True)
class Forward(Value):
    """A local port and what it leads to. ``since`` (RFC 3339) is when its state began; ``restarts`` counts losses."""

    service: str
    local_port: int
    remote_port: int
    url: str
    state: str
    why: str | None
    since: str
    restarts: int


@dataclass(frozen=True, slots=True)
class Tunnel(Value):
    """A tunnel as its supervisor last told it. ``log`` is the file that the supervisor writes."""

    name: str
    namespace: str
    server: str
    context: str | None
    state: str
    why: str | None
    since: str
    pod: str | None
    forwards: tuple[Forward, ...]
    log: str

    def urls(self) -> dict[str, str]:
        """The local URLs by service."""
        return {each.service: each.url for each in self.forwards}


@dataclass(frozen=True, slots=True)
class Record:
    """A tunnel with what only its own machinery needs. ``supervisor`` None: which it is, is unknown."""

    tunnel: Tunnel
    place: Place
    revision: int
    supervisor: Identity | None
    children: tuple[Identity, ...]

    @property
    def running(self) -> bool:
        """Whether its supervisor runs."""
        return alive(self.supervisor)


def now() -> str:
    """The time as a tunnel's values hold it."""
    from datetime import datetime, timezone

    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _digest(*texts: str) -> str:
    import hashlib

    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]
