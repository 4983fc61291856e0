"""The common fields' own command-line flags, as the schema names them, and what they say as nested fields."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from krayne.config import schema
from krayne.config.problems import shown

if TYPE_CHECKING:
    from collections.abc import Iterable


_INTEGER = re.compile(r"[+-]?[0-9]{1,400}")  # far more digits than are taken, and far fewer than int() refuses


class Flag(NamedTuple):
    """One flag of ``create`` and ``apply``, from the schema's ``x-flag``."""

    option: str
    """As click writes it: ``--image``, or ``--autoscaler/--no-autoscaler``."""
    path: tuple[str, ...]
    """The field; a path through worker_groups means the only group."""
    type: str
    """``string``, ``integer``, ``boolean``; repeatable: ``list`` (a text each) and ``map`` (NAME=VALUE each)."""
    choices: tuple[str, ...]
    """The allowed values, exactly as the API writes them; empty where there is no such list."""
    default: Any
    """The schema's default; None where there is none."""
    description: str
    """The field's description, sentences with full stops."""


@cache
def flags() -> tuple[Flag, ...]:
    """Every flag, in the schema's order."""
    return tuple(_flag(path, node) for path, node in schema.walk() if "x-flag" in node)


def _flag(path: tuple[str, ...], node: schema.Schema) -> Flag:
    kinds = {"array": "list", "object": "map", "boolean": "boolean", "integer": "integer"}
    named = schema.types(node)
    kind = kinds.get(named[0], "string") if len(named) == 1 else "string"
    choices = tuple(node.get("enum", ()))
    return Flag(node["x-flag"], path, kind, choices, node.get("default"), node["description"])


def option_of(path: tuple[Any, ...]) -> str:
    """What a user typed to set ``path`` by a flag: ``--worker-cpus``, ``--env NAME``."""
    named = tuple(key for key in path if isinstance(key, str))
    for flag in flags():
        if named == flag.path:
            return flag.option.partition("/")[0]
        if flag.type == "map" and named[:-1] == flag.path:
            return f"{flag.option} {named[-1]}"
    return "--" + "-".join(named).replace("_", "-")


def nest(values: Iterable[tuple[Flag, Any]]) -> tuple[dict[str, Any], list[str]]:
    """Flags and their values as nested fields, and what is wrong with those that cannot be, for ``load_configs``.

    None and empty lists are not given. A ``map`` flag's value is its texts, NAME=VALUE each. An ``integer`` may be its
    digits; what is none stays text, for the schema to refuse with all that is wrong.
    """
    nested: dict[str, Any] = {}
    problems: list[str] = []
    for flag, value in values:
        if value is None or value in ((), []):
            continue
        holder = nested
        for key in flag.path[:-1]:
            holder = holder.setdefault(key, {})
        holder[flag.path[-1]] = _value(flag, value, problems)
    return nested, problems


def _value(flag: Flag, value: Any, problems: list[str]) -> Any:
    if flag.type == "list":
        return list(value)
    if flag.type == "integer" and _INTEGER.fullmatch(str(value)):
        return int(value)
    if flag.type != "map":
        return value
    pairs = [text.partition("=") for text in value]
    wrong = [text for text, (name, equals, _) in zip(value, pairs, strict=True) if not (name and equals)]
    problems += [f"{flag.option} {shown(text)}: write it as NAME=VALUE" for text in wrong]
    return {name: text for name, equals, text in pairs if name and equals}
