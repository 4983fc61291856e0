"""The built-in kinds' schemas, read from `types.txt` into OpenAPI dicts that share their types with each other."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

Schema = dict[str, Any]

# Marks a schema that is a type of its own: its name in types.txt. Never sent to a client.
TYPE_NAME = "x-type-name"

# Marks the numbers that a type's fields have in protobuf: "N" or "N.M" to name. Never sent to a client either.
NUMBERS = "x-numbers"

_TYPES = Path(__file__).with_name("types.txt")
_SCALARS: dict[str, Schema] = {
    "string": {"type": "string"},
    "bytes": {"type": "string", "format": "byte"},
    "time": {"type": "string", "format": "date-time"},
    "microtime": {"type": "string", "format": "date-time"},
    "quantity": {"oneOf": [{"type": "string"}, {"type": "number"}], "x-quantity": True},
    "intstr": {"oneOf": [{"type": "integer"}, {"type": "string"}], "format": "int-or-string"},
    "int32": {"type": "integer", "format": "int32"},
    "int64": {"type": "integer", "format": "int64"},
    "double": {"type": "number", "format": "double"},
    "bool": {"type": "boolean"},
    "any": {"type": "object"},
}


@cache
def builtin_types() -> dict[str, Schema]:
    """Every built-in type's schema by its name in types.txt (`core.v1.Pod`)."""
    lines = [line for line in _TYPES.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    types: dict[str, Schema] = {}
    for line in lines:
        if not line.startswith(" "):
            name, *flags = line.split()
            types[name] = {"type": "object", "properties": {}, "required": [], TYPE_NAME: name, NUMBERS: {}}
            if flags:
                types[name]["x-kubernetes-map-type"] = "atomic"
    current: Schema = {}
    for line in lines:
        if line.startswith(" "):
            _add_field(current, line.strip(), types)
        else:
            current = types[line.split()[0]]
    return types


def object_schema(name: str) -> Schema:
    """A kind's schema with `apiVersion` and `kind`, which types.txt leaves out."""
    schema = builtin_types()[name]
    head = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}}
    return schema | {"properties": head | schema["properties"]}


def _add_field(owner: Schema, text: str, types: dict[str, Schema]) -> None:
    head, _, rest = text.partition(": ")
    kind, *flags = rest.split(" ")
    head, _, number = head.partition("#")
    name = head.rstrip("*")
    schema = dict(_type(kind, types))
    if number:
        owner[NUMBERS][number] = name
    for flag in flags:
        _flag(schema, flag)
    owner["properties"][name] = schema
    if head.endswith("*"):
        owner["required"].append(name)


def _type(text: str, types: dict[str, Schema]) -> Schema:
    if text.startswith("["):
        return {"type": "array", "items": _type(text[1:-1], types), "x-kubernetes-list-type": "atomic"}
    if text.startswith("{"):
        return {"type": "object", "additionalProperties": _type(text[1:-1], types)}
    return types[text] if text in types else _SCALARS[text]


def _flag(schema: Schema, flag: str) -> None:
    word, _, value = flag.partition("=")
    if word == "keys":
        schema |= {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": value.split(",")}
    elif word == "set":
        schema["x-kubernetes-list-type"] = "set"
    elif word == "patch":
        strategy, _, key = value.partition(":")
        schema["x-kubernetes-patch-strategy"] = strategy
        if key:
            schema["x-kubernetes-patch-merge-key"] = key
    elif word == "present":
        schema["default"] = {}
    elif word == "default":
        schema["default"] = json.loads(value)
    elif word == "atomic":
        schema["x-kubernetes-map-type"] = "atomic"
