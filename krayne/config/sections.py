"""Frozen values: sections with a field for an attribute, as the schema describes them."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, NoReturn

from krayne.config import schema
from krayne.frozen import FrozenDict

if TYPE_CHECKING:
    from collections.abc import Iterable


class Section:
    """Named fields of the configuration as attributes. A field without value or default is None."""

    __slots__ = ("_fields", "_title")
    _fields: dict[str, Any]
    _title: str

    def __init__(self, title: str, fields: dict[str, Any]) -> None:
        object.__setattr__(self, "_title", title)
        object.__setattr__(self, "_fields", fields)

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and name in self._fields:
            return self._fields[name]
        raise AttributeError(f"{self._title} has no field {name!r}")

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"cannot set {name!r}: a cluster's configuration cannot change; use config.replace()")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"cannot delete {name!r}: a cluster's configuration cannot change")

    def __dir__(self) -> Iterable[str]:
        return [*super().__dir__(), *self._fields]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Section):
            return NotImplemented
        return (self._title, self._fields) == (other._title, other._fields)

    def __hash__(self) -> int:
        return hash((self._title, *self._fields.items()))

    def __repr__(self) -> str:
        said = ", ".join(f"{name}={value!r}" for name, value in self._fields.items() if value is not None)
        return f"{self._title}({said})"

    def __reduce__(self) -> tuple[type, tuple[str, dict[str, Any]]]:
        return type(self), (self._title, self._fields)

    def as_dict(self) -> dict[str, Any]:
        """The fields that have a value, as a fresh plain dict."""
        fields: dict[str, Any] = thaw(self)
        return fields


def freeze(value: Any, node: schema.Schema) -> Any:
    """A valid plain value as frozen ones: sections where the schema has a title, else frozen dicts; tuples."""
    if isinstance(value, dict):
        if "title" in node:
            known = schema.fields(node)
            return Section(node["title"], {key: freeze(value.get(key), field) for key, field in known.items()})
        return FrozenDict({key: freeze(item, schema.child(node, key) or {}) for key, item in value.items()})
    if isinstance(value, list):
        return tuple(freeze(item, schema.child(node, index) or {}) for index, item in enumerate(value))
    return value


def thaw(value: Any, *, nones: bool = False) -> Any:
    """The reverse of freeze: plain dicts and lists, a fresh copy. ``nones``: with the fields that have no value."""
    if isinstance(value, Section):
        return {name: thaw(item, nones=nones) for name, item in value._fields.items() if nones or item is not None}
    if isinstance(value, dict):
        return {key: thaw(item, nones=nones) for key, item in value.items()}
    return [thaw(item, nones=nones) for item in value] if isinstance(value, tuple) else copy.copy(value)
