"""A kubectl that does what a test scripts: a real executable, put first on PATH, that logs every call."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from json import dumps, loads
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

SOURCE = Path(__file__).with_name("fake_kubectl")


class Call(NamedTuple):
    """One run of kubectl: its arguments, and its standard input where it was told to read it (``-f -``)."""

    argv: tuple[str, ...]
    stdin: str | None
    pid: int
    scripted: bool

    @property
    def line(self) -> str:
        """The arguments as one line, for messages and for ``in``."""
        return shlex.join(self.argv)


@dataclass(frozen=True)
class Hold:
    """A place in a reply's output where kubectl waits until the test calls ``release(name)``."""

    name: str


class FakeKubectl:
    """The scripted kubectl of one test: ``path`` is the executable, ``reply`` scripts it, ``calls`` tells what came."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "kubectl"
        self._state = folder / "kubectl.state"
        self._state.mkdir()
        body = SOURCE.read_text(encoding="utf-8").partition("\n")[2]
        # This Python, isolated and without site: starts in 10 ms, whatever PATH and environment krayne hands on.
        self.path.write_text(f"#!{sys.executable} -IS\n{body}", encoding="utf-8")
        self.path.chmod(0o755)

    def reply(
        self,
        match: str | Sequence[str] = "",
        *,
        stdout: str | bytes | Sequence[str | float | Hold] | Any = "",
        json: Any = None,
        stderr: str = "",
        code: int = 0,
        times: int | None = 1,
        hangs: bool = False,
        dies_by: int | None = None,
        stubborn: bool = False,
    ) -> None:
        """Script one reply; the first one that matches and is not used up answers a call.

        ``match``: words (globs) that must stand in the arguments in that order, e.g. ``"get rayclusters* -o json"``.
        ``stdout``: text, or pieces written one by one: text, seconds to wait, or a ``Hold``.
        ``json``: a value to print instead.
        ``times``: how often it answers; None for always. ``hangs``: never ends by itself after its output.
        ``dies_by``: the signal that ends it. ``stubborn``: ignores SIGTERM.
        """
        if json is not None:
            stdout = dumps(json)
        if isinstance(stdout, bytes):
            stdout = stdout.decode("utf-8", "surrogateescape")
        pieces = [stdout] if isinstance(stdout, str) else list(stdout)
        entry = {
            "match": shlex.split(match) if isinstance(match, str) else list(match),
            "stdout": [{"hold": piece.name} if isinstance(piece, Hold) else piece for piece in pieces],
            "stderr": stderr,
            "code": code,
            "times": times,
            "hangs": hangs,
            "dies_by": dies_by,
            "stubborn": stubborn,
        }
        with (self._state / "script.jsonl").open("a", encoding="utf-8") as file:
            file.write(dumps(entry) + "\n")

    def release(self, name: str) -> None:
        """Let every kubectl that waits at ``Hold(name)`` go on."""
        (self._state / f"released-{name}").touch()

    def remove(self) -> None:
        """Take the executable away: from now on there is no kubectl on PATH."""
        self.path.unlink()

    @property
    def calls(self) -> list[Call]:
        """Every call so far, oldest first."""
        log = self._state / "calls.jsonl"
        if not log.exists():
            return []
        entries = [loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
        return [Call(tuple(e["argv"]), e["stdin"], e["pid"], e["reply"] is not None) for e in entries]

    @property
    def unscripted(self) -> list[str]:
        """The calls nothing was scripted for, as lines."""
        return [call.line for call in self.calls if not call.scripted]
