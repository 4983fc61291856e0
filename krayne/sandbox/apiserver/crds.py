"""CustomResourceDefinitions as objects: defaults, rules, and their being established."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from krayne.sandbox.apiserver.statuses import Cause, invalid_value, required


def set_defaults(crd: dict[str, Any]) -> None:
    """Fill in the names and the conversion, in place."""
    spec = crd["spec"]
    names = spec.get("names", {})
    if names.get("kind"):
        names.setdefault("singular", names["kind"].lower())
        names.setdefault("listKind", f"{names['kind']}List")
    spec.setdefault("conversion", {"strategy": "None"})


def establish(crd: dict[str, Any], time: str) -> None:
    """The status that the real server's controller gives a CRD once its names are accepted."""
    spec = crd["spec"]
    accepted = {"type": "NamesAccepted", "reason": "NoConflicts", "message": "no conflicts found"}
    ready = {
        "type": "Established",
        "reason": "InitialNamesAccepted",
        "message": "the initial names have been accepted",
    }
    crd["status"] = {
        "acceptedNames": dict(spec["names"]),
        "conditions": [condition | {"status": "True", "lastTransitionTime": time} for condition in (accepted, ready)],
        "storedVersions": [version["name"] for version in spec["versions"] if version.get("storage")],
    }


def problems(crd: Mapping[str, Any]) -> Iterator[Cause]:
    """What is wrong with a CRD."""
    spec = crd["spec"]
    for field in ("group", "scope"):
        if not spec.get(field):
            yield required(f"spec.{field}")
    names = spec.get("names", {})
    for field in ("plural", "kind"):
        if not names.get(field):
            yield required(f"spec.names.{field}")
    name = f"{names.get('plural')}.{spec.get('group')}"
    if crd["metadata"].get("name") != name:
        yield invalid_value("metadata.name", crd["metadata"].get("name"), 'must be spec.names.plural+"."+spec.group')
    versions = spec.get("versions") or []
    if sum(bool(version.get("storage")) for version in versions) != 1:
        yield Cause(
            "FieldValueInvalid",
            "Invalid value: must have exactly one version marked as storage version",
            "spec.versions",
        )
    for index, version in enumerate(versions):
        if not version.get("schema", {}).get("openAPIV3Schema"):
            yield required(f"spec.versions[{index}].schema.openAPIV3Schema", "schemas are required")
