"""Kubernetes quantities: amounts of CPU and bytes (apimachinery's resource.Quantity)."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from krayne.config.problems import shown

_QUANTITY = re.compile(r"([+-]?)(\d+\.?\d*|\.\d+)([numkMGTPE]|[KMGTPE]i|[eE][+-]?\d{1,2})?", re.ASCII)
_SUFFIX = {
    **{suffix: Fraction(10) ** (3 * power) for power, suffix in enumerate("num", -3)},
    **{suffix: Fraction(10) ** (3 * power) for power, suffix in enumerate("kMGTPE", 1)},
    **{f"{suffix}i": Fraction(1024) ** power for power, suffix in enumerate("KMGTPE", 1)},
}
_LIKELY_BYTES = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgtp])i?(?:b|bytes?)?", re.ASCII | re.IGNORECASE)
_LONGEST = 40  # more digits than any amount needs
_LARGEST = 2**63 - 1
_MEBIBYTE = 2**20


def amount(value: float | str) -> Fraction | None:
    """A quantity's exact amount, ``500m`` being a half; None where it is none."""
    text = str(value)
    match = _QUANTITY.fullmatch(text) if len(text) <= _LONGEST else None
    if not match:
        return None
    sign, number, suffix = match.groups()
    exponent = int(suffix[1:]) if suffix and suffix not in _SUFFIX else 0
    factor = _SUFFIX.get(suffix, Fraction(10) ** exponent)
    return Fraction(number.rstrip(".")) * factor * (-1 if sign == "-" else 1)


def cpu_problem(value: Any) -> str | None:
    """Why this is no amount of CPU. Kubernetes knows none finer than a thousandth."""
    found = amount(value)
    if found is None:
        return f'{shown(value)} is no quantity of CPU; write a number such as 2 or 0.5, or thousandths as "500m"'
    if found <= 0:
        return f"{shown(value)} must be more than 0"
    if found < Fraction(1, 1000):
        return f'{shown(value)} is less than "1m", a thousandth of a CPU, the least that Kubernetes knows'
    return f"{shown(value)} is more than any machine has" if found > _LARGEST else None


def memory_problem(value: Any) -> str | None:
    """Why this is no amount of bytes that a Ray container could be meant to have."""
    found = amount(value)
    if found is None:
        return f'{shown(value)} is no quantity of bytes; write one such as "5Gi" or "512Mi"{_likely(value)}'
    if found <= 0:
        return f'{shown(value)} must be more than 0; write a quantity such as "5Gi"'
    if found < _MEBIBYTE:
        return _too_small(value, found)
    return f"{shown(value)} is more than any machine has" if found > _LARGEST else None


def _too_small(value: Any, found: Fraction) -> str:
    bytes_ = f"{float(found):g} byte{'' if found == 1 else 's'}"
    number = str(value).rstrip("numk")
    unit = "Mi" if str(value)[-1] in "mk" else "Gi"
    return f'{shown(value)} means {bytes_}; write a quantity with its unit (did you mean "{number}{unit}"?)'


def _likely(value: Any) -> str:
    match = _LIKELY_BYTES.fullmatch(str(value).strip())
    return f' (did you mean "{match[1]}{match[2].upper()}i"?)' if match else ""
