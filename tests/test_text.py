"""Text from a cluster: nothing in it moves a cursor, and it stays short; ages are kubectl's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from krayne.text import count, duration, one_line, printable, printable_lines


@given(st.text())
def test_no_control_character_is_left(text: str) -> None:
    """Neither C0 nor C1, nor what turns or hides text; and whatever is left can be encoded."""
    shown = printable(text)
    assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in shown)
    assert not set(shown) & set("\u202e\u2066\u200b\u2028\ufeff")
    shown.encode()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ÄÖ 漢字 🙂", "plain ÄÖ 漢字 🙂"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x9b1A", "\\x9b1A"),
        ("one\ntwo", "one\\ntwo"),
        ("a\u202eb", "a\\u202eb"),
        ("\ud800", "\\ud800"),
    ],
)
def test_controls_show_as_escapes(text: str, shown: str) -> None:
    """What was there can still be seen."""
    assert printable(text) == shown


@given(st.text())
def test_lines_stay_lines(text: str) -> None:
    """Each is printable by itself; a Windows line ends as any other."""
    shown = printable_lines(text).split("\n")
    assert shown == [printable(line.removesuffix("\r")) for line in text.split("\n")]


@given(st.text(max_size=600))
def test_one_line_is_one_line_and_short(text: str) -> None:
    """Whatever a message holds."""
    line = one_line(text, 100)
    assert line.isprintable() or not line.isascii()
    assert "\n" not in line
    assert len(line) <= 100


def test_a_long_line_keeps_both_ends() -> None:
    """The middle goes: the beginning says what, the end says why."""
    line = one_line("begin " + "x" * 500 + " the reason", 60)
    assert line.startswith("begin xxx")
    assert line.endswith("xxx the reason")
    assert " … " in line


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "<invalid>"),
        (-1, "0s"),
        (0, "0s"),
        (47.9, "47s"),
        (119, "119s"),
        (120, "2m"),
        (303, "5m3s"),
        (600, "10m"),
        (10799, "179m"),
        (10800, "3h"),
        (8 * 3600 - 60, "7h59m"),
        (8 * 3600, "8h"),
        (47 * 3600, "47h"),
        (48 * 3600, "2d"),
        (123 * 3600, "5d3h"),
        (8 * 86400, "8d"),
        (729 * 86400, "729d"),
        (730 * 86400, "2y"),
        (800 * 86400, "2y70d"),
        (9 * 365 * 86400, "9y"),
    ],
)
def test_ages_are_kubectls(seconds: float, text: str) -> None:
    """The same words at the same limits as Kubernetes' duration.HumanDuration."""
    assert duration(seconds) == text


def test_counts_in_the_right_number() -> None:
    """One pod, two pods."""
    assert [count(number, "pod") for number in (0, 1, 2)] == ["0 pods", "1 pod", "2 pods"]
