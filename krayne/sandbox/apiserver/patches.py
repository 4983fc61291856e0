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


def strategic_patch(item: Any, patch: Any, schema: Schema) -> Any:
    """Kubernetes' own merge patch for built-in kinds: keyed lists are merged, `$patch` directives kept to."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    if patch.get("$patch") == "replace":
        return {name: copy.deepcopy(value) for name, value in patch.items() if name != "$patch"}
    merged = dict(item) if isinstance(item, Mapping) else {}
    if patch.get("$retainKeys") is not None:
        merged = {name: value for name, value in merged.items() if name in patch["$retainKeys"]}
    for name, value in patch.items():
        if name.startswith("$deleteFromPrimitiveList/"):
            field = name.partition("/")[2]
            merged[field] = [entry for entry in merged.get(field, ()) if entry not in value]
        elif name.startswith("$"):
            continue
        elif value is None:
            merged.pop(name, None)
        else:
            below = child_schema(schema, name) or {}
            merged[name] = _strategic_field(merged.get(name), value, below, patch.get(f"$setElementOrder/{name}"))
    return copy.deepcopy(merged)


def _strategic_field(old: Any, value: Any, schema: Schema, order: list[Any] | None) -> Any:
    merges = "merge" in schema.get("x-kubernetes-patch-strategy", "")
    if isinstance(value, list) and merges and isinstance(old, list):
        key = schema.get("x-kubernetes-patch-merge-key")
        if key is None:
            return _union(old, value)
        merged = _merged_items(old, value, key, schema["items"])
        asked = [entry.get(key) for entry in (order if order is not None else value) if isinstance(entry, Mapping)]
        return _in_order(merged, key, asked, [entry.get(key) for entry in old])
    if isinstance(value, list):
        return [entry for entry in copy.deepcopy(value) if not _is_directive(entry)]
    return strategic_patch(old, value, schema)


def _merged_items(old: list[Any], patch: list[Any], key: str, schema: Schema) -> list[Any]:
    if any(_is_directive(entry) and entry["$patch"] == "replace" for entry in patch):
        return [copy.deepcopy(entry) for entry in patch if not _is_directive(entry)]
    merged = copy.deepcopy(old)
    for change in patch:
        if not isinstance(change, Mapping) or key not in change:
            raise ApiError(500, "", f"map: {change} does not contain declared merge key: {key}")
        place = next((index for index, entry in enumerate(merged) if entry.get(key) == change[key]), None)
        if change.get("$patch") == "delete":
            merged = [entry for entry in merged if entry.get(key) != change[key]]
        elif place is None:
            merged.append(strategic_patch({}, change, schema))
        else:
            merged[place] = strategic_patch(merged[place], change, schema)
    return merged


def _in_order(merged: list[Any], key: str, asked: list[Any], before: list[Any]) -> list[Any]:
    """The items as the patch orders them; those it does not name stay ahead of what they were ahead of."""
    named = sorted((entry for entry in merged if entry.get(key) in asked), key=lambda entry: asked.index(entry[key]))
    others = [entry for entry in merged if entry.get(key) not in asked]
    found: list[Any] = []
    while named and others:
        first, second = others[0].get(key), named[0].get(key)
        ahead = first in before and second in before and before.index(first) < before.index(second)
        found.append((others if ahead else named).pop(0))
    return [*found, *named, *others]


def _union(old: list[Any], new: list[Any]) -> list[Any]:
    return old + [item for item in new if item not in old]


def _is_directive(item: Any) -> bool:
    return isinstance(item, dict) and "$patch" in item
