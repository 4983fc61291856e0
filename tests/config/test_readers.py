"""YAML and JSON as plain values with lines."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from krayne.config import json_reader, yaml_reader
from krayne.config.problems import Place, Reading
from krayne.config.values import MAX_DEPTH, MAX_VALUES
from krayne.errors import ConfigValidationError
from tests.support.nasty import NASTY

if TYPE_CHECKING:
    from collections.abc import Callable

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=10) | st.sampled_from(NASTY)
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=15,
)


def at_line(line: int) -> Place:
    """A place that says nothing but its line."""
    return Place(str(line), line)


def sound(reading: Reading) -> Any:
    """The value; problems of reading are an error as at the user's."""
    if reading.problems:
        raise ConfigValidationError(reading.problems)
    assert not reading.unread
    return reading.value


def read_yaml(text: str) -> Any:
    """The first document's value."""
    return sound(next(yaml_reader.parse(text, at_line)))


def read_json(text: str) -> Any:
    """The document's value."""
    return sound(next(json_reader.parse(text, at_line)))


@given(VALUES, st.sampled_from([None, 1, "\t"]))
def test_json_reads_as_pythons_own_parser_does(value: Any, indent: Any) -> None:
    """Whatever the layout."""
    for ascii_ in (True, False):
        assert read_json(json.dumps(value, indent=indent, ensure_ascii=ascii_)) == value


@given(VALUES)
def test_yaml_reads_what_pyyaml_writes(value: Any) -> None:
    """Styles, quotes and escapes as PyYAML chooses them (in ASCII: else it folds U+0085 into a space itself)."""
    assert read_yaml(yaml.safe_dump(value)) == value


@given(VALUES)
def test_lines_are_where_the_keys_are(value: Any) -> None:
    """In indented JSON, which is YAML as well, each key's line holds that key."""
    text = json.dumps({"a": value}, indent=1, ensure_ascii=True)
    lines = text.split("\n")
    places = next(json_reader.parse(text, at_line)).places
    for path, place in places.items():
        if path and isinstance(path[-1], str):
            assert json.dumps(path[-1]) in lines[place.line - 1]


def test_yaml_places() -> None:
    """A value's place is its key's line, an item's its own; plain text that is no text is kept as written."""
    text = "a:\n  b: 3.10\nc:\n  - yes\n  - x: 1\n"
    places = next(yaml_reader.parse(text, at_line)).places
    assert {path: (place.line, place.raw) for path, place in places.items()} == {
        (): (1, None),
        ("a",): (1, None),
        ("a", "b"): (2, "3.10"),
        ("c",): (3, None),
        ("c", 0): (4, "yes"),
        ("c", 1): (5, None),
        ("c", 1, "x"): (5, "1"),
    }


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2024-01-01", "2024-01-01"),
        ("2024-01-01T10:00:00Z", "2024-01-01T10:00:00Z"),
        ("=", "="),
        ("!!str 4", "4"),
        ("!!int '4'", 4),
        ("0x10", 16),
        ("010", 8),
        ("1:30", 90),
        ("'yes'", "yes"),
        ("", None),
        ("~", None),
    ],
)
def test_yaml_scalars(text: str, value: Any) -> None:
    """YAML 1.1, as kubectl reads it, but dates stay text."""
    assert read_yaml(f"a: {text}") == {"a": value}


def test_merge_keys() -> None:
    """What stands beside << wins, then the earlier source; places are those of the source."""
    text = "- &a {x: 1, y: 1}\n- &b {y: 2, z: 2}\n- {<<: [*a, *b], x: 3}\n"
    value, places, *_ = next(yaml_reader.parse(text, at_line))
    assert value[2] == {"x": 3, "y": 1, "z": 2}
    assert [places[(2, key)].line for key in "xyz"] == [3, 1, 2]


def nested(depth: int) -> str:
    """Lists within lists, valid in both languages."""
    return "[" * depth + "]" * depth


@pytest.mark.parametrize("read", [read_yaml, read_json])
def test_depth(read: Callable[[str], Any]) -> None:
    """Both languages stop at the same depth, however deep it goes on."""
    assert read(nested(MAX_DEPTH)) is not None
    for depth in (MAX_DEPTH + 2, 100_000):
        with pytest.raises(ConfigValidationError, match="1: nested deeper than 50 levels"):
            read(nested(depth))


@pytest.mark.parametrize("read", [read_yaml, read_json])
def test_number_of_values(read: Callable[[str], Any]) -> None:
    """Both languages stop at about the same number of values."""
    assert len(read(f"[{'1,' * (MAX_VALUES - 10)}1]")) == MAX_VALUES - 9
    with pytest.raises(ConfigValidationError, match="1: holds more than 20000 values"):
        read(f"[{'1,' * (MAX_VALUES + 10)}1]")


def test_aliases_weigh_what_they_stand_for() -> None:
    """Text of 100 kB twenty times is too much, though the file is small."""
    assert len(read_yaml("[&a x" + ", *a" * 1000 + "]")) == 1001
    with pytest.raises(ConfigValidationError, match="1: its aliases make it larger than 1 MiB"):
        read_yaml(f"[&a {'x' * 100_000}{', *a' * 20}]")


@pytest.mark.parametrize("number", ["1" * 5000, "0x" + "f" * 5000, "1" + ":59" * 5000, "1" + "_" * 5000])
def test_absurd_numbers_are_refused_unread(number: str) -> None:
    """PyYAML would compute, or Python refuse, for long."""
    with pytest.raises(ConfigValidationError, match="is no int"):
        read_yaml(number)


def test_numbers_at_the_limits() -> None:
    """64 bits, and any finite float."""
    for number in (2**63 - 1, -(2**63), 1.7976931348623157e308):
        assert read_json(json.dumps([number])) == [number]
        assert read_yaml(yaml.safe_dump([number])) == [number]
    for text in ("9223372036854775808", "1e999", "NaN", "-Infinity"):
        with pytest.raises(ConfigValidationError):
            read_json(text)
    assert not math.isfinite(float("1e999"))


def test_several_problems_at_once() -> None:
    """Reading goes on after what it can step over."""
    with pytest.raises(ConfigValidationError) as refused:
        read_yaml("a: 1\na: 2\n3: x\nb: !x y\nc: .nan\n")
    assert refused.value.problems == (
        '2: the key "a" is given twice (first at 1)',
        '3: the key 3 is no text to YAML; quote it: "3"',
        "4: the tag !x is not allowed; write a plain value",
        "5: nan is no number that JSON knows",
    )
