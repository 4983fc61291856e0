"""The store: versions, a bounded history, lists as they were."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from krayne.sandbox.apiserver.store import Key, Store, TooOldError, sharing


def key(name: str, namespace: str = "ns") -> Key:
    """A thing's place."""
    return Key("things", namespace, name)


def put(store: Store, name: str, **fields: object) -> int:
    """Store a thing; its version."""
    return store.put(key(name), {"metadata": {"name": name, "namespace": "ns"}, **fields}).version


def test_every_change_has_a_version_of_its_own_which_the_object_carries() -> None:
    """A deletion, too."""
    store = Store()
    first, second = put(store, "a"), put(store, "b")
    deleted = store.delete(key("a"))
    assert first < second < deleted.version == store.version
    assert deleted.object["metadata"]["resourceVersion"] == str(deleted.version)


def test_a_list_is_by_namespace_and_name() -> None:
    """As the real one's keys are."""
    store = Store()
    for namespace, name in (("b", "a"), ("a", "b"), ("a", "a")):
        store.put(key(name, namespace), {"metadata": {"name": name, "namespace": namespace}})
    assert [tuple(item.object["metadata"][x] for x in ("namespace", "name")) for item in store.list("things")] == [
        ("a", "a"),
        ("a", "b"),
        ("b", "a"),
    ]
    assert len(store.list("things", "a")) == 2


def test_a_history_that_is_gone_is_told_with_where_it_starts() -> None:
    """Only what is older than the bound."""
    store = Store(history=2)
    versions = [put(store, "a", n=number) for number in range(4)]
    with pytest.raises(TooOldError) as caught:
        store.since("things", versions[0])
    assert caught.value.oldest == versions[1]
    assert [change.version for change in store.since("things", versions[1])] == versions[2:]


def test_another_resource_does_not_use_up_the_history() -> None:
    """Many events must not end the watch of a cluster."""
    store = Store(history=2)
    version = put(store, "a")
    for number in range(10):
        store.put(Key("events", "ns", str(number)), {"metadata": {"name": str(number)}})
    assert list(store.since("things", version)) == []


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=30))
def test_a_list_at_a_version_is_what_it_was_then(steps: list[tuple[str, bool]]) -> None:
    """Whatever has been created, changed and deleted since."""
    store = Store()
    seen = {store.version: store.list("things")}
    for name, present in steps:
        if present:
            put(store, name)
        elif store.get(key(name)):
            store.delete(key(name))
        seen[store.version] = store.list("things")
    for version, items in seen.items():
        assert store.list_at("things", "", version) == items


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.floats(-2, 2) | st.sampled_from("ab"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES, VALUES)
def test_what_is_shared_with_the_last_version_is_what_was_written(new: object, old: object) -> None:
    """To the type: 1, 1.0 and true are three things, and the order of fields is kept."""
    assert json.dumps(sharing(new, old)) == json.dumps(new)


def test_a_version_takes_no_more_than_what_it_changed() -> None:
    """A status is written often, the spec beside it is large."""
    store = Store()
    put(store, "a", spec={"long": ["text"] * 9}, status={"ready": 0})
    put(store, "a", spec={"long": ["text"] * 9}, status={"ready": 1})
    first, second = (change.new.object for change in store.since("things", 0) if change.new)
    assert first["spec"] is second["spec"]
    assert (first["status"], second["status"]) == ({"ready": 0}, {"ready": 1})
