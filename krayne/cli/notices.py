"""What is said on stderr beside the answer. What a server, a file or a plugin says in it cannot steer the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from krayne.errors import KrayneError
from krayne.text import printable_lines


class Failures:
    """What went wrong with some of several clusters; the others go on, as in kubectl.

    It is told as it comes or, where it would stand above much output, all at the end (``later``).
    """

    def __init__(self, *, later: bool = False) -> None:
        self._later = later
        self._errors: list[KrayneError] = []

    @contextmanager
    def told(self) -> Iterator[None]:
        """Do something that may fail for one of them alone."""
        try:
            yield
        except KrayneError as error:
            self._errors.append(error)
            if not self._later:
                tell_error(error)

    def end(self) -> None:
        """End the command, if any failed, with the exit code of the gravest: "failed" before "not ready"."""
        for error in self._errors if self._later else ():
            tell_error(error)
        if self._errors:
            raise click.exceptions.Exit(min(error.exit_code for error in self._errors))


def tell_error(error: KrayneError) -> None:
    """An error, in its own words."""
    click.echo(f"Error: {printable_lines(str(error))}", err=True)


def warn(text: str) -> None:
    """A warning."""
    click.echo(f"Warning: {printable_lines(text)}", err=True)


def notice(text: str) -> None:
    """Something that was done on the way."""
    click.echo(printable_lines(text), err=True)


def log(line: str) -> None:
    """A command line that is run, as -v shows it."""
    click.echo(f"+ {printable_lines(line)}", err=True)


def tell(text: str) -> None:
    """What kubectl or a login plugin says while it waits for its user; it may go on in the same line."""
    click.echo(printable_lines(text), err=True, nl=False)
