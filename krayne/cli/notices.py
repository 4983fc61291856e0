"""What is said on stderr beside the answer. What a server, a file or a plugin says in it cannot steer the terminal."""

from __future__ import annotations

import click

from krayne.errors import KrayneError
from krayne.text import printable_lines


def tell_error(error: KrayneError) -> None:
    """An error, in its own words."""
    click.echo(f"Error: {printable_lines(str(error))}", err=True)


def warn(text: str) -> None:
    """A warning."""
    click.echo(f"Warning: {printable_lines(text)}", err=True)


def log(line: str) -> None:
    """A command line that is run, as -v shows it."""
    click.echo(f"+ {printable_lines(line)}", err=True)


def tell(text: str) -> None:
    """What kubectl or a login plugin says while it waits for its user; it may go on in the same line."""
    click.echo(printable_lines(text), err=True, nl=False)
