"""The three standard streams: whether somebody sits at one, and that each is there."""

from __future__ import annotations

import os
from typing import TextIO


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a stream is a terminal; one that the caller closed, which Python gives as None, is not."""
    return stream is not None and stream.isatty()


def takes_colour(stream: TextIO | None) -> bool:
    """Whether colours may be written: to a terminal, unless its user wants none (https://no-color.org)."""
    return is_terminal(stream) and "NO_COLOR" not in os.environ


def open_standard_streams() -> None:
    """Let stdin, stdout and stderr that the caller closed lead nowhere, as Go's programs do.

    Else the next pipe or file gets such a number, and a program that inherits it writes into that. What Python has as
    ``sys.stdin`` and the like stays None.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
