"""The files that carry what is wanted of a tunnel and how it stands."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, TypeVar

from krayne import private
from krayne.identity import Identity
from krayne.tunnels import places
from krayne.tunnels.state import UNREADABLE, Forward, Holder, Place, Record, Tunnel, Wanted
from krayne.value import Value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Made = TypeVar("Made", bound=Value)

_DAMAGED = (AttributeError, KeyError, TypeError, ValueError)  # what comes of JSON that is not what was written
_NO_PID = 1 << 31  # pid_t has 32 bits
# What a field is where the file does not tell it.
_FORWARD = Forward(service="", local_port=0, remote_port=0, url="", state="", why=None, since="", restarts=0)
_TUNNEL = Tunnel(
    name="", namespace="", server="", context=None, state="", why=None, since="", pod=None, forwards=(), log=""
)


def folder_of(key: str) -> str:
    """The folder of one tunnel."""
    return f"{places.tunnels_folder()}/{key}"


def write_wanted(wanted: Wanted) -> None:
    """Tell a supervisor what to do."""
    folder = private.own(folder_of(wanted.place.key))
    private.write(f"{folder}/{places.WANTED}", json.dumps(asdict(wanted)))


def read_wanted(folder: str) -> Wanted | None:
    """What is wanted; None where nothing (readable) is."""
    found = _read(f"{folder}/{places.WANTED}")
    try:
        local, remote = _ports(found["local"]), _ports(found["remote"])
        return Wanted(
            revision=_exactly(int, found["revision"]),
            place=_place(found["place"]),
            connection=_exactly(dict, found["connection"]),
            kubeconfig=_exactly(str, found["kubeconfig"]) if found.get("kubeconfig") else None,
            local=local,
            remote={service: remote[service] for service in local},
            holders=tuple(_holder(each) for each in found["holders"]),
        )
    except _DAMAGED:
        return None


def write_record(folder: str, record: Record) -> None:
    """Say how a tunnel stands."""
    private.write(f"{folder}/{places.STATE}", json.dumps(asdict(record)))


def read_record(folder: str) -> Record | None:
    """How a tunnel stands; None where nothing (readable) tells it."""
    found = _read(f"{folder}/{places.STATE}")
    try:
        forwards = tuple(_filled(_FORWARD, each) for each in found["tunnel"]["forwards"])
        return Record(
            tunnel=_filled(_TUNNEL, {**found["tunnel"], "forwards": forwards}),
            place=_place(found["place"]),
            revision=_exactly(int, found["revision"]),
            supervisor=_identity(found["supervisor"]),
            children=tuple(_identity(each) for each in found["children"]),
        )
    except _DAMAGED:
        return None


def records() -> list[Record]:
    """All tunnels of this user on this machine, by namespace and name; also those whose supervisor has ended, or runs
    and has left nothing readable."""
    found = [read_record(folder_of(key)) or _untold(key) for key in places.tunnels()]
    return sorted((each for each in found if each), key=lambda each: (each.place.namespace, each.place.name))


def _untold(key: str) -> Record | None:
    """A tunnel that has a supervisor, and a state that cannot be read: what is known of it by what is wanted."""
    folder = folder_of(key)
    wanted = read_wanted(folder)
    written = os.path.exists(f"{folder}/{places.STATE}")  # noqa: PTH110 - of text
    if wanted is None or wanted.place.key != key or not written or places.unattended(folder):
        return None
    place = wanted.place
    why = f"{folder}/{places.STATE} is damaged, or another krayne's; tun-close ends it"
    said = {"name": place.name, "namespace": place.namespace, "server": place.server, "log": f"{folder}/{places.LOG}"}
    return Record(replace(_TUNNEL, **said, state=UNREADABLE, why=why), place, 0, None, ())  # type: ignore[arg-type]


def forget(key: str) -> None:
    """Remove all that is known of a tunnel."""
    with suppress(FileNotFoundError):
        shutil.rmtree(folder_of(key))


def _read(path: str) -> Any:
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123 - get may read it
            # Another user's file, put there by a folder that is shared, is not taken for our own.
            return json.load(file) if os.fstat(file.fileno()).st_uid == os.getuid() else {}
    except (OSError, ValueError, RecursionError):
        return {}


def _filled(blank: Made, found: Mapping[str, Any]) -> Made:
    """A value like ``blank`` with what was found of its fields: another krayne may have written fewer of them, or more.

    Raises TypeError for what is of another kind.
    """
    told = {name: found.get(name, getattr(blank, name)) for name in blank.__dataclass_fields__}
    for name, value in told.items():
        usual = getattr(blank, name)
        if not (usual is None and value is None):
            _exactly(str if usual is None else type(usual), value)
    return replace(blank, **told)  # type: ignore[type-var]  # a Value is a dataclass


def _place(found: Mapping[str, Any]) -> Place:
    return Place(*(_exactly(str, found[name]) for name in ("name", "namespace", "uid", "server")))


def _holder(found: Mapping[str, Any]) -> Holder:
    owner = _identity(found["owner"]) if found["owner"] else None
    services = tuple(_exactly(str, each) for each in found["services"])
    return Holder(_exactly(str, found["name"]), owner, services)


def _identity(found: Sequence[Any]) -> Identity:
    pid, started, boot = found
    if not 0 < _exactly(int, pid) < _NO_PID:
        raise ValueError(f"no process id: {pid}")
    return Identity(pid, _exactly(str, started), _exactly(str, boot))


def _ports(found: Mapping[str, Any]) -> dict[str, int]:
    return {name: _exactly(int, port) for name, port in found.items()}


def _exactly(kind: type[Any], value: Any) -> Any:
    if type(value) is not kind:
        raise TypeError(f"no {kind.__name__}: {value!r}")
    return value
