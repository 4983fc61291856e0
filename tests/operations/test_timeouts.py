"""How a timeout is shared by several waits."""

from __future__ import annotations

import time

from krayne.operations.timeouts import end_of, left_until


def test_a_wait_without_end_has_no_moment_and_no_seconds_left() -> None:
    """None means for ever, all the way through."""
    assert (end_of(None), left_until(None)) == (None, None)


def test_what_is_left_is_never_more_than_was_given_and_never_less_than_nothing() -> None:
    """The clock goes on meanwhile, and may have passed the end."""
    left = left_until(end_of(3600))
    assert left is not None
    assert 0 < left <= 3600
    assert left_until(time.monotonic() - 1) == 0
