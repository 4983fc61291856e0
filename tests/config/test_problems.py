"""Problems as the user reads them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from krayne.config.assignment_text import split
from krayne.config.problems import Path, Place, Problem, lines, path_text, place_of, refusal, shown


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), ""),
        (("worker_groups", 0, "replicas"), "worker_groups[0].replicas"),
        (("labels", "a.b/c"), 'labels."a.b/c"'),
        (("labels", ""), 'labels.""'),
        (("labels", 'a"\\'), r'labels."a\"\\"'),
        (("a", 0, 1), "a[0][1]"),
    ],
)
def test_path_text(path: Path, text: str) -> None:
    """As the user would write it."""
    assert path_text(path) == text


@given(st.lists(st.text(st.characters(exclude_categories=["C", "Z"])) | st.integers(0, 99), max_size=4))
def test_a_shown_path_can_be_set(keys: list[str | int]) -> None:
    """What a message calls a field, --set takes."""
    path = ("overrides", *keys)
    assert split(f"{path_text(path)}=").keys == path


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", '"a"'),
        (True, "true"),
        (None, "null"),
        (1.5, "1.5"),
        ([], "[]"),
        ([1], "a list"),
        ({}, "{}"),
        ({"a": 1}, "a map"),
        ("é\n\x1b\u2028", r'"é\n\u001b\u2028"'),
        ("a" * 100, f'"{"a" * 59}… (100 characters)'),
    ],
)
def test_shown(value: Any, text: str) -> None:
    """As in YAML, on one line, printable, not endless."""
    assert shown(value) == text


PLACES = {
    (): Place("f:1", 1),
    ("b",): Place("--set b", covers=("b",)),
    ("a",): Place("f:2", 2),
    ("a", "x"): Place("f:3", 3),
}


@pytest.mark.parametrize(
    ("path", "label"), [(("a", "x", "y"), "f:3"), (("a", "z"), "f:2"), (("c",), "f:1"), (("b", 0), "--set b")]
)
def test_place_is_the_nearest(path: Path, label: str) -> None:
    """A part without a place stands where what holds it does."""
    assert place_of(PLACES, path).label == label
    assert place_of({}, path).label == ""


def test_lines_stand_in_the_order_of_their_places() -> None:
    """Each once; a place that stands for the path does not repeat it."""
    problems = [Problem(("a", "x"), "3rd"), Problem(("b", "y"), "2nd"), Problem((), "1st"), Problem(("b",), "2nd")]
    assert lines([*problems, problems[0]], PLACES) == ["f:1: 1st", "--set b: b.y: 2nd", "--set b: 2nd", "f:3: a.x: 3rd"]
    assert lines(problems[:1], {}) == ["a.x: 3rd"]


def test_what_is_said_once_is_said_with_the_first_that_would_say_it() -> None:
    """In a whole report, of which these may be the second part; neither does it say a line twice."""
    first, second = Problem(("a",), "unknown", "; known: b"), Problem(("c",), "unknown", "; known: b")
    told: set[str] = set()
    assert lines([first, second], {}, told) == ["a: unknown; known: b", "c: unknown"]
    assert lines([second, Problem(("d",), "unknown", "; known: b")], {}, told) == ["d: unknown"]
    assert lines([second], {}) == ["c: unknown; known: b"]


def test_refusal_makes_printable_lines() -> None:
    """Each once."""
    assert refusal(["a\nb", "c", "c"]).problems == (r"a\nb", "c")
