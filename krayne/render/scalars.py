"""Values as YAML text that every YAML reader takes back as the very same values."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping

_NOT_ASCII_TEXT = re.compile(r'[^ -~]|["\\]')
_NOT_PRINTABLE = re.compile('["\\\\]|[^ -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]')
_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
KEY_LIMIT = 1000  # YAML readers look no further than 1,024 characters for the colon after a key


def quote(text: str, *, ascii_only: bool = True) -> str:
    """Double-quote ``text``: one line, whatever it holds. ValueError if it holds half of a surrogate pair."""
    return '"' + (_NOT_ASCII_TEXT if ascii_only else _NOT_PRINTABLE).sub(_escape, text) + '"'


def _escape(match: re.Match[str]) -> str:
    char, code = match[0], ord(match[0])
    if char in _SHORT:
        return _SHORT[char]
    if 0xD800 <= code <= 0xDFFF:
        raise ValueError(f"U+{code:04X} is half of a surrogate pair, not a character")
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def printable(text: str) -> bool:
    """Whether every character of ``text`` may stand in YAML as it is (quotes and backslashes included)."""
    return all(found[0] in '"\\' for found in _NOT_PRINTABLE.finditer(text))


def number(value: float) -> str:
    """A bool, int or float. ValueError for what JSON has no number for."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if not math.isfinite(value):
        raise ValueError(f"{value} is not a number that JSON knows")
    digits, exponent, power = repr(value).partition("e")
    return digits + ("" if "." in digits else ".0") + exponent + power  # without the dot PyYAML reads 1e+16 as text


def key_and_colon(key: str) -> str:
    """A mapping's key (already YAML text) with what must stand around it before its value."""
    return f"{key}:" if len(key) < KEY_LIMIT else f"? {key} :"


def flow(value: object) -> str:
    """Any JSON-like value on one line of ASCII. TypeError for what is no JSON value, ValueError as `quote`."""
    if value is None:
        return "null"
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, (bool, int, float)):
        return number(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key_and_colon(_key(key))} {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, Iterable) and not isinstance(value, (bytes, bytearray)):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    raise TypeError(f"a {type(value).__name__} has no form in a manifest")


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise TypeError(f"{key!r} is a map's key but not text")
    return quote(key)
