"""The documentation is true: generated pages are current, commands in it exist, links lead somewhere."""

from __future__ import annotations

import ast
import inspect
import re
import shlex
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from krayne import api
from krayne.cli import cli
from scripts.docs import DOCS, GENERATED
from tests.support.servers import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

WRITTEN = sorted([*ROOT.glob("*.md"), *(page for page in DOCS.glob("*.md") if page.name != "commands.md")])
by_page = pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.name)
FILLED = re.compile(r"[\[\]<>…|]|\.\.\.")


FENCED = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)


def commands(page: Path) -> list[str]:
    """What a user would type as it is: lines of code blocks, commands in ``$(…)``, and code in a sentence."""
    text = page.read_text(encoding="utf-8")
    lines = [line.strip().removeprefix("$ ") for block in FENCED.findall(text) for line in block.splitlines()]
    found = [line for line in lines if line.startswith("kubectl krayne ")]
    found += re.findall(r"\$\((kubectl krayne [^)]*)\)", text)
    found += re.findall(r"`(kubectl krayne [^`\s]+ [^`]*)`", FENCED.sub("", text))
    return [re.split(r" (?:\||>>?|#)", line)[0] for line in found]


def mentions(page: Path) -> list[str]:
    """The verbs that a sentence names bare: `kubectl krayne create`."""
    return re.findall(r"`kubectl krayne ([a-z-]+)`", FENCED.sub("", page.read_text(encoding="utf-8")))


@pytest.mark.parametrize("file", GENERATED, ids=lambda file: file.name)
def test_what_is_generated_is_current(file: Path) -> None:
    """What the program says of itself is what the file says."""
    assert file.read_text(encoding="utf-8") == GENERATED[file](), "run `make docs`"


@by_page
def test_the_commands_in_it_can_be_typed(page: Path) -> None:
    """Verbs and options exist, values are of their kind."""
    assert set(mentions(page)) <= set(cli.list_commands(click.Context(cli)))
    for line in commands(page):
        if FILLED.search(line):
            continue
        command, name, args = cli, "kubectl krayne", shlex.split(line)[2:]
        context = None
        while isinstance(command, click.Group) and args and not args[0].startswith("-"):
            context = click.Context(command, context, info_name=name, **command.context_settings)
            found = command.get_command(context, args[0])
            assert found is not None, f"{page.name}: no such command: {line}"
            command, name, *args = (found, *args)
        try:
            command.make_context(name, args, context, resilient_parsing=isinstance(command, click.Group))
        except click.UsageError as error:
            pytest.fail(f"{page.name}: {line}: {error.format_message()}")


@by_page
def test_its_commands_are_fenced(page: Path) -> None:
    """Indented ones would be checked by nobody."""
    rest = FENCED.sub("", page.read_text(encoding="utf-8"))
    assert not re.search(r"^(    |\t)\s*(\$ )?(eval |kubectl |krayne |make |pip )", rest, re.MULTILINE)


@by_page
def test_its_links_lead_somewhere(page: Path) -> None:
    """Relative links name files that are there."""
    for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / link).exists(), f"{page.name}: {link}"


PYTHON = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


@by_page
def test_its_python_imports_what_there_is(page: Path) -> None:
    """And is Python."""
    trees = [ast.parse(block) for block in PYTHON.findall(page.read_text(encoding="utf-8"))]
    imports = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    for node in imports:
        module = import_module(node.module or "")
        assert not [each.name for each in node.names if not hasattr(module, each.name)], page.name


def test_every_name_of_the_sdk_is_on_its_page() -> None:
    """A function or an error in a line of its table, a value in a sentence."""
    text = (DOCS / "sdk.md").read_text(encoding="utf-8")
    for name in api.__all__:
        value = getattr(api, name)
        row = inspect.isfunction(value) or issubclass(value, Exception)
        assert (f"\n| `{name}" if row else f"`{name}") in text, name


def test_every_page_can_be_found_from_the_readme() -> None:
    """By one link."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert not [page.name for page in DOCS.glob("*.md") if f"](docs/{page.name})" not in readme]


def test_the_readme_s_first_screen_has_the_two_commands() -> None:
    """`make demo` and `make test`, before anything else is asked."""
    screen = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:40]
    assert any("make demo" in line for line in screen)
    assert any("make test" in line for line in screen)


def verbs(command: click.Command, parent: click.Context | None, name: str) -> Iterator[click.Context]:
    """Every command that is no group, as the context that it runs in."""
    context = click.Context(command, parent, info_name=name, **command.context_settings)
    if not isinstance(command, click.Group):
        yield context
        return
    for verb in command.list_commands(context):
        found = command.get_command(context, verb)
        assert found is not None
        yield from verbs(found, context, verb)


each_verb = pytest.mark.parametrize(
    "verb", list(verbs(cli, None, "kubectl krayne")), ids=lambda context: context.command_path
)


@each_verb
def test_every_verb_is_explained_and_has_an_example(verb: click.Context) -> None:
    """Help that says nothing is no help."""
    assert verb.command.get_short_help_str()
    before = verb.command.get_help(verb).partition("Options:")[0]
    assert re.search(rf"^\s+.*\b{verb.command_path}\b", before.partition("\n")[2], re.MULTILINE)


@each_verb
def test_no_option_goes_unexplained(verb: click.Context) -> None:
    """Every option has help that starts with a capital and ends without a full stop, as kubectl's."""
    for option in verb.command.params:
        if isinstance(option, click.Option):
            assert option.help, option.opts
            assert option.help[0].isupper() or not option.help[0].isalpha(), f"{option.opts}: {option.help}"
            assert not option.help.endswith("."), f"{option.opts}: {option.help}"
