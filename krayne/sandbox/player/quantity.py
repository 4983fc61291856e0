"""Kubernetes quantities: read, add, and write them in the canonical form that the API server shows."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import Any, NamedTuple

_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_FORM = re.compile(r"([+-]?[0-9.]+)(?:([eE][+-]?[0-9]+)|([KMGTPE]i)|([numkMGTPE]?))")


class Quantity(NamedTuple):
    """An exact amount, and whether it was written in powers of 1024."""

    amount: Fraction = Fraction(0)
    binary: bool = False

    def plus(self, other: Quantity) -> Quantity:
        """The sum, in the form of the first that is not zero (as apimachinery's `Quantity.Add`)."""
        return Quantity(self.amount + other.amount, self.binary if self.amount else other.binary)

    def times(self, factor: int) -> Quantity:
        """The product, in the same form."""
        return Quantity(self.amount * factor, self.binary)

    @property
    def ceiling(self) -> int:
        """The next whole number, as apimachinery's `Quantity.Value`."""
        return math.ceil(self.amount)

    def __str__(self) -> str:
        """The canonical form: the largest suffix that leaves a whole number."""
        if self.binary and abs(self.amount) >= 1024:
            number, power = self.ceiling, 0
            while number % 1024 == 0 and power < len(_BINARY) - 1:
                number, power = number // 1024, power + 1
            return f"{number}{_BINARY[power]}"
        for suffix, exponent in reversed(list(_DECIMAL.items())):
            scaled = self.amount / Fraction(10) ** exponent
            if scaled.denominator == 1 and scaled:
                return f"{scaled.numerator}{suffix}"
        return str(math.ceil(self.amount / Fraction(10) ** -9)) + "n" if self.amount else "0"


def quantity(text: str | float) -> Quantity:
    """Read a quantity. Raises `ValueError` for anything else."""
    match = _FORM.fullmatch(str(text))
    if not match:
        raise ValueError(f"not a quantity: {text}")
    number, exponent, binary, decimal = match.groups()
    amount = Fraction(number)
    if exponent:
        return Quantity(amount * Fraction(10) ** int(exponent[1:]))
    if binary:
        return Quantity(amount * 1024 ** _BINARY.index(binary), binary=True)
    return Quantity(amount * Fraction(10) ** _DECIMAL[decimal or ""])


Amounts = dict[str, Quantity]


def add_up(*lists: Amounts) -> Amounts:
    """The sum of several resource lists."""
    total: Amounts = {}
    for amounts in lists:
        for name, amount in amounts.items():
            total[name] = total.get(name, Quantity()).plus(amount)
    return total


def container_amounts(container: dict[str, Any]) -> Amounts:
    """What a container asks for: its requests, and its limits where it requests nothing (the API server's default)."""
    resources = container.get("resources") or {}
    asked = {**(resources.get("limits") or {}), **(resources.get("requests") or {})}
    return {name: quantity(amount) for name, amount in asked.items()}
