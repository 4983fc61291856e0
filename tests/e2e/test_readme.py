"""The README's picture is what the commands print."""

from __future__ import annotations

import re
import shlex
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.support.servers import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.shell import Shell

pytestmark = pytest.mark.only_sandbox("the README shows the sandbox, in its namespace default")

README = ROOT / "README.md"
BLOCK = re.compile(r"(?<=^```console\n).*?(?=^```)", re.MULTILINE | re.DOTALL)
# States that a cluster may pass through faster than anybody looks.
FLEETING = re.compile(
    r"^\S+: ((creating|pods-pending)\b.*|.*: starts containers|.*KubeRay has yet to say so)\n", re.MULTILINE
)
SCREEN = 40  # lines


@pytest.fixture
def at_demo_speed(shell: Shell, tmp_path: Path) -> Iterator[Shell]:
    """A shell on a sandbox that is to be watched, as the README's reader has it."""
    home = tmp_path / "home"
    home.mkdir()
    fresh = replace(shell, env={**shell.env, "XDG_STATE_HOME": str(home), "HOME": str(home), "KUBECONFIG": ""})
    try:
        line = fresh.krayne("sandbox", "up").ok().out
        yield replace(fresh, env={**fresh.env, "KUBECONFIG": shlex.split(line)[1].partition("=")[2]})
    finally:
        fresh.krayne("sandbox", "down")


def printed(shell: Shell, command: str) -> str:
    """What a command prints on both streams, in the order in which it comes."""
    done = subprocess.run(
        shlex.split(command),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=shell.environment(),
        cwd=shell.cwd,
        timeout=60,
        check=False,
    )
    return FLEETING.sub("", done.stdout)


def ageless(text: str) -> str:
    """The text without how long ago things were."""
    return re.sub(r"\b\d+s\b", "0s", text)


def test_the_readme_s_golden_picture_is_what_the_commands_print(
    at_demo_speed: Shell, request: pytest.FixtureRequest
) -> None:
    """Line by line, but for ages. `pytest -m cluster tests/e2e/test_readme.py --update-golden` writes it anew."""
    readme = README.read_text(encoding="utf-8")
    (block,) = BLOCK.findall(readme)
    commands = re.findall(r"^\$ (.*)$", block, re.MULTILINE)
    assert len(commands) >= 3
    now = "\n".join(f"$ {command}\n{printed(at_demo_speed, command)}" for command in commands)
    if request.config.getoption("--update-golden"):
        README.write_text(BLOCK.sub(lambda _: now, readme), encoding="utf-8")
        block = now
    assert ageless(now) == ageless(block)


def test_the_picture_is_on_the_first_screen() -> None:
    """What it is for is seen before anything is read."""
    readme = README.read_text(encoding="utf-8")
    assert readme[: readme.index("```\n", readme.index("```console"))].count("\n") < SCREEN
