"""What the validator found, in krayne's words: what stands there, and what is allowed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from krayne.config import schema
from krayne.config.problems import Path, Places, Problem, path_text, shown
from krayne.config.suggestions import meant, unknown_field

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_NOUNS = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "object": "a map",
    "string": "text",
}


def explain(error: Any, places: Places) -> Iterator[Problem]:
    """A validator's error in our words; by keyword, so that each says what was found and what is allowed."""
    path: Path = tuple(error.absolute_path)
    keyword, value = error.validator, error.instance
    if "propertyNames" in list(error.absolute_schema_path)[:-1]:
        yield Problem((*path, value), _PHRASES.get(keyword, _own_words)(error, places))
    elif keyword == "additionalProperties":
        for name in [name for name in value if name not in error.schema.get("properties", {})]:
            yield unknown_field((*path, name), error.schema)
    elif keyword == "required":
        missing = next(name for name in error.validator_value if error.message.startswith(repr(name)))
        if missing not in {meant(key, error.schema) for key in value if key not in error.schema["properties"]}:
            yield Problem((*path, missing), "is missing" + _gloss(missing, error.schema))
    elif keyword == "oneOf":
        if isinstance(value, dict) and not _is_misspelt(value, schema.at(path)):  # else another problem says so
            yield Problem(path, _one_of(error))
    elif keyword != "type" or "enum" not in error.schema:  # enum says what is allowed
        yield Problem(path, _PHRASES.get(keyword, _own_words)(error, places))


def _gloss(missing: str, node: schema.Schema) -> str:
    """The beginning of the field's description."""
    words = re.split(r"[:;,.] | \(|\.$", schema.fields(node)[missing]["description"])[0]
    return f" ({words[0].lower() if words[1:2].islower() else words[0]}{words[1:]})"


def _one_of(error: Any) -> str:
    choices = [branch["required"][0] for branch in error.validator_value]
    said = [name for name in choices if name in error.instance]
    return f"exactly one of {', '.join(choices)} is needed; found {' and '.join(said) if said else 'none'}"


def _is_misspelt(value: dict[str, Any], node: schema.Schema) -> bool:
    """Whether one of the alternatives was meant by a field that is unknown, and none was said."""
    choices = schema.alternatives(node)
    unknown = value.keys() - schema.fields(node).keys()
    return not choices & value.keys() and any(meant(name, node) in choices for name in unknown)


def _wrong_type(error: Any, places: Places) -> str:
    path, value = tuple(error.absolute_path), error.instance
    allowed = schema.types(error.schema)
    expected = " or ".join(_NOUNS[kind] for kind in allowed)
    if "string" not in allowed or isinstance(value, (dict, list)):
        return f"{shown(value)} is not {expected}"
    place = places.get(path)
    raw = place.raw if place else None
    written = _written(error, places)
    key = f"{path_text(path[-1:])}:" if isinstance(path[-1], str) else "-"
    kind = "a boolean" if isinstance(value, bool) else "null" if value is None else "a number"
    found = f"{written or 'nothing'} is {kind}{'' if raw is None else ' to YAML'}"
    return f'{found}, {expected} is expected; quote it, as in {key} "{written}"'


def _written(error: Any, places: Places) -> str:
    """A scalar as the user wrote it, which YAML may have taken for something else."""
    place = places.get(tuple(error.absolute_path))
    return shown(error.instance) if place is None or place.raw is None else place.raw


def _own_words(error: Any, _: Places) -> str:
    return str(error.message)


def _not_allowed(error: Any, places: Places) -> str:
    return f"{_written(error, places)} is not allowed; allowed are {', '.join(error.validator_value)}"


_PHRASES: dict[str, Callable[[Any, Places], str]] = {
    "enum": _not_allowed,
    "type": _wrong_type,
    "minimum": lambda error, _: f"{error.instance} is too small; at least {error.validator_value} is allowed",
    "maximum": lambda error, _: f"{error.instance} is too large; at most {error.validator_value} is allowed",
    "minProperties": lambda *_: "may not be empty",
    "minLength": lambda *_: "may not be empty",
    "uniqueItems": lambda *_: "holds the same item twice",
}
