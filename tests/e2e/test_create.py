"""`kubectl krayne create`: what it makes, how it waits, when it gives up, what it refuses."""

from __future__ import annotations

import contextlib
import json
import signal
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.support.kubelet import expanded
from tests.support.shell import read_until, until

if TYPE_CHECKING:
    from tests.support.servers import Server
    from tests.support.shell import Shell


def test_a_name_is_enough(shell: Shell) -> None:
    """`create NAME` ends when the cluster is ready, and has said what it made."""
    done = shell.krayne("create", "my-cluster").ok()
    assert "raycluster.ray.io/my-cluster created" in done.out
    assert shell.krayne("get", "my-cluster", "-o", "json").ok().json["status"] == "ready"
    assert "\x1b" not in done.out + done.err, "no escape sequences off a terminal"


def test_data_goes_to_stdout_and_progress_to_stderr(shell: Shell) -> None:
    """`-o name` on stdout is the name and nothing else, however much there was to tell while waiting."""
    done = shell.krayne("create", "my-cluster", "-o", "name").ok()
    assert done.out == "raycluster.ray.io/my-cluster\n"
    assert "ready" in done.err


def test_no_wait_returns_at_once(shell: Shell) -> None:
    """--no-wait is done when the API server has taken it."""
    shell.krayne("create", "my-cluster", "--no-wait").ok()
    assert shell.get("raycluster", "my-cluster")["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "krayne"


def test_a_taken_name_is_an_error_and_changes_nothing(shell: Shell) -> None:
    """AlreadyExists: exit 1, the name is told, and the cluster that is there stays as it is."""
    shell.krayne("create", "taken", "--no-wait").ok()
    before = shell.get("raycluster", "taken")["spec"]
    again = shell.krayne("create", "taken", "--set", "head.memory=9Gi", "--no-wait")
    assert again.code == 1, str(again)
    assert "taken" in again.err
    assert "already exists" in again.err.lower()
    assert shell.get("raycluster", "taken")["spec"] == before


def test_of_several_creators_one_wins(shell: Shell) -> None:
    """No race gets round AlreadyExists."""
    with contextlib.ExitStack() as started:
        command = ("kubectl", "krayne", "create", "contested", "--no-wait")
        racers = [started.enter_context(shell.start(*command)) for _ in range(4)]
        ends = [(*racer.communicate(timeout=60), racer.returncode) for racer in racers]
    assert sorted(code for _, _, code in ends) == [0, 1, 1, 1], ends
    assert all("already exists" in err.lower() for _, err, code in ends if code), ends


def test_flags_beat_the_file_and_the_file_beats_the_defaults(shell: Shell) -> None:
    """Three layers, each field from the first that has it."""
    file = shell.write("cluster.yaml", "name: layered\nray_version: 2.55.0\nhead:\n  memory: 6Gi\n  cpus: 2\n")
    done = shell.krayne("create", "-f", file, "--set", "head.memory=7Gi", "--dry-run=client", "-o", "json").ok()
    assert done.json["metadata"]["name"] == "layered"
    assert done.json["spec"]["rayVersion"] == "2.55.0"
    limits = done.json["spec"]["headGroupSpec"]["template"]["spec"]["containers"][0]["resources"]["limits"]
    assert limits["memory"] == "7Gi"
    assert str(limits["cpu"]) == "2"


def test_the_namespace_comes_from_flag_then_file_then_context(shell: Shell, server: Server) -> None:
    """The kubeconfig context's namespace is the last resort, not `default`."""

    def namespace(*args: str) -> str:
        return str(shell.krayne("create", *args, "--dry-run=client", "-o", "json").ok().json["metadata"]["namespace"])

    file = shell.write("cluster.yaml", "name: x\nnamespace: of-file\n")
    assert namespace("-f", file, "-n", "of-flag") == "of-flag"
    assert namespace("-f", file) == "of-file"
    shell.krayne("create", "x", "--no-wait").ok()
    assert shell.get("raycluster", "x")["metadata"]["namespace"] == shell.namespace


def test_any_field_can_be_set_from_the_command_line(shell: Shell) -> None:
    """--set reaches groups by name, and makes one that is not there."""
    shell.krayne(
        "create", "x", "--no-wait", "--set", "worker_groups.gpu.replicas=4", "--set", "worker_groups.gpu.max_replicas=8"
    ).ok()
    groups = {group["groupName"]: group for group in shell.get("raycluster", "x")["spec"]["workerGroupSpecs"]}
    assert (groups["gpu"]["replicas"], groups["gpu"]["maxReplicas"]) == (4, 8)


@pytest.mark.parametrize("name", ["cluster.yaml", "cluster.json", "-"])
def test_reads_yaml_json_and_stdin(shell: Shell, name: str) -> None:
    """One configuration, three ways in."""
    text = json.dumps({"name": "from-file", "labels": {"team": "ml"}})
    if name != "-":
        shell.write(name, text)
    shell.krayne("create", "-f", name, "--no-wait", stdin=text if name == "-" else None).ok()
    assert shell.get("raycluster", "from-file")["metadata"]["labels"]["team"] == "ml"


def test_a_file_may_hold_several_clusters(shell: Shell) -> None:
    """Every document is a cluster."""
    done = shell.krayne("create", "-f", "-", "--no-wait", stdin="name: one\n---\nname: two\n").ok()
    assert done.out.splitlines() == ["raycluster.ray.io/one created", "raycluster.ray.io/two created"]
    assert shell.kubectl("get", "rayclusters", "-o", "name").out.split() == [
        "raycluster.ray.io/one",
        "raycluster.ray.io/two",
    ]


@pytest.mark.parametrize("verb", [("create", "--no-wait"), ("apply",)], ids=" ".join)
def test_several_manifests_are_one_output(shell: Shell, verb: tuple[str, ...]) -> None:
    """Documents of YAML, or a List in JSON, as in a dry run."""
    documents = shell.krayne(*verb, "-f", "-", "-o", "yaml", stdin="name: one\n---\nname: two\n").ok().out
    assert [each["metadata"]["name"] for each in yaml.safe_load_all(documents)] == ["one", "two"]
    listed = shell.krayne(*verb, "-f", "-", "-o", "json", stdin="name: three\n---\nname: four\n").ok().json
    assert (listed["kind"], [each["metadata"]["name"] for each in listed["items"]]) == ("List", ["three", "four"])


def test_one_that_fails_does_not_keep_the_others_of_the_file(shell: Shell) -> None:
    """Those that were made are waited for, each failure is told, and the exit code is of the gravest."""
    shell.krayne("create", "taken", "--no-wait").ok()
    text = "---\n".join(
        f"name: {name}\nimage: {image}\n"
        for name, image in (("taken", "a:1"), ("typo", "registry.invalid/no-such-image:1"), ("fine", "a:1"))
    )
    done = shell.krayne("create", "-f", "-", stdin=text)
    assert done.code == 1, str(done)
    assert done.out.split() == ["raycluster.ray.io/typo", "created", "raycluster.ray.io/fine", "created"]
    assert done.err.count("Error: ") == 2
    assert "already exists" in done.err
    assert "raycluster typo in namespace" in done.err
    assert "raycluster fine in" in done.err.partition("is ready.")[0]
    dry = shell.krayne("create", "-f", "-", "--dry-run=server", "-o", "name", stdin="name: taken\n---\nname: new\n")
    assert (dry.code, dry.out) == (1, "raycluster.ray.io/new\n"), str(dry)


def test_the_time_is_that_of_all_together(shell: Shell) -> None:
    """Of those whose turn comes after it is told what they are then: ready, or not yet."""
    text = "---\n".join(
        f"name: {name}\nhead: {{node_selector: {{at: {place}}}}}\n" if place else f"name: {name}\n"
        for name, place in (("first", "nowhere"), ("second", ""), ("third", "nowhere"))
    )
    done = shell.krayne("create", "-f", "-", "--timeout", "6s", stdin=text)
    assert done.code == 3, str(done)
    errors = [line for line in done.err.splitlines() if line.startswith("Error: ")]
    assert all(f"raycluster {name} in" in error for name, error in zip(("first", "third"), errors, strict=True))
    assert "is not ready after 6s: it is unschedulable" in errors[0]
    assert "is not ready yet: it is unschedulable" in errors[1]
    assert "raycluster second in" in done.err.partition("is ready.")[0]


def test_an_invalid_file_tells_every_error_and_makes_nothing(shell: Shell) -> None:
    """All errors at once, each with file, line and path; exit 2; also where only one of several documents is wrong."""
    text = "name: good\n---\nname: bad\nworker_groups:\n  - name: w\n    replica: 3\n    cpus: many\n"
    shell.write("cluster.yaml", text)
    done = shell.krayne("create", "-f", "cluster.yaml", "--no-wait")
    assert done.code == 2, str(done)
    assert "cluster.yaml:6: worker_groups[0].replica: unknown field (did you mean replicas?)" in done.err
    assert "cluster.yaml:7: worker_groups[0].cpus: " in done.err
    assert shell.kubectl("get", "rayclusters", "-o", "name").out == ""


def test_a_bad_image_ends_the_wait_with_its_cause(shell: Shell) -> None:
    """What cannot heal by itself is given up early: exit 3, the cause, the next command; the cluster stays."""
    done = shell.krayne("create", "broken", "--image", "registry.invalid/no-such-image:1", "--timeout", "5m")
    assert done.code == 3, str(done)
    assert "no-such-image" in done.err
    assert "kubectl krayne" in done.err, "it says what to run next"
    assert shell.krayne("get", "broken", "-o", "json").ok().json["status"] == "image-pull-error"


def test_a_worker_with_a_bad_image_is_named(shell: Shell) -> None:
    """The cause says which group it is."""
    workers = (
        "--set",
        "worker_groups.w2.replicas=1",
        "--set",
        "worker_groups.w2.image=registry.invalid/no-such-image:1",
    )
    done = shell.krayne("create", "broken", *workers)
    assert done.code == 3, str(done)
    assert "w2" in done.err
    assert "no-such-image" in done.err


def test_a_crash_loop_ends_the_wait_with_its_cause(shell: Shell) -> None:
    """A head that Ray itself will not start: exit 3 long before the time is up, and the container's end."""
    done = shell.krayne("create", "broken", "--set", "head.ray_start_params.no-such-option=1", "--timeout", "5m")
    assert done.code == 3, str(done)
    assert "crash-loop" in done.err
    assert "exit code 2" in done.err
    assert "kubectl krayne describe broken" in done.err


@pytest.mark.only_sandbox("the lab has no kubelet, so no logs")
@pytest.mark.parametrize("autoscaler", ["true", "false"])
def test_a_crash_loop_shows_the_last_log_lines(shell: Shell, autoscaler: str) -> None:
    """What the container said before it died; also where, with the autoscaler, KubeRay replaces the pod each time."""
    options = ("--set", "head.ray_start_params.no-such-option=1", "--set", f"autoscaler.enabled={autoscaler}")
    done = shell.krayne("create", "broken", *options)
    assert done.code == 3, str(done)
    assert "No such option: --no-such-option" in done.err


def test_unschedulable_goes_on_waiting_and_says_so(shell: Shell) -> None:
    """Nodes may be added: only the time running out ends it."""
    done = shell.krayne("create", "big", "--set", "head.memory=900Ti", "--timeout", "4s")
    assert done.code == 3, str(done)
    assert "unschedulable" in done.err
    assert "memory" in done.err.lower()
    assert shell.krayne("get", "big", "-o", "json").ok().json["status"] == "unschedulable"


def test_a_refusal_by_quota_ends_the_wait_with_the_quotas_words(shell: Shell) -> None:
    """What the quota refuses is told as the quota told it."""
    shell.kubectl("create", "quota", "tight", "--hard=pods=0")
    until(lambda: shell.get("quota", "tight").get("status", {}).get("hard"))
    done = shell.krayne("create", "refused")
    assert done.code == 3, str(done)
    assert "exceeded quota: tight" in done.err


def test_interrupting_leaves_the_cluster_and_says_how_to_go_on(shell: Shell) -> None:
    """SIGINT while waiting: the cluster stays, and both ways from here are told."""
    with shell.start("kubectl", "krayne", "create", "big", "--set", "head.memory=900Ti") as process:
        read_until(process.stderr, "unschedulable")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode not in (0, None)
    assert "kubectl krayne wait big" in err, out + err
    assert "kubectl krayne delete big" in err
    assert "Traceback" not in err
    shell.get("raycluster", "big")


def test_a_missing_namespace_is_told(shell: Shell) -> None:
    """Exit 1, and the namespace by name."""
    done = shell.krayne("create", "x", "-n", "no-such-namespace")
    assert done.code == 1, str(done)
    assert "no-such-namespace" in done.err
    assert "namespace" in done.err.lower()


def test_values_that_look_like_templates_or_yaml_come_out_as_they_went_in(shell: Shell) -> None:
    """A value cannot change the manifest's shape."""
    odd = "{{ 7*7 }} {% raw %} ${HOME} $(id) pa$$word$ `id` ' \" : - # & * ! | > \\ é\ttab"
    text = json.dumps({"name": "odd", "env": {"ODD": odd}, "annotations": {"odd": odd}})
    shell.krayne("create", "-f", "-", "--no-wait", stdin=text).ok()
    made = shell.get("raycluster", "odd")
    assert made["metadata"]["annotations"]["odd"] == odd
    (container, *_) = made["spec"]["headGroupSpec"]["template"]["spec"]["containers"]
    assert expanded({entry["name"]: entry.get("value") for entry in container["env"]}["ODD"], {"id": "wrong"}) == odd
