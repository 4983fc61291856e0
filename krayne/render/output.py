"""A manifest as the YAML that people read and kubectl takes: the same bytes for the same values, each time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from krayne.render.scalars import KEY_LIMIT, number, printable, quote

_FIRST = ("apiVersion", "kind", "metadata", "spec", "status")
# What no YAML reader, 1.1 or 1.2, takes for anything but text; all else is quoted. Quantities may stand as they are.
_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./@+-]*(?:[ :][A-Za-z0-9_./@+-]+)*")
_QUANTITY = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:[munkMGTP]|[KMGTPE]i)")
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


def to_yaml(manifest: Mapping[str, Any]) -> str:
    """Block YAML in kubectl's style, apiVersion first; nothing is folded, shared or guessed at.

    Takes JSON values only (TypeError otherwise). Reading it back gives ``manifest``.
    """
    ordered = {key: manifest[key] for key in _FIRST if key in manifest} | dict(manifest)
    return "".join(f"{line}\n" for line in _lines(ordered, "")) or "{}\n"


def _lines(value: Any, indent: str) -> Iterator[str]:
    """The lines of a mapping or sequence that holds something."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str):
                raise TypeError(f"{key!r} is a map's key but not text")
            text = _text(key)
            if len(text) > KEY_LIMIT:
                yield f"{indent}? {text}"
                text = ""
            yield from _entry(f"{indent}{text}:", item, indent)
    else:
        for item in value:
            if _is_block(item):
                first, *rest = _lines(item, f"{indent}  ")
                yield f"{indent}- {first.removeprefix(f'{indent}  ')}"
                yield from rest
            else:
                yield f"{indent}- {_scalar(item, indent)}"


def _entry(head: str, item: Any, indent: str) -> Iterator[str]:
    if _is_block(item):
        yield head
        yield from _lines(item, indent if isinstance(item, (list, tuple)) else f"{indent}  ")
    else:
        yield f"{head} {_scalar(item, indent)}"


def _is_block(value: Any) -> bool:
    return isinstance(value, (Mapping, list, tuple)) and bool(value)


def _scalar(value: Any, indent: str) -> str:
    """A value that is no block: on one line, or text of several lines as a `|` block below."""
    if isinstance(value, str):
        return _literal(value, f"{indent}  ") if _is_literal(value) else _text(value)
    if isinstance(value, (bool, int, float)):
        return number(value)
    if value is None or isinstance(value, (Mapping, list, tuple)):
        return "null" if value is None else "{}" if isinstance(value, Mapping) else "[]"
    raise TypeError(f"a {type(value).__name__} has no form in a manifest")


def _text(text: str) -> str:
    plain = text.lower() not in _WORDS and (_PLAIN.fullmatch(text) or _QUANTITY.fullmatch(text))
    return text if plain else quote(text, ascii_only=False)


def _literal(text: str, indent: str) -> str:
    lines = text.removesuffix("\n").split("\n")
    return "\n".join(["|" if text.endswith("\n") else "|-", *(indent + line if line else "" for line in lines)])


def _is_literal(text: str) -> bool:
    """Whether a `|` block gives back ``text`` in every reader; what they differ on is quoted instead."""
    lines = text.removesuffix("\n").split("\n")
    return (
        len(lines) > 1
        and lines[0] != ""
        and lines[-1] != ""
        and not lines[0].startswith((" ", "\t"))
        and all(line == line.rstrip() and printable(line.replace("\t", "")) for line in lines)
    )
