"""to_yaml: for people to read, for every YAML reader to take back as the same values."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from krayne.render import to_yaml
from krayne.render.scalars import flow
from tests.support.nasty import NASTY

if TYPE_CHECKING:
    from collections.abc import Callable

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
READERS = [yaml.SafeLoader, *([yaml.CSafeLoader] if yaml.__with_libyaml__ else [])]
EVERY_CHARACTER = [
    "".join(map(chr, range(start, start + 256))) for start in (*range(0, 0xD800, 256), *range(0xE000, 0x11000, 256))
]


@given(value=st.dictionaries(st.text(), VALUES, max_size=3))
def test_reads_back_as_the_same_values(value: dict[str, Any]) -> None:
    """Whatever JSON can say, through each of PyYAML's readers."""
    for reader in READERS:
        assert yaml.load(to_yaml(value), Loader=reader) == value
        assert yaml.load(flow(value), Loader=reader) == value


@pytest.mark.parametrize("text", NASTY)
def test_nasty_text_reads_back_as_itself(text: str) -> None:
    """As a value, as an item, as a key, on its own line and within a list."""
    value = {"value": text, text: "key", "list": [text, [text], {text: text, "a": text}]}
    for reader in READERS:
        assert yaml.load(to_yaml(value), Loader=reader) == value
        assert yaml.load(flow(value), Loader=reader) == value


@pytest.mark.parametrize("write", [lambda data: to_yaml({"data": data}), lambda data: f"data: {flow(data)}\n"])
def test_kubectl_reads_the_same_values(write: Callable[[dict[str, str]], str], real_kubectl: str) -> None:
    """Go's YAML reader agrees, for every nasty text and every character of the basic plane, as value and as key."""
    texts = [*NASTY, *EVERY_CHARACTER]
    data = {f"value-{index}": text for index, text in enumerate(texts)} | dict.fromkeys(texts, "key")
    manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n" + write(data)
    command = [real_kubectl, "annotate", "--local", "--dry-run=client", "-f", "-", "a=b", "-o", "json"]
    done = subprocess.run(command, input=manifest.encode(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout)["data"] == data


def test_is_written_as_kubectl_writes() -> None:
    """apiVersion, kind, metadata, spec first; lists not indented; quotes only where needed; several lines as such."""
    manifest = {
        "status": {},
        "spec": {"list": [{"a": 1, "b": [2.5, None]}, [True, []], "x y"], "script": "if a; then\n\tb: c\n\nfi\n"},
        "extra": "yes",
        "metadata": {"name": "x", "labels": {"app.kubernetes.io/managed-by": "krayne"}},
        "kind": "RayCluster",
        "apiVersion": "ray.io/v1",
    }
    assert (
        to_yaml(manifest).replace("\t", "<tab>")
        == """\
apiVersion: ray.io/v1
kind: RayCluster
metadata:
  name: x
  labels:
    app.kubernetes.io/managed-by: krayne
spec:
  list:
  - a: 1
    b:
    - 2.5
    - null
  - - true
    - []
  - x y
  script: |
    if a; then
    <tab>b: c

    fi
status: {}
extra: "yes"
"""
    )


def test_one_object_used_twice_is_written_twice() -> None:
    """No anchors and aliases."""
    shared = {"cpu": "1"}
    assert to_yaml({"requests": shared, "limits": shared}) == 'requests:\n  cpu: "1"\nlimits:\n  cpu: "1"\n'


@pytest.mark.parametrize("value", ["\ud800", float("nan"), float("inf")])
def test_refuses_what_has_no_text(value: object) -> None:
    """Half a surrogate pair, and numbers that JSON lacks."""
    for write in (to_yaml, flow):
        with pytest.raises(ValueError, match=r"surrogate|not a number"):
            write({"a": [value]})


@pytest.mark.parametrize("value", [b"bytes", object(), {1: 2}])
def test_refuses_what_is_no_json(value: object) -> None:
    """Bytes, objects, and keys that are no text."""
    for write in (to_yaml, flow):
        with pytest.raises(TypeError):
            write({"a": value})
