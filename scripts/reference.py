"""The fields of the configuration as Markdown, written from the schema."""

from __future__ import annotations

import json
from typing import Any

from krayne.config import schema

_KINDS = {"integer": "integer", "number": "number", "string": "text", "boolean": "boolean"}


def fields() -> str:
    """The fields as Markdown, a table for each section."""
    tables = [_table("Cluster", "", schema.root())]
    for path, node in schema.walk():
        section = schema.resolve(node["items"]) if "items" in node else node
        if schema.fields(section) and "title" in section:
            suffix = "[]" if "items" in node else ""
            tables.append(_table(f"`{'.'.join(path)}{suffix}`", node["description"], section))
    reference = schema.resolve(schema.root()["$defs"]["env_value"])
    tables.append(_table("Reference in `env`", "Instead of a value, a key of a Secret or ConfigMap.", reference))
    return "\n".join(tables)


def _table(title: str, description: str, node: schema.Schema) -> str:
    rows = [_row(name, field, name in node.get("required", ())) for name, field in schema.fields(node).items()]
    intro = [description, ""] if description else []
    head = ["| Field | Type | Default | Flag | Meaning |", "|---|---|---|---|---|"]
    return "\n".join([f"### {title}", "", *intro, *head, *rows, ""])


def _row(name: str, field: schema.Schema, required: bool) -> str:
    default = "required" if required else _default(field.get("default"))
    flag = f"`{field['x-flag']}`" if "x-flag" in field else ""
    return f"| `{name}` | {_kind(field)} | {default} | {flag} | {field['description']} |"


def _default(value: Any) -> str:
    return "" if value in (None, {}, []) else f"`{json.dumps(value)}`"


def _kind(field: schema.Schema) -> str:
    if "enum" in field:
        return " or ".join(f"`{value}`" for value in field["enum"])
    if field.get("format", "").endswith("-quantity"):
        return "quantity"
    kinds = [_KINDS.get(kind) or _collection(kind, field) for kind in schema.types(field)]
    return " or ".join(kinds)


def _collection(kind: str, field: schema.Schema) -> str:
    if kind == "array":
        item = schema.resolve(field["items"])
        return f"list of {'maps' if 'object' in schema.types(item) else 'text'}"
    values = field.get("additionalProperties")
    return f"map of {_kind(schema.resolve(values))}" if isinstance(values, dict) else "map"
