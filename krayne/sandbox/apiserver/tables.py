"""Tables: how the server has objects printed, by their CRD's columns or by the built-in kind's own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from krayne.sandbox.apiserver import durations, jsonpaths
from krayne.sandbox.apiserver.columns import BUILTIN, Column
from krayne.sandbox.apiserver.resources import Resource
from krayne.sandbox.apiserver.store import Object, Stored

_NAME = "Name must be unique within a namespace."


def table(
    resource: Resource,
    items: Iterable[Stored],
    meta: Mapping[str, Any],
    include: str = "Metadata",
    *,
    head: bool = True,
) -> dict[str, Any]:
    """The Table of some objects; `include` is None, Metadata or Object; a watch sends the head once only."""
    now = datetime.now(timezone.utc)
    rows = [
        {"cells": cells(resource, stored.object, now), "object": _object(stored.object, include)} for stored in items
    ]
    found: dict[str, Any] = {"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": dict(meta)}
    return found | {"columnDefinitions": definitions(resource) if head else None, "rows": rows}


def definitions(resource: Resource) -> list[dict[str, Any]]:
    """The table's columns."""
    if resource.columns is None:
        return [_definition(column.name, "string", column.priority) for column in _columns(resource)]
    found = [_definition("Name", "string", 0)]
    for column in resource.columns:
        told = f"Custom resource definition column (in JSONPath format): {column['jsonPath']}"
        description = column.get("description") or told
        found.append(
            _definition(
                column["name"], column["type"], column.get("priority", 0), column.get("format", ""), description
            )
        )
    return found


def cells(resource: Resource, item: Object, now: datetime) -> list[Any]:
    """One object's row."""
    if resource.columns is None:
        return [column.read(item, now) for column in _columns(resource)]
    return [item["metadata"]["name"], *(_custom_cell(column, item, now) for column in resource.columns)]


def _columns(resource: Resource) -> Sequence[Column]:
    return BUILTIN.get(resource.kind, BUILTIN[""])


def _definition(name: str, kind: str, priority: int, form: str = "", description: str = "") -> dict[str, Any]:
    if name == "Name":
        form, description = "name", _NAME
    return {"name": name, "type": kind, "format": form, "description": description, "priority": priority}


def _custom_cell(column: Mapping[str, Any], item: Object, now: datetime) -> Any:
    found = jsonpaths.compiled(column["jsonPath"])(item)
    if not found or found[0] is None:
        return None
    value, kind = found[0], column["type"]
    if kind == "date":
        return _date_cell(value, now)
    if kind == "string":
        return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    numeric = isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind == "integer":
        return int(value) if numeric else None
    if kind == "number":
        return float(value) if numeric else None
    return value if kind != "boolean" or isinstance(value, bool) else None


def _date_cell(value: Any, now: datetime) -> str:
    try:
        return durations.since(str(value), now)
    except ValueError:
        return "<invalid>"


def _object(item: Object, include: str) -> Any:
    if include == "None":
        return None
    if include == "Object":
        return item
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": item["metadata"]}
