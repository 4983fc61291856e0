"""Text from a cluster made fit to print: harmless to a terminal, on one line. And time spans as kubectl writes them."""

from __future__ import annotations

import re

# C0 and C1 controls, DEL, what reorders or hides text (bidirectional and zero-width formats), and lone surrogates,
# which no encoding takes.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_BLANKS = re.compile(r"\s+")


def printable(text: str) -> str:
    """Give the text with every control character as its escape (``\\x1b``), so that it cannot steer a terminal."""
    if text.isprintable():
        return text
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def printable_lines(text: str) -> str:
    """Give each line of the text printable, ended as Unix ends lines."""
    if text.isprintable():
        return text
    return "\n".join(printable(line.removesuffix("\r")) for line in text.split("\n"))


def one_line(text: str, limit: int = 240) -> str:
    """Give the text on one printable line; one that is too long loses its middle, since its end tells the reason."""
    line = printable(_BLANKS.sub(" ", text).strip())
    if len(line) <= limit:
        return line
    head = limit // 3
    return f"{line[:head].rstrip()} … {line[len(line) - (limit - head - 3) :].lstrip()}"


def count(number: int, noun: str) -> str:
    """Write a number of things: ``1 pod``, ``2 pods``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


# Under so many seconds: the unit and, beside it, a smaller one (Kubernetes' duration.HumanDuration).
_MINUTE, _HOUR, _DAY, _YEAR = 60, 3600, 86400, 365 * 86400
_DURATIONS = (
    (2 * _MINUTE, 1, 0),
    (10 * _MINUTE, _MINUTE, 1),
    (3 * _HOUR, _MINUTE, 0),
    (8 * _HOUR, _HOUR, _MINUTE),
    (2 * _DAY, _HOUR, 0),
    (8 * _DAY, _DAY, _HOUR),
    (2 * _YEAR, _DAY, 0),
    (8 * _YEAR, _YEAR, _DAY),
)
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_PARTS = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)")
_LETTER = {1: "s", _MINUTE: "m", _HOUR: "h", _DAY: "d", _YEAR: "y"}


def duration(seconds: float) -> str:
    """Write a duration as kubectl does in AGE: ``47s``, ``5m3s``, ``5d3h``."""
    whole = int(seconds)
    if whole < -1:
        return "<invalid>"
    whole = max(whole, 0)
    unit, smaller = next(((unit, smaller) for under, unit, smaller in _DURATIONS if whole < under), (_YEAR, 0))
    rest = whole % unit // smaller if smaller else 0
    return f"{whole // unit}{_LETTER[unit]}" + (f"{rest}{_LETTER[smaller]}" if rest else "")


def seconds_of(text: str) -> float | None:
    """Read a span of time as Go and kubectl write it: 30s, 10m, 1h30m; a bare number counts seconds. None: no span."""
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        return float(text)
    if not re.fullmatch(f"({_PARTS.pattern})+", text):
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in _PARTS.findall(text))
