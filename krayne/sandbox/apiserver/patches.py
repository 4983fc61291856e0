"""The three patches that are computed from the stored object: JSON patch, merge patch, strategic merge patch."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any

import jsonpatch

from krayne.sandbox.apiserver.statuses import ApiError, bad_request, unprocessable_patch
from krayne.sandbox.apiserver.structural import child_schema
from krayne.sandbox.apiserver.types import Schema

JSON, MERGE = "application/json-patch+json", "application/merge-patch+json"
STRATEGIC, APPLY = "application/strategic-merge-patch+json", "application/apply-patch+yaml"


def read(body: bytes) -> Any:
    """The patch document. Raises ApiError 400."""
    try:
        return json.loads(body)
    except ValueError as error:
        text = "unexpected end of JSON input" if str(error).startswith(("Expecting", "Unterminated")) else str(error)
        raise bad_request(f"error decoding patch: {text}") from error


def json_patch(item: Mapping[str, Any], body: bytes) -> dict[str, Any]:
    """The object after the patch. Raises ApiError 400 for no patch, 422 where it does not fit the object."""
    operations = read(body)
    if not isinstance(operations, list):
        kind = "object" if isinstance(operations, dict) else "string"
        raise bad_request(
            f"error decoding patch: json: cannot unmarshal {kind} into Go value of type []handlers.jsonPatchOp"
        )
    try:
        patched = jsonpatch.JsonPatch(operations).apply(copy.deepcopy(dict(item)))
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException, TypeError, AttributeError) as error:
        raise unprocessable_patch() from error
    if not isinstance(patched, dict):
        raise unprocessable_patch()
    return patched


def merge_patch(item: Any, patch: Any) -> Any:
    """RFC 7386: maps merged, null removes, all else replaced."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    merged = dict(item) if isinstance(item, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return copy.deepcopy(merged)


def strategic_patch(item: Any, patch: Any, schema: Schema) -> Any:
    """Kubernetes' own merge patch for built-in kinds: lists with a merge key are merged, `$patch` directives kept to."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    if patch.get("$patch") == "replace":
        return {name: copy.deepcopy(value) for name, value in patch.items() if name != "$patch"}
    merged = dict(item) if isinstance(item, Mapping) else {}
    kept = patch.get("$retainKeys")
    if kept is not None:
        merged = {name: value for name, value in merged.items() if name in kept}
    for name, value in patch.items():
        if name.startswith("$"):
            _directive(merged, name, value, schema)
        elif value is None:
            merged.pop(name, None)
        else:
            merged[name] = _strategic_field(merged.get(name), value, child_schema(schema, name) or {})
    return copy.deepcopy(merged)


def _strategic_field(old: Any, value: Any, schema: Schema) -> Any:
    merges = "merge" in schema.get("x-kubernetes-patch-strategy", "")
    if isinstance(value, list) and merges and isinstance(old, list):
        key = schema.get("x-kubernetes-patch-merge-key")
        return _merged_items(old, value, key, schema["items"]) if key else _union(old, value)
    if isinstance(value, list):
        return [item for item in copy.deepcopy(value) if not _is_directive(item)]
    return strategic_patch(old, value, schema)


def _merged_items(old: list[Any], patch: list[Any], key: str, schema: Schema) -> list[Any]:
    if any(_is_directive(item) and item["$patch"] == "replace" for item in patch):
        return [copy.deepcopy(item) for item in patch if not _is_directive(item)]
    merged = copy.deepcopy(old)
    for change in patch:
        if key not in change:
            raise ApiError(500, "", f"map: {change} does not contain declared merge key: {key}")
        place = next((index for index, item in enumerate(merged) if item.get(key) == change[key]), None)
        if change.get("$patch") == "delete":
            merged = [item for item in merged if item.get(key) != change[key]]
        elif place is None:
            merged.append(strategic_patch({}, change, schema))
        else:
            merged[place] = strategic_patch(merged[place], change, schema)
    return merged


def _directive(merged: dict[str, Any], name: str, value: Any, schema: Schema) -> None:
    word, _, field = name.partition("/")
    if word == "$deleteFromPrimitiveList":
        merged[field] = [item for item in merged.get(field, ()) if item not in value]
    elif word == "$setElementOrder" and isinstance(merged.get(field), list):
        key = (child_schema(schema, field) or {}).get("x-kubernetes-patch-merge-key")
        order = [item[key] if key else item for item in value]
        merged[field] = sorted(merged[field], key=lambda item: _place(item[key] if key else item, order))


def _place(identity: Any, order: list[Any]) -> int:
    return order.index(identity) if identity in order else len(order)


def _union(old: list[Any], new: list[Any]) -> list[Any]:
    return old + [item for item in new if item not in old]


def _is_directive(item: Any) -> bool:
    return isinstance(item, dict) and "$patch" in item
