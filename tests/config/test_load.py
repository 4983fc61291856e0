"""Layers: flags over --set over the file over defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from krayne.config import flags, load_configs, nest
from krayne.errors import ConfigValidationError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def write(tmp_path: Path) -> Any:
    """Write a file and give its path."""

    def written(text: str, name: str = "cluster.yaml") -> str:
        file = tmp_path / name
        file.write_text(text, encoding="utf-8")
        return str(file)

    return written


def problems(*args: Any, **kwargs: Any) -> tuple[str, ...]:
    """What load_configs says."""
    with pytest.raises(ConfigValidationError) as refused:
        load_configs(*args, **kwargs)
    return refused.value.problems


def options(**values: Any) -> dict[str, Any]:
    """Flags by their option's name, as the command line gives them."""
    by_name = {flag.option.partition("/")[0][2:].replace("-", "_"): flag for flag in flags()}
    given, malformed = nest((by_name[name], value) for name, value in values.items())
    assert not malformed
    return given


def test_name_alone() -> None:
    """A name is a complete configuration."""
    (config,) = load_configs(name="a")
    assert config.given == {"name": "a"}
    assert [group.as_dict()["name"] for group in config.worker_groups] == ["worker"]


def test_flags_over_file(write: Any) -> None:
    """Maps merge, everything else replaces."""
    file = write("name: a\nimage: x\nenv: {A: '1', B: '2'}\nimage_pull_secrets: [x]\nhead: {cpus: 1, memory: 8Gi}\n")
    given = options(image="y", env=("B=3", "C=a=b"), image_pull_secret=("y", "z"), head_cpus="4")
    (config,) = load_configs(file, flags={**given, "namespace": "ml"})
    assert config.given == {
        "name": "a",
        "namespace": "ml",
        "image": "y",
        "env": {"A": "1", "B": "3", "C": "a=b"},
        "image_pull_secrets": ["y", "z"],
        "head": {"cpus": "4", "memory": "8Gi"},
    }


def test_flag_over_set(write: Any) -> None:
    """A field's own flag is the more particular one."""
    (config,) = load_configs(write("name: a\nimage: x\n"), flags=options(image="z"), assignments=["image=y"])
    assert config.image == "z"


def test_name_over_file(write: Any) -> None:
    """The command line names the cluster."""
    assert load_configs(write("name: a\n"), name="b")[0].name == "b"
    assert problems(write("name: a\n"), name="B")[0].startswith('NAME: "B" holds "B"')


def test_name_for_several_clusters(write: Any) -> None:
    """One name cannot stand for two, of one file or of several; and everything else is judged beside that."""
    two, one = write("name: a\n---\nname: b\n"), write("name: c\nhead: {cpus: x}\n", "one.yaml")
    assert problems(two, name="d") == (f"NAME: {two} holds 2 clusters; leave the name out",)
    found = problems(two, one, name="d", malformed=["--env: no pair"])
    assert found[:2] == ("--env: no pair", f"NAME: {two} and {one} hold 3 clusters; leave the name out")
    assert [problem.split(": ")[0] for problem in found[2:]] == [f"{one}:2"]


def test_several_files(write: Any) -> None:
    """The clusters of all, in order, under the same flags."""
    files = [write("name: a\n---\nname: b\n"), write('{"name": "c"}', "c.json")]
    configs = load_configs(*files, flags=options(image="x"), assignments=["queue=q"])
    assert [(config.name, config.image, config.queue) for config in configs] == [(n, "x", "q") for n in "abc"]


def test_problems_of_several_files_at_once(write: Any, tmp_path: Path) -> None:
    """Also where one cannot be read."""
    bad, worse, missing = write("name: A\n"), write("name: [\n", "worse.yaml"), str(tmp_path / "missing.yaml")
    found = problems(worse, bad, missing, flags=options(head_cpus="x"))
    assert [problem.split(": ")[0] for problem in found] == [f"{worse}:2", missing, f"{bad}:1", "--head-cpus"]


@pytest.mark.parametrize("text", [None, "[", "[a]", "!x a", "{apiVersion: v1, kind: Pod}", "[a]\n---\n[b]"])
def test_the_command_line_is_judged_where_no_configuration_can_be_read(tmp_path: Path, text: str | None) -> None:
    """But not for what the file may say: the name, the rest of a volume, an item."""
    sets = ["foo=1", "volumes.a.pvc=B", "worker_groups[3].replicas=1", "head.tolerations=[{operator: Never}]"]
    file = tmp_path / "a.yaml"
    if text:
        file.write_text(text, encoding="utf-8")
    found = problems(str(file), flags=options(workers=-1, image_pull_secret=("A",)), assignments=sets)
    said = [problem.split(": ")[0] for problem in found if not problem.startswith(str(file))]
    assert 1 <= len(found) - len(said) <= 2
    assert said == [
        "--set foo",
        "--set volumes.a.pvc",
        "--set head.tolerations",
        "--image-pull-secret",
        "--workers",
    ]


def test_a_file_given_twice(write: Any) -> None:
    """It is read once, which for standard input is all that can be done."""
    file = write("name: a\n")
    assert problems(file, file) == (f"-f {file}: is given twice; leave one out",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name: a\n", {"name": "worker", "replicas": 3}),
        ("name: a\nworker_groups:\n", {"name": "worker", "replicas": 3}),
        ("name: a\nworker_groups: [{name: gpu, gpus: 1}]\n", {"name": "gpu", "gpus": 1, "replicas": 3}),
    ],
)
def test_worker_flags_mean_the_only_group(write: Any, text: str, expected: dict[str, Any]) -> None:
    """The file's only group, else the default one."""
    (config,) = load_configs(write(text), flags=options(workers=3))
    assert config.given["worker_groups"] == [expected]
    assert config.worker_groups[0].max_replicas == 3


def test_worker_flags_mean_a_group_that_set_names() -> None:
    """--set comes before, so its group is the only one."""
    (config,) = load_configs(name="a", assignments=["worker_groups.gpu.gpus=1"], flags=options(workers=3))
    assert config.given["worker_groups"] == [{"name": "gpu", "gpus": 1, "replicas": 3}]


def test_worker_flags_with_several_groups(write: Any) -> None:
    """Each such flag is a problem that says what to write instead."""
    file = write("name: a\nworker_groups: [{name: cpu}, {name: gpu}]\n")
    assert problems(file, flags=options(workers=3, worker_cpus="2")) == (
        "--workers: which group? There are cpu, gpu; say --set worker_groups.cpu.replicas=VALUE",
        "--worker-cpus: which group? There are cpu, gpu; say --set worker_groups.cpu.cpus=VALUE",
    )


def test_worker_flags_on_a_file_that_is_wrong_there(write: Any) -> None:
    """The file's own problem is told, nothing crashes."""
    for groups in ("4", "[4]", "{a: b}", "[[]]", "[null]"):
        file = write(f"name: a\nworker_groups: {groups}\n")
        assert any("worker_groups" in problem for problem in problems(file, flags=options(workers=3)))


@pytest.mark.parametrize("value", ["4", "[a]", "text", "{A: [b]}"])
def test_flags_on_a_file_that_is_wrong_there(write: Any, value: str) -> None:
    """A flag of a map does not hide, nor stumble over, what is no map in the file."""
    file = write(f"name: a\nenv: {value}\nhead: 4\n")
    found = problems(file, flags=options(env=("B=c",), head_cpus="1"), assignments=["labels.a=b"])
    assert [problem.split(": ")[0].removeprefix(file) for problem in found] == [":2", ":3"]


def test_problems_name_the_flag() -> None:
    """As the user typed it."""
    given = options(head_cpus="x", worker_memory="5", env=("4X=y",), label=("a b=c",), image_pull_secret=("A",))
    found = problems(name="a", flags={**given, "namespace": "No"})
    assert [problem.split(": ")[0] for problem in found] == [
        "--head-cpus",
        "--env 4X",
        "--label a b",
        "--image-pull-secret",
        "--namespace",
        "--worker-memory",
    ]


def test_pairs_without_a_name_or_value() -> None:
    """NAME=VALUE is expected, VALUE may be empty."""
    env = next(flag for flag in flags() if flag.option == "--env")
    given, malformed = nest([(env, ("A", "=b", "C=", "D=e"))])
    assert given == {"env": {"C": "", "D": "e"}}
    assert malformed == ['--env "A": write it as NAME=VALUE', '--env "=b": write it as NAME=VALUE']


@pytest.mark.parametrize(
    ("text", "value"),
    [("3", 3), ("-1", -1), ("+2", 2), ("007", 7), (3, 3), ("two", "two"), ("1_0", "1_0"), ("", ""), ("1.0", "1.0")],
)
def test_digits_are_a_number_where_one_is_wanted(text: str | int, value: int | str) -> None:
    """Anything else stays text, also more digits than Python would read, for the schema to refuse."""
    assert options(workers=text) == {"worker_groups": {"replicas": value}}
    assert options(workers="9" * 5000) == {"worker_groups": {"replicas": "9" * 5000}}
    assert options(head_cpus="3") == {"head": {"cpus": "3"}}


def test_malformed_flags_are_reported_with_the_rest() -> None:
    """One pass: what is no pair, what is no assignment, and what is no value."""
    given = options(image_pull_policy="Sometimes")
    said = problems(name="a", flags=given, malformed=['--env "A": no pair'], assignments=["x"])
    assert len(said) == 3
    assert said[1] == '--env "A": no pair'


def test_flags_that_are_not_given_say_nothing() -> None:
    """As click gives them: None, or an empty tuple."""
    assert options(image=None, env=(), suspend=None) == {}
    assert options(suspend=False, workers=0) == {"suspend": False, "worker_groups": {"replicas": 0}}


def test_problems_of_every_layer_at_once(write: Any) -> None:
    """File, --set and flags; the file's first."""
    file = write("name: a\nhead: {cpus: x}\n---\nname: B\n")
    found = problems(file, assignments=["nonsense=1", "broken"], flags=options(workers=-1))
    assert [problem.split(": ")[0].replace(file, "F") for problem in found] == [
        '--set "broken"',
        "F:2",
        "--set nonsense",
        "--workers",
        "F:4",
    ]


def test_problems_of_reading_and_of_validation_at_once(write: Any) -> None:
    """What cannot be read is passed over, and not called missing; the rest is checked."""
    file = write("name: !x a\nname: !x b\nhead: {cpus: .nan, memroy: 1}\n---\n- a\n---\n!x b\n---\nname: C\n")
    assert [problem.removeprefix(f"{file}:")[:30] for problem in problems(file)] == [
        "1: the tag !x is not allowed; ",
        '2: the key "name" is given twi',
        "2: the tag !x is not allowed; ",
        "3: nan is no number that JSON ",
        "3: head.memroy: unknown field ",
        "5: a list is no configuration;",
        "7: the tag !x is not allowed; ",
        '9: name: "C" holds "C"; allowe',
    ]


def test_clusters_of_one_name(write: Any) -> None:
    """Also where the command line makes them so."""
    file = write("name: a\nnamespace: x\n---\nname: a\nnamespace: y\n")
    assert len(load_configs(file)) == 2
    assert problems(file, flags={"namespace": "z"}) == (
        f'{file}:4: name: "a" is the cluster at {file}:1 already; they must differ',
    )
    assert problems(file, assignments=["name=b", "namespace=x"]) == (
        f'{file}:4: name: "b" is the cluster at {file}:1 already; they must differ',
    )


def test_clusters_of_one_name_in_two_files(write: Any) -> None:
    """Both places are named."""
    first, second = write("name: a\n"), write("\nname: a\n", "second.yaml")
    assert problems(first, second) == (f'{second}:2: name: "a" is the cluster at {first}:1 already; they must differ',)


def test_flags_that_no_manifest_can_hold() -> None:
    """Are called by their option."""
    found = problems(name="a", flags=options(workers=2**70, queue="\ud800"))
    assert [problem.split(": ")[0] for problem in found][:2] == ["--workers", "--queue"]


def test_nothing_takes_a_field_back(write: Any) -> None:
    """An empty --set, of text as well; in a map it is empty text."""
    file = write("name: a\nimage: x\nsuspend: true\nhead: {gpus: 2}\nenv: {A: b}\n")
    (config,) = load_configs(file, assignments=["image=", "suspend=", "head=", "env.A="])
    assert config.given == {"name": "a", "env": {"A": ""}}


def test_every_problem_is_one_printable_line(tmp_path: Path) -> None:
    """Also where the file's name, a flag's key or a --set path holds a line break or an escape."""
    file = tmp_path / "a\nb\x1b.yaml"
    file.write_text("name: B\n", encoding="utf-8")
    found = problems(str(file), flags=options(env=("A\nB=x",)), assignments=["x\x1b\n=1", "\n"])
    assert len(found) == 4
    assert all(problem.isprintable() for problem in found)
