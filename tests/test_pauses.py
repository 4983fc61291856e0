"""How long to wait before the next try."""

from __future__ import annotations

from krayne.pauses import Pause


def test_pauses_double_up_to_the_longest_until_begun_anew() -> None:
    """The longest may be another one each time: a head that is not ready is tried more often."""
    pause = Pause()
    assert [pause.next(0.2, 1.0) for _ in range(5)] == [0.2, 0.4, 0.8, 1.0, 1.0]
    assert pause.next(0.2, 0.5) == 0.5
    pause.begin_anew()
    assert pause.next(0.2, 1.0) == 0.2
