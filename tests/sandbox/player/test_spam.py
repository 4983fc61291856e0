"""As much is told of an object as client-go lets a component tell."""

from __future__ import annotations

from krayne.sandbox.player.spam import BURST, SECONDS, SpamFilter


def test_a_burst_passes_then_one_event_for_each_span() -> None:
    """However often it is tried in between."""
    spam = SpamFilter()
    assert [spam.lets_pass("a", 0.0) for _ in range(BURST + 5)] == [True] * BURST + [False] * 5
    assert [spam.lets_pass("a", when) for when in (SECONDS - 1, SECONDS + 1, SECONDS + 2)] == [False, True, False]


def test_each_object_has_its_own() -> None:
    """A crash loop hides no other cluster's events."""
    spam = SpamFilter()
    for _ in range(BURST + 1):
        spam.lets_pass("a", 0.0)
    assert spam.lets_pass("b", 0.0)


def test_a_long_silence_earns_one_burst_and_no_more() -> None:
    """Not all that could have been told meanwhile."""
    spam = SpamFilter()
    assert spam.lets_pass("a", 0.0)
    assert sum(spam.lets_pass("a", 1000 * SECONDS) for _ in range(2 * BURST)) == BURST
