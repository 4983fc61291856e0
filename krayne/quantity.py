"""Kubernetes quantities (``500m``, ``2Gi``): read, added up and written as apimachinery's resource.Quantity does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal, NamedTuple

# apimachinery's names of the forms 1k, 1Ki and 1e3.
Form = Literal["DecimalSI", "BinarySI", "DecimalExponent"]

NANO = 10**9  # nano-units in a unit
LARGEST = 2**63 - 1  # units; apimachinery cuts what is written in powers of 1024 down to this

_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_SUFFIX = {power: suffix for suffix, power in _DECIMAL.items()}
_WRITTEN = re.compile(r"([+-]?)([0-9]*)\.?([0-9]*)(?:([KMGTPE]i)|([numkMGTPE])|[eE]([+-]?[0-9]{1,3}))?")
_LONGEST = 128  # far more than an amount needs, and no work to read
_TOO_MUCH = 10**100 * NANO  # no machine has it; less has a canonical form that can be read again


class Quantity(NamedTuple):
    """An amount in billionths of its unit, the finest that Kubernetes knows, and the form to write it in.

    Compare amounts by ``nano``: 1Gi and 1073741824 are the same.
    """

    nano: int = 0
    form: Form = "DecimalSI"

    def plus(self, other: Quantity) -> Quantity:
        """Add; the sum has the form of the first that is not zero (apimachinery's ``Add``)."""
        return Quantity(self.nano + other.nano, self.form if self.nano else other.form)

    def times(self, factor: int) -> Quantity:
        """Multiply, in the same form."""
        return Quantity(self.nano * factor, self.form)

    @property
    def milli(self) -> int:
        """Thousandths of the unit, rounded up (apimachinery's ``MilliValue``)."""
        return _away_from_zero(self.nano, NANO // 1000)

    @property
    def value(self) -> int:
        """Whole units, rounded up (apimachinery's ``Value``)."""
        return _away_from_zero(self.nano, NANO)

    def __str__(self) -> str:
        """Write the canonical form: the largest suffix that leaves a whole number before it."""
        if self.nano == 0:
            return "0"
        if self.form == "BinarySI" and self.nano % NANO == 0 and abs(self.nano) >= 1024 * NANO:
            number, power = self.nano // NANO, 0
            while number % 1024 == 0 and power < len(_BINARY) - 1:
                number, power = number // 1024, power + 1
            return f"{number}{_BINARY[power]}"
        number, power = self.nano, -9
        while number % 1000 == 0 and (power < 18 or self.form == "DecimalExponent"):
            number, power = number // 1000, power + 3
        if self.form == "DecimalExponent":
            return f"{number}e{power}" if power else str(number)
        return f"{number}{_SUFFIX[power]}"


Amounts = dict[str, Quantity]


def parse(written: object) -> Quantity | None:
    """Read a quantity, a number as its own text; None for what is none.

    What is finer than a billionth is rounded up, and so are parts of it, away from zero. Unlike apimachinery this
    reads no number without a digit (``Gi``), no exponent of four digits, and nothing past 128 characters or 1e100.
    """
    text = str(written)
    return _parse(text) if len(text) <= _LONGEST else None


def quantity(written: object) -> Quantity:
    """Read a quantity as ``parse`` does. Raises ValueError for what is none."""
    found = parse(written)
    if found is None:
        raise ValueError(f"not a quantity: {written}")
    return found


@lru_cache(maxsize=1024)  # a cluster's pods ask for the same few amounts
def _parse(text: str) -> Quantity | None:
    match = _WRITTEN.fullmatch(text)
    if match is None or not (match[2] or match[3]):
        return None
    sign, whole, fraction, binary, decimal, exponent = match.groups()
    form: Form = "DecimalSI"
    number, power = int(whole + fraction) * NANO, -len(fraction)
    if binary:
        number, form = number * 1024 ** _BINARY.index(binary), "BinarySI"
    elif exponent:
        form, power = "DecimalExponent", power + int(exponent)
    else:
        power += _DECIMAL[decimal or ""]
    nano = number * _ten(power) if power >= 0 else _away_from_zero(number, _ten(-power))
    if nano > _TOO_MUCH:
        return None
    if binary:
        nano = min(nano, LARGEST * NANO)
    return Quantity(-nano if sign == "-" else nano, form)


def _away_from_zero(number: int, unit: int) -> int:
    return -(-number // unit) if number >= 0 else number // unit


def _ten(power: int) -> int:
    result: int = 10**power  # Any to a type checker: the power might be negative
    return result


def add_up(*lists: Mapping[str, Quantity]) -> Amounts:
    """Add up resource lists."""
    total: Amounts = {}
    for amounts in lists:
        for name, amount in amounts.items():
            total[name] = total.get(name, Quantity()).plus(amount)
    return total


def container_amounts(container: Mapping[str, Any]) -> Amounts:
    """Read what a container asks for: its requests, and its limits where it requests nothing (Kubernetes' default).

    Raises ValueError for what is no quantity.
    """
    resources = container.get("resources") or {}
    asked = {**(resources.get("limits") or {}), **(resources.get("requests") or {})}
    return {name: quantity(amount) for name, amount in asked.items()}
