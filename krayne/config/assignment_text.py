"""One --set PATH=VALUE as it is typed, split into its path and its text."""

from __future__ import annotations

from typing import NamedTuple

from krayne.config.problems import Path, refusal, shown
from krayne.config.values import MAX_DEPTH
from krayne.errors import ConfigValidationError


class Assignment(NamedTuple):
    """One --set, split: ``typed`` is the path as the user wrote it."""

    typed: str
    keys: Path
    text: str

    @property
    def label(self) -> str:
        """How messages call it."""
        return f"--set {self.typed}"


def split(assignment: str) -> Assignment:
    """``a.b[0]."c.d"=VALUE`` as its keys and value. ``\\`` takes the next character as it is, also in quotes.

    Raises ConfigValidationError where it has no path, no ``=``, or a quote or bracket is left open.
    """
    keys: list[str | int] = []
    word, started, quoted, position = "", False, False, 0
    while position < len(assignment):
        char = assignment[position]
        if char == "\\" and position + 1 < len(assignment):
            position += 1
            word, started = word + assignment[position], True
        elif char == '"':
            quoted, started = not quoted, True
        elif quoted or char not in ".[=":
            word, started = word + char, True
        else:
            if started:
                keys.append(word)
            elif char != "[" and not (keys and isinstance(keys[-1], int)):
                raise _malformed(assignment, "a name is missing in its path")
            word, started = "", False
            if char == "=":
                return _whole(assignment, keys, position)
            if char == "[":
                index, bracket, _ = assignment[position + 1 :].partition("]")
                if not bracket or not (index.isascii() and index.isdigit()) or len(index) > 9:
                    raise _malformed(assignment, "[ ] takes an item's number, counted from 0")
                keys.append(int(index))
                position += len(index) + 1
        position += 1
    raise _malformed(assignment, "a quote is left open" if quoted else "the = is missing")


def _whole(assignment: str, keys: list[str | int], equals: int) -> Assignment:
    if not keys or isinstance(keys[0], int):
        raise _malformed(assignment, "its path must begin with a field's name")
    if len(keys) > MAX_DEPTH:
        raise _malformed(assignment, "its path is too long")
    return Assignment(assignment[:equals], tuple(keys), assignment[equals + 1 :])


def _malformed(assignment: str, why: str) -> ConfigValidationError:
    text = "write it as PATH=VALUE, such as head.memory=8Gi or 'labels.\"example.com/team\"=ml'"
    return refusal([f"--set {shown(assignment)}: {why}; {text}"])
