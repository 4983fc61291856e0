"""Where the command starts: ``krayne``, ``kubectl krayne`` and ``python -m krayne``."""

import signal


def main() -> None:
    """Run the command line. A ^C while it still loads ends it at once and in silence: nothing has been done yet."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from krayne.cli import main as run

    signal.signal(signal.SIGINT, signal.default_int_handler)
    run()


if __name__ == "__main__":
    main()
