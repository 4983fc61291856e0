"""`kubectl krayne apply`: create or update, as one owner of fields among others."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.support.shell import until

if TYPE_CHECKING:
    from tests.support.shell import Shell


def test_creates_then_leaves_alone_then_updates(shell: Shell) -> None:
    """created, unchanged, configured: as kubectl apply says it."""
    said = [
        shell.krayne("apply", "-f", "-", stdin=f"name: x\nhead: {{memory: {memory}}}\n").ok().out.splitlines()[0]
        for memory in ("5Gi", "5Gi", "6Gi")
    ]
    assert said == [f"raycluster.ray.io/x {word}" for word in ("created", "unchanged", "configured")]
    limits = shell.get("raycluster", "x")["spec"]["headGroupSpec"]["template"]["spec"]["containers"][0]["resources"]
    assert limits["limits"]["memory"] == "6Gi"


def test_applies_by_name_and_flags(shell: Shell) -> None:
    """A file is not needed."""
    shell.krayne("apply", "x", "--set", "labels.team=ml").ok()
    assert shell.get("raycluster", "x")["metadata"]["labels"]["team"] == "ml"


def test_takes_over_what_create_made_without_a_conflict(shell: Shell) -> None:
    """create and apply are one field manager; the handover alone is no change."""
    shell.krayne("create", "x", "--no-wait").ok()
    assert shell.krayne("apply", "x").ok().out == "raycluster.ray.io/x unchanged\n"
    shell.krayne("apply", "x", "--set", "head.memory=6Gi").ok()


def test_a_conflict_names_the_owner_and_force_wins_it(shell: Shell) -> None:
    """A field that someone else applied is theirs until --force-conflicts."""
    shell.krayne("apply", "x").ok()
    theirs = {
        "apiVersion": "ray.io/v1",
        "kind": "RayCluster",
        "metadata": {"name": "x"},
        "spec": {"rayVersion": "2.53.0"},
    }
    options = ("--server-side", "--field-manager=their-tool", "--force-conflicts", "-f", "-")
    shell.kubectl("apply", *options, stdin=json.dumps(theirs))
    done = shell.krayne("apply", "x")
    assert done.code == 1, str(done)
    assert "their-tool" in done.err
    assert "rayVersion" in done.err
    assert "--force-conflicts" in done.err
    assert shell.get("raycluster", "x")["spec"]["rayVersion"] == "2.53.0"
    shell.krayne("apply", "x", "--force-conflicts").ok()
    assert shell.get("raycluster", "x")["spec"]["rayVersion"] != "2.53.0"


def test_does_not_fight_the_autoscaler_over_replicas(shell: Shell) -> None:
    """What Ray's autoscaler wrote, through Python's requests, stays while it is on; and there is no conflict."""
    text = "name: x\nworker_groups: [{name: w, min_replicas: 0, max_replicas: 5}]\n"
    shell.krayne("apply", "-f", "-", stdin=text).ok()
    by_autoscaler = '[{"op": "replace", "path": "/spec/workerGroupSpecs/0/replicas", "value": 3}]'
    shell.kubectl("patch", "raycluster", "x", "--type=json", "--field-manager=python-requests", "-p", by_autoscaler)
    shell.krayne("apply", "-f", "-", stdin=text.replace("5", "6")).ok()
    (group,) = shell.get("raycluster", "x")["spec"]["workerGroupSpecs"]
    assert (group["replicas"], group["maxReplicas"]) == (3, 6)
    done = shell.krayne("apply", "-f", "-", "--set", "worker_groups.w.replicas=4", stdin=text.replace("5", "6")).ok()
    assert "replicas of group w stay 3, not 4: the autoscaler sets them" in done.err, str(done)


def test_the_autoscaler_can_be_turned_off_after_it_has_scaled(shell: Shell) -> None:
    """It owns the worker groups then; from now on they are the configuration's."""
    text = "name: x\nautoscaler: {enabled: true}\nworker_groups: [{name: w, replicas: 2, max_replicas: 5}]\n"
    shell.krayne("apply", "-f", "-", stdin=text).ok()
    by_autoscaler = '[{"op": "replace", "path": "/spec/workerGroupSpecs/0/replicas", "value": 3}]'
    shell.kubectl("patch", "raycluster", "x", "--type=json", "--field-manager=python-requests", "-p", by_autoscaler)
    shell.krayne("apply", "-f", "-", stdin=text.replace("true", "false")).ok()
    spec = shell.get("raycluster", "x")["spec"]
    assert (spec["workerGroupSpecs"][0]["replicas"], spec.get("enableInTreeAutoscaling", False)) == (2, False)


def test_only_what_this_call_created_is_offered_for_deletion(shell: Shell) -> None:
    """A wait that fails says how to undo a creation; a cluster that was there before is not to be deleted for it."""
    made, changed = (
        shell.krayne("apply", "x", "--set", f"head.memory={memory}", "--wait", "--timeout", "2s")
        for memory in ("900Ti", "901Ti")
    )
    assert (made.code, changed.code) == (3, 3), f"{made}{changed}"
    assert made.err.splitlines()[-1].startswith("Undo:    kubectl krayne delete x -n ")
    assert changed.err.splitlines()[-1].startswith("See why: kubectl krayne describe x -n ")
    waited = shell.krayne("wait", "x", "--for", "suspended", "--timeout", "1s")
    assert waited.err.splitlines()[-1].startswith("See why: kubectl krayne describe x -n ")


def test_says_what_running_pods_will_not_take_up_and_recreate_makes_them(shell: Shell) -> None:
    """KubeRay leaves running pods as they are: said, with what would change them; --recreate does."""
    shell.krayne("create", "x", "--set", "upgrade_strategy=None").ok()
    head = ("get", "pods", "-l", "ray.io/cluster=x,ray.io/node-type=head", "-o", "jsonpath={.items[*].metadata.uid}")
    before = shell.kubectl(*head).out
    done = shell.krayne("apply", "x", "--set", "upgrade_strategy=None", "--set", "env.NEW=1").ok()
    assert "--recreate" in done.err, str(done)
    again = ("apply", "x", "--set", "upgrade_strategy=None", "--set", "env.NEW=2", "--recreate")
    dry = shell.krayne(*again, "--dry-run=server").ok()
    assert dry.out == "raycluster.ray.io/x configured (server dry run)\n"
    assert "Would delete all pods of raycluster x " in dry.err, str(dry)
    assert shell.kubectl(*head).out == before
    done = shell.krayne(*again).ok()
    assert "Deleted all pods of raycluster x " in done.err, str(done)
    shell.krayne("wait", "x", "--for", "ready", "--timeout", "20s").ok()
    assert shell.kubectl(*head).out != before


def test_says_what_a_cluster_loses(shell: Shell) -> None:
    """A name and a flag are no small change to a cluster that a file made: before, in a dry run, and after."""
    text = "name: x\nsuspend: true\nlabels: {team: ml}\nworker_groups: [{name: cpu}, {name: gpu}]\n"
    lost = "loses: worker group cpu, worker group gpu, spec.suspend, metadata.labels.team"
    shell.krayne("create", "-f", "-", "--no-wait", stdin=text).ok()
    assert "loses" not in shell.krayne("apply", "-f", "-", stdin=text).ok().err
    assert lost in shell.krayne("apply", "x", "--workers", "3", "--dry-run=server").ok().err
    assert lost in shell.krayne("apply", "x", "--workers", "3").ok().err


def test_says_what_goes_back_to_its_default(shell: Shell) -> None:
    """What was said once and is not said again: before, in a dry run, and after; not what is said."""
    shell.krayne("create", "x", "--worker-memory", "3Gi", "--head-memory", "6Gi", "--no-wait").ok()
    apply = ("apply", "x", "--worker-memory", "2Gi", "--env", "A=b")
    told = "configuration says nothing: resources.limits.memory of the head 6Gi → 5Gi\n"
    assert told in shell.krayne(*apply, "--dry-run=server").ok().err
    assert told in shell.krayne(*apply).ok().err
    assert "goes back" not in shell.krayne(*apply).ok().err


def test_says_that_the_heads_service_stays_and_how_to_have_it_made_anew(shell: Shell) -> None:
    """KubeRay makes it once; the command that is told makes way for another."""
    shell.krayne("create", "x", "--workers", "1").ok()
    done = shell.krayne("apply", "x", "--workers", "1", "--set", "head.service_type=NodePort").ok()
    assert "service x-head-svc stays as it is" in done.err, str(done)
    assert shell.get("service", "x-head-svc")["spec"]["type"] == "ClusterIP"
    told = done.err.partition("kubectl delete service ")[2].splitlines()[0]
    shell.kubectl("delete", "service", *told.split())
    until(lambda: shell.kubectl("get", "services", "-o", "jsonpath={.items[*].spec.type}").out == "NodePort")


def test_recreate_makes_pods_with_what_kuberay_builds_in_by_itself(shell: Shell) -> None:
    """Autoscaler and token are fields of the cluster; also where it was an earlier change that asked for them."""
    shell.krayne("create", "x", "--no-autoscaler", "--auth", "none", "--workers", "1").ok()
    head = ("get", "pods", "-l", "ray.io/cluster=x,ray.io/node-type=head", "-o", "jsonpath={..containers[*].name}")
    assert "--recreate" in shell.krayne("apply", "x", "--workers", "1").ok().err
    assert "autoscaler" not in shell.kubectl(*head).out
    done = shell.krayne("apply", "x", "--workers", "1", "--recreate").ok()
    assert "Deleted all pods of raycluster x " in done.err, str(done)
    until(lambda: shell.kubectl(*head).out == "ray-head autoscaler")
    assert "--recreate" not in shell.krayne("apply", "x", "--workers", "1").ok().err


def test_pods_of_a_group_that_is_gone_are_told_of_and_go_with_recreate(shell: Shell) -> None:
    """KubeRay lets them run on."""
    groups = (
        "worker_groups=[{name: a, replicas: 1}, {name: b, replicas: 1}]",
        "worker_groups=[{name: a, replicas: 1}]",
    )
    shell.krayne("create", "x", "--set", groups[0]).ok()
    done = shell.krayne("apply", "x", "--set", groups[1]).ok()
    assert "1 pod of group b, which is gone, runs on: kubectl delete pods -l " in done.err, str(done)
    done = shell.krayne("apply", "x", "--set", groups[1], "--recreate").ok()
    assert "Deleted the pods of group b of raycluster x " in done.err, str(done)
    until(lambda: not shell.kubectl("get", "pods", "-l", "ray.io/cluster=x,ray.io/group=b", "-o", "name").out)


def test_a_change_that_pods_need_not_take_up_asks_for_no_recreation(shell: Shell) -> None:
    """Bounds of a group are the operator's business."""
    shell.krayne("apply", "x").ok()
    assert "--recreate" not in shell.krayne("apply", "x", "--set", "worker_groups.worker.max_replicas=4").ok().err
