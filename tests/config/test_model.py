"""ClusterConfig as users of the SDK meet it."""

from __future__ import annotations

import ast
import copy
import enum
import inspect
import json
import pickle
import pydoc
import subprocess
import sys
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from krayne.config import ClusterConfig, model
from krayne.config.sections import thaw
from krayne.errors import ConfigValidationError

CONFIG = ClusterConfig(
    name="my-cluster",
    namespace="ml-team",
    env={"A": "b", "P": {"secret": "s", "key": "k"}},
    head={"memory": "8Gi", "labels": {"a": "b"}},
    worker_groups=[{"name": "gpu", "gpus": 1, "tolerations": [{"key": "k", "operator": "Exists"}]}],
)


def test_fields_are_typed_frozen_values() -> None:
    """Sections have attributes, maps are dicts, lists tuples; what has no value is None."""
    assert CONFIG.head.memory == "8Gi"
    assert CONFIG.head.cpus == 1
    assert CONFIG.head.labels == {"a": "b"}
    assert CONFIG.worker_groups[0].gpus == 1
    assert CONFIG.worker_groups[0].tolerations == ({"key": "k", "operator": "Exists"},)
    assert CONFIG.env["A"] == "b"
    assert CONFIG.env["P"].key == "k"
    assert CONFIG.image is None
    assert CONFIG.gcs_fault_tolerance is None
    assert ClusterConfig(name="a").worker_groups[0].name == "worker"


def test_nothing_can_be_changed() -> None:
    """Neither the values nor what as_dict and given hand out."""
    for change in (
        lambda: setattr(CONFIG, "name", "b"),
        lambda: setattr(CONFIG, "colour", "b"),
        lambda: setattr(CONFIG.head, "cpus", 2),
        lambda: delattr(CONFIG, "name"),
        lambda: CONFIG.head.labels.update(a="c"),  # type: ignore[attr-defined]  # a Mapping has no update
        lambda: CONFIG.env.__setitem__("A", "c"),  # type: ignore[attr-defined]  # nor any setting
    ):
        with pytest.raises((AttributeError, TypeError), match="cannot"):
            change()
    CONFIG.as_dict()["head"]["labels"]["a"] = "c"
    CONFIG.given["head"]["labels"]["a"] = "c"
    assert CONFIG.as_dict()["head"]["labels"] == CONFIG.given["head"]["labels"] == {"a": "b"}


def test_arguments_are_copied() -> None:
    """The caller may go on using them."""
    labels = {"a": "b"}
    config = ClusterConfig(name="a", labels=labels)
    labels["a"] = "c"
    assert config.labels == {"a": "b"}


def test_unknown_attribute() -> None:
    """A typo is an AttributeError, so that hasattr and copy work."""
    with pytest.raises(AttributeError, match="ClusterConfig has no field 'colour'"):
        _ = CONFIG.colour  # type: ignore[attr-defined]  # what the test is about


def test_given_and_complete() -> None:
    """given is what was said, as_dict has the defaults, both as plain JSON."""
    config = ClusterConfig(name="a", suspend=False, image=None)
    assert config.given == {"name": "a", "suspend": False}
    assert config.as_dict()["head"]["memory"] == "5Gi"
    assert "image" not in config.as_dict()
    assert json.loads(json.dumps(CONFIG.as_dict())) == CONFIG.as_dict()


def test_what_has_no_value_is_thawed_where_asked_for() -> None:
    """None at every depth, as templates want it; as_dict leaves it out."""
    whole = thaw(CONFIG, nones=True)
    assert (whole["image"], whole["head"]["image"]) == (None, None)
    assert (whole["worker_groups"][0]["image"], whole["worker_groups"][0]["name"]) == (None, "gpu")
    assert "image" not in CONFIG.as_dict()["head"]


def test_equality_hash_copy_pickle() -> None:
    """Equal by what was said."""
    again = ClusterConfig(**CONFIG.given)
    assert again == CONFIG
    assert hash(again) == hash(CONFIG)
    assert CONFIG.replace(name="b") != CONFIG
    assert CONFIG != "my-cluster"
    for copied in (copy.copy(CONFIG), copy.deepcopy(CONFIG), pickle.loads(pickle.dumps(CONFIG))):
        assert copied == CONFIG
        assert copied.as_dict() == CONFIG.as_dict()
    for part in (CONFIG.head, CONFIG.head.labels, CONFIG.worker_groups):
        assert pickle.loads(pickle.dumps(part)) == part == copy.deepcopy(part)
        assert hash(part) == hash(copy.deepcopy(part))


def test_repr_is_what_was_said() -> None:
    """Short, and Python."""
    config = ClusterConfig(name="a", head={"cpus": 2})
    assert repr(config) == "ClusterConfig(name='a', head={'cpus': 2})"
    assert eval(repr(config)) == config
    assert repr(CONFIG.env["P"]) == "KeyReference(secret='s', key='k')"


def test_replace() -> None:
    """A new config; None takes a field back to its default; what is invalid is refused."""
    assert CONFIG.replace(image="b").image == "b"
    assert CONFIG.replace(namespace=None).namespace is None
    assert CONFIG.image is None
    with pytest.raises(ConfigValidationError):
        CONFIG.replace(name="No")


class Version(str, enum.Enum):
    """A text that is more than text."""

    NEWEST = "2.60.0"


def test_values_of_other_kinds() -> None:
    """Tuples, sections, read-only maps and enums are as good as the plain ones."""
    config = ClusterConfig(
        name="a",
        ray_version=Version.NEWEST,
        labels=MappingProxyType({"a": "b"}),
        head=CONFIG.head,
        worker_groups=CONFIG.worker_groups,
    )
    assert type(config.ray_version) is str
    assert config.head == CONFIG.head
    assert config.worker_groups == CONFIG.worker_groups


def cycle() -> dict[str, Any]:
    """A map that holds itself."""
    value: dict[str, Any] = {}
    value["a"] = value
    return value


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({}, "name: is missing (name of the RayCluster)"),
        ({"name": "a", "worker_groups": [{"name": "b", "replica": 1}]}, "worker_groups[0].replica: unknown field"),
        ({"name": "a", "colour": "red"}, "colour: unknown field; known here: name, namespace,"),
        ({"name": "a", "labels": {1: "b"}}, "labels: the key 1 is no text"),
        ({"name": "a", "labels": {"a": {"b"}}}, "labels.a: is a set; a map, list, text, number or boolean is expected"),
        ({"name": "a", "head": {"cpus": float("nan")}}, "head.cpus: nan is no number"),
        ({"name": "a", "overrides": {"a": 2**64}}, "overrides.a: the number does not fit into 64 bits"),
        ({"name": "a", "env": {"A": "\ud800"}}, "env.A: the text holds half a character"),
        ({"name": "a", "env": {"\ud800": "a"}}, 'env: the key "\\ud800": the text holds half a character'),
        ({"name": "a", "overrides": cycle()}, "nested deeper than 50 levels"),
        ({"name": "a", "env": {"A": "\0"}}, "env.A: the text holds a NUL character"),
    ],
)
def test_problems_name_the_field(fields: dict[str, Any], problem: str) -> None:
    """Without a file there is no place but the path."""
    with pytest.raises(ConfigValidationError) as refused:
        ClusterConfig(**fields)
    (found,) = refused.value.problems
    assert problem in found


def test_all_problems_at_once() -> None:
    """Of values, of fields and of rules."""
    with pytest.raises(ConfigValidationError) as refused:
        ClusterConfig(name="No", head={"cpu": 1}, worker_groups=[{"name": "a", "min_replicas": 3, "max_replicas": 1}])
    assert [problem.split(":")[0] for problem in refused.value.problems] == [
        "name",
        "head.cpu",
        "worker_groups[0].min_replicas",
    ]


def test_its_signature_names_every_field() -> None:
    """As help() and a notebook show it; a type checker reads the stub, which says the same."""
    tree = ast.parse(Path(model.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    methods = {node.name: node for node in classes["ClusterConfig"].body if isinstance(node, ast.FunctionDef)}
    parameters = inspect.signature(ClusterConfig).parameters
    assert sorted(parameters) == sorted(each.arg for each in methods["__init__"].args.kwonlyargs)
    assert [name for name, each in parameters.items() if each.default is each.empty] == ["name"]
    assert "(*, name, namespace=None, " in pydoc.render_doc(ClusterConfig)


def test_importing_needs_neither_yaml_nor_jsonschema() -> None:
    """Commands that validate nothing must not pay for it."""
    heavy = {"yaml", "jsonschema", "fractions", "click", "jinja2", "inspect"}
    code = f"import sys, krayne.config; print(*{heavy!r} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == ""
