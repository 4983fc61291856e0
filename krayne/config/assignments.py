"""--set PATH=VALUE: any field from the command line, its value typed by the schema."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from krayne.config import schema
from krayne.config.assignment_text import Assignment
from krayne.config.layers import GROUPS, default_groups, put
from krayne.config.problems import Path, Place, Places, Problem, Reading, path_text, refusal
from krayne.errors import ConfigValidationError


def assign(tree: dict[str, Any], places: Places, assignment: Assignment) -> list[Problem]:
    """Carry out one --set on ``tree``. What the schema can refuse is left to validation.

    No VALUE takes a known field back; in a map (env, labels) it is empty text.
    """
    node: schema.Schema = schema.root()
    nodes: list[schema.Schema] = []
    for depth, key in enumerate(assignment.keys):
        below = schema.child(node, key)
        if below is None:
            return _problem(places, assignment, _no_such_place(node, assignment.keys, depth))
        nodes.append(node := below)
    holder: Any = tree
    path: Path = ()
    for key, node in zip(assignment.keys, nodes, strict=True):
        own = _named(holder, key) if isinstance(holder, list) and isinstance(key, str) else key
        if isinstance(holder, list) and int(own) > len(holder):
            return _problem(places, assignment, f"there is no item {own}; {path_text(path)} has {len(holder)}")
        path = (*path, own)
        if len(path) < len(nodes):
            holder = _enter(tree, places, path, assignment, node)
    above = nodes[-2] if len(nodes) > 1 else schema.root()
    if not assignment.text and path[-1] in above.get("properties", {}):
        put(tree, places, path, None, Place(assignment.label, covers=path))
        return []
    return _set_value(tree, places, path, assignment, node)


def _enter(tree: Any, places: Places, path: Path, assignment: Assignment, node: schema.Schema) -> Any:
    """What stands at ``path``, made a map or list where it is none."""
    holder: Any = tree
    for key in path[:-1]:
        holder = holder[key]
    key, following = path[-1], assignment.keys[len(path)]
    as_list = "array" in schema.types(node) or (schema.is_free(node) and isinstance(following, int))
    present = holder[key] if isinstance(holder, dict) and key in holder else None
    if isinstance(holder, list) and int(key) < len(holder):
        present = holder[int(key)]
    if isinstance(present, list if as_list else dict):
        return present
    fresh: Any = [] if as_list else {}
    if path == (GROUPS,) and isinstance(following, int):
        fresh = default_groups()
    elif isinstance(holder, list) and isinstance(assignment.keys[len(path) - 1], str):
        fresh = {"name": assignment.keys[len(path) - 1]}
    put(tree, places, path, fresh, Place(assignment.label))
    return fresh


def _named(items: list[Any], name: str) -> int:
    """The index of the item of that name; one past the end where there is none."""
    named = (index for index, item in enumerate(items) if isinstance(item, dict) and item.get("name") == name)
    return next(named, len(items))


def _set_value(tree: Any, places: Places, path: Path, assignment: Assignment, node: schema.Schema) -> list[Problem]:
    own = Place(assignment.label, covers=path)
    reading = _read(assignment.text, node, own)
    if reading.problems:
        raise refusal(reading.problems)
    by_name = isinstance(assignment.keys[-1], str) and isinstance(path[-1], int) and isinstance(reading.value, dict)
    put(tree, places, path, {"name": assignment.keys[-1], **reading.value} if by_name else reading.value, own)
    places.update({(*path, *below): place for below, place in reading.places.items()})
    return []


def _read(text: str, node: schema.Schema, place: Place) -> Reading:
    """Text as it stands where the field may be text, else YAML.

    Where the field may be a map instead, as in env, text in braces that names one of the map's alternatives
    (secret, config_map) is that map.
    """
    if "string" not in schema.types(node):
        return _parse(text, place)
    choices = schema.alternatives(node)
    if choices and text.startswith("{"):
        with suppress(ConfigValidationError):  # no YAML, so text
            reading = _parse(text, place)
            if isinstance(reading.value, dict) and choices & reading.value.keys():
                return reading
    return Reading(text, {(): place}, [], set())


def _parse(text: str, place: Place) -> Reading:
    from krayne.config.yaml_reader import parse

    readings = list(parse(text, lambda _: place))
    if len(readings) > 1:
        raise refusal([f"{place.label}: holds {len(readings)} YAML documents; one value is expected"])
    return readings[0] if readings else Reading(None, {(): place}, [], set())


def _problem(places: Places, assignment: Assignment, message: str) -> list[Problem]:
    places[assignment.keys] = Place(assignment.label, covers=assignment.keys)
    return [Problem(assignment.keys, message)]


def _no_such_place(node: schema.Schema, keys: Path, depth: int) -> str:
    holder, key = path_text(keys[:depth]), keys[depth]
    if "array" in schema.types(node):
        return f"{holder} is a list; name an item by its number, as in {holder}[0]"
    if isinstance(key, int):
        return f"{holder} is not a list"
    dotted = ".".join(str(part) for part in keys[depth - 1 :])
    above = path_text(keys[: depth - 1])
    return f'{holder} has nothing below it; quote a key that holds dots, as in {above}."{dotted}"'
