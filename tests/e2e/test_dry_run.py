"""What would be sent can be seen first: --dry-run=client without a cluster, --dry-run=server asked of the real API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.shell import Shell

CLIENT = ("--dry-run=client", "-o", "yaml")


def test_needs_no_cluster_and_is_the_same_each_time(shell: Shell) -> None:
    """No kubeconfig, no server: byte for byte one manifest."""
    first, second = (shell.krayne("create", "x", *CLIENT, KUBECONFIG="/nonexistent/config").ok() for _ in range(2))
    assert first.out == second.out
    assert first.out.startswith("apiVersion: ray.io/v1\nkind: RayCluster\n")
    assert first.err == ""


@pytest.mark.parametrize("verb", ["create", "apply"])
def test_what_is_hardly_meant_is_told_beside_the_manifest(shell: Shell, verb: str) -> None:
    """On stderr, so that the manifest stays fit to pipe; KubeRay and krayne go by ray_version, not by the tag."""
    done = shell.krayne(verb, "x", "--image", "rayproject/ray:2.40.0", "--no-autoscaler", *CLIENT).ok()
    assert done.out.startswith("apiVersion: ray.io/v1\n")
    ray, idle = done.err.splitlines()
    assert ray.startswith("Warning: image rayproject/ray:2.40.0 holds Ray 2.40.0, but ray_version is 2.60.0"), done.err
    assert idle.startswith("Warning: no task that takes a CPU can run in this cluster"), done.err


@pytest.mark.parametrize("verb", [("create",), ("apply",)])
@pytest.mark.parametrize("where", ["client", "server"])
def test_changes_nothing(shell: Shell, verb: tuple[str, ...], where: str) -> None:
    """Neither kind of dry run leaves a cluster behind."""
    done = shell.krayne(*verb, "x", f"--dry-run={where}", "-o", "json").ok()
    assert done.json["kind"] == "RayCluster"
    assert shell.kubectl("get", "rayclusters", "-o", "name").out == ""


def test_the_servers_is_what_apply_then_does(shell: Shell) -> None:
    """Also to a cluster that create made, whose fields are handed over first."""
    text = "name: x\nlabels: {team: ml, stage: dev}\nhead: {node_selector: {disk: ssd}}\n"
    shell.krayne("create", "-f", "-", "--no-wait", "--suspend", stdin=text).ok()
    shell.kubectl("label", "raycluster", "x", "stage=theirs", "--overwrite")
    change = ("apply", "x", "--suspend", "--set", "labels.new=yes", "-o", "json")
    shown, done = shell.krayne(*change, "--dry-run=server").ok().json, shell.krayne(*change).ok().json
    assert shown["spec"] == done["spec"]
    assert shown["metadata"]["labels"] == done["metadata"]["labels"]
    assert {"stage", "new"} <= set(done["metadata"]["labels"])
    assert "team" not in done["metadata"]["labels"]


def test_says_that_it_was_a_dry_run(shell: Shell) -> None:
    """Without -o, kubectl's own words."""
    assert shell.krayne("create", "x", "--dry-run=client").ok().out == "raycluster.ray.io/x created (dry run)\n"
    assert shell.krayne("create", "x", "--dry-run=server").ok().out == "raycluster.ray.io/x created (server dry run)\n"
    assert shell.krayne("apply", "x", "--dry-run=client").ok().out == "raycluster.ray.io/x applied (dry run)\n"
    assert shell.krayne("apply", "x", "--dry-run=server").ok().out == "raycluster.ray.io/x created (server dry run)\n"


def test_its_output_goes_into_kubectl_apply_and_diff(shell: Shell) -> None:
    """`| kubectl diff -f -` tells the difference, `| kubectl apply -f -` makes it, and then there is none."""
    manifest = shell.krayne("create", "x", *CLIENT).ok().out
    before = shell.run("kubectl", "diff", "-f", "-", stdin=manifest)
    assert (before.code, "+kind: RayCluster" in before.out) == (1, True), str(before)
    assert shell.kubectl("apply", "-f", "-", stdin=manifest).out == "raycluster.ray.io/x created\n"
    after = shell.run("kubectl", "diff", "-f", "-", stdin=manifest)
    assert (after.code, after.out) == (0, ""), str(after)


def test_the_server_validates_strictly(shell: Shell) -> None:
    """A field that the server does not know is an error that names it, not a field that vanishes."""
    override = 'overrides: {"spec": {"headGroupSpec": {"serviceTipe": "ClusterIP"}}}'
    done = shell.krayne("create", "-f", "-", "--dry-run=server", stdin=f"name: x\n{override}\n")
    assert done.code == 1, str(done)
    assert "serviceTipe" in done.err


def test_a_users_own_template_is_taken(shell: Shell) -> None:
    """--template FILE: krayne's configuration in, their manifest out."""
    text = """\
apiVersion: ray.io/v1
kind: RayCluster
metadata:
  name: {{ name }}
  annotations: {from: "my own template"}
spec:
  headGroupSpec: {rayStartParams: {}, template: {spec: {containers: [{name: ray-head, image: x}]}}}
"""
    done = shell.krayne(
        "create", "x", "--template", shell.write("mine.yaml.j2", text), "--dry-run=client", "-o", "json"
    )
    assert done.ok().json["metadata"]["annotations"] == {"from": "my own template"}


def test_scale_shows_what_it_would_send(demo: Shell) -> None:
    """The manifest with the new numbers, and the cluster as it was."""
    before = demo.get("raycluster", "demo")["spec"]
    done = demo.krayne("scale", "demo", "--max", "7", "--dry-run=server", "-o", "json").ok()
    assert done.json["spec"]["workerGroupSpecs"][0]["maxReplicas"] == 7
    assert demo.get("raycluster", "demo")["spec"] == before
