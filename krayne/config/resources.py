"""What CPUs and bytes a container of Ray can be given."""

from __future__ import annotations

import re
from typing import Any

from krayne.config.problems import shown
from krayne.quantity import LARGEST, NANO, parse

_LIKELY_BYTES = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgtp])i?(?:b|bytes?)?", re.ASCII | re.IGNORECASE)
_TOO_FEW_BYTES = re.compile(r"\+?([0-9.]+)([numkKi]*)")
_CPU_ENDS = frozenset("0123456789.m")  # a number, which may have an exponent, or thousandths
_MEBIBYTE = 2**20
_MANY = 128  # few machines have so many GiB, and no Ray container so few MiB


def cpu_problem(value: Any) -> str | None:
    """Why this is no amount of CPU. Kubernetes knows none finer than a thousandth."""
    found = _nano(value)
    if found is None or str(value)[-1] not in _CPU_ENDS:
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
    match = _TOO_FEW_BYTES.fullmatch(str(value))
    hint = _hint(match[1], "Mi" if match[2] or float(match[1]) >= _MANY else "Gi") if match else ""
    return f"{shown(value)} means {bytes_}; write a quantity with its unit{hint}"


def _likely(value: Any) -> str:
    match = _LIKELY_BYTES.fullmatch(str(value).strip())
    return _hint(match[1], f"{match[2].upper()}i") if match else ""


def _hint(number: str, unit: str) -> str:
    """What was meant, if it is enough."""
    enough = (_nano(number + unit) or 0) >= _MEBIBYTE * NANO
    return f' (did you mean "{number}{unit}"?)' if enough else ""
