"""Kubernetes quantities ("500m", "2Gi"): read, compared, and written the one way the API server writes them."""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, Decimal

_BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_FORM = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE])|[eE]([+-]?\d+))?")

FORMAT_MESSAGE = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"


def parse(text: object) -> Decimal:
    """The quantity's value in base units; a number counts as its own text. Raises ValueError."""
    found = _FORM.fullmatch(str(text).strip())
    if isinstance(text, bool) or found is None:
        raise ValueError(FORMAT_MESSAGE)
    number, suffix, exponent = found.groups()
    if suffix in _BINARY:
        return Decimal(number) * Decimal(1024) ** _BINARY[suffix]
    return Decimal(number).scaleb(int(exponent) if exponent else _DECIMAL[suffix or ""])


def canonical(text: object) -> str:
    """The quantity as the API server stores it: the largest suffix of its own family with a whole number before it."""
    value = parse(text)
    suffix = _FORM.fullmatch(str(text).strip()).group(2) or ""  # type: ignore[union-attr]  # parse has matched it
    return format_as(value, binary=suffix in _BINARY)


def format_as(value: Decimal, *, binary: bool) -> str:
    """A value written as a canonical quantity, binary ("Gi") or decimal ("G")."""
    if value == 0:
        return "0"
    if binary and value == value.to_integral_value() and abs(value) >= 1024:
        power = max(power for power in range(7) if value % Decimal(1024) ** power == 0)
        names = {power: name for name, power in _BINARY.items()} | {0: ""}
        return f"{int(value / Decimal(1024) ** power)}{names[power]}"
    nano = int(value.scaleb(9).to_integral_value(rounding=ROUND_CEILING))
    for suffix, power in sorted(_DECIMAL.items(), key=lambda item: -item[1]):
        scale = 10 ** (power + 9)
        if nano % scale == 0:
            return f"{nano // scale}{suffix}"
    return f"{nano}n"
