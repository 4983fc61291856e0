"""The cluster configuration's schema, the one source of its fields: loading it and walking it."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from krayne.paths import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Iterator

Schema = dict[str, Any]
_ANY: Schema = {}


@cache
def root() -> Schema:
    """The whole schema, shared: never change it."""
    schema: Schema = json.loads((SCHEMAS / "cluster-config.schema.json").read_text(encoding="utf-8"))
    return schema


def resolve(node: Schema) -> Schema:
    """``node`` with what its ``$ref`` points to; its own keywords win."""
    if "$ref" not in node:
        return node
    name = node["$ref"].removeprefix("#/$defs/")
    return {**resolve(root()["$defs"][name]), **node}


def types(node: Schema) -> tuple[str, ...]:
    """The types that ``node`` allows; none where it allows anything."""
    allowed = node.get("type", ())
    return (allowed,) if isinstance(allowed, str) else tuple(allowed)


def fields(node: Schema) -> dict[str, Schema]:
    """The known fields of an object, resolved."""
    return {name: resolve(field) for name, field in node.get("properties", {}).items()}


def is_free(node: Schema) -> bool:
    """Whether ``node`` allows anything beneath it, as overrides does."""
    return not types(node) or ("object" in types(node) and not {"properties", "additionalProperties"} & set(node))


def child(node: Schema, key: str | int) -> Schema | None:
    """The schema of ``key`` within ``node``; None where ``node`` cannot hold such a key."""
    if is_free(node):
        return _ANY
    if "array" in types(node):
        return resolve(node["items"]) if isinstance(key, int) or "x-key" in node else None
    if "object" not in types(node) or isinstance(key, int):
        return None
    rest = node.get("additionalProperties")
    return resolve(node.get("properties", {}).get(key) or (rest if isinstance(rest, dict) else _ANY))


def at(path: tuple[str | int, ...]) -> Schema:
    """The schema of what stands at ``path``; one that allows anything where nothing known does."""
    node = root()
    for key in path:
        node = child(node, key) or _ANY
    return node


def alternatives(node: Schema) -> frozenset[str]:
    """The fields of which ``node`` must have exactly one."""
    branches = node.get("oneOf") or node.get("then", {}).get("oneOf", ())
    return frozenset(branch["required"][0] for branch in branches)


def walk(node: Schema | None = None, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Schema]]:
    """Every known field with its path (through lists without an index), resolved, outermost first."""
    node = resolve(root() if node is None else node)
    node = resolve(node["items"]) if "array" in types(node) else node
    for name, field in fields(node).items():
        yield (*path, name), field
        yield from walk(field, (*path, name))
