"""What is wrong with a configuration, and where the user said it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from krayne.errors import ConfigValidationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Path = tuple["str | int", ...]
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+")


class Problem(NamedTuple):
    """One thing wrong at a path: what was found and what is allowed."""

    path: Path
    message: str
    once: str = ""  # the message's end, for the first in a report that has it


class Place(NamedTuple):
    """Where a value was said: a file's line, or a flag that stands for one path."""

    label: str
    line: int = 0
    covers: Path | None = None
    raw: str | None = None  # the text of a plain YAML scalar that became no string


Places = dict[Path, Place]


class Reading(NamedTuple):
    """A text as read: its value, where each part stands, and what had to be passed over."""

    value: Any
    places: Places
    problems: list[str]
    unread: set[Path]
    """Paths of values that are there but could not be read; their value is None."""


NOWHERE = Place("")


def place_of(places: Mapping[Path, Place], path: Path) -> Place:
    """The nearest known place: the value's own, or that of what holds it."""
    return places.get(_known(places, path), NOWHERE)


def _known(places: Mapping[Path, Place], path: Path) -> Path:
    return next((path[:end] for end in range(len(path), -1, -1) if path[:end] in places), ())


def lines(problems: list[Problem], places: Mapping[Path, Place], told: set[str] | None = None) -> list[str]:
    """The problems as lines for the user, in the order in which their places were read.

    ``told`` is what a report has said so far, and is added to: no line is said twice, nor what is said only once.
    """
    told = set() if told is None else told
    order = {path: number for number, path in enumerate(places)}
    texts: list[str] = []
    for problem in sorted(problems, key=lambda problem: order.get(_known(places, problem.path), -1)):
        text = line(place_of(places, problem.path), problem)
        if text not in told:
            texts.append(text if problem.once in told else text + problem.once)
            told |= {text, problem.once}
    return texts


def line(place: Place, problem: Problem) -> str:
    """One problem as ``place: path: message``."""
    path = "" if place.covers == problem.path else path_text(problem.path)
    return ": ".join(part for part in (place.label, path, problem.message) if part)


def refusal(lines_: Iterable[str]) -> ConfigValidationError:
    """The error of these problems, each made one printable line, whatever file names and keys hold."""
    return ConfigValidationError([_printable(text) for text in dict.fromkeys(lines_)])


def _printable(text: str) -> str:
    return text if text.isprintable() else "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)


def path_text(path: Path) -> str:
    """``worker_groups[0].replicas``; keys that hold more than letters, digits, _ and - are quoted."""
    text = ""
    for key in path:
        if isinstance(key, int):
            text += f"[{key}]"
        else:
            plain = key if _PLAIN_KEY.fullmatch(key) else json.dumps(key, ensure_ascii=False)
            text += f".{plain}" if text else plain
    return text


def shown(value: Any) -> str:
    """A value as the user would write it, cut where it is long, always on one line and printable."""
    if isinstance(value, dict):
        return "a map" if value else "{}"
    if isinstance(value, list):
        return "a list" if value else "[]"
    text = _printable(json.dumps(value, ensure_ascii=False))
    return text if len(text) <= 80 else f"{text[:60]}… ({len(value)} characters)"
