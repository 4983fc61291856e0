"""--set PATH=VALUE as it is typed."""

from __future__ import annotations

import pytest

from krayne.config.assignment_text import split
from krayne.errors import ConfigValidationError


@pytest.mark.parametrize(
    ("text", "keys", "value"),
    [
        ("a=b", ("a",), "b"),
        ("a.b.c=", ("a", "b", "c"), ""),
        ("a=b=c", ("a",), "b=c"),
        ("a[0].b=c", ("a", 0, "b"), "c"),
        ("a[0][12]=c", ("a", 0, 12), "c"),
        ('a."b.c/d".e=f', ("a", "b.c/d", "e"), "f"),
        (r"a.b\.c=d", ("a", "b.c"), "d"),
        (r"a.b\=c=d", ("a", "b=c"), "d"),
        (r'a."b\"\\c"=d', ("a", 'b"\\c'), "d"),
        ('a.""=b', ("a", ""), "b"),
        ('a.b"c.d"e=f', ("a", "bc.de"), "f"),
        ('a=" b "', ("a",), '" b "'),
        ("a=\n\\", ("a",), "\n\\"),
    ],
)
def test_path_and_value(text: str, keys: tuple[str | int, ...], value: str) -> None:
    """The first = that is neither quoted nor escaped ends the path; the value is taken as it is."""
    assert split(text)[1:] == (keys, value)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "the = is missing"),
        ("a", "the = is missing"),
        ("=b", "a name is missing"),
        ("a.=b", "a name is missing"),
        ("a..b=c", "a name is missing"),
        (".a=b", "a name is missing"),
        ("[0]=b", "must begin with a field's name"),
        ("a[x]=b", "takes an item's number"),
        ("a[-1]=b", "takes an item's number"),
        ("a[]=b", "takes an item's number"),
        ("a[0=b", "takes an item's number"),
        ("a[²]=b", "takes an item's number"),
        ("a[9999999999]=b", "takes an item's number"),
        ('a."b=c', "a quote is left open"),
        (".".join("a" * 60) + "=b", "too long"),
    ],
)
def test_malformed(text: str, why: str) -> None:
    """What is wrong, and how to write it."""
    with pytest.raises(ConfigValidationError) as refused:
        split(text)
    assert why in str(refused.value)
    assert "write it as PATH=VALUE" in str(refused.value)
