"""The command line as a whole: every verb's help, errors as words and exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner, Result

from krayne.cli import cli
from tests.operations.conftest import captured

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.kubectl import FakeKubectl

VERBS = cli.list_commands(click.Context(cli))


def paths(group: click.Group, *above: str) -> Iterator[tuple[str, ...]]:
    """The words that lead to each command."""
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        if isinstance(command, click.Group):
            yield from paths(command, *above, name)
        else:
            yield (*above, name)


def krayne(*args: str, stdin: str | None = None) -> Result:
    """Run the command line in this process; a crash crashes the test."""
    return CliRunner(catch_exceptions=False).invoke(cli, args, input=stdin, prog_name="kubectl krayne")


@pytest.mark.parametrize("path", [*paths(cli)], ids=" ".join)
def test_every_verb_has_help_with_examples_that_can_be_pasted(path: tuple[str, ...]) -> None:
    """They read kubectl krayne."""
    shown = krayne(*path, "--help")
    assert shown.exit_code == 0
    assert shown.output.startswith(f"Usage: kubectl krayne {' '.join(path)}")
    assert f"kubectl krayne {' '.join(path)}" in shown.output.partition("\n")[2]


def test_the_group_s_help_lists_every_verb() -> None:
    """With what each does."""
    shown = krayne("--help").output
    assert all(f"\n  {verb} " in shown for verb in VERBS)


@pytest.mark.parametrize(
    ("word", "verb"),
    [("creat", "create"), ("list", "get"), ("ls", "get"), ("rm", "delete"), ("status", "describe")],
)
def test_an_unknown_verb_names_the_near_one(word: str, verb: str) -> None:
    """In letters or in meaning; wrong usage is exit code 2."""
    done = krayne(word)
    assert (done.exit_code, f"(did you mean {verb}?)" in done.output) == (2, True)


def test_an_unknown_verb_that_is_near_to_none_names_them_all() -> None:
    """In the order of the help."""
    assert "the verbs are: create, apply" in krayne("zzz").output


@pytest.mark.parametrize(
    "args",
    [
        ("create",),
        ("get", "x", "-A"),
        ("get", "x", "-l", "a=b"),
        ("get", "-o", "toml"),
        ("describe",),
        ("delete", "-y"),
        ("delete", "x", "--all"),
        ("wait", "x", "--for", "lunch"),
        ("scale", "x", "-n", "ml"),
        ("wait", "x", "--timeout", "soon"),
        ("create", "x", "--set", "nonsense=1"),
        ("create", "x", "--dry-run", "maybe"),
        ("delete", "x", "--wait=maybe"),
    ],
)
def test_wrong_usage_exits_with_2_and_runs_nothing(fake_kubectl: FakeKubectl, args: tuple[str, ...]) -> None:
    """Before any kubectl."""
    assert krayne(*args).exit_code == 2
    assert not fake_kubectl.calls


def test_an_error_is_words_on_stderr_and_exit_code_1(fake_kubectl: FakeKubectl) -> None:
    """kubectl's own among them."""
    refused = "The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?"
    fake_kubectl.reply("get", stderr=refused, code=1)
    done = krayne("get", "-n", "ml")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith(f"Error: cannot list RayClusters in namespace ml: {refused}\n")


def test_what_a_cluster_says_cannot_steer_the_terminal(fake_kubectl: FakeKubectl) -> None:
    """Escapes come out as text."""
    fake_kubectl.reply("get", stderr="error: \x1b[2Jgone", code=1)
    assert "\x1b" not in krayne("get", "-n", "ml").stderr


def test_neither_can_what_is_said_before_the_last_error(fake_kubectl: FakeKubectl) -> None:
    """Errors of other clusters, warnings, command lines under -v, and what a login plugin says."""
    owned = {"ray.io/originated-from-crd": "RayJob", "ray.io/originated-from-cr-name": "x\x1b[31m"}
    there = {"metadata": {"name": "a", "namespace": "ml", "labels": owned, "resourceVersion": "1"}, "spec": {}}
    fake_kubectl.reply("get --raw", json=there, times=2)
    fake_kubectl.reply("apply", stderr="error: \x1b[31mred", code=1, times=2)
    done = krayne("apply", "-f", "-", "-n", "ml", "-v", "--context", "\x1b[1m", stdin="name: a\n---\nname: b\n")
    assert (done.exit_code, "\x1b" in done.output) == (1, False)
    for said in ("Warning: raycluster a belongs to the RayJob x\\x1b[31m", "+ kubectl '--context=\\x1b[1m'"):
        assert said in done.stderr
    assert done.stderr.count("Error: cannot apply") == done.stderr.count("\\x1b[31mred") == 2


def test_a_dry_run_needs_no_kubectl(fake_kubectl: FakeKubectl) -> None:
    """YAML and JSON of the same manifest, several as a List."""
    fake_kubectl.remove()
    one = json.loads(krayne("create", "x", "--dry-run=client", "-o", "json").stdout)
    assert (one["kind"], one["metadata"]["name"]) == ("RayCluster", "x")
    two = krayne("create", "-f", "-", "--dry-run=client", "-o", "json", stdin="name: a\n---\nname: b\n")
    listed = json.loads(two.stdout)
    assert (listed["kind"], [item["metadata"]["name"] for item in listed["items"]]) == ("List", ["a", "b"])
    assert krayne("create", "x", "--dry-run=client").stdout == "raycluster.ray.io/x created (dry run)\n"
    assert krayne("create", "x", "--dry-run=client", "-o", "name").stdout == "raycluster.ray.io/x\n"


def test_the_namespace_flag_beats_the_file(tmp_path: Path) -> None:
    """Explicit over implicit."""
    file = tmp_path / "c.yaml"
    file.write_text("name: a\nnamespace: from-file\n")
    args = ("create", "-f", str(file), "--dry-run=client", "-o", "json")
    assert json.loads(krayne(*args).stdout)["metadata"]["namespace"] == "from-file"
    assert json.loads(krayne(*args, "-n", "from-flag").stdout)["metadata"]["namespace"] == "from-flag"


def test_every_problem_of_a_file_is_told_at_once(tmp_path: Path) -> None:
    """Each with its line; exit code 2."""
    file = tmp_path / "c.yaml"
    file.write_text("name: Bad_Name\nworker_groups:\n- name: a\n  replica: 3\n")
    done = krayne("create", "-f", str(file))
    assert done.exit_code == 2
    assert f"{file}:1: name:" in done.stderr
    assert f"{file}:4: worker_groups[0].replica: unknown field (did you mean replicas?)" in done.stderr


def test_files_are_taken_in_order_and_all_their_problems_told(tmp_path: Path) -> None:
    """-f as often as kubectl takes it."""
    first, second = tmp_path / "a.yaml", tmp_path / "b.yaml"
    first.write_text("name: a\n---\nname: b\n")
    second.write_text("name: c\n")
    args = ("create", "-f", str(first), "-f", str(second), "--dry-run=client", "-o", "name")
    assert krayne(*args).stdout == "".join(f"raycluster.ray.io/{name}\n" for name in "abc")
    done = krayne(*args, "-f", "-", "-f", "-", stdin="name: a\n")
    assert done.exit_code == 2
    assert done.stderr == (
        "Error: -f -: is given twice; leave one out\n"
        f'stdin:1: name: "a" is the cluster at {first}:1 already; they must differ\n'
    )


def test_every_problem_of_the_flags_is_told_with_the_file_s() -> None:
    """What is no number and no choice, too; each names its option."""
    flags = "--workers two --head-gpus many --auth basic --head-cpus 9z --set foo=1 --env A -f -"
    done = krayne("create", "x", *flags.split(), stdin="head: {colour: red}\n")
    assert done.exit_code == 2
    assert [line.removeprefix("Error: ").partition("; known here")[0] for line in done.stderr.splitlines()] == [
        '--env "A": write it as NAME=VALUE',
        "stdin:1: head.colour: unknown field",
        "--set foo: unknown field",
        '--auth: "basic" is not allowed; allowed are token, none',
        '--head-cpus: "9z" is no quantity of CPU; write a number such as 2 or 0.5, or thousandths as "500m"',
        '--head-gpus: "many" is not a whole number',
        '--workers: "two" is not a whole number',
    ]


@pytest.mark.parametrize(
    ("args", "expected"),
    [(["--auth", ""], ["token", "none"]), (["--upscaling-mode", "C"], ["Conservative"]), (["--workers", ""], [])],
)
def test_the_shell_completes_what_a_flag_may_say(args: list[str], expected: list[str]) -> None:
    """As the schema lists it."""
    completed = ShellComplete(cli, {}, "krayne", "_KRAYNE_COMPLETE").get_completions(["create", *args[:-1]], args[-1])
    assert [item.value for item in completed] == expected


@pytest.mark.parametrize("names", [("demo",), ()])
def test_what_get_prints_is_no_configuration(fake_kubectl: FakeKubectl, names: tuple[str, ...]) -> None:
    """One sentence, whether it is one cluster or all."""
    item = captured("ready-3-ready", "RayCluster")
    fake_kubectl.reply("get --raw", json=item[0] if names else {"items": item})
    got = krayne("get", *names, "-n", "ml", "-o", "yaml")
    assert got.exit_code == 0
    done = krayne("create", "-f", "-", stdin=got.stdout)
    assert done.exit_code == 2
    assert done.stderr == "Error: stdin:1: this is what `kubectl krayne get` prints, not a configuration\n"


def test_deleting_without_a_terminal_needs_a_yes(fake_kubectl: FakeKubectl) -> None:
    """It never hangs on stdin."""
    item = {"metadata": {"name": "x", "namespace": "ml"}}
    fake_kubectl.reply("get --raw", json={"items": [item]})
    done = krayne("delete", "x", "-n", "ml")
    assert (done.exit_code, "add -y to delete raycluster x in namespace ml" in done.stderr) == (2, True)
    assert len(fake_kubectl.calls) == 1


def test_versions_are_told_even_when_nothing_answers(fake_kubectl: FakeKubectl) -> None:
    """It is what one asks when things fail."""
    fake_kubectl.reply("version", json={"clientVersion": {"gitVersion": "v1.33.1"}}, code=1)
    fake_kubectl.reply("get --raw", stderr="refused", code=1)
    done = krayne("version")
    assert done.exit_code == 0
    assert "kubectl:    v1.33.1\nKubernetes: <unknown>\nKubeRay:    <unknown>\n" in done.stdout
    assert done.stderr.splitlines() == [
        "cannot ask for the server's version: kubectl exited with 1 and said nothing",
        "cannot look for the KubeRay operator: refused",
    ]


def test_a_kubectl_that_cannot_tell_its_version_is_told_of(fake_kubectl: FakeKubectl) -> None:
    """It is not there, or it is another program."""
    fake_kubectl.reply(stdout="usage: kubectl\n", times=None)
    done = krayne("version")
    assert (done.exit_code, "kubectl:    <unknown>\n" in done.stdout) == (0, True)
    assert "kubectl's version: kubectl answered with no JSON: 'usage: kubectl\\n'\n" in done.stderr
    fake_kubectl.remove()
    done = krayne("version")
    assert (done.exit_code, "kubectl:    <unknown>\n" in done.stdout) == (0, True)
    assert done.stderr == "kubectl was not found, and krayne does everything through it\n"


def test_kubectl_s_own_version_is_told_even_where_the_login_fails(fake_kubectl: FakeKubectl) -> None:
    """It says nothing of itself then, unless it is asked for nothing else."""
    refused = "error: You must be logged in to the server (Unauthorized)"
    fake_kubectl.reply("version --output=json", stderr=refused, code=1)
    fake_kubectl.reply("version --client", json={"clientVersion": {"gitVersion": "v1.33.1"}})
    fake_kubectl.reply("get --raw", stderr=refused, code=1)
    assert "kubectl:    v1.33.1\nKubernetes: <unknown>\n" in krayne("version").stdout


def test_the_version_flag_waits_for_no_server_that_does_not_answer(fake_kubectl: FakeKubectl) -> None:
    """It can be given no --request-timeout."""
    fake_kubectl.reply("--request-timeout=5s version", json={"clientVersion": {"gitVersion": "v1.33.1"}})
    fake_kubectl.reply("--request-timeout=5s get --raw", stderr="timed out", code=1)
    assert "kubectl:    v1.33.1\n" in krayne("--version").stdout


def test_help_and_get_load_only_what_they_need() -> None:
    """No YAML, template, schema or process library before it is used."""
    heavy = ("yaml", "jinja2", "jsonschema", "sh", "asyncio", "krayne.config", "krayne.render")
    code = f"import sys, krayne.cli.get; print([name for name in {heavy!r} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_those_of_several_that_are_there_are_shown(fake_kubectl: FakeKubectl) -> None:
    """And the missing one is still an error."""
    fake_kubectl.reply("get --raw", json={"items": captured("ready-3-ready", "RayCluster")})
    done = krayne("get", "demo", "gone", "-n", "ml", "-o", "name")
    assert (done.exit_code, done.stdout) == (1, "raycluster.ray.io/demo\n")
    assert "raycluster gone in namespace ml not found" in done.stderr


def test_an_option_before_the_verb_is_told_where_it_belongs() -> None:
    """As kubectl's own may stand anywhere."""
    done = krayne("-n", "ml", "get")
    assert done.exit_code == 2
    assert "no option -n before the verb: put it after" in done.stderr


def test_help_is_a_verb_too() -> None:
    """As in `kubectl help get`."""
    assert krayne("help").stdout == krayne("--help").stdout
    assert krayne("help", "get").stdout == krayne("get", "--help").stdout
