"""Values against a CustomResourceDefinition's schema, told in the real server's words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from krayne.sandbox.apiserver.statuses import Cause, invalid_value, not_supported, required
from krayne.sandbox.apiserver.structural import child_schema, field_path, item_path
from krayne.sandbox.apiserver.types import Schema

# What a bound says of a value: the keyword, whether the value keeps it, and the words when it does not.
_BOUNDS: tuple[tuple[str, Callable[[Any, Any], bool], str], ...] = (
    ("minimum", lambda value, bound: value >= bound, "should be greater than or equal to {}"),
    ("maximum", lambda value, bound: value <= bound, "should be less than or equal to {}"),
    ("multipleOf", lambda value, bound: value % bound == 0, "should be a multiple of {}"),
)
_SIZES: tuple[tuple[str, type, Callable[[int, int], bool], str, str], ...] = (
    ("minLength", str, lambda size, bound: size >= bound, "should be at least {} chars long", "FieldValueInvalid"),
    (
        "maxLength",
        str,
        lambda size, bound: size <= bound,
        "Too long: may not be more than {} bytes",
        "FieldValueTooLong",
    ),
    ("minItems", list, lambda size, bound: size >= bound, "should have at least {} items", "FieldValueInvalid"),
    ("maxItems", list, lambda size, bound: size <= bound, "must have at most {} items", "FieldValueTooMany"),
)


def problems(value: Any, schema: Schema, path: str = "") -> Iterator[Cause]:
    """Every problem of the value, fields before what is missing."""
    wrong = _type_problem(value, schema, path)
    if wrong is not None:
        yield wrong
        return
    if "enum" in schema and value not in schema["enum"]:
        yield not_supported(path, value, [str(word) for word in schema["enum"]])
    yield from _bounds(value, schema, path)
    if isinstance(value, dict):
        for name, item in value.items():
            child = child_schema(schema, name)
            if child is not None:
                yield from problems(item, child, field_path(path, name))
        for name in schema.get("required", ()):
            if name not in value:
                yield required(field_path(path, name))
    elif isinstance(value, list) and isinstance(schema.get("items"), dict):
        for index, item in enumerate(value):
            yield from problems(item, schema["items"], item_path(path, index))
        yield from _repeated(value, schema, path)


def type_name(value: Any) -> str:
    """JSON Schema's word for the value's type."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return "integer"
    names: dict[type, str] = {str: "string", float: "number", list: "array", dict: "object"}
    return names[type(value)]


def _type_problem(value: Any, schema: Schema, path: str) -> Cause | None:
    found = type_name(value)
    allowed: tuple[str, ...]
    if schema.get("x-kubernetes-int-or-string"):
        allowed, wanted = ("integer", "string"), "integer,string"
    else:
        wanted = schema.get("type", "")
        allowed = ("integer", "number") if wanted == "number" else (wanted,)
    if not wanted or found in allowed or (found == "null" and schema.get("nullable")):
        return None
    message = f'Invalid value: "{found}": {path} in body must be of type {wanted}: "{found}"'
    return Cause("FieldValueTypeInvalid", message, path)


def _bounds(value: Any, schema: Schema, path: str) -> Iterator[Cause]:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        for keyword, keeps, words in _BOUNDS:
            if keyword in schema and not keeps(value, schema[keyword]):
                yield invalid_value(path, value, f"{path} in body {words.format(schema[keyword])}")
    for keyword, kind, keeps, words, reason in _SIZES:
        if (
            keyword in schema
            and isinstance(value, (str, list))
            and isinstance(value, kind)
            and not keeps(len(value), schema[keyword])
        ):
            if reason == "FieldValueInvalid":
                yield invalid_value(path, value, f"{path} in body {words.format(schema[keyword])}")
            else:
                yield Cause(reason, words.format(schema[keyword]), path)
    if isinstance(value, str) and "pattern" in schema and not re.search(schema["pattern"], value):
        yield invalid_value(path, value, f"{path} in body should match '{schema['pattern']}'")


def _repeated(value: list[Any], schema: Schema, path: str) -> Iterator[Cause]:
    keys = schema.get("x-kubernetes-list-map-keys")
    if schema.get("x-kubernetes-list-type") not in ("map", "set"):
        return
    seen: list[Any] = []
    for index, item in enumerate(value):
        identity = {key: item.get(key) for key in keys} if keys and isinstance(item, dict) else item
        if identity in seen:
            yield Cause("FieldValueDuplicate", f"Duplicate value: {_shown(identity)}", item_path(path, index))
        seen.append(identity)


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return f"map[string]interface {{}}{{{', '.join(f'{_shown(k)}:{_shown(v)}' for k, v in value.items())}}}"
    return f'"{value}"' if isinstance(value, str) else str(value)
