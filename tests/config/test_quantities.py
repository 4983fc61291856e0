"""Kubernetes quantities."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from krayne.config.quantities import amount, cpu_problem, memory_problem


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2, 2),
        (0.5, Fraction(1, 2)),
        ("500m", Fraction(1, 2)),
        ("1.5Gi", 3 * 2**29),
        ("1k", 1000),
        ("1Ki", 1024),
        ("1M", 10**6),
        ("2E", 2 * 10**18),
        ("1e3", 1000),
        ("1E-3", Fraction(1, 1000)),
        ("5.", 5),
        (".5", Fraction(1, 2)),
        ("+1", 1),
        ("-1u", Fraction(-1, 10**6)),
        ("1n", Fraction(1, 10**9)),
        (1e-7, Fraction(1, 10**7)),
    ],
)
def test_amount(value: float | str, expected: Fraction | int) -> None:
    """Exact, by Kubernetes' suffixes."""
    assert amount(value) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 1",
        "1 Gi",
        "1gi",
        "1KI",
        "1K",
        "5GB",
        "1e",
        "e3",
        "--1",
        "1.2.3",
        ".",
        "٣",
        "1e999",
        "0x10",
        "1" * 41,
        "1\n",
    ],
)
def test_no_quantity(text: str) -> None:
    """What Kubernetes does not parse either (K is spelt k), and more digits than make sense."""
    assert amount(text) is None


@given(st.integers(1, 10**12), st.sampled_from(["", "k", "M", "Ki", "Mi"]))
def test_amount_grows_with_number(number: int, suffix: str) -> None:
    """A suffix multiplies by one factor."""
    one = amount(f"1{suffix}")
    assert one is not None
    assert amount(f"{number}{suffix}") == number * one


@pytest.mark.parametrize("value", [1, 0.5, "500m", "1m", 64, "0.001", "1e3", 1 / 3])
def test_cpu(value: float | str) -> None:
    """From a thousandth upwards."""
    assert cpu_problem(value) is None


@pytest.mark.parametrize("value", ["5Gi", "512Mi", "1Mi", 2**20, "10G", "1e9", "1048576", 5368709120.0])
def test_memory(value: float | str) -> None:
    """From a mebibyte upwards; whole bytes without a unit, too."""
    assert memory_problem(value) is None


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        (5, "5Gi"),
        ("2", "2Gi"),
        (1.5, "1.5Gi"),
        ("512m", "512Mi"),
        ("100k", "100Mi"),
        ("5GB", "5Gi"),
        ("5 gb", "5Gi"),
        ("1.5gib", "1.5Gi"),
        ("512mb", "512Mi"),
        ("2 Gi", "2Gi"),
        ("5g", "5Gi"),
    ],
)
def test_memory_that_is_meant_otherwise(value: float | str, meant: str) -> None:
    """The message shows what to write, and that is valid."""
    problem = memory_problem(value)
    assert problem is not None
    assert f'did you mean "{meant}"?' in problem
    assert memory_problem(meant) is None
