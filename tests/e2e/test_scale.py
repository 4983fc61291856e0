"""`kubectl krayne scale`: the numbers of one group, and nothing else."""

from __future__ import annotations

import contextlib
import copy
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.support.shell import Shell

TWO_GROUPS = """\
name: x
autoscaler: {enabled: false}
worker_groups:
  - {name: small, replicas: 0, min_replicas: 0, max_replicas: 4}
  - {name: large, replicas: 1, min_replicas: 1, max_replicas: 2, memory: 4Gi}
"""


@pytest.fixture
def two_groups(shell: Shell) -> Shell:
    """A cluster x of two groups, without autoscaler."""
    shell.krayne("create", "-f", "-", "--no-wait", stdin=TWO_GROUPS).ok()
    return shell


def spec(shell: Shell) -> Any:
    """The spec of x."""
    return shell.get("raycluster", "x")["spec"]


def test_changes_only_what_it_was_told(two_groups: Shell) -> None:
    """One number of one group; all else as it was."""
    wanted = copy.deepcopy(spec(two_groups))
    wanted["workerGroupSpecs"][0]["replicas"] = 3
    done = two_groups.krayne("scale", "x", "-g", "small", "-r", "3").ok()
    assert "raycluster.ray.io/x scaled" in done.out
    assert spec(two_groups) == wanted


def test_sets_all_three_numbers_at_once(two_groups: Shell) -> None:
    """--min, --max and -r together."""
    two_groups.krayne("scale", "x", "-g", "large", "-r", "5", "--min", "2", "--max", "9").ok()
    group = spec(two_groups)["workerGroupSpecs"][1]
    assert (group["minReplicas"], group["replicas"], group["maxReplicas"]) == (2, 5, 9)


def test_the_group_may_be_left_out_where_there_is_one(shell: Shell) -> None:
    """One group needs no name."""
    shell.krayne("create", "x", "--no-wait").ok()
    shell.krayne("scale", "x", "--max", "3").ok()
    assert spec(shell)["workerGroupSpecs"][0]["maxReplicas"] == 3


def test_with_several_groups_one_must_be_named(two_groups: Shell) -> None:
    """Exit 2, and which there are."""
    done = two_groups.krayne("scale", "x", "-r", "1")
    assert done.code == 2, str(done)
    assert "small" in done.err
    assert "large" in done.err


def test_an_unknown_group_is_told_with_those_there_are(two_groups: Shell) -> None:
    """Not found, with the near name."""
    done = two_groups.krayne("scale", "x", "-g", "smal", "-r", "1")
    assert done.code != 0
    assert "small" in done.err.replace("smal ", "")


def test_one_number_at_least(two_groups: Shell) -> None:
    """Nothing to change is a usage error."""
    done = two_groups.krayne("scale", "x", "-g", "small")
    assert done.code == 2, str(done)
    assert all(option in done.err for option in ("--replicas", "--min", "--max"))


@pytest.mark.parametrize(
    "numbers",
    [("--min", "5"), ("--max", "0", "--min", "1"), ("-r", "9"), ("-r", "-1"), ("--min", "3", "-r", "2")],
    ids=" ".join,
)
def test_numbers_that_contradict_are_refused_before_sending(two_groups: Shell, numbers: tuple[str, ...]) -> None:
    """min ≤ replicas ≤ max, with what the cluster already says."""
    before = spec(two_groups)
    done = two_groups.krayne("scale", "x", "-g", "small", *numbers)
    assert done.code == 2, str(done)
    assert spec(two_groups) == before


def test_says_when_the_autoscaler_will_override_it(shell: Shell) -> None:
    """replicas are the autoscaler's while it is on."""
    shell.krayne("create", "x", "--no-wait").ok()
    done = shell.krayne("scale", "x", "-r", "1").ok()
    assert "autoscaler" in done.err
    assert spec(shell)["workerGroupSpecs"][0]["replicas"] == 1


def test_two_writers_at_once_both_win(two_groups: Shell) -> None:
    """Different fields of one group, at the same time: neither is lost."""
    commands = (("-g", "small", "--max", "8"), ("-g", "large", "--max", "9"), ("-g", "large", "--min", "0"))
    with contextlib.ExitStack() as started:
        writers = [started.enter_context(two_groups.start("kubectl", "krayne", "scale", "x", *c)) for c in commands]
        ends = [(*writer.communicate(timeout=60), writer.returncode) for writer in writers]
    assert [code for _, _, code in ends] == [0, 0, 0], ends
    small, large = spec(two_groups)["workerGroupSpecs"]
    assert (small["maxReplicas"], large["maxReplicas"], large["minReplicas"]) == (8, 9, 0)


def test_to_the_same_size_is_no_error(two_groups: Shell) -> None:
    """Exit 0, and the object is not touched."""
    before = two_groups.get("raycluster", "x")["metadata"]["generation"]
    two_groups.krayne("scale", "x", "-g", "large", "-r", "1").ok()
    assert two_groups.get("raycluster", "x")["metadata"]["generation"] == before


def test_workers_come_and_go(shell: Shell) -> None:
    """The pods follow the number."""
    shell.krayne(
        "create", "x", "--set", "autoscaler.enabled=false", "--set", "worker_groups.worker.max_replicas=3"
    ).ok()
    for count in (2, 0):
        shell.krayne("scale", "x", "-r", str(count)).ok()
        shell.krayne("wait", "x", "--for", "ready", "--timeout", "20s").ok()
        selector = "ray.io/cluster=x,ray.io/node-type=worker"
        pods = shell.kubectl("get", "pods", "-l", selector, "-o", "json").json["items"]
        assert len([pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]) == count


def test_warns_of_a_cluster_that_a_rayjob_owns(shell: Shell) -> None:
    """Its owner may undo it, or make another."""
    shell.krayne("create", "x", "--no-wait").ok()
    shell.kubectl(
        "label", "raycluster", "x", "ray.io/originated-from-crd=RayJob", "ray.io/originated-from-cr-name=train"
    )
    done = shell.krayne("scale", "x", "--max", "2").ok()
    assert "RayJob" in done.err
    assert "train" in done.err
