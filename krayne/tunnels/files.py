"""The files that carry what is wanted of a tunnel and how it stands."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from krayne import private
from krayne.identity import Identity
from krayne.tunnels import places
from krayne.tunnels.state import Forward, Holder, Place, Record, Tunnel, Wanted


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
        return Wanted(
            revision=found["revision"],
            place=Place(**found["place"]),
            connection=found["connection"],
            local=found["local"],
            remote=found["remote"],
            holders=tuple(
                Holder(each["name"], Identity(*each["owner"]) if each["owner"] else None, tuple(each["services"]))
                for each in found["holders"]
            ),
        )
    except (KeyError, TypeError):
        return None


def write_record(folder: str, record: Record) -> None:
    """Say how a tunnel stands."""
    private.write(f"{folder}/{places.STATE}", json.dumps(asdict(record)))


def read_record(folder: str) -> Record | None:
    """How a tunnel stands; None where nothing (readable) tells it."""
    found = _read(f"{folder}/{places.STATE}")
    try:
        told = dict(found["tunnel"])
        told["forwards"] = tuple(Forward(**each) for each in told["forwards"])
        return Record(
            tunnel=Tunnel(**told),
            place=Place(**found["place"]),
            revision=found["revision"],
            supervisor=Identity(*found["supervisor"]),
            children=tuple(Identity(*each) for each in found["children"]),
        )
    except (KeyError, TypeError):
        return None


def records() -> list[Record]:
    """All tunnels of this user on this machine, by namespace and name; also those whose supervisor has ended."""
    found = [read_record(folder_of(key)) for key in places.tunnels()]
    return sorted((each for each in found if each), key=lambda each: (each.place.namespace, each.place.name))


def forget(key: str) -> None:
    """Remove all that is known of a tunnel."""
    with suppress(FileNotFoundError):
        shutil.rmtree(folder_of(key))


def _read(path: str) -> Any:
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123 - get may read it
            # Another user's file, put there by a folder that is shared, is not taken for our own.
            return json.load(file) if os.fstat(file.fileno()).st_uid == os.getuid() else {}
    except (OSError, ValueError):
        return {}
