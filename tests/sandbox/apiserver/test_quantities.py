"""Quantities as the API server writes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from krayne.sandbox.apiserver import quantities


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ("1000m", "1"),
        ("0.5", "500m"),
        ("1024Mi", "1Gi"),
        ("1.5Gi", "1536Mi"),
        ("1000Mi", "1000Mi"),
        ("100Ki", "100Ki"),
        (1, "1"),
        ("1000", "1k"),
        ("0", "0"),
        ("1500m", "1500m"),
        ("1e3", "1k"),
    ],
)
def test_a_quantity_is_stored_in_its_one_form(given_: object, expected: str) -> None:
    """The largest suffix of its family that leaves it whole."""
    assert quantities.canonical(given_) == expected


@pytest.mark.parametrize("text", ["", "1Gx", "x", "1 Gi", "--1", True, [], "1mi"])
def test_what_is_no_quantity_is_refused(text: object) -> None:
    """In the server's words."""
    with pytest.raises(ValueError, match="quantities must match"):
        quantities.canonical(text)


@given(st.integers(0, 10**12), st.sampled_from(["m", "", "k", "M", "G", "Ki", "Mi", "Gi"]))
def test_the_one_form_has_the_same_value(number: int, suffix: str) -> None:
    """And is its own one form."""
    form = quantities.canonical(f"{number}{suffix}")
    assert quantities.parse(form) == quantities.parse(f"{number}{suffix}")
    assert quantities.canonical(form) == form
