"""Layers over a file: --set first, then flags; each value remembers where it was said."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from krayne.config import schema
from krayne.config.flags import option_of
from krayne.config.problems import Path, Place, Places, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

GROUPS = "worker_groups"


def put(tree: dict[str, Any], places: Places, path: Path, value: Any, place: Place) -> None:
    """Set ``path`` to ``value`` and forget where what stood there was said. What holds it must exist."""
    holder: Any = tree
    for key in path[:-1]:
        holder = holder[key]
    if isinstance(holder, list) and path[-1] == len(holder):
        holder.append(value)
    else:
        holder[path[-1]] = value
    for known in [known for known in places if known[: len(path)] == path]:
        del places[known]
    places[path] = place


def default_groups() -> list[dict[str, Any]]:
    """The groups that stand where neither the file nor a flag names any."""
    groups: list[dict[str, Any]] = copy.deepcopy(schema.root()["properties"][GROUPS]["default"])
    return groups


def apply_flags(tree: dict[str, Any], places: Places, flags: Mapping[str, Any]) -> list[Problem]:
    """Merge flags' nested fields into ``tree``: maps merge, everything else replaces.

    A map at worker_groups sets fields of the only group. Where there are several, that is a problem.
    """
    flags = dict(flags)
    group_fields = flags.pop(GROUPS) if isinstance(flags.get(GROUPS), dict) else {}
    _merge(tree, places, flags, ())
    if not group_fields:
        return []
    groups = tree.get(GROUPS)
    if groups is None or groups == []:
        groups = default_groups()
        put(tree, places, (GROUPS,), groups, Place(option_of((GROUPS, next(iter(group_fields))))))
    if not isinstance(groups, list) or not isinstance(groups[0], dict):
        return []  # which the schema reports
    if len(groups) == 1:
        _merge(tree, places, group_fields, (GROUPS, 0))
        return []
    return [_ambiguous(places, field, groups) for field in group_fields]


def _merge(tree: Any, places: Places, layer: Mapping[Any, Any], path: Path) -> None:
    holder = tree
    for key in path:
        holder = holder[key]
    for key, value in layer.items():
        own = (*path, key)
        if not isinstance(value, dict):
            put(tree, places, own, value, Place(option_of(own), covers=own))
            continue
        if isinstance(holder, dict) and holder.get(key) is None:
            put(tree, places, own, {}, Place(option_of(own)))
        if isinstance(holder[key], dict):  # else the file is wrong there, which the schema reports
            _merge(tree, places, value, own)


def _ambiguous(places: Places, field: str, groups: list[Any]) -> Problem:
    names = [str(group.get("name")) for group in groups if isinstance(group, dict)]
    path = (GROUPS, field)
    places[path] = Place(option_of(path), covers=path)
    message = f"which group? There are {', '.join(names)}; say --set {GROUPS}.{names[0]}.{field}=VALUE"
    return Problem(path, message)
