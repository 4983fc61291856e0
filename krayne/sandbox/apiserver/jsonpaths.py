"""The JSONPaths of a CRD's printer columns: fields, indexes, `[*]` and `[?(@.field=="value")]`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

_STEP = re.compile(
    r"""\.?(?:
        (?P<field>[A-Za-z0-9_\-/]+(?:\\\.[A-Za-z0-9_\-/]+)*)
      | \[\s*(?:
            (?P<index>-?\d+)
          | (?P<all>\*)
          | ['"](?P<quoted>[^'"]+)['"]
          | \?\(\s*@\.(?P<key>[\w.\-]+)\s*(?P<operator>==|!=)\s*(?P<value>"[^"]*"|'[^']*'|[\w.\-]+)\s*\)
        )\s*\]
    )""",
    re.VERBOSE,
)

Step = Callable[[Any], Iterable[Any]]


@lru_cache(maxsize=256)
def compiled(path: str) -> Callable[[Any], list[Any]]:
    """A reader of everything that the path leads to. A path that cannot be read leads nowhere."""
    steps: list[Step] = []
    place = 0
    while place < len(path):
        found = _STEP.match(path, place)
        if found is None:
            return lambda _: []
        steps.append(_step(found.groupdict()))
        place = found.end()

    def read(item: Any) -> list[Any]:
        values = [item]
        for step in steps:
            values = [below for value in values for below in step(value)]
        return values

    return read


def _step(parts: Mapping[str, str | None]) -> Step:
    name = parts["quoted"] or (parts["field"] or "").replace("\\.", ".")
    if name:
        return lambda value: [value[name]] if isinstance(value, Mapping) and name in value else []
    if parts["index"] is not None:
        index = int(parts["index"])
        return lambda value: [value[index]] if isinstance(value, list) and -len(value) <= index < len(value) else []
    if parts["all"]:
        return lambda value: list(value.values()) if isinstance(value, Mapping) else _items(value)
    return _filter(compiled("." + str(parts["key"])), str(parts["value"]), equal=parts["operator"] == "==")


def _filter(read: Callable[[Any], list[Any]], text: str, *, equal: bool) -> Step:
    try:
        wanted = json.loads(text.replace("'", '"'))
    except ValueError:
        wanted = text
    return lambda value: [item for item in _items(value) if (wanted in read(item)) is equal]


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
