"""Where the command starts and ends: ``krayne``, ``kubectl krayne`` and ``python -m krayne``."""

import gc
import os
import signal
import sys


def main() -> None:
    """Run the command line and end the process.

    A ^C while it still loads ends it at once and in silence: nothing has been done yet. At the end all is written
    and closed, so the interpreter's own tidying up, which takes a tenth of what `get` takes, is left out; and cycles
    are looked for more seldom than in a program that stays.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    gc.set_threshold(100_000)
    from krayne import deferred
    from krayne.terminal import open_standard_streams

    deferred.allowed = True
    open_standard_streams()
    is_get = sys.argv[1:2] == ["get"]
    if is_get:
        from krayne import headstart

        headstart.begin(sys.argv[2:])
    from krayne.cli import main as run

    signal.signal(signal.SIGINT, signal.default_int_handler)
    code = run()
    if is_get:
        headstart.end()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # None: the caller closed it
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
