"""How a verb that holds something ends when it is told to."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

_TOLD = (signal.SIGHUP, signal.SIGTERM)  # its terminal was closed, ssh is done with its proxy; somebody ends it


@contextmanager
def in_order() -> Iterator[None]:
    """Let a signal to end be an exit like any other, so that what is held is let go; what nohup has us ignore stays so.

    Raises SystemExit with 128 + the signal's number, as shells count. A second one does not get in between.
    """

    def end(number: int, _frame: object) -> None:
        for each in previous:
            signal.signal(each, signal.SIG_IGN)
        raise SystemExit(128 + number)

    previous = {each: told for each in _TOLD if (told := signal.getsignal(each)) != signal.SIG_IGN}
    for each in previous:
        signal.signal(each, end)
    try:
        yield
    finally:
        for each, told in previous.items():
            signal.signal(each, told)
