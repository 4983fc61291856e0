"""Add up Kubernetes quantities (``500m``, ``1.5``, ``2Gi``) exactly, in thousandths of their unit."""

from __future__ import annotations

import re
from collections.abc import Iterable

_QUANTITY = re.compile(r"(\d*)\.?(\d*)(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]|[eE][+-]?\d{1,2}|)")
_BINARY = {f"{letter}i": 1 << 10 * power for power, letter in enumerate("KMGTPE", 1)}
_DECIMAL = {"k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18, "": 0, "m": -3, "u": -6, "n": -9}


def milli(quantity: object) -> int:
    """Read a quantity as thousandths of its unit, rounded up as Kubernetes does; what is none counts as 0."""
    found = _QUANTITY.fullmatch(str(quantity)) if isinstance(quantity, (str, int, float)) else None
    if found is None or not (found[1] or found[2]):
        return 0
    digits, suffix = int(found[1] + found[2]), found[3]
    if suffix in _BINARY:
        return -(-digits * 1000 * _BINARY[suffix] // _ten(len(found[2])))
    power = 3 - len(found[2]) + (_DECIMAL[suffix] if suffix in _DECIMAL else int(suffix[1:]))
    return digits * _ten(power) if power >= 0 else -(-digits // _ten(-power))


def _ten(power: int) -> int:
    return int("1" + "0" * power)  # 10**power is Any to a type checker: the power might be negative


def total(quantities: Iterable[object]) -> int:
    """Add up quantities, in thousandths."""
    return sum(milli(each) for each in quantities)


def cpus(thousandths: int) -> str:
    """Write CPUs as Kubernetes does: ``2``, ``500m``."""
    return f"{thousandths}m" if thousandths % 1000 else str(thousandths // 1000)


def memory(thousandths: int) -> str:
    """Write bytes in the largest unit that says them exactly: ``5Gi``, ``2300Mi``, ``1G``."""
    size = -(-thousandths // 1000)
    units = [(unit, 1024**power) for power, unit in ((6, "Ei"), (5, "Pi"), (4, "Ti"), (3, "Gi"), (2, "Mi"), (1, "Ki"))]
    units += [("G", 10**9), ("M", 10**6), ("k", 10**3)]
    for unit, worth in units:
        if size and size % worth == 0:
            return f"{size // worth}{unit}"
    return str(size)


def count(thousandths: int) -> int:
    """Give a number of devices, which Kubernetes only counts whole."""
    return -(-thousandths // 1000)
