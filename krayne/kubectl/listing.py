"""Reads the objects of a list while kubectl still writes it."""

from __future__ import annotations

import codecs
import json
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ITEMS = re.compile(r'"items"\s*:\s*\[')
_GAP = re.compile(r"[\s,]*")
_STEP = 1 << 18  # bytes between looks for another whole object


class Listing:
    """A Kubernetes list, decoded object by object as its JSON arrives.

    Decoding takes as long as the server's writing does, so it is done meanwhile; and the text, which may be of
    100 MB and more, is never held whole. ``fit`` gets each object as soon as it is there, to take out of it what
    nobody will read.
    """

    def __init__(self, fit: Callable[[dict[str, Any]], None] | None = None) -> None:
        self._fit = fit
        self._decode = codecs.getincrementaldecoder("utf-8")(errors="replace").decode
        self._scan = json.JSONDecoder().raw_decode
        self._chunks: list[bytes] = []
        self._waiting = 0
        self._before = ""  # the list's own text, up to its first object
        self._text = ""  # what has come and is not decoded
        self._items: list[dict[str, Any]] = []

    def feed(self, chunk: bytes) -> None:
        """Take in the next bytes of the list."""
        self._chunks.append(chunk)
        self._waiting += len(chunk)
        if self._waiting >= _STEP:
            self._advance()

    def whole(self) -> dict[str, Any]:
        """The list, after its last byte. Raises ValueError if that was no JSON object."""
        self._advance()
        listed = json.loads(self._before + self._text)
        if not isinstance(listed, dict):
            raise ValueError("no object")
        listed["items"] = self._items or listed.get("items") or []
        return listed

    @property
    def beginning(self) -> str:
        """What came first, for messages."""
        return (self._before + self._text)[:80]

    def _advance(self) -> None:
        self._text += self._decode(b"".join(self._chunks))
        self._chunks, self._waiting = [], 0
        if not self._before:
            if not (found := _ITEMS.search(self._text)):
                return
            self._before, self._text = self._text[: found.end()], self._text[found.end() :]
        text, at = self._text, 0
        while (at := _GAP.match(text, at).end()) < len(text) and text[at] != "]":  # type: ignore[union-attr]  # it matches nothing too
            try:
                item, at = self._scan(text, at)
            except ValueError:  # its rest has not come yet
                break
            if self._fit:
                self._fit(item)
            self._items.append(item)
        self._text = text[at:]


def without_managers(item: dict[str, Any]) -> None:
    """Leave out who wrote which field: half of a pod, and read of no pod or event."""
    item.get("metadata", {}).pop("managedFields", None)


@contextmanager
def no_search_for_cycles() -> Iterator[None]:
    """Python would look for them again and again in a growing tree: three times the time at 50 MB."""
    import gc

    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
