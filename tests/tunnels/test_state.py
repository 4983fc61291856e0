"""State files: what is written is read back, and what is not ours or is broken counts as nothing."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from krayne import private
from krayne.cli.tun_list import table
from krayne.identity import Identity, myself
from krayne.operations.tunnels import list_tunnels
from krayne.tunnels import places
from krayne.tunnels.files import folder_of, forget, read_record, read_wanted, records, write_record, write_wanted
from krayne.tunnels.state import Forward, Holder, Place, Record, Tunnel, Wanted

if TYPE_CHECKING:
    from collections.abc import Iterator

PLACE = Place("demo", "ml", "uid", "https://lab.example")
WANTED = Wanted(
    revision=3,
    place=PLACE,
    connection={"context": "lab", "as_groups": []},
    kubeconfig="/home/me/.kube/config",
    local={"dashboard": 8265, "client": 10001, "ssh": 23456},
    remote={"dashboard": 8265, "client": 10001, "ssh": 22},
    holders=(Holder("user", None, ("dashboard",)), Holder("a", Identity(1, "2", "3"), ("client",))),
)
FORWARD = Forward("dashboard", 8265, 8265, "http://127.0.0.1:8265", "up", None, "2026-11-23T12:00:00Z", 0)
TUNNEL = Tunnel("demo", "ml", "https://lab.example", None, "up", None, "2026-11-23T12:00:00Z", "p", (FORWARD,), "log")
RECORD = Record(TUNNEL, PLACE, 3, Identity(7, "8", "9"), (Identity(10, "11", "12"),))


def test_what_is_wanted_is_read_back() -> None:
    """Whole."""
    write_wanted(WANTED)
    assert read_wanted(folder_of(PLACE.key)) == WANTED


def test_how_it_stands_is_read_back() -> None:
    """Whole."""
    record = Record(TUNNEL, PLACE, 3, myself(), (Identity(7, "8", "9"),))
    write_wanted(WANTED)
    write_record(folder_of(PLACE.key), record)
    assert records() == [record]
    forget(PLACE.key)
    forget(PLACE.key)
    assert records() == []


def test_only_those_who_still_are_there_want_something() -> None:
    """A user always; a process while it lives."""
    assert WANTED.services() == ("dashboard",)
    mine = replace(WANTED, holders=(*WANTED.holders, Holder("b", myself(), ("ssh",))))
    assert mine.services() == ("dashboard", "ssh")


DEEP = "[" * 100_000


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "null", DEEP, '{"place": 1}', '{"tunnel": "abc"}', '{"tunnel": {"forwards": "abc"}}'),
        *(json.dumps({"tunnel": {"forwards": None}}), '{"tunnel": {"forwards": []}, "supervisor": [1]}'),
    ],
)
def test_a_broken_file_counts_as_none(text: str) -> None:
    """No traceback for what a full disk or an older krayne left."""
    folder = private.own(folder_of("broken"))
    for name in (places.WANTED, places.STATE):
        Path(folder, name).write_text(text)
    assert read_wanted(folder) is None
    assert read_record(folder) is None
    assert records() == []


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def places_in(value: Any) -> Iterator[tuple[Any, Any]]:
    """Everything in a JSON value, as what holds it and its key there."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield value, key
        yield from places_in(inner)


@given(data=st.data())
def test_whatever_stands_in_a_file_is_a_value_or_none(data: st.DataObject) -> None:
    """Of which nothing that reads it takes harm: JSON of any kind, and the real one with anything in any place."""
    folder = private.own(folder_of(PLACE.key))
    for name, value in ((places.WANTED, WANTED), (places.STATE, RECORD)):
        real = json.loads(json.dumps(asdict(value)))
        holder, key = data.draw(st.sampled_from(list(places_in(real))))
        holder[key] = data.draw(anything)
        Path(folder, name).write_text(json.dumps(data.draw(anything | st.just(real))))
    if wanted := read_wanted(folder):
        wanted.services()
    table(list_tunnels(), headers=True, wide=True)


def test_what_another_krayne_wrote_is_read() -> None:
    """It may know more of a tunnel, or less."""
    folder = private.own(folder_of(PLACE.key))
    written = json.loads(json.dumps(asdict(RECORD)))
    for each in (written, written["tunnel"], written["tunnel"]["forwards"][0], written["place"]):
        each["of tomorrow"] = {"a": 1}
    del written["tunnel"]["context"], written["tunnel"]["forwards"][0]["restarts"]
    Path(folder, places.STATE).write_text(json.dumps(written))
    assert read_record(folder) == RECORD


def test_a_cluster_is_told_by_server_namespace_and_uid_its_ports_by_its_name() -> None:
    """A copy of a cluster on another server has the same uid; one that is made again keeps its ports."""
    keys = {replace(PLACE, **change).key for change in ({}, {"server": "b"}, {"uid": "b"}, {"namespace": "b"})}
    assert len(keys) == 4
    assert replace(PLACE, uid="b").ports_of == PLACE.ports_of
    assert replace(PLACE, server="b").ports_of != PLACE.ports_of
