"""Sets of fields, as managedFields holds them (FieldsV1): which leaves an object has and which two objects differ in.

A path is a tuple of FieldsV1's own steps: "f:NAME" a field, 'k:{"name":"x"}' an item by its keys, 'v:"x"' a value of a
set.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from krayne.sandbox.apiserver.structural import PRESERVE, child_schema
from krayne.sandbox.apiserver.types import TYPE_NAME, Schema

Path = tuple[str, ...]
FieldSet = frozenset[Path]

_MISSING: Any = object()


def compact(value: Any) -> str:
    """JSON as the steps of a path have it."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def is_atomic(value: Any, schema: Schema) -> bool:
    """Whether the value is owned as a whole: scalars, and lists and maps that say so or of which nothing is known."""
    if isinstance(value, dict):
        if schema.get("x-kubernetes-map-type") == "atomic":
            return True
        untyped = (
            schema.get("type") == "object" and not {"properties", "additionalProperties", PRESERVE} & schema.keys()
        )
        return untyped and TYPE_NAME not in schema
    if isinstance(value, list):
        return bool(schema.get("x-kubernetes-list-type", "atomic") == "atomic")
    return True


def children(value: Any, schema: Schema) -> dict[str, tuple[Any, Schema]]:
    """The steps below a granular value: each step's value and schema."""
    if isinstance(value, dict):
        below = {} if schema.get(PRESERVE) is None else {PRESERVE: True}
        return {f"f:{name}": (item, child_schema(schema, name) or below) for name, item in value.items()}
    items = schema.get("items", {})
    return {item_step(item, schema): (item, items) for item in value}


def item_step(item: Any, schema: Schema) -> str:
    """The step of a list's item: by its keys in a map list, by its value in a set."""
    if schema.get("x-kubernetes-list-type") == "map" and isinstance(item, Mapping):
        known = schema.get("items", {}).get("properties", {})
        keys = {key: item.get(key, known.get(key, {}).get("default")) for key in schema["x-kubernetes-list-map-keys"]}
        return "k:" + compact({key: value for key, value in keys.items() if value is not None})
    return "v:" + compact(item)


def leaves(value: Any, schema: Schema, path: Path = ()) -> Iterator[Path]:
    """The fields that applying the value claims: its leaves, empty maps, and the items of map lists and free maps."""
    if is_atomic(value, schema) or not value:
        yield path
        return
    declared = schema.get("properties", {})
    for step, (item, below) in children(value, schema).items():
        yield from leaves(item, below, (*path, step))
        if step[0] != "f" or step[2:] not in declared:
            yield (*path, step)


def every(value: Any, schema: Schema, path: Path) -> Iterator[Path]:
    """Every field of a value that is new, the maps and lists in between too."""
    yield path
    if not is_atomic(value, schema):
        for step, (item, below) in children(value, schema).items():
            yield from every(item, below, (*path, step))


def difference(old: Any, new: Any, schema: Schema, path: Path = ()) -> tuple[set[Path], set[Path]]:
    """The fields that were added or changed from `old` to `new`, and those that were removed."""
    if new is _MISSING:
        return set(), set(every(old, schema, path))
    if old is _MISSING:
        return set(every(new, schema, path)), set()
    if type(old) is not type(new) or is_atomic(new, schema):
        return ({path} if old != new else set()), set()
    changed: set[Path] = set()
    removed: set[Path] = set()
    before, after = children(old, schema), children(new, schema)
    for step in before.keys() | after.keys():
        below = (after.get(step) or before[step])[1]
        more, fewer = difference(
            before.get(step, (_MISSING, None))[0], after.get(step, (_MISSING, None))[0], below, (*path, step)
        )
        changed |= more
        removed |= fewer
    return changed, removed


def to_v1(fields: Iterable[Path]) -> dict[str, Any]:
    """The set as FieldsV1."""
    root: dict[str, Any] = {}
    paths = sorted(fields)
    parents = {path[:depth] for path in paths for depth in range(len(path))}
    for path in paths:
        node = root
        for step in path:
            node = node.setdefault(step, {})
        if path in parents:
            node["."] = {}
    return _ordered(root)


def from_v1(tree: Mapping[str, Any]) -> FieldSet:
    """The set that a FieldsV1 holds."""
    return frozenset(_paths(tree, ()))


def _paths(tree: Mapping[str, Any], path: Path) -> Iterator[Path]:
    for step, below in tree.items():
        if step == ".":
            yield path
        elif below:
            yield from _paths(below, (*path, step))
        else:
            yield (*path, step)


def _ordered(tree: dict[str, Any]) -> dict[str, Any]:
    return {step: _ordered(tree[step]) for step in sorted(tree)}


def told_order(path: Path) -> tuple[tuple[bool, str], ...]:
    """The order in which a set's fields are told: at each level its own fields before what is further below."""
    return tuple((depth < len(path), step) for depth, step in enumerate(path, start=1))


def shown(path: Path) -> str:
    """The path as conflicts print it: `.spec.containers[name="x"].image`."""
    return "".join(_shown_step(step) for step in path)


def _shown_step(step: str) -> str:
    if step.startswith("f:"):
        return f".{step[2:]}"
    if step.startswith("k:"):
        return "[" + ",".join(f"{key}={compact(value)}" for key, value in json.loads(step[2:]).items()) + "]"
    return f"[={step[2:]}]"


def value_at(root: Any, schema: Schema, path: Path) -> tuple[bool, Any]:
    """Whether there is a value at that path, and the value."""
    value = root
    for step in path:
        if is_atomic(value, schema):
            return False, None
        below = children(value, schema)
        if step not in below:
            return False, None
        value, schema = below[step]
    return True, value


def remove(root: Any, schema: Schema, path: Path) -> None:
    """Take the field away, in place, if it is there."""
    value = root
    for step in path[:-1]:
        if is_atomic(value, schema):
            return
        below = children(value, schema)
        if step not in below:
            return
        value, schema = below[step]
    last = path[-1]
    if isinstance(value, dict):
        value.pop(last[2:], None)
    elif isinstance(value, list):
        value[:] = [item for item in value if item_step(item, schema) != last]
