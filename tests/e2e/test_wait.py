"""`kubectl krayne wait`: until ready, suspended or deleted, or until time runs out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.support.shell import read_until

if TYPE_CHECKING:
    from tests.support.shell import Shell


def test_for_ready(shell: Shell) -> None:
    """Returns when the cluster is ready."""
    shell.krayne("create", "x", "--no-wait").ok()
    shell.krayne("wait", "x", "--for", "ready", "--timeout", "20s").ok()
    assert shell.krayne("wait", "x", "-o", "name").ok().out == "raycluster.ray.io/x\n"
    assert shell.krayne("wait", "x", "-o", "json").ok().json["status"] == "ready"
    assert "\nstatus: ready\n" in shell.krayne("wait", "x", "-o", "yaml").ok().out
    assert shell.krayne("wait", "x", "--for", "deleted", "-o", "json").code == 2
    assert shell.krayne("get", "x", "-o", "json").json["status"] == "ready"


def test_for_what_is_already_so(demo: Shell) -> None:
    """Nothing to wait for."""
    demo.krayne("wait", "demo", "--for", "ready", "--timeout", "5s").ok()


def test_for_suspended(shell: Shell) -> None:
    """A cluster created suspended, and one suspended later."""
    shell.krayne("create", "x", "--set", "suspend=true", "--no-wait").ok()
    shell.krayne("wait", "x", "--for", "suspended", "--timeout", "20s").ok()
    shell.krayne("apply", "x", "--set", "suspend=false").ok()
    shell.krayne("wait", "x", "--for", "ready", "--timeout", "20s").ok()


def test_create_and_apply_wait_for_the_suspension_that_they_ask_for(shell: Shell) -> None:
    """And say how to resume, which does just that."""
    made = shell.krayne("create", "x", "--suspend", "--set", "env.KEPT=1", "--timeout", "20s").ok()
    (resume,) = [line for line in made.err.splitlines() if line.startswith("Resume it: ")]
    assert "delete" not in made.err
    shell.run("sh", "-c", resume.removeprefix("Resume it: ")).ok()
    shell.krayne("wait", "x", "--timeout", "20s").ok()
    assert "KEPT" in json.dumps(shell.get("raycluster", "x")["spec"])
    again = shell.krayne("apply", "x", "--suspend", "--set", "env.KEPT=1", "--wait", "--timeout", "20s").ok()
    assert "raycluster x in namespace" in again.err
    assert "is suspended.\nResume it: kubectl patch raycluster x" in again.err


def test_for_deleted(shell: Shell) -> None:
    """Returns when it is gone, also when it never was."""
    shell.krayne("create", "x", "--no-wait").ok()
    with shell.start("kubectl", "krayne", "wait", "x", "--for", "deleted", "--timeout", "50s") as process:
        shell.krayne("delete", "x", "-y").ok()
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, out + err
    shell.krayne("wait", "x", "--for", "deleted", "--timeout", "5s").ok()


def test_time_runs_out(shell: Shell) -> None:
    """Exit 3, with the state it was left in."""
    shell.krayne("create", "big", "--set", "head.memory=900Ti", "--no-wait").ok()
    done = shell.krayne("wait", "big", "--for", "ready", "--timeout", "2s")
    assert done.code == 3, str(done)
    assert "big" in done.err
    assert "unschedulable" in done.err


def test_a_short_request_timeout_is_no_outage(shell: Shell) -> None:
    """It ends every watch, which just goes on."""
    shell.krayne("create", "big", "--set", "head.memory=900Ti", "--no-wait").ok()
    done = shell.krayne("wait", "big", "--timeout", "8s", "--request-timeout", "2s")
    assert done.code == 3, str(done)
    assert "trying again" not in done.err, str(done)
    assert "out of date" not in done.err, str(done)


def test_a_missing_cluster_cannot_get_ready(shell: Shell) -> None:
    """Not found is exit 1 at once."""
    done = shell.krayne("wait", "nobody", "--for", "ready", "--timeout", "30s")
    assert done.code == 1, str(done)
    assert "nobody" in done.err


def test_a_cluster_deleted_meanwhile_ends_the_wait(shell: Shell) -> None:
    """Nobody waits ten minutes for what is gone."""
    shell.krayne("create", "big", "--set", "head.memory=900Ti", "--no-wait").ok()
    with shell.start("kubectl", "krayne", "wait", "big", "--for", "ready", "--timeout", "50s") as process:
        read_until(process.stderr, "unschedulable")
        shell.kubectl("delete", "raycluster", "big", "--wait=true")
        out, err = process.communicate(timeout=60)
    assert process.returncode == 1, out + err
    assert "deleted" in err.lower(), out + err
