"""A request's body into an object of its resource: parsed, of the right kind, unknown fields refused or dropped."""

from __future__ import annotations

import json
from typing import Any

from krayne.sandbox.apiserver import gotypes, protobuf, structural
from krayne.sandbox.apiserver.requests import Request
from krayne.sandbox.apiserver.resources import Resource
from krayne.sandbox.apiserver.statuses import ApiError, bad_request, invalid, invalid_value, unsupported_media_type
from krayne.sandbox.apiserver.types import builtin_types


def decode(request: Request) -> dict[str, Any]:
    """The body's object, ready for defaults. Raises ApiError 400 or 422."""
    if protobuf.TYPE in request.content_type:
        if request.resource.custom:
            raise unsupported_media_type(("application/json", "application/yaml"))
        return shape(protobuf.decode(request.body, request.resource.schema), request, [])
    parsed, duplicates = parse(request.body, request.content_type, request.resource.kind)
    return shape(parsed, request, duplicates)


def parse(body: bytes, content_type: str, kind: str) -> tuple[dict[str, Any], list[str]]:
    """The body as an object, and the paths of fields that stand twice in it. Raises ApiError 400."""
    text = body.decode("utf-8", "replace")
    if "yaml" in content_type:
        import yaml

        try:
            parsed = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise bad_request(f"error decoding YAML: {error}") from error
        found: list[str] = []
    else:
        parsed, found = _parse_json(text, kind)
    if not isinstance(parsed, dict):
        why = (
            "json: cannot unmarshal array into Go value of type struct { "
            'APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'
        )
        raise _unrecognised(kind, why, body.hex())
    return parsed, found


def _parse_json(text: str, kind: str) -> tuple[Any, list[str]]:
    duplicates: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(items)
        if len(found) < len(items):
            names = [name for name, _ in items]
            duplicates.extend(name for name in found if names.count(name) > 1)
        return found

    try:
        return json.loads(text, object_pairs_hook=pairs), duplicates
    except ValueError as error:
        raise _unrecognised(kind, "unexpected end of JSON input", text or "<empty>") from error


def _unrecognised(kind: str, why: str, shown: str) -> ApiError:
    return bad_request(
        f"the object provided is unrecognized (must be of type {kind}): "
        f"couldn't get version/kind; json parse error: {why} ({shown[:100]})"
    )


def shape(parsed: dict[str, Any], request: Request, duplicates: list[str]) -> dict[str, Any]:
    """The object pruned and normalised, as its schema has it. Raises ApiError 400 or 422."""
    resource = request.resource
    check_kind(parsed, resource)
    parsed = {"apiVersion": resource.group_version, "kind": resource.kind, "metadata": {}} | parsed
    handled = f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}: '
    wrong = _mismatch(parsed, resource)
    if wrong:
        raise bad_request(handled + wrong)
    item, unknown = structural.prune(parsed, resource.schema)
    item.setdefault("metadata", {})
    problems = [f'unknown field "{path}"' for path in unknown] + [f'duplicate field "{name}"' for name in duplicates]
    if problems and request.field_validation == "Strict":
        raise bad_request(f"{handled}strict decoding error: {', '.join(problems)}")
    if request.field_validation == "Warn":
        request.warnings.extend(problems)
    try:
        return normalised(item, resource)
    except ValueError as error:
        raise bad_request(handled + str(error)) from error


def normalised(item: dict[str, Any], resource: Resource) -> dict[str, Any]:
    """The object as the server writes it: Go's way for built-in kinds, metadata only for custom ones."""
    if not resource.custom:
        found: dict[str, Any] = structural.normalise(item, resource.schema)
        return found
    return item | {"metadata": structural.normalise(item["metadata"], builtin_types()["meta.v1.ObjectMeta"])}


def check_kind(parsed: dict[str, Any], resource: Resource) -> None:
    """Refuse an object of another version or kind."""
    version = parsed.get("apiVersion", resource.group_version)
    if version != resource.group_version:
        expected = resource.group_version
        raise bad_request(
            f"the API version in the data ({version}) does not match the expected API version ({expected})"
        )
    kind = parsed.get("kind", resource.kind)
    if kind != resource.kind:
        if not resource.custom:
            raise bad_request(
                f"the object provided is unrecognized (must be of type {resource.kind}): "
                f'couldn\'t get version/kind; kind "{kind}" is not {resource.kind}'
            )
        name = (parsed.get("metadata") or {}).get("name", "")
        raise invalid(resource.group, kind, name, [invalid_value("kind", kind, f"must be {resource.kind}")])


def _mismatch(parsed: dict[str, Any], resource: Resource) -> str | None:
    if resource.custom:
        return gotypes.mismatch(parsed["metadata"], builtin_types()["meta.v1.ObjectMeta"])
    return gotypes.mismatch(parsed, resource.schema)
