"""Ages as kubectl shows them."""

from __future__ import annotations

from datetime import datetime, timezone

from krayne.sandbox.apiserver import durations


def test_an_age_is_that_of_the_time_with_or_without_parts_of_a_second() -> None:
    """Metadata have whole seconds, events microseconds."""
    now = datetime(2026, 1, 1, 0, 2, 5, tzinfo=timezone.utc)
    assert [durations.since(time, now) for time in ("2026-01-01T00:00:00Z", "2026-01-01T00:02:00.500000Z")] == [
        "2m5s",
        "5s",
    ]


def test_an_unknown_age_says_so() -> None:
    """No time, no age."""
    assert durations.since(None) == "<unknown>"
