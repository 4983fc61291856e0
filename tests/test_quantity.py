"""Kubernetes quantities, against apimachinery's rules and exact arithmetic."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from krayne.quantity import LARGEST, Quantity, add_up, container_amounts, parse, quantity

FACTOR = {
    **{suffix: Fraction(1000) ** power for power, suffix in enumerate(["n", "u", "m", "", "k", "M", "G", "T"], -3)},
    **{f"{letter}i": Fraction(1024) ** power for power, letter in enumerate("KMG", 1)},
    **{f"e{power}": Fraction(10) ** power for power in range(-9, 12)},
}
NUMBERS = st.decimals(-(10**6), 10**6, places=6, allow_nan=False, allow_infinity=False).map(
    lambda number: f"{number:f}"
)
WRITTEN = st.tuples(NUMBERS, st.sampled_from(sorted(FACTOR)))
QUANTITIES = WRITTEN.map(lambda parts: quantity("".join(parts)))


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        # As Kubernetes 1.33 gave them back (a LimitRange's max).
        ("1.5Gi", "1536Mi"),
        ("100m", "100m"),
        ("0.1", "100m"),
        (".5", "500m"),
        ("12E", "12E"),
        ("1Ei", "1Ei"),
        ("1E", "1E"),
        ("-5", "-5"),
        ("-1.5", "-1500m"),
        ("-1.5Gi", "-1536Mi"),
        ("+1.5Ki", "1536"),
        ("1.5Ki", "1536"),
        ("0.5Ki", "512"),
        ("1023Ki", "1023Ki"),
        ("1000Mi", "1000Mi"),
        ("1024Mi", "1Gi"),
        ("-2000Mi", "-2000Mi"),
        ("0.1Gi", "107374182400m"),
        ("1000", "1k"),
        ("2048", "2048"),
        ("1e3", "1e3"),
        ("1e4", "10e3"),
        ("1e-1", "100e-3"),
        ("15e-1", "1500e-3"),
        ("10e-1", "1"),
        ("0.5e3", "500"),
        ("1e30", "1e30"),
        ("100e21", "100e21"),
        ("1e100", "10e99"),
        ("0Gi", "0"),
        ("0.0", "0"),
        ("-0", "0"),
        ("0e3", "0"),
        ("8Ei", "9223372036854775807"),
        ("-9Ei", "-9223372036854775807"),
        ("9223372036854775808", "9223372036854775808"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        # As apimachinery's CanonicalString gives them; a server gives back what it read.
        ("+5", "5"),
        ("5.", "5"),
        ("00012", "12"),
        ("1E3", "1e3"),
        ("1e+03", "1e3"),
        ("1e003", "1e3"),
        # As ParseQuantity rounds; a server then rounds resource lists to thousandths.
        ("0.1n", "1n"),
        ("1.5n", "2n"),
        ("-0.1n", "-1n"),
        ("1.0000000001", "1000000001n"),
        # What YAML reads as numbers.
        (2, "2"),
        (0.5, "500m"),
        (5368709120.0, "5368709120"),
    ],
)
def test_canonical_form(written: str | float, canonical: str) -> None:
    """The largest suffix of the form that leaves a whole number."""
    assert str(quantity(written)) == canonical


@pytest.mark.parametrize(
    "written",
    [
        *("", " 1", "1\n", "1 Gi", "1gi", "1mi", "1KI", "1K", "5GB", "1Zi", "0x10", "1_0", "nan", "inf", "٣"),
        *("1e", "e3", "1e999", "Gi", "+", ".", "--1", "1.2.3", "1e101", "1" * 129, True, None, [], {}),
    ],
)
def test_what_is_no_quantity(written: object) -> None:
    """Most of it is none to Kubernetes either; see `parse` for the rest."""
    assert parse(written) is None
    with pytest.raises(ValueError, match="not a quantity"):
        quantity(written)


@given(WRITTEN)
def test_reads_exact_amounts(parts: tuple[str, str]) -> None:
    """In billionths; what is finer is rounded away from zero. And so are whole units and thousandths."""
    number, suffix = parts
    exact = Fraction(number) * FACTOR[suffix]
    sign = -1 if exact < 0 else 1
    found = quantity(number + suffix)
    assert found.nano == sign * ceil(abs(exact) * 10**9)
    assert found.milli == sign * ceil(Fraction(abs(found.nano), 10**6))
    assert found.value == sign * ceil(Fraction(abs(found.nano), 10**9))


@given(st.from_regex(r"[+-]?[0-9]{1,64}\.?[0-9]{0,64}([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]{1,3})?", fullmatch=True))
def test_the_canonical_form_has_the_same_amount(written: str) -> None:
    """And is its own canonical form, however large or long the amount was written."""
    made = parse(written)
    if made is not None:
        again = quantity(str(made))
        assert again.nano == made.nano
        assert str(again) == str(made)


@given(QUANTITIES, QUANTITIES, st.integers(-5, 5))
def test_adds_and_multiplies(one: Quantity, other: Quantity, factor: int) -> None:
    """The sum has the form of its first part that is not zero."""
    assert one.plus(other).nano == one.nano + other.nano
    assert one.plus(other).form == (one if one.nano else other).form
    assert one.times(factor) == (one.nano * factor, one.form)


def test_binary_amounts_end_at_the_largest_integer() -> None:
    """As apimachinery cuts them; decimal ones may be larger."""
    assert quantity("1000Ei").value == LARGEST
    assert quantity("1000E").value == 10**21


def test_resource_lists_add_up_by_name() -> None:
    """300m and 200m are 500m; 1500Mi and 800Mi are 2300Mi."""
    lists = [{"cpu": quantity("300m"), "memory": quantity("1500Mi")}, {"cpu": quantity("200m")}, {}]
    total = add_up(*lists, {"memory": quantity("800Mi")})
    assert {name: str(amount) for name, amount in total.items()} == {"cpu": "500m", "memory": "2300Mi"}
    assert str(Quantity().plus(quantity("1Gi"))) == "1Gi"


def test_a_container_asks_for_its_requests_else_its_limits() -> None:
    """As the API server fills in requests."""
    resources = {"limits": {"cpu": "2", "memory": "1Gi"}, "requests": {"cpu": "500m"}}
    assert container_amounts({"resources": resources}) == {"cpu": quantity("500m"), "memory": quantity("1Gi")}
    assert container_amounts({}) == container_amounts({"resources": None}) == {}


def test_imports_cheaply() -> None:
    """`get` loads it at every start: no decimal, no fractions."""
    code = "import sys, krayne.quantity; print({'decimal', 'fractions', 'numbers'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "set()"
