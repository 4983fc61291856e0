"""Quantities, in the API server's canonical form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from krayne.sandbox.player.quantity import Quantity, add_up, quantity


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("500m", "500m"),
        ("1500m", "1500m"),
        ("2000m", "2"),
        ("2", "2"),
        ("0", "0"),
        ("1500Mi", "1500Mi"),
        ("2048Mi", "2Gi"),
        ("1.5Gi", "1536Mi"),
        ("512", "512"),
        ("1e3", "1k"),
        ("100n", "100n"),
    ],
)
def test_canonical_form(text: str, canonical: str) -> None:
    """Quantities are written as `kubectl get` shows them."""
    assert str(quantity(text)) == canonical


@pytest.mark.parametrize("text", ["", "x", "1Zi", "--1", "1 Gi"])
def test_not_a_quantity(text: str) -> None:
    """Anything else is refused."""
    with pytest.raises(ValueError, match=r"not a quantity|Fraction"):
        quantity(text)


def test_sums_keep_the_form() -> None:
    """300m and 200m are 500m; 1500Mi and 800Mi are 2300Mi."""
    lists = [
        {"cpu": quantity("300m"), "memory": quantity("1500Mi")},
        {"cpu": quantity("200m"), "memory": quantity("800Mi")},
    ]
    assert {name: str(amount) for name, amount in add_up(*lists).items()} == {"cpu": "500m", "memory": "2300Mi"}
    assert str(Quantity().plus(quantity("1Gi"))) == "1Gi"


@given(st.integers(0, 10**9), st.sampled_from(["", "m", "k", "M", "Ki", "Mi", "Gi"]))
def test_written_and_read_again(number: int, suffix: str) -> None:
    """The canonical form means the same amount."""
    made = quantity(f"{number}{suffix}")
    assert quantity(str(made)).amount == made.amount
