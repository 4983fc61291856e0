"""Plain values: what JSON can say, and nothing else. Other input is refused here, in words."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from krayne.config.problems import Path, Problem, shown

MAX_DEPTH = 50  # deeper than any manifest; keeps recursion far from Python's limit
MAX_VALUES = 20_000  # in one file, keys counted; a cluster that says everything takes about 300
TOO_MANY = f"holds more than {MAX_VALUES} values, which no configuration needs"
TOO_DEEP = f"nested deeper than {MAX_DEPTH} levels"
# A subclass (an enum, say) becomes its plain value.
_EXACT: dict[type, Callable[[Any], Any]] = {int: int.__int__, float: float.__float__, str: str.__str__}


def scalar_problem(value: bool | float | str | None) -> str | None:
    """Why Kubernetes cannot take this scalar: NaN, infinity, beyond 64 bits, half a character."""
    if isinstance(value, float) and not math.isfinite(value):
        return f"{value} is no number that JSON knows"
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return "the number does not fit into 64 bits; quote it to make it text"
    if isinstance(value, str) and any("\ud800" <= char <= "\udfff" for char in value):
        return "the text holds half a character (a lone surrogate)"
    return None


def plain(value: Any, path: Path = ()) -> tuple[Any, list[Problem]]:
    """A Python value as plain dicts, lists and scalars, a fresh copy; with all that cannot be said so."""
    if len(path) > MAX_DEPTH:
        return None, [Problem(path, TOO_DEEP)]
    if hasattr(value, "as_dict"):
        value = value.as_dict()
    if isinstance(value, Mapping):
        return _plain_map(value, path)
    if isinstance(value, (list, tuple)):
        items = [plain(item, (*path, index)) for index, item in enumerate(value)]
        return [item for item, _ in items], [problem for _, found in items for problem in found]
    if value is None or isinstance(value, bool):
        return value, []
    for kind, exactly in _EXACT.items():
        if isinstance(value, kind):
            exact = exactly(value)
            problem = scalar_problem(exact)
            return exact, [Problem(path, problem)] if problem else []
    return None, [Problem(path, f"is a {type(value).__name__}; a map, list, text, number or boolean is expected")]


def _plain_map(value: Mapping[Any, Any], path: Path) -> tuple[dict[str, Any], list[Problem]]:
    result: dict[str, Any] = {}
    problems: list[Problem] = []
    for key, item in value.items():
        if not isinstance(key, str):
            problems.append(Problem(path, f"the key {key!r} is no text"))
            continue
        name = str.__str__(key)
        half = scalar_problem(name)
        if half:
            problems.append(Problem(path, f"the key {shown(name)}: {half}"))
            continue
        result[name], found = plain(item, (*path, name))
        problems += found
    return result, problems
