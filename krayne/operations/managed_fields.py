"""What krayne's field manager owns in a cluster, and handing it over to server-side apply.

``create`` and ``scale`` write as manager "krayne", too, but by plain updates, which the API server counts as another
owner: without a handover a field that left the configuration would stay in the cluster. kubectl does the same for
client-side apply. (Kubernetes, "Server-Side Apply": managedFields; FieldsV1 names a field "f:NAME".)
"""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from krayne.kubectl import FIELD_MANAGER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from krayne.kubectl import Kubectl


def adopt_own_fields(kubectl: Kubectl, live: dict[str, Any]) -> dict[str, Any]:
    """Hand what ``create`` and ``scale`` wrote over to server-side apply; the live cluster as it is then."""
    entries = _entries(live)
    if not any(_is_own(entry, "Update") for entry in entries):
        return live
    mine = {"manager": FIELD_MANAGER, "operation": "Apply", "apiVersion": live["apiVersion"], "fieldsType": "FieldsV1"}
    own = [entry for entry in entries if _is_own(entry, "Update") or _is_own(entry, "Apply")]
    others = [entry for entry in entries if entry not in own]
    operations = [
        {"op": "test", "path": "/metadata/resourceVersion", "value": live["metadata"]["resourceVersion"]},
        {"op": "replace", "path": "/metadata/managedFields", "value": [*others, {**mine, "fieldsV1": _union(own)}]},
    ]
    adopted: dict[str, Any] = kubectl.patch(live["metadata"]["name"], json.dumps(operations)).json()
    return adopted


def as_if_adopted(after: dict[str, Any], manifest: dict[str, Any], live: dict[str, Any]) -> dict[str, Any]:
    """What the dry run of an apply gave, without the fields that it would have dropped after a handover.

    They are those that only our updates own and that the manifest lacks. Single elements of a list are left.
    """
    updates = _union(entry for entry in _entries(live) if _is_own(entry, "Update"))
    others = _union(e for e in _entries(live) if not _is_own(e, "Update") and not _is_own(e, "Apply"))
    shown = deepcopy(after)
    _drop(shown, manifest, updates, others)
    return shown


def _drop(shown: dict[str, Any], manifest: Any, ours: dict[str, Any], others: dict[str, Any]) -> None:
    sent = manifest if isinstance(manifest, dict) else {}
    for field, below in ours.items():
        kind, _, name = field.partition(":")
        if kind != "f" or name not in shown:
            continue
        if name not in sent and field not in others:
            del shown[name]
        elif isinstance(shown[name], dict):
            _drop(shown[name], sent.get(name), below, others.get(field, {}))


def _entries(cluster: dict[str, Any]) -> list[dict[str, Any]]:
    return cluster["metadata"].get("managedFields") or []


def _is_own(entry: dict[str, Any], operation: str) -> bool:
    """Whether an entry is krayne's, by an apply or by an update, of something else than a subresource."""
    who = (entry.get("manager"), entry.get("operation"))
    return who == (FIELD_MANAGER, operation) and not entry.get("subresource")


def _union(entries: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The fields of all these entries."""
    fields: dict[str, Any] = {}
    for entry in entries:
        fields = _merged(fields, entry.get("fieldsV1") or {})
    return fields


def _merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    return {key: _merged(one.get(key, {}), other.get(key, {})) for key in {**one, **other}}
