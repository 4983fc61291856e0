"""Label and field selectors, in every form."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from krayne.sandbox.apiserver import selectors
from krayne.sandbox.apiserver.selectors import SelectorError

LABELS = {"a": "b", "n": "5", "x.io/y": "z", "e": ""}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", True),
        ("a", True),
        ("q", False),
        ("!q", True),
        ("!a", False),
        ("a=b", True),
        ("a==b", True),
        ("a!=b", False),
        ("q!=b", True),
        ("e=", True),
        ("a=", False),
        ("a in (b, c)", True),
        ("a in (c)", False),
        ("a notin (c)", True),
        ("q notin (c)", True),
        ("n>4", True),
        ("n<5", False),
        ("x.io/y=z,a=b,!q", True),
        ("x.io/y=z,a=c", False),
    ],
)
def test_labels_are_matched_as_kubernetes_does(text: str, expected: bool) -> None:
    """Sets, equality, presence, order; all of them together."""
    assert selectors.labels(text)({"metadata": {"labels": LABELS}}) is expected


@pytest.mark.parametrize("text", ["=(", "a in b", "a in (b", "a b", "n > x", ","])
def test_a_selector_that_cannot_be_read_is_refused(text: str) -> None:
    """With a sentence, not a traceback."""
    with pytest.raises(SelectorError):
        selectors.labels(text)


@given(st.text())
def test_any_text_is_a_selector_or_is_refused(text: str) -> None:
    """Whatever a query holds."""
    for read in (selectors.labels, lambda each: selectors.fields(each, {})):
        with contextlib.suppress(SelectorError):
            assert read(text)({"metadata": {}}) in (True, False)


def test_fields_are_matched_by_equality() -> None:
    """Only those that the resource knows."""
    known = {"metadata.name": lambda item: str(item["metadata"]["name"])}
    item = {"metadata": {"name": "a"}}
    assert selectors.fields("metadata.name=a", known)(item)
    assert not selectors.fields("metadata.name!=a", known)(item)
    with pytest.raises(SelectorError, match=r"field label not supported: status\.x"):
        selectors.fields("status.x=a", known)
