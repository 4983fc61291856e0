"""One request as the verbs see it: what it is about and its options, checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from krayne.sandbox.apiserver.resources import Resource
from krayne.sandbox.apiserver.statuses import Cause, bad_request, invalid_options, not_supported
from krayne.sandbox.apiserver.store import Key

_OPTIONS = {"POST": "CreateOptions", "PUT": "UpdateOptions", "PATCH": "PatchOptions", "DELETE": "DeleteOptions"}
_PROPAGATIONS = ("Foreground", "Background", "Orphan")


@dataclass(frozen=True)
class Request:
    """A request for a resource: where the path leads, the query, the body as it came."""

    method: str
    resource: Resource
    namespace: str
    name: str
    subresource: str
    query: Mapping[str, str]
    body: bytes = b""
    content_type: str = "application/json"
    user_agent: str = ""
    warnings: list[str] = field(default_factory=list)

    @property
    def key(self) -> Key:
        """The object's place in the store."""
        return self.key_of(self.name)

    def key_of(self, name: str) -> Key:
        """The place of a named object of this resource and namespace."""
        return Key(self.resource.qualified, self.namespace, name)

    @property
    def manager(self) -> str:
        """Who writes: the `fieldManager` asked for, else the client's name."""
        return self.query.get("fieldManager") or self.user_agent.partition("/")[0] or "unknown"

    @property
    def field_validation(self) -> str:
        """Strict, Warn or Ignore."""
        asked = self.query.get("fieldValidation") or "Warn"
        if asked not in ("Strict", "Warn", "Ignore"):
            words = ("Ignore", "Strict", "Warn")
            raise invalid_options(_OPTIONS[self.method], not_supported("fieldValidation", asked, words))
        return asked

    def is_dry_run(self, options: Mapping[str, Any] | None = None) -> bool:
        """Whether nothing is to be kept. Raises ApiError 422 for an unknown directive."""
        asked = [self.query["dryRun"]] if self.query.get("dryRun") else list((options or {}).get("dryRun") or ())
        if any(word != "All" for word in asked):
            shown = "[]string{" + ", ".join(json.dumps(word) for word in asked) + "}"
            cause = Cause("FieldValueNotSupported", f'Unsupported value: {shown}: supported values: "All"', "dryRun")
            raise invalid_options(_OPTIONS[self.method], cause)
        return bool(asked)

    def integer(self, name: str) -> int | None:
        """A number from the query. Raises ApiError 400."""
        text = self.query.get(name)
        if not text:
            return None
        try:
            return int(text)
        except ValueError as error:
            raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from error

    def flag(self, name: str) -> bool:
        """A boolean from the query."""
        return self.query.get(name, "").lower() in ("1", "true", "t")


@dataclass(frozen=True, slots=True)
class DeleteOptions:
    """How to delete: grace in seconds (None: the object's own), propagation, and what must still hold."""

    grace: int | None
    propagation: str
    uid: str | None
    version: str | None
    dry_run: bool


def delete_options(request: Request) -> DeleteOptions:
    """The options of a DELETE, from its body and its query. Raises ApiError."""
    try:
        body = json.loads(request.body) if request.body.strip() else {}
    except ValueError as error:
        raise bad_request(f"unable to decode delete options: {error}") from error
    if not isinstance(body, dict):
        raise bad_request("unable to decode delete options: not an object")
    propagation = request.query.get("propagationPolicy") or body.get("propagationPolicy")
    orphan = body.get("orphanDependents")
    if propagation is None and orphan is not None:
        propagation = "Orphan" if orphan else "Background"
    if propagation is not None and propagation not in _PROPAGATIONS:
        raise invalid_options("DeleteOptions", not_supported("propagationPolicy", propagation, (*_PROPAGATIONS, "nil")))
    grace = request.integer("gracePeriodSeconds")
    conditions = body.get("preconditions") or {}
    return DeleteOptions(
        grace=grace if grace is not None else body.get("gracePeriodSeconds"),
        propagation=propagation or "Background",
        uid=conditions.get("uid"),
        version=conditions.get("resourceVersion"),
        dry_run=request.is_dry_run(body),
    )
