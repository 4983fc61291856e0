"""A list read as it comes is the list that was written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from krayne.kubectl import listing
from krayne.kubectl.listing import Listing

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(
    ('"items":[', "]}", "},{", "\\")
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.fixed_dictionaries({"metadata": st.dictionaries(TEXT, VALUES, max_size=3)}, optional={"status": VALUES})
# As Go writes a list of pods, then as it writes one of custom resources: its fields sorted.
ENVELOPES = st.sampled_from((("kind", "metadata", "items"), ("apiVersion", "items", "kind", "metadata"), ("items",)))
LAYOUTS = st.sampled_from(({"separators": (",", ":")}, {}, {"indent": 2}))


@given(st.data())
def test_a_list_comes_out_as_it_was_written_in_chunks_of_whatever_size(data: st.DataObject) -> None:
    """What stands in strings is never taken for the list's own structure."""
    items = data.draw(st.lists(OBJECTS, max_size=6))
    fields = {"kind": "PodList", "apiVersion": "v1", "metadata": {"resourceVersion": "7"}, "items": items}
    written = {name: fields[name] for name in data.draw(ENVELOPES)}
    text = json.dumps(written, ensure_ascii=data.draw(st.booleans()), **data.draw(LAYOUTS)).encode()
    step = data.draw(st.integers(1, 200))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(listing, "_STEP", data.draw(st.integers(1, 300)))
        assert _read(text, step) == written


def test_an_object_is_fitted_as_it_comes_and_only_once() -> None:
    """Each object is whole when it is fitted."""
    seen: list[Any] = []
    reading = Listing(seen.append)
    reading.feed(b'{"items":[{"a":1},{"b":2},{"c"')
    reading.feed(b":3}]}\n")
    assert reading.whole() == {"items": seen} == {"items": [{"a": 1}, {"b": 2}, {"c": 3}]}


@pytest.mark.parametrize("text", [b'{"kind":"PodList"}', b'{"items":null}', b'{"items":[]}', b'{"items": [ ]}\n'])
def test_a_list_without_objects_has_none(text: bytes) -> None:
    """Go writes null for a list that nobody filled."""
    assert _read(text, 5)["items"] == []


@pytest.mark.parametrize(
    "text",
    [b"", b"nonsense", b"[]", b'{"items":[{"a":1}', b'{"items":[{"a":1},{"b"', b'{"items":[{"a":1}]', b'{"items":[x]}'],
)
def test_what_is_no_whole_list_is_refused_and_its_beginning_kept_for_the_message(text: bytes) -> None:
    """A server, or a proxy before it, may answer with anything."""
    reading = Listing()
    reading.feed(text)
    with pytest.raises(ValueError, match=r"no object|char"):
        reading.whole()
    assert text.decode().startswith(reading.beginning[:9])


def _read(text: bytes, step: int) -> dict[str, Any]:
    reading = Listing()
    for start in range(0, len(text), step):
        reading.feed(text[start : start + step])
    return reading.whole()
