"""What every subcommand takes, and what krayne tells about itself."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.servers import ROOT

if TYPE_CHECKING:
    from tests.support.shell import Shell

VERBS = ("create", "apply", "get", "describe", "scale", "delete", "wait", "sandbox")
LEAVES = (*VERBS[:-1], "sandbox up", "sandbox status", "sandbox down")


def test_version_tells_all_three(demo: Shell) -> None:
    """krayne's and kubectl's always; KubeRay's only where it can be known."""
    text = demo.krayne("--version").ok().out
    assert re.search(r"krayne.*\d+\.\d+\.\d+", text)
    assert re.search(r"kubectl.*v?1\.\d+\.\d+", text)


def test_version_needs_no_cluster(demo: Shell) -> None:
    """No server: no KubeRay line, no error."""
    assert "krayne" in demo.krayne("--version", KUBECONFIG="/nonexistent/config").ok().out


@pytest.mark.parametrize("verb", LEAVES)
def test_every_verb_has_help_with_examples(demo: Shell, verb: str) -> None:
    """Usage and examples read as a user types them."""
    text = demo.krayne(*verb.split(), "--help").ok().out
    assert f"Usage: kubectl krayne {verb}" in text
    assert re.search(rf"^\s+.*kubectl krayne {verb}\b", text.partition("\n")[2], re.MULTILINE), text
    assert demo.krayne(*verb.split(), "-h").ok().out == text


def test_help_names_the_verbs(demo: Shell) -> None:
    """`kubectl krayne` alone shows them."""
    text = demo.krayne("--help").ok().out
    assert "Usage: kubectl krayne" in text
    assert all(re.search(rf"^\s+{verb}\s+[A-Z]", text, re.MULTILINE) for verb in VERBS), text


def test_namespace_context_and_kubeconfig_come_after_the_verb(demo: Shell) -> None:
    """A plugin gets no flag before its name: each works after it."""
    config = demo.kubectl("config", "view", "--raw", "-o", "json").json
    other = {**config["contexts"][0]["context"], "namespace": "default"}
    config["contexts"].append({"name": "other", "context": other})
    demo.write("two-contexts", json.dumps(config))
    args = ("get", "-o", "name", "--kubeconfig", "two-contexts")
    assert demo.krayne(*args, KUBECONFIG="").ok().out == "raycluster.ray.io/demo\n"
    assert "demo" not in demo.krayne(*args, "--context", "other", KUBECONFIG="").ok().out
    there = demo.krayne(*args, "--context", "other", "-n", demo.namespace, KUBECONFIG="")
    assert there.ok().out == "raycluster.ray.io/demo\n"


def test_verbose_shows_each_kubectl_command(demo: Shell) -> None:
    """On stderr; and each of them carries the flags that were given."""
    done = demo.krayne("describe", "demo", "-v", "-n", demo.namespace, "--request-timeout", "30s").ok()
    shown = [line for line in done.err.splitlines() if "kubectl" in line]
    assert shown, str(done)
    assert all("30s" in line for line in shown), shown


def test_another_kubectl_can_be_named(demo: Shell) -> None:
    """$KUBECTL is the one that is run."""
    log = Path(demo.cwd, "log")
    demo.write("my-kubectl", f'#!/bin/sh\necho "$@" >>"{log}"\nexec kubectl "$@"\n')
    demo.run("chmod", "+x", "my-kubectl")
    assert "demo" in demo.krayne("get", KUBECTL=f"{demo.cwd}/my-kubectl").ok().out
    assert "rayclusters" in log.read_text(encoding="utf-8")


@pytest.mark.parametrize("how", ["symlink", "from elsewhere"])
def test_runs_through_a_symlink_and_from_anywhere(demo: Shell, how: str, tmp_path: Path) -> None:
    """The checkout's executable needs neither its own folder nor an installation."""
    link = tmp_path / "kubectl-krayne"
    link.symlink_to(ROOT / "kubectl-krayne")
    path = f"{link.parent}:{demo.env['PATH']}" if how == "symlink" else demo.env["PATH"]
    (tmp_path / "yaml.py").write_text("raise SystemExit('the current folder was imported from')", encoding="utf-8")
    done = demo.run("sh", "-c", f"cd {tmp_path} && kubectl krayne create x --dry-run=client -o yaml", PATH=path)
    assert done.ok().out.startswith("apiVersion: ray.io/v1")
