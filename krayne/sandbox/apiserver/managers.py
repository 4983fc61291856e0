"""Who owns which field: `metadata.managedFields` after an update, and server-side apply with its conflicts."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from krayne.sandbox.apiserver import fieldsets
from krayne.sandbox.apiserver.fieldsets import FieldSet, Path
from krayne.sandbox.apiserver.merging import merge
from krayne.sandbox.apiserver.statuses import ApiError, Cause
from krayne.sandbox.apiserver.structural import PRESERVE
from krayne.sandbox.apiserver.types import Schema

_META = ("name", "namespace", "creationTimestamp", "selfLink", "uid", "generation", "managedFields", "resourceVersion")
_UNOWNED = {("f:apiVersion",), ("f:kind",), ("f:metadata",)} | {("f:metadata", f"f:{name}") for name in _META}


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes: the manager's name, its operation ("Apply" or "Update"), through which subresource, when."""

    name: str
    operation: str
    api_version: str
    subresource: str
    time: str


@dataclass(frozen=True, slots=True)
class _Entry:
    writer: Writer
    fields: FieldSet

    @property
    def who(self) -> tuple[str, ...]:
        return (self.writer.name, self.writer.operation, self.writer.api_version, self.writer.subresource)


def record_update(old: Mapping[str, Any] | None, new: dict[str, Any], schema: Schema, writer: Writer) -> None:
    """Give what changed from `old` to `new` to the writer, and take it from the others; writes managedFields."""
    entries = _read(new if "managedFields" in new["metadata"] else (old or new))
    before = _owned_part(old) if old is not None else _blank(new, schema)
    changed, removed = fieldsets.difference(before, _owned_part(new), schema)
    changed, removed = changed - _UNOWNED, removed - _UNOWNED
    mine = _Entry(writer, frozenset(changed))
    kept: list[_Entry] = []
    for entry in entries:
        fields = entry.fields - removed
        if entry.who == mine.who:
            stamp = entry.writer if not changed and fields == entry.fields else writer
            mine = _Entry(stamp, fields | mine.fields)
        else:
            kept.append(replace(entry, fields=fields - changed))
    _write(new, [*kept, mine])


def apply(
    live: Mapping[str, Any] | None, wanted: dict[str, Any], schema: Schema, writer: Writer, *, force: bool
) -> dict[str, Any]:
    """The object after applying `wanted` over `live`, managedFields written. Raises ApiError 409 on conflicts."""
    config = _owned_part(wanted)
    claimed = frozenset(fieldsets.leaves(config, schema)) - _UNOWNED
    entries = _read(live) if live is not None else []
    base = copy.deepcopy(dict(live)) if live is not None else {}
    mine = _Entry(writer, claimed)
    others = [entry for entry in entries if entry.who != mine.who]
    former = next((entry for entry in entries if entry.who == mine.who), None)
    merged = merge(_owned_part(base), config, schema) if live is not None else copy.deepcopy(config)
    changed, _ = fieldsets.difference(_owned_part(base), merged, schema)
    conflicts = [
        (entry, sorted(entry.fields & changed, key=fieldsets.told_order)) for entry in others if entry.fields & changed
    ]
    if conflicts and not force:
        raise _conflict_error(conflicts)
    others = [replace(entry, fields=entry.fields - changed) for entry in others]
    if former is not None:
        _drop_given_up(merged, schema, former.fields, claimed.union(*(entry.fields for entry in others)))
        if former.fields == claimed:
            mine = _Entry(former.writer, claimed)
    result = _restore_meta(merged, base or wanted)
    _write(result, [*others, mine])
    return result


def _drop_given_up(merged: dict[str, Any], schema: Schema, former: FieldSet, owned: FieldSet) -> None:
    """Remove what the manager used to apply and nobody owns now, and the maps that this leaves empty."""
    gone = former - owned
    keep = {path[:depth] for path in owned for depth in range(len(path) + 1)}
    for path in sorted(gone, key=len, reverse=True):
        if path in keep:
            continue
        for depth in range(len(path), 1, -1):
            there, value = fieldsets.value_at(merged, schema, path[:depth])
            if path[:depth] in keep or (there and depth < len(path) and value):
                break
            fieldsets.remove(merged, schema, path[:depth])


def _conflict_error(conflicts: Sequence[tuple[_Entry, Sequence[Path]]]) -> ApiError:
    pairs = [(_described(entry), fieldsets.shown(path)) for entry, paths in conflicts for path in paths]
    if len(pairs) == 1:
        text = f"Apply failed with 1 conflict: conflict with {pairs[0][0]}: {pairs[0][1]}"
    else:
        lines: list[str] = []
        for owner in sorted({who for who, _ in pairs}):
            lines += [f"conflicts with {owner}:", *(f"- {field}" for who, field in pairs if who == owner)]
        text = f"Apply failed with {len(pairs)} conflicts: " + "\n".join(lines)
    causes = [Cause("FieldManagerConflict", f"conflict with {who}", field).as_dict() for who, field in pairs]
    return ApiError(409, "Conflict", text, {"causes": causes})


def _described(entry: _Entry) -> str:
    writer = entry.writer
    if writer.operation == "Apply":
        return f'"{writer.name}"'
    subresource = f' with subresource "{writer.subresource}"' if writer.subresource else ""
    return f'"{writer.name}"{subresource} using {writer.api_version}'


def _owned_part(item: Mapping[str, Any] | None) -> dict[str, Any]:
    """The object without what no manager owns."""
    if item is None:
        return {"metadata": {}}
    metadata = {name: value for name, value in item.get("metadata", {}).items() if name not in _META}
    return {name: value for name, value in item.items() if name not in ("apiVersion", "kind")} | {"metadata": metadata}


def _restore_meta(merged: dict[str, Any], source: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {name: value for name, value in source["metadata"].items() if name in _META}
    head = {name: source[name] for name in ("apiVersion", "kind") if name in source}
    return head | merged | {"metadata": {**merged.get("metadata", {}), **metadata}}


def _blank(new: Mapping[str, Any], schema: Schema) -> dict[str, Any]:
    """What Go's empty struct of that kind holds, so that being there is not taken for a change."""
    blank = _empty(new, schema)
    return blank | {"metadata": {}} if isinstance(blank, dict) else {"metadata": {}}


def _empty(value: Any, schema: Schema) -> dict[str, Any]:
    empty: dict[str, Any] = {}
    for name, child in schema.get("properties", {}).items():
        if child.get("default") == {} and PRESERVE not in child and isinstance(value, Mapping) and name in value:
            empty[name] = _empty(value[name], child)
        elif child.get("type") == "array" and name in schema.get("required", ()) and schema.get("x-type-name"):
            empty[name] = []
    return empty


def _read(item: Mapping[str, Any]) -> list[_Entry]:
    return [
        _Entry(
            Writer(
                entry.get("manager", ""),
                entry.get("operation", "Update"),
                entry.get("apiVersion", ""),
                entry.get("subresource", ""),
                entry.get("time", ""),
            ),
            fieldsets.from_v1(entry.get("fieldsV1") or {}),
        )
        for entry in item["metadata"].get("managedFields") or ()
        if entry
    ]


def _write(item: dict[str, Any], entries: Sequence[_Entry]) -> None:
    kept = sorted((entry for entry in entries if entry.fields), key=_order)
    item["metadata"]["managedFields"] = [_as_dict(entry) for entry in kept]
    if not kept:
        del item["metadata"]["managedFields"]


def _order(entry: _Entry) -> tuple[bool, str, str, str]:
    """Appliers first, then by time and name, as the real server sorts them."""
    return (entry.writer.operation != "Apply", entry.writer.time, entry.writer.name, entry.writer.subresource)


def _as_dict(entry: _Entry) -> dict[str, Any]:
    writer = entry.writer
    found: dict[str, Any] = {
        "manager": writer.name,
        "operation": writer.operation,
        "apiVersion": writer.api_version,
        "time": writer.time,
        "fieldsType": "FieldsV1",
        "fieldsV1": fieldsets.to_v1(entry.fields),
    }
    return found | ({"subresource": writer.subresource} if writer.subresource else {})
