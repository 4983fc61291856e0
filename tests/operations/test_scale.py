"""Scaling: what is sent, what is refused before, and what another writer does meanwhile."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from krayne.errors import ClusterNotFoundError, ConflictError, UsageError
from krayne.operations.scale import preview_scale, scale_cluster

if TYPE_CHECKING:
    from krayne.kubectl import Kubectl
    from tests.support.kubectl import FakeKubectl

MOVED = "The request is invalid: the server rejected our request due to an error in our request"


def patches(fake_kubectl: FakeKubectl) -> list[list[dict[str, Any]]]:
    """The JSON patches that were sent."""
    prefix = "--patch="
    return [
        json.loads(next(arg for arg in call.argv if arg.startswith(prefix)).removeprefix(prefix))
        for call in fake_kubectl.calls
        if call.argv[0] == "patch"
    ]


def test_sends_the_changed_fields_and_what_must_still_hold(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, cluster: dict[str, Any]
) -> None:
    """The bounds that the number was checked against are tested by the server in the same step."""
    fake_kubectl.reply("get --raw */rayclusters/demo", json=cluster)
    fake_kubectl.reply("patch rayclusters.ray.io demo --type=json", json=cluster)
    scale_cluster("demo", replicas=2, kubectl=kubectl)
    at = "/spec/workerGroupSpecs/0"
    assert patches(fake_kubectl) == [
        [
            {"op": "test", "path": f"{at}/groupName", "value": "cpu"},
            {"op": "test", "path": f"{at}/minReplicas", "value": 0},
            {"op": "test", "path": f"{at}/maxReplicas", "value": 2},
            {"op": "add", "path": f"{at}/replicas", "value": 2},
        ]
    ]


def test_reads_again_when_the_group_has_moved(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, cluster: dict[str, Any]
) -> None:
    """Someone put a group before ours between the read and the write."""
    moved = json.loads(json.dumps(cluster))
    moved["spec"]["workerGroupSpecs"].insert(0, {"groupName": "new"})
    fake_kubectl.reply("get --raw */rayclusters/demo", json=cluster)
    fake_kubectl.reply("get --raw */rayclusters/demo", json=moved)
    fake_kubectl.reply("patch", stderr=MOVED, code=1)
    fake_kubectl.reply("patch", json=cluster)
    scale_cluster("demo", group="cpu", replicas=2, kubectl=kubectl)
    assert [patch[0]["path"] for patch in patches(fake_kubectl)] == [
        "/spec/workerGroupSpecs/0/groupName",
        "/spec/workerGroupSpecs/1/groupName",
    ]


def test_gives_up_on_a_writer_that_never_rests(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, cluster: dict[str, Any]
) -> None:
    """After some tries, saying how to find it."""
    fake_kubectl.reply("get --raw", json=cluster, times=None)
    fake_kubectl.reply("patch", stderr=MOVED, code=1, times=None)
    with pytest.raises(ConflictError, match="--show-managed-fields"):
        scale_cluster("demo", replicas=2, kubectl=kubectl)


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ({}, "give at least one of --replicas, --min and --max"),
        ({"replicas": 3}, "at most 2 replicas: add --max 3"),
        ({"min_replicas": 3}, "minReplicas 3 above maxReplicas 2"),
        ({"min_replicas": 2, "max_replicas": 1}, "minReplicas 2 above maxReplicas 1"),
        ({"replicas": 0, "min_replicas": 1}, "at least 1 replicas"),
        ({"replicas": -1}, "replicas cannot be -1"),
        ({"group": "gpu", "replicas": 1}, "has no worker group gpu"),
        ({"group": "cpo", "replicas": 1}, "did you mean cpu"),
    ],
)
def test_refuses_before_anything_is_sent(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, cluster: dict[str, Any], wanted: dict[str, Any], says: str
) -> None:
    """KubeRay would clamp such numbers without a word."""
    fake_kubectl.reply("get --raw", json=cluster, times=None)
    with pytest.raises(UsageError, match=says):
        scale_cluster("demo", **wanted, kubectl=kubectl)
    assert not patches(fake_kubectl)


def test_asks_for_the_group_where_there_are_several(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, cluster: dict[str, Any]
) -> None:
    """And names them."""
    cluster["spec"]["workerGroupSpecs"].append({"groupName": "gpu"})
    fake_kubectl.reply("get --raw", json=cluster)
    with pytest.raises(UsageError, match="its groups: cpu, gpu"):
        scale_cluster("demo", replicas=1, kubectl=kubectl)


@pytest.mark.parametrize("number", ["2", 1.5, True, float("nan")])
def test_only_whole_numbers_are_sent(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, cluster: dict[str, Any], number: Any
) -> None:
    """Python's callers are told so, whatever they give."""
    fake_kubectl.reply("get --raw", json=cluster)
    with pytest.raises(UsageError, match=re.escape(f"replicas cannot be {number!r}: it is a whole number")):
        scale_cluster("demo", replicas=number, kubectl=kubectl)
    assert not patches(fake_kubectl)


@pytest.mark.parametrize(
    ("wanted", "keeps"),
    [
        ({"replicas": 0}, "--max 0"),
        ({"replicas": 1}, "--min 1 --max 1"),
        ({"replicas": 2}, "--min 2"),
        ({"replicas": 1, "max_replicas": 1}, "--min 1"),
        ({"replicas": 2, "min_replicas": 2}, None),
    ],
)
def test_the_bounds_that_keep_a_number_are_told(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, cluster: dict[str, Any], wanted: dict[str, Any], keeps: str | None
) -> None:
    """Those that are missing; nothing where the autoscaler has no choice."""
    cluster["spec"]["enableInTreeAutoscaling"] = True
    fake_kubectl.reply("get --raw", json=cluster, times=None)
    fake_kubectl.reply("patch", json=cluster)
    said: list[str] = []
    scale_cluster("demo", **wanted, warn=said.append, kubectl=kubectl)
    assert [text.partition("just that many: ")[2] for text in said] == ([keeps] if keeps else [])


def test_the_sdk_warns_at_its_callers_line(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, cluster: dict[str, Any]
) -> None:
    """Not at a line of krayne's own."""
    cluster["spec"]["enableInTreeAutoscaling"] = True
    fake_kubectl.reply("get --raw", json=cluster, times=None)
    fake_kubectl.reply("patch", json=cluster)
    with pytest.warns(UserWarning, match="the autoscaler sets the replicas") as told:
        scale_cluster("demo", replicas=2, kubectl=kubectl)
    ours = [warning for warning in told if warning.category is UserWarning]  # newer Pythons warn of the fork, too
    assert [warning.filename for warning in ours] == [__file__]


def test_warns_that_the_autoscaler_decides(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, cluster: dict[str, Any]
) -> None:
    """And how to keep that many; bounds alone are no reason to warn."""
    cluster["spec"]["enableInTreeAutoscaling"] = True
    fake_kubectl.reply("get --raw", json=cluster, times=None)
    fake_kubectl.reply("patch", json=cluster, times=None)
    said: list[str] = []
    scale_cluster("demo", max_replicas=9, warn=said.append, kubectl=kubectl)
    assert not said
    scale_cluster("demo", replicas=2, warn=said.append, kubectl=kubectl)
    assert "may override 2; to keep just that many: --min 2" in said[0]


def test_warns_about_a_cluster_of_a_rayjob(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, cluster: dict[str, Any]
) -> None:
    """Its owner may undo the change."""
    cluster["metadata"]["labels"] |= {
        "ray.io/originated-from-crd": "RayJob",
        "ray.io/originated-from-cr-name": "nightly",
    }
    fake_kubectl.reply("get --raw", json=cluster)
    fake_kubectl.reply("patch", json=cluster)
    said: list[str] = []
    scale_cluster("demo", replicas=2, warn=said.append, kubectl=kubectl)
    assert "belongs to the RayJob nightly" in said[0]


def test_warns_about_a_cluster_that_is_being_deleted(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, cluster: dict[str, Any]
) -> None:
    """That the server takes the numbers means nothing then."""
    cluster["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    fake_kubectl.reply("get --raw", json=cluster, times=None)
    fake_kubectl.reply("patch", json=cluster)
    said: list[str] = []
    scale_cluster("demo", replicas=2, warn=said.append, kubectl=kubectl)
    assert said == ["raycluster demo is being deleted: its workers go, whatever is set here"]


def test_a_preview_here_sends_nothing(fake_kubectl: FakeKubectl, kubectl: Kubectl, cluster: dict[str, Any]) -> None:
    """The manifest as it would be, the rest untouched."""
    fake_kubectl.reply("get --raw", json=cluster)
    shown = preview_scale("demo", replicas=2, kubectl=kubectl)
    assert shown["spec"]["workerGroupSpecs"][0].pop("replicas") == 2
    cluster["spec"]["workerGroupSpecs"][0].pop("replicas")
    assert shown == cluster
    assert not patches(fake_kubectl)


def test_a_preview_by_the_server_is_a_dry_run(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, cluster: dict[str, Any]
) -> None:
    """The server's own answer."""
    fake_kubectl.reply("get --raw", json=cluster)
    fake_kubectl.reply("patch --dry-run=server", json={"from": "server"})
    assert preview_scale("demo", replicas=2, server=True, kubectl=kubectl) == {"from": "server"}


def test_a_missing_cluster_names_the_near_ones(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, cluster: dict[str, Any]
) -> None:
    """One typo away."""
    absent = 'Error from server (NotFound): rayclusters.ray.io "demp" not found'
    fake_kubectl.reply("get --raw */rayclusters/demp", stderr=absent, code=1)
    fake_kubectl.reply("get --raw", json={"items": [cluster]})
    with pytest.raises(ClusterNotFoundError, match=r"demp in namespace ml not found \(did you mean demo\?\)"):
        scale_cluster("demp", replicas=1, kubectl=kubectl)
