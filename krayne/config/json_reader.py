"""JSON as plain values with lines: Python's own parser judges it, a second look finds the lines."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NoReturn

from krayne.config.problems import Path, Place, Places, Reading, refusal, shown
from krayne.config.values import MAX_DEPTH, MAX_VALUES, TOO_DEEP, TOO_MANY, scalar_problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+|\n')
_LONGEST_NUMBER = 400  # longer than any float is written; Python refuses far longer ones


def is_json(text: str) -> bool:
    """Whether ``text`` is JSON as a whole."""
    try:
        json.loads(text, parse_int=str)
    except (ValueError, RecursionError):
        return False
    return True


def parse(text: str, place: Callable[[int], Place]) -> Iterator[Reading]:
    """A JSON text, one or none, as read; ``place`` makes a line's.

    Raises ConfigValidationError at the first syntax error, and where it is more than a configuration can need.
    """
    if not text.strip():
        return
    try:
        json.loads(text, parse_int=str)
    except json.JSONDecodeError as error:
        _refuse(place(error.lineno), f"is not valid JSON: {error.msg}")
    except RecursionError:
        _refuse(place(1), TOO_DEEP)
    reader = _Reader(text, place)
    value = reader.value((), reader.next())
    yield Reading(value, reader.places, reader.problems, reader.unread)


def _refuse(place: Place, message: str) -> NoReturn:
    raise refusal([f"{place.label}: {message}"])


class _Reader:
    """Walks the tokens of a text that is known to be JSON."""

    def __init__(self, text: str, place: Callable[[int], Place]) -> None:
        self.tokens = _TOKEN.finditer(text)
        self.place = place
        self.line = 1
        self.places: Places = {}
        self.problems: list[str] = []
        self.unread: set[Path] = set()

    def next(self) -> str:
        for match in self.tokens:
            if match[0] != "\n":
                return match[0]
            self.line += 1
        raise AssertionError("the text ended within a value, though it is JSON")

    def value(self, path: Path, symbol: str) -> Any:
        if len(path) > MAX_DEPTH or len(self.places) > MAX_VALUES:
            _refuse(self.place(self.line), TOO_DEEP if len(path) > MAX_DEPTH else TOO_MANY)
        self.places.setdefault(path, self.place(self.line))
        if symbol == "{":
            return self.members(path)
        if symbol == "[":
            return self.items(path)
        before = len(self.problems)
        scalar = self.scalar(symbol)
        if len(self.problems) > before:
            self.unread.add(path)
        return scalar

    def members(self, path: Path) -> dict[str, Any]:
        result: dict[str, Any] = {}
        while (symbol := self.next()) != "}":
            if symbol == ",":
                continue
            key = self.scalar(symbol)
            if key in result:
                first = self.places[(*path, key)].label
                problem = f"the key {shown(key)} is given twice (first at {first})"
                self.problems.append(f"{self.place(self.line).label}: {problem}")
            self.places.setdefault((*path, key), self.place(self.line))
            self.next()  # the colon
            result[key] = self.value((*path, key), self.next())
        return result

    def items(self, path: Path) -> list[Any]:
        result: list[Any] = []
        while (symbol := self.next()) != "]":
            if symbol != ",":
                result.append(self.value((*path, len(result)), symbol))
        return result

    def scalar(self, token: str) -> Any:
        """A string, number, true, false or null; NaN and Infinity, which Python reads, are refused."""
        if len(token) > _LONGEST_NUMBER and token[0] != '"':
            problem: str | None = "the number does not fit into 64 bits; quote it to make it text"
        else:
            value = json.loads(token)
            problem = scalar_problem(value)
        if problem:
            self.problems.append(f"{self.place(self.line).label}: {problem}")
            return "" if token[0] == '"' else None
        return value
