"""Write the generated pages of docs/ anew, from the program itself. Run by `make docs`; a test says if one is stale."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import click

from krayne.cli import cli

DOCS = Path(__file__).parent.parent / "docs"
WIDTH = 100
HEAD = "# Commands\n\nWhat `kubectl krayne VERB --help` says. Written by `make docs`.\n"


def commands() -> str:
    """docs/commands.md: the help of every verb."""
    pages = (f"\n## {title}\n\n```text\n{text}\n```\n" for title, text in _help(cli, "kubectl krayne", None))
    return HEAD + "".join(pages)


def _help(command: click.Command, name: str, parent: click.Context | None) -> Iterator[tuple[str, str]]:
    settings = {**command.context_settings, "terminal_width": WIDTH, "max_content_width": WIDTH}
    context = click.Context(command, parent, info_name=name, **settings)
    yield context.command_path, "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
    if isinstance(command, click.Group):
        for verb in command.list_commands(context):
            found = command.get_command(context, verb)
            if found and not found.hidden:
                yield from _help(found, verb, context)


PAGES: dict[str, Callable[[], str]] = {"commands.md": commands}

if __name__ == "__main__":
    for page, write in PAGES.items():
        (DOCS / page).write_text(write(), encoding="utf-8")
