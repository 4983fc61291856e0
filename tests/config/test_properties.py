"""Laws that hold for whatever a user gives."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from krayne.config import ClusterConfig, flags, load_configs, nest, schema
from krayne.config.defaults import complete
from krayne.errors import ConfigValidationError
from tests.support.nasty import NASTY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TEXT = st.one_of(st.text(max_size=40), st.sampled_from(NASTY))
WHOLE = [  # a valid configuration in which each string field can be replaced
    {
        "name": "a",
        "env": {"A": "x", "B": {"secret": "s", "key": "k"}},
        "labels": {"a": "x"},
        "annotations": {"a": "x"},
        "image_pull_secrets": ["a"],
        "volumes": [{"name": "v", "mount_path": "/v", "pvc": "p"}],
        "gcs_fault_tolerance": {"redis_address": "r:1", "redis_password": {"secret": "s", "key": "k"}},
        "head": {
            "ray_start_params": {"a": "x"},
            "node_selector": {"a": "x"},
            "tolerations": [{"key": "a", "operator": "Equal", "value": "b"}],
        },
        "worker_groups": [
            {"name": "w", "tpu": {"accelerator": "a", "topology": "1x1", "chips": 1}, "annotations": {"a": "x"}}
        ],
    }
]
# Every place of text in that configuration, and the text fields that it leaves out.
PLACES: list[tuple[str | int, ...]] = [
    *[
        (field,)
        for field in ("name", "namespace", "ray_version", "python_version", "image", "service_account", "queue")
    ],
    *[("env", "A"), ("env", "B", "secret"), ("env", "B", "key"), ("labels", "a"), ("annotations", "a")],
    *[("image_pull_secrets", 0), ("auth",), ("upgrade_strategy",), ("image_pull_policy",), ("autoscaler", "version")],
    *[("volumes", 0, field) for field in ("name", "mount_path", "pvc", "sub_path")],
    *[("gcs_fault_tolerance", field) for field in ("redis_address", "redis_username", "external_storage_namespace")],
    *[("head", field) for field in ("cpus", "memory", "ephemeral_storage", "gpu_resource", "image", "service_type")],
    *[("head", field, "a") for field in ("ray_start_params", "node_selector", "annotations", "service_annotations")],
    *[("head", "tolerations", 0, field) for field in ("key", "value", "effect", "operator")],
    *[("worker_groups", 0, *path) for path in (("name",), ("tpu", "accelerator"), ("annotations", "a"), ("memory",))],
]


def with_text(path: tuple[str | int, ...], text: str) -> dict[str, Any]:
    """The whole configuration with ``text`` at ``path``."""
    config: dict[str, Any] = json.loads(json.dumps(WHOLE[0]))
    holder: Any = config
    for key in path[:-1]:
        holder = holder.setdefault(key, {}) if isinstance(holder, dict) else holder[key]
    holder[path[-1]] = text
    return config


def at(value: Any, path: tuple[str | int, ...]) -> Any:
    """What stands at ``path``."""
    for key in path:
        value = value[key]
    return value


def outcome(load_it: Callable[[], Any]) -> Any:
    """The configuration, or the number of problems; each is one line of words."""
    try:
        return load_it()
    except ConfigValidationError as error:
        problems = error.problems
    assert problems
    assert all(problem.strip() and "\n" not in problem for problem in problems)
    return len(problems)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all of an example's files."""
    return tmp_path_factory.mktemp("configs")


@settings(deadline=None)
@given(path=st.sampled_from(PLACES), text=TEXT)
def test_text_comes_out_as_it_went_in_or_is_refused(folder: Path, path: tuple[str | int, ...], text: str) -> None:
    """From Python, YAML, JSON and --set alike."""
    config = with_text(path, text)
    from_python = outcome(lambda: ClusterConfig(**config))
    if isinstance(from_python, ClusterConfig):
        assert at(from_python.as_dict(), path) == text
        assert at(from_python.given, path) == text
    (folder / "a.yaml").write_text(yaml.safe_dump(config, allow_unicode=False), encoding="utf-8")
    (folder / "a.json").write_text(json.dumps(config), encoding="utf-8")
    (folder / "base.json").write_text(json.dumps(WHOLE[0]), encoding="utf-8")
    assignment = f"{quoted(path)}={text}"
    for loaded in (
        outcome(lambda: load_configs(str(folder / "a.yaml"))),
        outcome(lambda: load_configs(str(folder / "a.json"))),
        # --set without a value takes a field back
        outcome(lambda: load_configs(str(folder / "base.json"), assignments=[assignment])) if text else from_python,
    ):
        assert (loaded[0] if isinstance(loaded, tuple) else loaded) == from_python


def quoted(path: tuple[str | int, ...]) -> str:
    """A path as --set takes it, whatever its keys hold."""
    parts = []
    for key in path:
        text = "" if isinstance(key, int) else re.sub(r'(["\\])', r"\\\1", key)
        parts.append(f"[{key}]" if isinstance(key, int) else f".{text}" if text.isalnum() else f'."{text}"')
    return "".join(parts)[1:]


@settings(deadline=None)
@example("{secret: s, key: k}")
@given(text=TEXT)
def test_text_of_an_env_flag_comes_out_as_it_went_in_or_is_refused(text: str) -> None:
    """Also where --set would take it for a reference."""
    env = next(flag for flag in flags() if flag.option == "--env")
    given_, malformed = nest([(env, (f"A={text}",))])
    from_flag = outcome(lambda: load_configs(name="a", flags=given_, malformed=malformed)[0])
    assert from_flag == outcome(lambda: ClusterConfig(name="a", env={"A": text}))


@settings(deadline=None)
@given(keys=st.lists(TEXT, min_size=1, max_size=4), text=TEXT)
def test_set_reaches_any_key_below_overrides(keys: list[str], text: str) -> None:
    """Whatever a key holds, quoting carries it; YAML in double quotes carries any text."""
    path = ("overrides", "spec", *keys)
    value = json.dumps(text)
    config = outcome(lambda: load_configs(name="a", assignments=[f"{quoted(path)}={value}"]))
    assert isinstance(config, tuple)
    assert at(config[0].overrides, path[1:]) == text


@settings(deadline=None)
@example(b"\xff\xfe")
@example(b"name: a\n---\n")
@example(b"%YAML 9.9\n---\na")
@example(b"&a [*a]")
@example(b'{"name":')
@given(
    data=st.one_of(
        st.binary(max_size=60), st.text(alphabet=" \n\t-:?[]{}&*!|>'\"%@`#,<=~a1.\\", max_size=60).map(str.encode)
    )
)
def test_any_bytes_are_read_or_refused(folder: Path, data: bytes) -> None:
    """No file makes krayne crash."""
    for name in ("any.yaml", "any.json"):
        (folder / name).write_bytes(data)
        outcome(lambda name=name: load_configs(str(folder / name)))


@settings(deadline=None)
@given(text=TEXT)
def test_any_assignment_is_taken_or_refused(text: str) -> None:
    """No --set makes krayne crash."""
    outcome(lambda: load_configs(name="a", assignments=[text]))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(sorted({key for path, _ in schema.walk() for key in path})) | TEXT


@settings(deadline=None)
@example({"volumes": [None, "name mount_path pvc", {}]})
@given(
    fields=st.dictionaries(
        FIELDS, JSON | st.dictionaries(FIELDS, JSON) | st.lists(st.dictionaries(FIELDS, JSON), max_size=3)
    )
)
def test_any_value_in_any_field_is_taken_or_refused(fields: dict[str, Any]) -> None:
    """No value in any field makes validation crash; what is taken keeps its laws."""
    config = outcome(lambda: ClusterConfig(**{"name": "a", **fields}))
    if isinstance(config, ClusterConfig):
        assert ClusterConfig(**config.as_dict()).as_dict() == config.as_dict()
        assert ClusterConfig(**config.given) == config


NUMBERS = st.one_of(st.none(), st.integers(0, 5))


@settings(deadline=None)
@given(replicas=NUMBERS, fewest=NUMBERS, most=NUMBERS)
def test_replicas_follow_what_is_given(replicas: int | None, fewest: int | None, most: int | None) -> None:
    """Bounds always hold; what is given is kept; only given numbers can contradict each other."""
    said = {"replicas": replicas, "min_replicas": fewest, "max_replicas": most}
    given_ = {key: value for key, value in said.items() if value is not None}
    order = [value for value in (fewest, replicas, most) if value is not None]
    config = outcome(lambda: ClusterConfig(name="a", worker_groups=[{"name": "w", **given_}]))
    if order != sorted(order):
        assert isinstance(config, int)
        return
    (group,) = config.worker_groups
    assert group.min_replicas <= group.replicas <= group.max_replicas
    assert {**group.as_dict(), **given_} == group.as_dict()


@settings(deadline=None)
@given(
    file=st.fixed_dictionaries({"name": st.just("a")}, optional={"image": st.just("a"), "suspend": st.booleans()}),
    flag=st.dictionaries(st.sampled_from(["image", "queue"]), st.sampled_from(["b", "c"])),
    text=st.sampled_from(["d", "e"]),
)
def test_flags_stand_over_assignments_over_the_file(folder: Path, file: dict[str, Any], flag: Any, text: str) -> None:
    """Each layer keeps what the ones over it do not say; a layer that says nothing changes nothing."""
    place = folder / "layers.json"
    place.write_text(json.dumps(file), encoding="utf-8")
    result = outcome(lambda: load_configs(str(place), flags=flag, assignments=[f"image={text}"]))
    expected = outcome(lambda: ClusterConfig(**{**file, "image": text, **flag}))
    assert (result[0] if isinstance(result, tuple) else result) == expected


def test_complete_changes_nothing_that_was_given() -> None:
    """Defaults fill gaps only, and leave the caller's value alone."""
    said = {"name": "a", "head": {"memory": "8Gi"}, "worker_groups": [{"name": "w", "min_replicas": 2}]}
    kept = json.loads(json.dumps(said))
    config = complete(said)
    assert said == kept
    assert config["head"]["memory"] == "8Gi"
    assert complete(config) == config
