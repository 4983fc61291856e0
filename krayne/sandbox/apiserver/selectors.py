"""Label and field selectors, as the query of a list or watch writes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

Match = Callable[[Mapping[str, Any]], bool]

_TOKEN = re.compile(r"\s*(==|!=|[=!<>(),]|[^=!<>(),\s]+)")
_SYMBOLS = {"==", "!=", "=", "!", "<", ">", "(", ")", ","}


class SelectorError(ValueError):
    """The selector cannot be read; the text is the real server's."""


def labels(text: str) -> Match:
    """A matcher of objects by their labels. Raises SelectorError."""
    reader = _Reader([found.group(1) for found in _TOKEN.finditer(text)])
    rules: list[Callable[[Mapping[str, str]], bool]] = []
    while reader.peek():
        rules.append(_requirement(reader))
        if reader.peek() and reader.take() != ",":
            raise SelectorError(f"found '{reader.last}', expected: ',' or 'end of string'")
    return lambda item: all(rule(item["metadata"].get("labels") or {}) for rule in rules)


def fields(text: str, known: Mapping[str, Callable[[Mapping[str, Any]], str]]) -> Match:
    """A matcher of objects by the fields in `known`. Raises SelectorError."""
    rules: list[Match] = []
    for part in (part for part in text.split(",") if part):
        name, operator, wanted = _term(part)
        if name not in known:
            raise SelectorError(f"field label not supported: {name}")
        rules.append(_field_rule(known[name], wanted, equal=operator != "!="))
    return lambda item: all(rule(item) for rule in rules)


def _term(part: str) -> tuple[str, str, str]:
    for operator in ("!=", "==", "="):
        name, found, wanted = part.partition(operator)
        if found:
            return name, operator, wanted
    raise SelectorError(f"invalid selector: '{part}'; can't understand '{part}'")


def _field_rule(read: Callable[[Mapping[str, Any]], str], wanted: str, *, equal: bool) -> Match:
    return lambda item: (read(item) == wanted) is equal


class _Reader:
    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.last = ""

    def peek(self) -> str:
        return self.tokens[0] if self.tokens else ""

    def take(self) -> str:
        self.last = self.tokens.pop(0) if self.tokens else ""
        return self.last


def _requirement(reader: _Reader) -> Callable[[Mapping[str, str]], bool]:
    word = reader.take()
    if word == "!":
        key = reader.take()
        return lambda found: key not in found
    if word in _SYMBOLS:
        raise SelectorError(f"found '{word}', expected: !, identifier, or 'end of string'")
    if reader.peek() in ("", ","):
        return lambda found: word in found
    return _comparison(word, reader.take(), reader)


def _comparison(key: str, operator: str, reader: _Reader) -> Callable[[Mapping[str, str]], bool]:
    if operator in ("=", "==", "!="):
        value = "" if reader.peek() in ("", ",") else reader.take()
        if operator == "!=":
            return lambda found: found.get(key) != value
        return lambda found: found.get(key) == value
    if operator in ("in", "notin"):
        values = _values(reader)
        if operator == "in":
            return lambda found: found.get(key) in values
        return lambda found: found.get(key) not in values
    if operator in ("<", ">"):
        return _ordered(key, operator, reader.take())
    raise SelectorError(f"found '{operator}', expected: in, notin, =, ==, !=, gt, lt")


def _values(reader: _Reader) -> frozenset[str]:
    if reader.take() != "(":
        raise SelectorError(f"found '{reader.last}', expected: '('")
    values: set[str] = set()
    while True:
        word = reader.take()
        if word == "":
            raise SelectorError("found '', expected: ',', ')' or identifier")
        if word == ")":
            return frozenset(values or {""})
        if word != ",":
            values.add(word)


def _ordered(key: str, operator: str, text: str) -> Callable[[Mapping[str, str]], bool]:
    try:
        bound = int(text)
    except ValueError as error:
        raise SelectorError(
            f"values[0][{key}]: Invalid value: {text!r}: for 'Gt', 'Lt' operators, the value must be an integer"
        ) from error

    def rule(found: Mapping[str, str]) -> bool:
        try:
            value = int(found.get(key, ""))
        except ValueError:
            return False
        return value < bound if operator == "<" else value > bound

    return rule
