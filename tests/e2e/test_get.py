"""`kubectl krayne get`: kubectl's tables, krayne's own view as data, honest about what it does not find."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest
import yaml

from tests.support.servers import ROOT
from tests.support.shell import read_until, until

if TYPE_CHECKING:
    from tests.support.shell import Shell

FOREIGN = """\
apiVersion: ray.io/v1
kind: RayCluster
metadata: {name: foreign, labels: {made-by: hand}}
spec:
  suspend: true
  headGroupSpec: {template: {spec: {containers: [{name: ray-head, image: "rayproject/ray:2.55.0"}]}}}
"""


def test_the_table_is_kubectls(demo: Shell) -> None:
    """Plain columns, NAME first, AGE last, one row a cluster."""
    header, row = demo.krayne("get").ok().out.splitlines()
    assert header.split()[0] == "NAME"
    assert header.split()[-1] == "AGE"
    assert "STATUS" in header.split()
    assert row.split()[0] == "demo"
    assert row.split()[header.split().index("STATUS")] == "ready"
    assert len(header.split()) == len(row.split()), "no blanks in titles or values"


def test_all_namespaces_adds_a_first_column(demo: Shell) -> None:
    """NAMESPACE first under -A."""
    header, *rows = demo.krayne("get", "-A").ok().out.splitlines()
    assert header.split()[:2] == ["NAMESPACE", "NAME"]
    assert [demo.namespace, "demo"] in [row.split()[:2] for row in rows]


def test_wide_says_more_and_no_headers_says_less(demo: Shell) -> None:
    """-o wide has every column of the table, and further ones; --no-headers only drops the header."""
    table, wide = demo.krayne("get").ok().out, demo.krayne("get", "-o", "wide").ok().out
    columns = table.splitlines()[0].split()
    assert set(columns) < set(wide.splitlines()[0].split())
    assert demo.krayne("get", "--no-headers").ok().out.split()[:2] == table.splitlines()[1].split()[:2]


def test_one_name_gives_the_object_and_a_list_gives_items(demo: Shell) -> None:
    """For scripts: an object for one name, {"items": […]} otherwise, YAML of the same."""
    one = demo.krayne("get", "demo", "-o", "json").ok().json
    assert (one["name"], one["namespace"], one["status"]) == ("demo", demo.namespace, "ready")
    many = demo.krayne("get", "-o", "json").ok().json
    assert [item["name"] for item in many["items"]] == ["demo"]
    assert yaml.safe_load(demo.krayne("get", "demo", "-o", "yaml").ok().out).keys() == one.keys()


def test_the_data_is_as_its_schema_says(demo: Shell) -> None:
    """schemas/cluster-info.schema.json describes what scripts get."""
    schema = json.loads(Path(ROOT, "schemas", "cluster-info.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(demo.krayne("get", "demo", "-o", "json").ok().json, schema)


def test_names_can_be_piped(demo: Shell) -> None:
    """-o name is what kubectl takes; TYPE/NAME is taken back."""
    assert demo.krayne("get", "-o", "name").ok().out == "raycluster.ray.io/demo\n"
    assert demo.krayne("get", "raycluster/demo", "-o", "name").ok().out == "raycluster.ray.io/demo\n"
    assert demo.krayne("get", "raycluster.ray.io/demo", "-o", "name").ok().out == "raycluster.ray.io/demo\n"


def test_selects_by_label(shell: Shell) -> None:
    """-l goes to the API server."""
    for team in ("red", "blue"):
        shell.krayne("create", team, "--set", f"labels.team={team}", "--no-wait").ok()
    assert shell.krayne("get", "-l", "team=red", "-o", "name").ok().out == "raycluster.ray.io/red\n"
    assert shell.krayne("get", "-l", "team notin (red)", "-o", "name").ok().out == "raycluster.ray.io/blue\n"


def test_nothing_there_is_no_error(shell: Shell) -> None:
    """As kubectl: a sentence on stderr, exit 0, an empty list for scripts."""
    done = shell.krayne("get").ok()
    assert (done.out, shell.namespace in done.err) == ("", True), str(done)
    assert shell.krayne("get", "-o", "json").ok().json == {"items": []}


def test_a_missing_name_is_an_error_that_tells_near_ones(demo: Shell) -> None:
    """Exit 1, and what may have been meant; also where another name is there."""
    done = demo.krayne("get", "demmo")
    assert done.code == 1, str(done)
    assert "demmo" in done.err
    assert "demo" in done.err.replace("demmo", "")
    both = demo.krayne("get", "demo", "nothing-like-it")
    assert both.code == 1, str(both)
    assert "nothing-like-it" in both.err


def test_shows_what_another_tool_made(shell: Shell) -> None:
    """No label of ours, hardly a spec: still a row."""
    shell.kubectl("apply", "-f", "-", stdin=FOREIGN)
    assert "foreign" in shell.krayne("get").ok().out
    assert shell.krayne("get", "foreign", "-o", "json").ok().json["name"] == "foreign"


def test_watching_shows_each_change(shell: Shell) -> None:
    """-w: a row for what is there, and one for each change after it."""
    shell.krayne("create", "first", "--no-wait").ok()
    with shell.start("kubectl", "krayne", "get", "-w", "--no-headers") as process:
        read_until(process.stdout, "first")
        shell.krayne("create", "second", "--no-wait").ok()
        read_until(process.stdout, "second")
        process.terminate()
        _, err = process.communicate(timeout=30)
    assert "Traceback" not in err


def test_watching_shows_readiness_come(shell: Shell) -> None:
    """The status of a row follows the cluster."""
    with shell.start("kubectl", "krayne", "get", "-w", "--no-headers") as process:
        shell.krayne("create", "x", "--no-wait").ok()
        read_until(process.stdout, "ready")
        process.terminate()
        process.communicate(timeout=30)


def test_watching_tells_of_a_cluster_that_goes_at_once(shell: Shell) -> None:
    """No state between: its row comes a last time."""
    shell.krayne("create", "x", "--suspend", "--no-wait").ok()
    with shell.start("kubectl", "krayne", "get", "-w", "--no-headers") as process:
        read_until(process.stdout, "suspended")
        shell.kubectl("delete", "raycluster", "x", "--cascade=background")
        read_until(process.stdout, "deleting")
        process.terminate()
        process.communicate(timeout=30)


def test_a_closed_pipe_is_no_fault(demo: Shell) -> None:
    """Nobody reads any more: no traceback, no complaint."""
    for form in ("table", "yaml"):
        done = demo.run("bash", "-c", f"kubectl krayne get -o {form} | true")
        assert (done.out, done.err) == ("", ""), str(done)


@pytest.mark.parametrize("output", ["table", "wide", "json", "yaml", "name"])
def test_every_output_holds_for_many(demo: Shell, output: str) -> None:
    """-A with each form of output."""
    assert "demo" in demo.krayne("get", "-A", "-o", output).ok().out


def test_a_cluster_being_deleted_says_so(shell: Shell) -> None:
    """deleting wins over whatever else is true of it."""
    shell.krayne("create", "held", "--no-wait").ok()
    shell.kubectl(
        "patch", "raycluster", "held", "--type=merge", "-p", '{"metadata": {"finalizers": ["example.com/hold"]}}'
    )
    try:
        shell.kubectl("delete", "raycluster", "held", "--wait=false")
        until(lambda: shell.krayne("get", "held", "-o", "json").ok().json["status"] == "deleting")
    finally:
        shell.kubectl("patch", "raycluster", "held", "--type=merge", "-p", '{"metadata": {"finalizers": null}}')
