"""Columns as kubectl writes them, ages and colours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from krayne.objects import moment
from krayne.status import Status
from krayne.text import duration, printable

NONE = "<none>"
GAP = "   "

_COLOURS = {
    Status.READY: "32",
    Status.FAILED: "31",
    Status.CRASH_LOOP: "31",
    Status.IMAGE_PULL_ERROR: "31",
    Status.SUSPENDED: "2",
    Status.DELETING: "2",
}
_OTHER_COLOUR = "33"


def cell(text: str) -> str:
    """Keep a value to one printable word, so that columns can be cut apart at blanks."""
    return "-".join(printable(text).split()) or NONE


def columns(rows: Sequence[Sequence[str]], widths: list[int] | None = None) -> list[str]:
    """Pad cells into columns three blanks apart; the last one is not padded. ``widths`` grow to what was needed."""
    widths = [] if widths is None else widths
    for row in rows:
        widths += [0] * (len(row) - len(widths))
        widths[: len(row)] = [max(width, len(text)) for width, text in zip(widths, row, strict=False)]
    return [GAP.join(text.ljust(width) for text, width in zip(row, widths, strict=False)).rstrip() for row in rows]


def painted(line: str, status: Status, start: int) -> str:
    """Colour the status that begins at that place of a line."""
    return line[:start] + paint(status) + line[start + len(status.value) :]


def paint(status: Status) -> str:
    """Write a status in its colour, for a terminal."""
    return f"\x1b[{_COLOURS.get(status, _OTHER_COLOUR)}m{status.value}\x1b[0m"


def age(created: str | None, now: datetime) -> str:
    """Write how long ago an RFC 3339 time was, as kubectl does."""
    then = moment(created)
    return "<unknown>" if then is None else duration((now - then).total_seconds())
