"""The schema itself, and walking it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from krayne.config import ClusterConfig, formats, schema
from krayne.config.defaults import complete
from krayne.config.flags import flags

if TYPE_CHECKING:
    from collections.abc import Iterator


def objects(node: Any) -> Iterator[dict[str, Any]]:
    """Every map in the schema, at any depth."""
    if isinstance(node, dict):
        yield node
        for item in node.values():
            yield from objects(item)
    elif isinstance(node, list):
        for item in node:
            yield from objects(item)


def test_schema_is_valid_draft_2020_12() -> None:
    """The metaschema accepts it."""
    Draft202012Validator.check_schema(schema.root())


def test_every_field_is_described_in_sentences() -> None:
    """Each field's description begins with a capital and ends with a full stop."""
    for path, node in schema.walk():
        assert node["description"][0].isupper() or node["description"].startswith("num"), path
        assert node["description"].endswith("."), path


def test_unknown_fields_are_refused_in_every_section() -> None:
    """A section that lists fields allows no others."""
    for node in objects(schema.root()):
        if "properties" in node and "type" in node:
            assert node["additionalProperties"] is False, node.get("description")


def test_every_format_is_known() -> None:
    """A misspelt format would check nothing."""
    named = {node["format"] for node in objects(schema.root()) if isinstance(node.get("format"), str)}
    assert named == formats.names()


def test_every_default_is_valid() -> None:
    """The complete configuration of nothing but a name has no problem."""
    config = complete({"name": "a"})
    assert ClusterConfig(**config).as_dict() == config


def test_no_option_is_named_twice() -> None:
    """Two fields with one flag would fight over it."""
    options = [option for flag in flags() for option in flag.option.split("/")]
    assert len(options) == len(set(options))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("head", "memory"), ("number", "string")),
        (("worker_groups", 0, "replicas"), ("integer",)),
        (("worker_groups", "gpu", "replicas"), ("integer",)),
        (("volumes", "data", "empty_dir", "size_limit"), ("number", "string")),
        (("env", "A", "secret"), ("string",)),
        (("labels", "a.b/c"), ("string",)),
        (("overrides", "spec", 3, "anything"), ()),
        (("head", "affinity", "nodeAffinity", "x"), ()),
        (("no_such_field",), ()),
    ],
)
def test_child_finds_the_schema_of_a_path(path: tuple[str | int, ...], expected: tuple[str, ...]) -> None:
    """References are followed, lists entered by index or by the items' key."""
    node: schema.Schema | None = schema.root()
    for key in path:
        assert node is not None
        node = schema.child(node, key)
    assert node is not None
    assert schema.types(node) == expected


@pytest.mark.parametrize("path", [("name", "x"), ("head", 0), ("image_pull_secrets", "x"), ("labels", "a", "b")])
def test_child_is_none_where_there_is_no_such_place(path: tuple[str | int, ...]) -> None:
    """Text has nothing below it, a map no index, a list of text no names."""
    node: schema.Schema | None = schema.root()
    for key in path[:-1]:
        assert node is not None
        node = schema.child(node, key)
    assert node is not None
    assert schema.child(node, path[-1]) is None
