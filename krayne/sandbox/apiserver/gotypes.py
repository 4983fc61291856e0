"""What Go's JSON decoder says when a built-in object's field holds a value of the wrong type."""

from __future__ import annotations

from typing import Any

from krayne.sandbox.apiserver.structural import child_schema, field_path
from krayne.sandbox.apiserver.types import TYPE_NAME, Schema

_GO = {"string": "string", "boolean": "bool", "integer": "int64", "number": "float64"}
_CHECKS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "array": (list,),
    "object": (dict,),
}


def mismatch(value: Any, schema: Schema, struct: str = "", path: str = "") -> str | None:
    """The decoder's sentence about the first field of the wrong type, or None where all fit."""
    wanted = schema.get("type")
    if value is None or wanted is None:
        return None
    if not isinstance(value, _CHECKS[wanted]) or (isinstance(value, bool) and wanted != "boolean"):
        where = f"Go struct field {struct}.{path}" if struct else "Go value"
        return f"json: cannot unmarshal {_found(value)} into {where} of type {_go_type(schema)}"
    if isinstance(value, list):
        return next((text for item in value if (text := mismatch(item, schema["items"], struct, path))), None)
    if isinstance(value, dict):
        return _object_mismatch(value, schema, struct, path)
    return None


def _object_mismatch(value: dict[str, Any], schema: Schema, struct: str, path: str) -> str | None:
    owner = str(schema.get(TYPE_NAME, "")).rpartition(".")[2]
    for name, item in value.items():
        child = child_schema(schema, name)
        if child is None:
            continue
        declared = name in schema.get("properties", {})
        below = field_path(path, name) if declared else path
        text = mismatch(item, child, owner or struct, below)
        if text:
            return text
    return None


def _found(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, (int, float)):
        return "number"
    names: dict[type, str] = {str: "string", list: "array", dict: "object"}
    return names[type(value)]


def _go_type(schema: Schema) -> str:
    name = str(schema.get(TYPE_NAME, ""))
    if name:
        return name.partition(".")[2]
    wanted = schema["type"]
    if wanted == "array":
        return f"[]{_go_type(schema['items'])}"
    if wanted == "object":
        extra = schema.get("additionalProperties")
        return (
            f"map[string]{_go_type(extra)}"
            if isinstance(extra, dict) and "type" in extra
            else "map[string]interface {}"
        )
    return str(schema.get("format", "")) if wanted == "integer" and "format" in schema else _GO[wanted]
