"""--set PATH=VALUE."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from krayne.config import load_configs
from krayne.errors import ConfigValidationError

if TYPE_CHECKING:
    from pathlib import Path

GROUPS = "name: a\nworker_groups:\n  - {name: cpu, replicas: 1}\n  - {name: gpu, gpus: 1}\n"


# What is no reference, though YAML would take it for a map, or looks like one.
LITERAL = (
    *('{"key": "k"}', "{a: secret}", "{secret}: x", "{secret: s, key: k", "[secret]", "{}", "secret: s"),
    *("'{secret: s}'", " {secret: s, key: k}", "{{secret: s}}", "!x {secret: s}", "{secret: s}\n---\na"),
)


def said(*assignments: str, file: str | None = None) -> dict[str, Any]:
    """What is given after these --set."""
    (config,) = load_configs(*filter(None, [file]), name="a", assignments=assignments)
    given = config.given
    del given["name"]
    return given


def problems(*assignments: str, file: str | None = None) -> tuple[str, ...]:
    """The problems with these --set."""
    with pytest.raises(ConfigValidationError) as refused:
        load_configs(*filter(None, [file]), name="a", assignments=assignments)
    return refused.value.problems


@pytest.fixture
def groups(tmp_path: Path) -> str:
    """A file with two groups."""
    file = tmp_path / "groups.yaml"
    file.write_text(GROUPS, encoding="utf-8")
    return str(file)


@pytest.mark.parametrize(
    ("assignment", "given"),
    [
        ("env.A=true", {"env": {"A": "true"}}),
        ("env.A=", {"env": {"A": ""}}),
        ("env.A={secret: s, key: k}", {"env": {"A": {"secret": "s", "key": "k"}}}),
        ('env.A={"config_map":"c","key":"k"}', {"env": {"A": {"config_map": "c", "key": "k"}}}),
        *[(f"env.A={text}", {"env": {"A": text}}) for text in LITERAL],
        ("ray_version=2.60.0", {"ray_version": "2.60.0"}),
        ("head.cpus=2", {"head": {"cpus": "2"}}),
        ("head.gpus=2", {"head": {"gpus": 2}}),
        ("suspend=true", {"suspend": True}),
        ("head.gpus=", {"head": {}}),
        (
            "head.tolerations=[{key: a, operator: Exists}]",
            {"head": {"tolerations": [{"key": "a", "operator": "Exists"}]}},
        ),
        ("head.tolerations[0].operator=Exists", {"head": {"tolerations": [{"operator": "Exists"}]}}),
        ("image_pull_secrets[0]=a", {"image_pull_secrets": ["a"]}),
        ("labels={a: b}", {"labels": {"a": "b"}}),
        ("overrides.spec.x[0].y=1", {"overrides": {"spec": {"x": [{"y": 1}]}}}),
        ("overrides.spec.x=null", {"overrides": {"spec": {"x": None}}}),
        ("overrides.spec.x='1'", {"overrides": {"spec": {"x": "1"}}}),
        ("worker_groups.gpu.gpus=1", {"worker_groups": [{"name": "gpu", "gpus": 1}]}),
        ("worker_groups[0].replicas=1", {"worker_groups": [{"name": "worker", "replicas": 1}]}),
        ("worker_groups=[]", {"worker_groups": []}),
        ("worker_groups.gpu={gpus: 1}", {"worker_groups": [{"name": "gpu", "gpus": 1}]}),
    ],
)
def test_value_is_typed_by_the_schema(assignment: str, given: dict[str, Any]) -> None:
    """Text as it stands where text is expected, else YAML; what holds the field is made."""
    assert said(assignment) == given


def test_a_reference_that_lacks_something_is_no_text() -> None:
    """What is wrong with it is told."""
    assert problems(
        "env.A={secret: s}", "env.B={config_map: c, kay: k}", "env.C={secret: s, config_map: c, key: k}"
    ) == (
        "--set env.A: env.A.key: is missing (key in it)",
        "--set env.B: env.B.kay: unknown field (did you mean key?)",
        "--set env.C: exactly one of secret, config_map is needed; found secret and config_map",
    )
    assert said("env.A={secret: s, key: k}", "env.A.key=l") == {"env": {"A": {"secret": "s", "key": "l"}}}


def test_parts_of_one_value() -> None:
    """Several --set build one value; the last one stands."""
    assert said("env.A.secret=s", "env.A.key=k", "env.A.key=l") == {"env": {"A": {"secret": "s", "key": "l"}}}
    volume = said("volumes.data.mount_path=/data", "volumes.data.pvc=claim")
    assert volume == {"volumes": [{"name": "data", "mount_path": "/data", "pvc": "claim"}]}
    assert said("env.A=x", "env={B: y}") == {"env": {"B": "y"}}


def test_groups_by_name_and_index(groups: str) -> None:
    """The file's groups are changed in place, an unknown name or the next index adds one."""
    assert said("worker_groups.gpu.replicas=4", "worker_groups[0].replicas=2", file=groups)["worker_groups"] == [
        {"name": "cpu", "replicas": 2},
        {"name": "gpu", "gpus": 1, "replicas": 4},
    ]
    assert said("worker_groups.tpu.cpus=2", file=groups)["worker_groups"][2] == {"name": "tpu", "cpus": "2"}
    assert said("worker_groups[2].name=x", file=groups)["worker_groups"][2] == {"name": "x"}


def test_problems_name_the_assignment(groups: str) -> None:
    """As the user typed it; with the path where the problem lies below it or beside it."""
    assert problems("worker_groups.gpu.replica=4", file=groups) == (
        "--set worker_groups.gpu.replica: unknown field (did you mean replicas?)",
    )
    assert problems("head={cpus: x}")[0].startswith('--set head: head.cpus: "x" is no quantity')
    assert problems("worker_groups[5].replicas=1", file=groups) == (
        "--set worker_groups[5].replicas: there is no item 5; worker_groups has 2",
    )
    assert problems("head.tolerations.x=1") == (
        "--set head.tolerations.x: head.tolerations is a list; name an item by its number, as in head.tolerations[0]",
    )
    assert problems("head[0]=1") == ("--set head[0]: head is not a list",)
    assert problems("labels.example.com/team=ml") == (
        "--set labels.example.com/team: labels.example has nothing below it; quote a key that holds dots, "
        'as in labels."example.com/team"',
    )
    assert problems("head.labels={a: 1}") == (
        '--set head.labels: head.labels.a: 1 is a number to YAML, text is expected; quote it, as in a: "1"',
    )
    assert problems("head.gpus=[1")[0].startswith("--set head.gpus: is not valid YAML")
    assert problems("head.gpus=1\n---\n2") == ("--set head.gpus: holds 2 YAML documents; one value is expected",)
    assert problems("head.gpus=two") == ('--set head.gpus: "two" is not a whole number',)


def test_all_problems_at_once() -> None:
    """Malformed, misplaced and invalid ones together."""
    assert len(problems("a", "head[0]=1", "head.gpus=two", "nonsense=1", "suspend=[")) == 5


def test_every_cluster_of_the_file(tmp_path: Path) -> None:
    """--set holds for each."""
    file = tmp_path / "two.yaml"
    file.write_text("name: a\n---\nname: b\nimage: x\n", encoding="utf-8")
    assert [config.image for config in load_configs(str(file), assignments=["image=y"])] == ["y", "y"]
