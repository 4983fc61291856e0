"""Write anew what is generated from the program and kept in the checkout: pages of docs/, and ClusterConfig's types.

Run by `make docs`; a test says if one is stale.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import click

from krayne.cli import cli
from scripts.reference import fields
from scripts.stub import stub

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
STUB = ROOT / "krayne" / "config" / "model.pyi"
BEGIN, END = "<!-- fields: written from the schema -->\n", "<!-- end of fields -->\n"
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


def configuration() -> str:
    """docs/configuration.md: the schema's fields, between what is written by hand."""
    before, _, rest = (DOCS / "configuration.md").read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{fields()}\n{END}{after}"


GENERATED: dict[Path, Callable[[], str]] = {
    DOCS / "commands.md": commands,
    DOCS / "configuration.md": configuration,
    STUB: stub,
}

if __name__ == "__main__":
    for file, write in GENERATED.items():
        file.write_text(write(), encoding="utf-8")
