"""One pass over a configuration that finds everything wrong with it: what the schema says, then the rules."""

from __future__ import annotations

import copy
from functools import cache
from typing import TYPE_CHECKING, Any

import jsonschema
from jsonschema import Draft202012Validator

from krayne.config import formats, rules, schema
from krayne.config.explanations import explain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from krayne.config.problems import Path, Places, Problem


def problems_of(given: dict[str, Any], places: Places) -> list[Problem]:
    """Everything wrong with what the user said, nulls already removed. ``places`` helps to word it."""
    found = [problem for error in _validator().iter_errors(given) for problem in explain(error, places)]
    sound = _without(given, [problem.path for problem in found if problem.path])
    return found + list(rules.check(sound))


def without_nulls(value: Any, node: schema.Schema | None = None) -> Any:
    """``value`` with known fields that are null left out, as if not said; a fresh copy.

    Null is kept where it may mean something: in overrides, where a merge patch removes by it, and in maps.
    """
    node = schema.root() if node is None else node
    if isinstance(value, dict):
        known = node.get("properties", {})
        return {
            key: without_nulls(item, schema.child(node, key) or {})
            for key, item in value.items()
            if item is not None or key not in known
        }
    if isinstance(value, list):
        return [without_nulls(item, schema.child(node, index) or {}) for index, item in enumerate(value)]
    return value


@cache
def _validator() -> Any:
    """Draft 2020-12, with krayne's formats, and integers that are written as such (2.0 is none in Kubernetes)."""
    integer = Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
    )
    extend: Any = jsonschema.validators.extend  # jsonschema's own functions are untyped
    return extend(Draft202012Validator, {"format": _check_format}, type_checker=integer)(schema.root())


def _check_format(_: Any, name: str, value: Any, __: Any) -> Iterator[jsonschema.ValidationError]:
    message = formats.problem(name, value)
    if message:
        yield jsonschema.ValidationError(message)


def _without(given: dict[str, Any], paths: list[Path]) -> dict[str, Any]:
    """What is sound of ``given``: every named path taken out, list items by emptying them."""
    sound = copy.deepcopy(given)
    for path in sorted(paths, key=len, reverse=True):
        holder: Any = sound
        for key in path[:-1]:
            holder = holder[key] if _has(holder, key) else None
        if _has(holder, path[-1]):
            if isinstance(holder, list):
                holder[int(path[-1])] = {}
            else:
                del holder[path[-1]]
    return sound


def _has(holder: Any, key: str | int) -> bool:
    if isinstance(holder, list):
        return isinstance(key, int) and key < len(holder)
    return isinstance(holder, dict) and key in holder
