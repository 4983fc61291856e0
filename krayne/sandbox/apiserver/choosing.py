"""Which objects a list, watch or collection deletion is about: its label and field selectors together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from krayne.sandbox.apiserver import selectors
from krayne.sandbox.apiserver.requests import Request
from krayne.sandbox.apiserver.resources import Resource
from krayne.sandbox.apiserver.selectors import Match, SelectorError
from krayne.sandbox.apiserver.statuses import bad_request

Read = Callable[[Mapping[str, Any]], str]


def chosen_by(request: Request) -> Match:
    """The matcher of the request's selectors and of its name. Raises ApiError 400."""
    by_label, by_field = request.query.get("labelSelector", ""), request.query.get("fieldSelector", "")
    if request.name:
        by_field = ",".join(part for part in (by_field, f"metadata.name={request.name}") if part)
    if not by_label and not by_field:
        return lambda _: True
    try:
        labels, fields = selectors.labels(by_label), selectors.fields(by_field, known_fields(request.resource))
    except SelectorError as error:
        # kubectl itself says which selector could not be read of what.
        raise bad_request(str(error)) from error
    return lambda item: labels(item) and fields(item)


def known_fields(resource: Resource) -> dict[str, Read]:
    """The fields that the resource's objects may be selected by."""
    names = ["metadata.name", *(["metadata.namespace"] if resource.namespaced else [])]
    if not resource.custom:
        names += _FIELDS.get(resource.kind, ())
    return {name: _reader(name) for name in names}


def _reader(name: str) -> Read:
    path = name.split(".")

    def read(item: Mapping[str, Any]) -> str:
        value: Any = item
        for step in path:
            value = value.get(step) if isinstance(value, Mapping) else None
        if value is None and name == "reportingComponent":
            value = item.get("source", {}).get("component")
        return str(value).lower() if isinstance(value, bool) else str("" if value is None else value)

    return read


_INVOLVED = ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")
_FIELDS: dict[str, tuple[str, ...]] = {
    "Pod": (
        "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork",
        "status.phase", "status.podIP", "status.nominatedNodeName",
    ),
    "Event": (*(f"involvedObject.{name}" for name in _INVOLVED), "reason", "reportingComponent", "source", "type"),
    "Node": ("spec.unschedulable",),
    "Namespace": ("status.phase",),
    "Secret": ("type",),
    "ReplicaSet": ("status.replicas",),
    "Job": ("status.successful",),
}  # fmt: skip
