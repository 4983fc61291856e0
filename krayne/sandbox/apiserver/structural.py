"""Objects against schemas before validation: unknown fields, nulls, defaults, Go's way of leaving out the empty."""

from __future__ import annotations

import copy
from typing import Any

from krayne.quantity import parse
from krayne.sandbox.apiserver.types import TYPE_NAME, Schema

PRESERVE = "x-kubernetes-preserve-unknown-fields"

_NO_QUANTITY = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"


def item_path(path: str, index: int) -> str:
    """The path of a list's item."""
    return f"{path}[{index}]"


def field_path(path: str, name: str) -> str:
    """The path of an object's field."""
    return f"{path}.{name}" if path else name


def child_schema(schema: Schema, name: str) -> Schema | None:
    """The schema of a field, declared or of a map; None where the schema says nothing about it."""
    declared: Schema | None = schema.get("properties", {}).get(name)
    if declared is not None:
        return declared
    extra = schema.get("additionalProperties")
    if isinstance(extra, dict):
        return extra
    return None


def is_open(schema: Schema) -> bool:
    """Whether the schema lets fields through that it does not declare."""
    if schema.get(PRESERVE) or schema.get("additionalProperties"):
        return True
    return schema.get("type") == "object" and "properties" not in schema and TYPE_NAME not in schema


def prune(value: Any, schema: Schema, path: str = "") -> tuple[Any, list[str]]:
    """A copy without fields that the schema lacks, and their paths. Nulls go too, save where the schema has them."""
    if isinstance(value, dict):
        return _prune_object(value, schema, path)
    if isinstance(value, list) and isinstance(schema.get("items"), dict):
        pairs = [prune(item, schema["items"], item_path(path, index)) for index, item in enumerate(value)]
        return [item for item, _ in pairs], [name for _, names in pairs for name in names]
    return copy.deepcopy(value) if isinstance(value, (dict, list)) else value, []


def _prune_object(value: dict[str, Any], schema: Schema, path: str) -> tuple[dict[str, Any], list[str]]:
    kept: dict[str, Any] = {}
    unknown: list[str] = []
    for name, item in value.items():
        child = child_schema(schema, name)
        if child is None:
            if is_open(schema):
                kept[name] = copy.deepcopy(item)
            else:
                unknown.append(field_path(path, name))
        elif item is not None or child.get("nullable"):
            kept[name], more = prune(item, child, field_path(path, name))
            unknown += more
    return kept, unknown


def set_defaults(value: Any, schema: Schema) -> None:
    """Fill in the schema's defaults, in place, in whatever objects are there."""
    if isinstance(value, dict):
        for name, child in schema.get("properties", {}).items():
            if name not in value and "default" in child:
                value[name] = copy.deepcopy(child["default"])
        for name, item in value.items():
            child = child_schema(schema, name)
            if child is not None:
                set_defaults(item, child)
    elif isinstance(value, list) and isinstance(schema.get("items"), dict):
        for item in value:
            set_defaults(item, schema["items"])


def normalise(value: Any, schema: Schema) -> Any:
    """A built-in object as Go would write it back: canonical quantities, no empty lists and maps, no creation null.

    Raises ValueError for what is no quantity.
    """
    if schema.get("x-quantity"):
        return _canonical(value)
    if isinstance(value, dict):
        required = schema.get("required", ())
        pairs = [(name, item, child_schema(schema, name) or {}) for name, item in value.items()]
        return {
            name: normalise(item, child)
            for name, item, child in pairs
            if name in required or not _left_out(item, child)
        }
    if isinstance(value, list):
        items = schema.get("items", {})
        return [normalise(item, items) for item in value]
    return value


def _canonical(value: Any) -> str:
    found = parse(str(value).strip())
    if found is None:
        raise ValueError(_NO_QUANTITY)
    return str(found)


def _left_out(item: Any, schema: Schema) -> bool:
    if item == []:
        return schema.get("type") == "array"
    return item == {} and "additionalProperties" in schema
