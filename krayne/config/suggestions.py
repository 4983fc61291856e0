"""What a user most likely meant by a field that does not exist."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from krayne.config import schema
from krayne.config.problems import Problem

if TYPE_CHECKING:
    from krayne.config.problems import Path

_LISTS = ("worker_groups", "volumes")
_MANIFEST_FIELDS = frozenset({"apiVersion", "kind", "metadata", "spec"})


def unknown_field(path: Path, node: schema.Schema) -> Problem:
    """The problem with the field at ``path``, which ``node`` (what holds it) does not know."""
    name = str(path[-1])
    if len(path) == 1 and name in _MANIFEST_FIELDS:
        return Problem(path, "unknown field: this looks like a manifest, which kubectl apply takes as it is")
    here = _spelled(name, node)
    near = meant(name, node)
    hint = (here and f"did you mean {here}?") or _other_level(name) or (near and f"did you mean {near}?")
    if hint:
        return Problem(path, f"unknown field ({hint})")
    return Problem(path, "unknown field", once=f"; known here: {', '.join(schema.fields(node))}")


def meant(name: str, node: schema.Schema) -> str | None:
    """The field of ``node`` that ``name`` most likely stands for."""
    near = difflib.get_close_matches(_snake(name), schema.fields(node), n=1)
    return _spelled(name, node) or (near[0] if near else None)


def _spelled(name: str, node: schema.Schema) -> str | None:
    """By another spelling: KubeRay's name for it, camelCase, kebab-case."""
    for field, described in schema.fields(node).items():
        if field == _snake(name) or name in described.get("x-aliases", ()):
            return field
    return None


def _other_level(name: str) -> str | None:
    """A field that exists, but elsewhere; by any of its spellings."""
    homes = [
        (path[:-1], path[-1])
        for path, described in schema.walk()
        if path[-1] == _snake(name) or name in described.get("x-aliases", ())
    ]
    if not homes:
        return None
    spelled = homes[0][1]
    places = " or ".join(dict.fromkeys(_home(home) for home, field in homes if field == spelled))
    return f"belongs {places}" if spelled == name else f"did you mean {spelled}? It belongs {places}"


def _home(path: tuple[str, ...]) -> str:
    if not path:
        return "at the top level"
    return f"under {'.'.join(f'{key}[]' if key in _LISTS else key for key in path)}"


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name[:100]).replace("-", "_").lower()
