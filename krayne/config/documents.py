"""Reading configuration files: one document per cluster, each value with the line it stands on."""

from __future__ import annotations

import sys
from pathlib import Path as FilePath
from typing import TYPE_CHECKING

from krayne.config.problems import Place, Reading, refusal
from krayne.errors import ConfigValidationError

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_BYTES = 2**20
STDIN = "-"


def read_all(files: Sequence[str]) -> tuple[list[Reading], list[str]]:
    """Every document of every file in order, and why a file cannot be read or is given twice."""
    once = dict.fromkeys(files)
    problems = [f"-f {file}: is given twice; leave one out" for file in once if files.count(file) > 1]
    documents: list[Reading] = []
    for file in once:
        try:
            documents += read(file)
        except ConfigValidationError as error:
            problems += error.problems
    return documents, problems


def read(file: str) -> list[Reading]:
    """The documents of a YAML or JSON file, or of standard input where ``file`` is ``-``.

    Raises ConfigValidationError: unreadable, larger than 1 MiB, not UTF-8, not YAML or JSON, or empty.
    """
    label = "stdin" if file == STDIN else file
    text = _decode(_bytes(file, label), label)
    if file.endswith(".json") or _is_json(text):
        from krayne.config.json_reader import parse
    else:
        from krayne.config.yaml_reader import parse
    readings = parse(text, lambda line: Place(f"{label}:{line}", line))
    documents = [reading for reading in readings if reading.value is not None or reading.problems]
    if not documents:
        raise refusal([f"{label}: holds no cluster; at least a name is needed, such as name: my-cluster"])
    return documents


def _bytes(file: str, label: str) -> bytes:
    try:
        if file == STDIN:
            if sys.stdin is None:
                raise refusal([f"{label}: is closed, so there is no configuration to read from it"])
            data = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with FilePath(file).open("rb") as opened:
                data = opened.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        why = error.strerror if isinstance(error, OSError) else error
        raise refusal([f"{label}: cannot be read: {why}"]) from error
    if len(data) > MAX_BYTES:
        raise refusal([f"{label}: is larger than 1 MiB, which no configuration needs"])
    return data


def _decode(data: bytes, label: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        byte = f"0x{data[error.start]:02x}"
        raise refusal([f"{label}:{line}: is not UTF-8 text (byte {byte}); save it as UTF-8"]) from error


def _is_json(text: str) -> bool:
    """JSON without the name for it: YAML readers stumble over its tabs and \\u escapes."""
    if not text.lstrip().startswith("{"):
        return False
    from krayne.config.json_reader import is_json

    return is_json(text)
