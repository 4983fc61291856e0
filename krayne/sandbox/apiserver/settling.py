"""What creating and changing an object have in common: defaults, validation, who writes, whose generation counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from krayne.sandbox.apiserver import kinds, metadata, structural, validation
from krayne.sandbox.apiserver.managers import Writer
from krayne.sandbox.apiserver.requests import Request
from krayne.sandbox.apiserver.resources import Resource
from krayne.sandbox.apiserver.statuses import Cause, invalid
from krayne.sandbox.apiserver.store import Object

# Built-in kinds whose generation counts the changes of their spec; custom ones all do.
_GENERATIONS = frozenset(
    ("Pod", "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "Ingress", "NetworkPolicy",
     "PodDisruptionBudget", "CustomResourceDefinition")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Written:
    """What a write gives back: the object and the HTTP code."""

    object: Object
    code: int


def set_defaults(resource: Resource, item: dict[str, Any]) -> None:
    """Fill in the schema's defaults and, for a built-in kind, the server's own."""
    structural.set_defaults(item, resource.schema)
    if not resource.custom:
        kinds.set_defaults(resource.kind, item)


def validate(resource: Resource, item: Mapping[str, Any]) -> None:
    """Refuse an object with problems (422), all of them told at once."""
    problems: list[Cause] = list(metadata.problems(item, resource.kind))
    if resource.custom:
        body = {name: value for name, value in item.items() if name != "metadata"}
        problems += validation.problems(body, resource.schema)
    else:
        problems += kinds.problems(resource.kind, item)
    if problems:
        raise invalid(resource.group, resource.kind, item["metadata"].get("name", ""), problems)


def counts_generations(resource: Resource) -> bool:
    """Whether changes of the resource's spec are counted."""
    return resource.custom or resource.kind in _GENERATIONS


def writer_of(request: Request, operation: str) -> Writer:
    """Who writes by this request, now; `operation` is Apply or Update."""
    version = request.resource.group_version
    return Writer(request.manager, operation, version, request.subresource, metadata.now())
