"""What the head's supervisor (templates/services) writes about each service, as frozen values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from krayne import objects
from krayne.objects import Object
from krayne.services.logins import is_host_key, is_user
from krayne.value import Value

State = Literal["waiting", "installing", "running", "failed", "off", "unknown"]

STATES_FOLDER = "/tmp/krayne-services"  # noqa: S108 - in the head's container; the supervisor checks whose it is
# By name: the named container port, and the field of the configuration's `services`.
SERVICES: Mapping[str, str] = {"notebook": "notebook", "code-server": "code_server", "ssh": "ssh"}
_STATES = ("installing", "running", "failed")
_SECRETS = frozenset({"token", "password"})


@dataclass(frozen=True, slots=True)
class ServiceInfo(Value):
    """A service of the head, as its supervisor last wrote it.

    ``waiting``: the head does not run; ``unknown``: it could not be asked. ``why``: what is being done where it is
    installing, else the reason. ``port`` is the one it listens on, on the pod's loopback. ``since`` is RFC 3339.
    ``user`` and ``host_key`` (a line of known_hosts without the host) are ssh's, None where what stands there is
    neither: any task of Ray can write it, and both get into files that ssh obeys. Secrets are neither in its
    repr nor in its dict.
    """

    service: str
    state: State
    why: str | None = None
    port: int | None = None
    since: str | None = None
    restarts: int = 0
    user: str | None = None
    host_key: str | None = None
    token: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    def as_dict(self) -> dict[str, Any]:
        """Give the value as a plain dict, without its secrets."""
        return {name: value for name, value in Value.as_dict(self).items() if name not in _SECRETS}


def read_states(written: str, enabled: Mapping[str, bool], *, fresh: bool = False) -> tuple[ServiceInfo, ...]:
    """What READ_STATES printed, as one value for each service, in the order of SERVICES.

    ``enabled``: which services the RayCluster has, by name; the others are off, whatever an old state says.
    ``fresh``: the container has just started, so that having written nothing yet is no failure.
    """
    if fresh and not written.strip():
        return _alike(enabled, *_BEGUN)
    states: dict[str, Mapping[str, Any]] = {}
    alive = False
    for line in written.splitlines():
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict) and isinstance(found.get("service"), str):
            states[found["service"]] = found
        elif isinstance(found, dict):
            alive = alive or found.get("supervisor") == "alive"
    if fresh and alive:  # it writes one state after the other
        states = {name: {"state": _BEGUN[0], "why": _BEGUN[1]} for name in enabled} | states
    return tuple(_info(name, states.get(name), alive) if enabled.get(name) else _off(name) for name in SERVICES)


def awaited(enabled: Mapping[str, bool], cluster: Object) -> tuple[ServiceInfo, ...]:
    """The services of a cluster whose head does not run, whether it will or not."""
    return _alike(enabled, "waiting", objects.why_headless(cluster) or "the head does not run")


def unknown(enabled: Mapping[str, bool], why: str) -> tuple[ServiceInfo, ...]:
    """The services of a head that could not be asked."""
    return _alike(enabled, "unknown", why)


def _alike(enabled: Mapping[str, bool], state: State, why: str) -> tuple[ServiceInfo, ...]:
    return tuple(
        ServiceInfo(service=name, state=state, why=why) if enabled.get(name) else _off(name) for name in SERVICES
    )


def _off(name: str) -> ServiceInfo:
    return ServiceInfo(service=name, state="off")


def _info(name: str, found: Mapping[str, Any] | None, alive: bool) -> ServiceInfo:
    if found is None or found.get("state") not in _STATES:
        return ServiceInfo(service=name, state="failed", why=_NOTHING if not alive else _UNREADABLE)
    text = {key: _text(found.get(key)) for key in ("why", "since", "user", "host_key", "token", "password")}
    for key, is_one in (("user", is_user), ("host_key", is_host_key)):
        text[key] = told if (told := text[key]) and is_one(told) else None
    state, port, restarts = found["state"], found.get("port"), found.get("restarts")
    if state != "failed" and not alive:
        state, text["why"] = "failed", _UNATTENDED
    return ServiceInfo(
        service=name,
        state=state,
        port=port if type(port) is int and 0 < port < 65536 else None,
        restarts=restarts if isinstance(restarts, int) else 0,
        **text,
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


_BEGUN: tuple[State, str] = ("installing", "the head has just started")
_NOTHING = (
    f"nothing was written to {STATES_FOLDER} in the head: its hook has not run yet, the image has no Python, "
    "or the folder cannot be written"
)
_UNREADABLE = f"its state in {STATES_FOLDER} in the head cannot be read"
_UNATTENDED = "the supervisor that looks after it in the head has ended"
