"""What CPUs and bytes a container of Ray can be given."""

from __future__ import annotations

import re
from typing import Any

from krayne.config.problems import shown
from krayne.quantity import LARGEST, NANO, parse

_LIKELY_BYTES = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgtp])i?(?:b|bytes?)?", re.ASCII | re.IGNORECASE)
_MEBIBYTE = 2**20


def cpu_problem(value: Any) -> str | None:
    """Why this is no amount of CPU. Kubernetes knows none finer than a thousandth."""
    found = _nano(value)
    if found is None:
        return f'{shown(value)} is no quantity of CPU; write a number such as 2 or 0.5, or thousandths as "500m"'
    if found <= 0:
        return f"{shown(value)} must be more than 0"
    if found < NANO // 1000:
        return f'{shown(value)} is less than "1m", a thousandth of a CPU, the least that Kubernetes knows'
    return f"{shown(value)} is more than any machine has" if found >= LARGEST * NANO else None


def memory_problem(value: Any) -> str | None:
    """Why this is no amount of bytes that a Ray container could be meant to have."""
    found = _nano(value)
    if found is None:
        return f'{shown(value)} is no quantity of bytes; write one such as "5Gi" or "512Mi"{_likely(value)}'
    if found <= 0:
        return f'{shown(value)} must be more than 0; write a quantity such as "5Gi"'
    if found < _MEBIBYTE * NANO:
        return _too_small(value, found)
    return f"{shown(value)} is more than any machine has" if found >= LARGEST * NANO else None


def _nano(value: Any) -> int | None:
    found = parse(value)
    return None if found is None else found.nano


def _too_small(value: Any, nano: int) -> str:
    bytes_ = f"{nano / NANO:g} byte{'' if nano == NANO else 's'}"
    number = str(value).rstrip("numk")
    unit = "Mi" if str(value)[-1] in "mk" else "Gi"
    return f'{shown(value)} means {bytes_}; write a quantity with its unit (did you mean "{number}{unit}"?)'


def _likely(value: Any) -> str:
    match = _LIKELY_BYTES.fullmatch(str(value).strip())
    return f' (did you mean "{match[1]}{match[2].upper()}i"?)' if match else ""
