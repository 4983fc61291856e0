"""The base of what krayne gives to callers: frozen values, each with a plain dict of its own."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any


class Value:
    """A value with a plain dict of its own, fit for JSON."""

    __slots__ = ()
    __dataclass_fields__: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """Give the value as plain dicts, lists, strings, numbers and None; field names as they are here."""
        return {field: plain(getattr(self, field)) for field in self.__dataclass_fields__}


def plain(value: object) -> Any:
    """Give a value, or a tuple or map of values, as plain dicts and lists."""
    if isinstance(value, Value):
        return value.as_dict()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [plain(each) for each in value]
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    return value
