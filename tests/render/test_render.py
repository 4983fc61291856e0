"""Rendering as the SDK and the command line use it: any value comes out as itself, overrides have the last word."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from krayne.config import ClusterConfig, load_configs
from krayne.config.sections import thaw
from krayne.paths import TEMPLATES
from krayne.render import FIELD_SINCE, render, to_yaml
from krayne.render.environment import fill_in
from krayne.render.reading import one_mapping
from tests.support.kubelet import expanded
from tests.support.nasty import NASTY

if TYPE_CHECKING:
    from collections.abc import Iterator

Path_ = tuple[str | int, ...]

TEMPLATE = TEMPLATES / "raycluster.yaml.j2"
EVERYTHING = Path(__file__).parent.parent / "golden" / "manifests" / "everything.config.yaml"
TEXT = st.text() | st.sampled_from(NASTY) | st.lists(st.sampled_from(NASTY), max_size=5).map("".join)
# What these say decides what stands in the manifest, and where.
DECIDING = {("auth",), ("python_version",), ("head", "service_type"), ("head", "tolerations", 0, "key")}

# What reaches the containers as the values of variables, which the kubelet expands.
EXPANDED = {"redis_username", "external_storage_namespace"}


def leaves(value: Any, path: Path_ = ()) -> Iterator[tuple[Path_, Any]]:
    """Every scalar of ``value`` with its path."""
    if isinstance(value, (dict, list)) and value:
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            yield from leaves(item, (*path, key))
    else:
        yield path, value


def put(value: Any, path: Path_, leaf: Any) -> Any:
    """A copy of ``value`` with another leaf at ``path``."""
    changed = copy.deepcopy(value)
    *outer, last = path
    inner = changed
    for key in outer:
        inner = inner[key]
    inner[last] = leaf
    return changed


def rendered(values: dict[str, Any]) -> dict[str, Any]:
    """The manifest of these template variables, before overrides; the services' settings, JSON in it, as values."""
    manifest = one_mapping(fill_in(TEMPLATE, values), TEMPLATE)
    container = manifest["spec"]["headGroupSpec"]["template"]["spec"]["containers"][0]
    command = container["lifecycle"]["postStart"]["exec"]["command"]
    settings = command.index("settings.json") + 1
    command[settings] = json.loads(command[settings])
    return manifest


@pytest.fixture(scope="module")
def values() -> dict[str, Any]:
    """The template variables of a configuration that uses every field."""
    (config,) = load_configs(str(EVERYTHING))
    return thaw(config, nones=True)


@given(data=st.data())
def test_any_text_in_any_place_comes_out_as_that_text(values: dict[str, Any], data: st.DataObject) -> None:
    """No text changes the shape of the manifest, whatever field it stands in."""
    places = [path for path, leaf in leaves(values) if isinstance(leaf, str) and path not in DECIDING]
    place = data.draw(
        st.sampled_from([path for path in places if path[0] != "overrides" and path[-1] != "gpu_resource"])
    )
    text = data.draw(TEXT.filter(bool))
    before, after = (dict(leaves(rendered(each))) for each in (values, put(values, place, text)))
    assert after.keys() == before.keys()
    if (place[0] == "env" and len(place) == 2) or place[-1] in EXPANDED:
        found = [expanded(leaf, dict(values["env"])) for leaf in after.values() if isinstance(leaf, str)]
    else:
        found = list(after.values())
    assert text in found


@pytest.mark.parametrize(
    "place",
    [("env",), ("labels",), ("annotations",), ("head", "ray_start_params"), ("worker_groups", 0, "node_selector")],
)
@given(key=TEXT, text=TEXT)
@example(key="k" * 2000, text="")
def test_any_text_as_a_name_comes_out_as_that_name(values: dict[str, Any], place: Path_, key: str, text: str) -> None:
    """Keys are quoted as values are, however long."""
    manifest = rendered(put(values, place, {key: text}))
    pairs = [(path[-1], leaf) for path, leaf in leaves(manifest)]
    if place == ("env",):
        assert ("name", key) in pairs
        assert text in [expanded(leaf, {key: "wrong"}) for name, leaf in pairs if name == "value"]
    else:
        assert (key, text) in pairs


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=8,
)


@given(value=JSON)
def test_overrides_may_hold_anything(value: Any) -> None:
    """Any JSON value comes out as itself; null, in maps, removes."""
    config = ClusterConfig(name="x", overrides={"spec": {"anything": [value]}})
    manifest = render(config)
    assert manifest["spec"]["anything"] == [value]
    assert yaml.safe_load(to_yaml(manifest)) == manifest


def test_overrides_are_a_merge_patch() -> None:
    """Maps merge, null removes, lists replace."""
    overrides = {"spec": {"rayVersion": None, "headGroupSpec": {"serviceType": "NodePort"}, "workerGroupSpecs": []}}
    spec = render(ClusterConfig(name="x", overrides=overrides))["spec"]
    assert "rayVersion" not in spec
    assert spec["headGroupSpec"]["serviceType"] == "NodePort"
    assert "template" in spec["headGroupSpec"]
    assert spec["workerGroupSpecs"] == []


def test_the_namespace_stands_only_where_it_was_given() -> None:
    """Otherwise it is kubectl's to say."""
    assert "namespace" not in render(ClusterConfig(name="x"))["metadata"]
    assert render(ClusterConfig(name="x", namespace="ml"))["metadata"]["namespace"] == "ml"


def test_the_result_is_the_callers_own() -> None:
    """Changing it changes neither the configuration nor the next one, and no two parts of it are one object."""
    config = ClusterConfig(name="x", overrides={"spec": {"list": [{}]}})
    before = json.dumps(render(config))
    manifest = render(config)
    manifest["spec"]["list"][0]["a"] = manifest["spec"]["headGroupSpec"]["template"]["metadata"]["labels"]["b"] = "c"
    assert json.dumps(render(config)) == before


def test_every_field_of_the_version_table_is_rendered() -> None:
    """The table names manifest fields that this template makes, by configuration fields that ask for them."""
    manifest = rendered(thaw(load_configs(str(EVERYTHING))[0], nones=True))
    for field, since in FIELD_SINCE.items():
        found: Any = manifest
        for key in field.split("."):
            found = found[key]
        assert since.config in thaw(ClusterConfig(name="x"), nones=True)


def test_importing_it_loads_neither_jinja2_nor_yaml() -> None:
    """Commands that render nothing do not pay for it."""
    code = "import sys, krayne.render; print(sorted({'jinja2', 'yaml', 'jsonschema'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
