"""Ages as kubectl shows them."""

from __future__ import annotations

import pytest

from krayne.sandbox.apiserver import durations


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-5, "<invalid>"),
        (-1, "0s"),
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (125, "2m5s"),
        (600, "10m"),
        (10799, "179m"),
        (10800, "3h"),
        (11000, "3h3m"),
        (8 * 3600, "8h"),
        (47 * 3600, "47h"),
        (48 * 3600, "2d"),
        (49 * 3600, "2d1h"),
        (8 * 86400, "8d"),
        (730 * 86400, "2y"),
        (800 * 86400, "2y70d"),
        (9 * 365 * 86400, "9y"),
    ],
)
def test_an_age_is_told_in_two_units_at_most(seconds: int, shown: str) -> None:
    """The second only while it matters."""
    assert durations.short(seconds) == shown


def test_an_unknown_age_says_so() -> None:
    """No time, no age."""
    assert durations.since(None) == "<unknown>"
