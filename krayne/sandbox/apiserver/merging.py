"""Server-side apply's merge: what is applied over what is there, item by item where lists and maps are granular."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from krayne.sandbox.apiserver import fieldsets
from krayne.sandbox.apiserver.fieldsets import item_step
from krayne.sandbox.apiserver.gotypes import mismatch
from krayne.sandbox.apiserver.statuses import ApiError
from krayne.sandbox.apiserver.structural import PRESERVE, child_schema, is_open
from krayne.sandbox.apiserver.types import Schema


def merge(live: Any, config: Any, schema: Schema) -> Any:
    """`config` over `live`: scalars and atomic values replaced, maps and keyed lists merged."""
    if type(live) is not type(config) or fieldsets.is_atomic(config, schema):
        return copy.deepcopy(config)
    below = fieldsets.children(live, schema)
    over = fieldsets.children(config, schema)
    if isinstance(config, dict):
        merged = {step[2:]: copy.deepcopy(item) for step, (item, _) in below.items()}
        for step, (item, child) in over.items():
            name = step[2:]
            merged[name] = merge(merged[name], item, child) if name in merged else copy.deepcopy(item)
        return merged
    kept = [merge(item, *over[step]) if step in over else copy.deepcopy(item) for step, (item, _) in below.items()]
    return kept + [copy.deepcopy(item) for step, (item, _) in over.items() if step not in below]


def check_typed(config: Mapping[str, Any], schema: Schema, about: str) -> None:
    """Refuse an applied object that its schema does not know, in structured-merge-diff's words (500, no reason)."""
    problems = list(_undeclared(config, schema, ""))
    if problems:
        text = problems[0] if len(problems) == 1 else "errors:\n" + "\n".join(f"  {line}" for line in problems)
        raise ApiError(500, "", f"failed to create typed patch object ({about}): {text}")


def _undeclared(value: Any, schema: Schema, path: str) -> Iterator[str]:
    if schema.get(PRESERVE) and "properties" not in schema:
        return
    wrong = _wrong_type(value, schema)
    if wrong:
        yield f"{path}: {wrong}"
    elif isinstance(value, dict):
        for name, item in value.items():
            child = child_schema(schema, name)
            if child is not None:
                yield from _undeclared(item, child, f"{path}.{name}")
            elif not is_open(schema):
                yield f"{path}.{name}: field not declared in schema"
    elif isinstance(value, list):
        for index, item in enumerate(value):
            keyed = schema.get("x-kubernetes-list-type") == "map"
            step = fieldsets.shown((item_step(item, schema),)) if keyed else f"[{index}]"
            yield from _undeclared(item, schema.get("items", {}), path + step)


def _wrong_type(value: Any, schema: Schema) -> str | None:
    wanted = schema.get("type")
    if value is None or wanted is None or mismatch(value, {"type": wanted, "items": {}}) is None:
        return None
    shown = {"object": "map", "array": "list", "integer": "numeric", "number": "numeric"}.get(wanted, wanted)
    return f"expected {shown}, got &value.valueUnstructured{{Value:{_go(value)}}}"


def _go(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list):
        return "[]interface {}{" + ", ".join(_go(item) for item in value) + "}"
    if isinstance(value, dict):
        return "map[string]interface {}{" + ", ".join(f'"{key}":{_go(item)}' for key, item in value.items()) + "}"
    return str(value)
