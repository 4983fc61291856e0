"""Reading files: what can go wrong before a value is looked at."""

from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING

import pytest

from krayne.config.documents import MAX_BYTES, read
from krayne.errors import ConfigValidationError

if TYPE_CHECKING:
    from pathlib import Path


def refusal(file: str) -> str:
    """What read says against a file."""
    with pytest.raises(ConfigValidationError) as refused:
        read(file)
    return str(refused.value)


def stdin(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    """Give ``data`` on standard input."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def test_missing_file(tmp_path: Path) -> None:
    """The system's own words."""
    assert refusal(str(tmp_path / "a.yaml")) == f"{tmp_path}/a.yaml: cannot be read: No such file or directory"


def test_directory(tmp_path: Path) -> None:
    """A folder is no file."""
    assert refusal(str(tmp_path)) == f"{tmp_path}: cannot be read: Is a directory"


def test_name_with_nul() -> None:
    """Python refuses such a name itself."""
    assert "cannot be read" in refusal("a\0b")


def test_endless_file() -> None:
    """Reading stops at the limit."""
    assert refusal("/dev/zero") == "/dev/zero: is larger than 1 MiB, which no configuration needs"


def test_largest_file(tmp_path: Path) -> None:
    """The limit itself is allowed, a byte more is not."""
    file = tmp_path / "a.yaml"
    file.write_bytes(b"name: a\n".ljust(MAX_BYTES, b"#"))
    assert read(str(file))[0].value == {"name": "a"}
    file.write_bytes(b"name: a\n".ljust(MAX_BYTES + 1, b"#"))
    assert "larger than 1 MiB" in refusal(str(file))


def test_stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    """``-`` is standard input, which messages call stdin."""
    stdin(monkeypatch, b"name: a\n---\nname: b\n")
    documents = read("-")
    assert [document.value for document in documents] == [{"name": "a"}, {"name": "b"}]
    assert [document.places[("name",)].label for document in documents] == ["stdin:1", "stdin:3"]


def test_json_on_stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    """JSON is recognised without a name, since YAML readers refuse its tabs and halve its characters."""
    stdin(monkeypatch, b'{\n\t"name": "a",\n\t"annotations": {"a": "\\ud83d\\ude00"}\n}\n')
    (document,) = read("-")
    assert document.value == {"name": "a", "annotations": {"a": "😀"}}
    assert document.places[("annotations",)].label == "stdin:3"


def test_flow_mapping_that_is_no_json(monkeypatch: pytest.MonkeyPatch) -> None:
    """A brace at the beginning is YAML, too."""
    stdin(monkeypatch, b"{name: a}")
    assert read("-")[0].value == {"name": "a"}


def test_byte_order_mark_and_windows_lines(tmp_path: Path) -> None:
    """As editors on Windows write them."""
    for name, text in (("a.yaml", "name: a\r\nhead: {}\r\n"), ("a.json", json.dumps({"name": "a", "head": {}}))):
        file = tmp_path / name
        file.write_bytes(text.encode("utf-8-sig"))
        assert read(str(file))[0].value == {"name": "a", "head": {}}


def test_utf16(tmp_path: Path) -> None:
    """Only UTF-8 is read."""
    file = tmp_path / "a.yaml"
    file.write_text("name: a\n", encoding="utf-16")
    assert refusal(str(file)) == f"{file}:1: is not UTF-8 text (byte 0xff); save it as UTF-8"
