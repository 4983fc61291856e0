"""Applying: whose fields are whose, what the autoscaler keeps, and what another writer does meanwhile."""

from __future__ import annotations

import json
from contextlib import nullcontext
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from krayne.config import ClusterConfig
from krayne.errors import ConflictError, KrayneError
from krayne.operations.apply import Applied, apply_cluster, preview_apply
from krayne.render import render

if TYPE_CHECKING:
    from krayne.kubectl import Kubectl
    from tests.support.kubectl import FakeKubectl

CONFIG = ClusterConfig(name="demo", worker_groups=[{"name": "cpu", "min_replicas": 0, "max_replicas": 4}])
ABSENT = 'Error from server (NotFound): rayclusters.ray.io "demo" not found'
STALE = 'error: Operation cannot be fulfilled on rayclusters.ray.io "demo": the object has been modified'


@pytest.fixture
def live() -> dict[str, Any]:
    """The cluster of CONFIG as the API server has it."""
    cluster = render(CONFIG)
    cluster["metadata"] |= {"namespace": "ml", "resourceVersion": "7", "uid": "u", "generation": 1}
    cluster["status"] = {"state": ""}
    return cluster


def applied(fake_kubectl: FakeKubectl) -> list[dict[str, Any]]:
    """The manifests that were applied."""
    return [json.loads(call.stdin or "") for call in fake_kubectl.calls if call.argv[0] == "apply"]


def apply(kubectl: Kubectl, **options: Any) -> Applied:
    """Apply CONFIG; what it did."""
    done: list[Applied] = []
    apply_cluster(CONFIG, kubectl=kubectl, submitted=done.append, **options)
    return done[0]


def test_creates_what_is_not_there(fake_kubectl: FakeKubectl, kubectl: Kubectl, live: dict[str, Any]) -> None:
    """By the same server-side apply."""
    fake_kubectl.reply("get --raw */rayclusters/demo", stderr=ABSENT, code=1)
    fake_kubectl.reply("apply --server-side --field-manager=krayne", json=live)
    fake_kubectl.reply("get --raw", json={"items": []}, times=None)
    assert apply(kubectl).verb == "created"
    assert "resourceVersion" not in applied(fake_kubectl)[0]["metadata"]


def test_says_unchanged_when_nothing_changed(fake_kubectl: FakeKubectl, kubectl: Kubectl, live: dict[str, Any]) -> None:
    """But who manages which field, which makes a new version of it."""
    fake_kubectl.reply("get --raw */rayclusters/demo", json=live)
    fake_kubectl.reply("apply", json={**live, "metadata": {**live["metadata"], "resourceVersion": "8"}})
    fake_kubectl.reply("get --raw", json={"items": []}, times=None)
    assert apply(kubectl).verb == "unchanged"
    assert applied(fake_kubectl)[0]["metadata"]["resourceVersion"] == "7"


@pytest.mark.parametrize(("decided", "kept"), [(3, 3), (9, 4), (None, 0)])
def test_keeps_what_the_autoscaler_decided(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, live: dict[str, Any], decided: int | None, kept: int
) -> None:
    """Within the bounds that the configuration sets; the pods that it chose to remove too."""
    group = live["spec"]["workerGroupSpecs"][0]
    group.pop("replicas", None)
    group |= {"scaleStrategy": {"workersToDelete": ["a"]}} | ({} if decided is None else {"replicas": decided})
    fake_kubectl.reply("get --raw */rayclusters/demo", json=live)
    fake_kubectl.reply("apply", json=live)
    fake_kubectl.reply("get --raw", json={"items": []}, times=None)
    apply(kubectl)
    sent = applied(fake_kubectl)[0]["spec"]["workerGroupSpecs"][0]
    assert (sent["replicas"], sent["scaleStrategy"]) == (kept, {"workersToDelete": ["a"]})


@pytest.mark.parametrize(
    "groups",
    [
        "text",
        ["text"],
        [{"replicas": 1}],
        [{"groupName": {}}],
        [{"groupName": "cpu", "minReplicas": "a", "maxReplicas": "b"}],
    ],
)
def test_leaves_it_to_the_server_to_refuse_what_are_no_worker_groups(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, live: dict[str, Any], groups: Any
) -> None:
    """Its sentence says more, and create gives the same."""
    fake_kubectl.reply("get --raw */rayclusters/demo", json=live)
    fake_kubectl.reply("apply", stderr='The RayCluster "demo" is invalid: spec.workerGroupSpecs: no', code=1)
    config = CONFIG.replace(overrides={"spec": {"workerGroupSpecs": groups}})
    with pytest.raises(KrayneError, match=r"demo in namespace ml: The RayCluster .* spec\.workerGroupSpecs: no"):
        apply_cluster(config, warn=[].append, kubectl=kubectl)


def test_a_cluster_without_a_spec_can_be_mended(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, live: dict[str, Any]
) -> None:
    """The API server takes one."""
    fake_kubectl.reply("get --raw */rayclusters/demo", json={key: live[key] for key in live if key != "spec"})
    fake_kubectl.reply("apply", json=live)
    fake_kubectl.reply("get --raw", json={"items": []}, times=None)
    assert apply(kubectl).verb == "configured"


@pytest.mark.parametrize(
    ("given", "enabled", "told"),
    [
        (
            3,
            True,
            ["replicas of group cpu stay 1, not 3: the autoscaler sets them, between min_replicas and max_replicas"],
        ),
        (1, True, []),
        (None, True, []),
        (3, False, []),
    ],
)
def test_says_that_the_autoscaler_keeps_replicas_from_being_what_was_asked(
    fake_kubectl: FakeKubectl,
    kubectl: Kubectl,
    live: dict[str, Any],
    *,
    given: int | None,
    enabled: bool,
    told: list[str],
) -> None:
    """Those that are not asked for stay without a word; without an autoscaler they are set."""
    live["spec"]["workerGroupSpecs"][0]["replicas"] = 1
    fake_kubectl.reply("get --raw */rayclusters/demo", json=live)
    fake_kubectl.reply("apply", json=live)
    fake_kubectl.reply("get --raw", json={"items": []}, times=None)
    group = {"name": "cpu", "max_replicas": 4} | ({} if given is None else {"replicas": given})
    said: list[str] = []
    config = CONFIG.replace(worker_groups=[group], autoscaler={"enabled": enabled})
    apply_cluster(config, warn=said.append, kubectl=kubectl)
    assert said == told


def test_tries_again_when_the_cluster_changed_meanwhile(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, live: dict[str, Any]
) -> None:
    """From what it is then."""
    newer = deepcopy(live)
    newer["metadata"]["resourceVersion"] = "8"
    fake_kubectl.reply("get --raw */rayclusters/demo", json=live)
    fake_kubectl.reply("get --raw */rayclusters/demo", json=newer)
    fake_kubectl.reply("apply", stderr=STALE, code=1)
    fake_kubectl.reply("apply", json=newer)
    fake_kubectl.reply("get --raw", json={"items": []}, times=None)
    apply(kubectl)
    assert [manifest["metadata"]["resourceVersion"] for manifest in applied(fake_kubectl)] == ["7", "8"]


def conflict(owner: str, field: str) -> str:
    """The API server's words."""
    return f'error: Apply failed with 1 conflict: conflict with "{owner}" using ray.io/v1: {field}'


@pytest.mark.parametrize("owner", ["python-requests", "krayne"])
def test_takes_the_worker_groups_back_from_the_autoscaler_and_from_scale(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, live: dict[str, Any], owner: str
) -> None:
    """The replicas that they wrote are kept; the list can only be owned whole."""
    fake_kubectl.reply("get --raw */rayclusters/demo", json=live)
    fake_kubectl.reply("apply --force-conflicts", json=live)
    fake_kubectl.reply("apply", stderr=conflict(owner, ".spec.workerGroupSpecs"), code=1)
    fake_kubectl.reply("get --raw", json={"items": []}, times=None)
    apply(kubectl)
    assert len(applied(fake_kubectl)) == 2


@pytest.mark.parametrize("before", [True, False])
def test_takes_the_worker_groups_also_where_the_autoscaler_is_turned_off(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, live: dict[str, Any], before: bool
) -> None:
    """They are its own until then; of one that was off before, nobody knows who wrote."""
    live["spec"]["enableInTreeAutoscaling"] = before
    fake_kubectl.reply("get --raw */rayclusters/demo", json=live)
    fake_kubectl.reply("apply --force-conflicts", json=live, times=None)
    fake_kubectl.reply("apply", stderr=conflict("python-requests", ".spec.workerGroupSpecs"), code=1)
    fake_kubectl.reply("get --raw", json={"items": []}, times=None)
    refused = pytest.raises(ConflictError, match="as Ray's autoscaler is called")
    with nullcontext() if before else refused:
        apply_cluster(CONFIG.replace(autoscaler={"enabled": False}), warn=[].append, kubectl=kubectl)
    assert len(applied(fake_kubectl)) == 1 + before


@pytest.mark.parametrize(
    ("owner", "field"), [("kubectl-edit", ".spec.workerGroupSpecs"), ("python-requests", ".spec.suspend")]
)
def test_takes_nothing_from_others(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, live: dict[str, Any], owner: str, field: str
) -> None:
    """But names the field, its owner and the way to take it."""
    fake_kubectl.reply("get --raw */rayclusters/demo", json=live)
    fake_kubectl.reply("apply", stderr=conflict(owner, field), code=1)
    with pytest.raises(ConflictError) as told:
        apply(kubectl)
    assert f"{field} is managed by {owner}" in str(told.value)
    assert "--force-conflicts" in str(told.value)


def test_takes_all_when_told_to(fake_kubectl: FakeKubectl, kubectl: Kubectl, live: dict[str, Any]) -> None:
    """--force-conflicts."""
    fake_kubectl.reply("get --raw */rayclusters/demo", json=live)
    fake_kubectl.reply("apply --force-conflicts", json=live)
    fake_kubectl.reply("get --raw", json={"items": []}, times=None)
    apply(kubectl, force_conflicts=True)


def test_adopts_what_create_and_scale_wrote(fake_kubectl: FakeKubectl, kubectl: Kubectl, live: dict[str, Any]) -> None:
    """Else a field that leaves the configuration would stay in the cluster."""
    own = {"manager": "krayne", "operation": "Update", "fieldsV1": {"f:spec": {"f:rayVersion": {}}}}
    earlier = {"manager": "krayne", "operation": "Apply", "fieldsV1": {"f:spec": {"f:suspend": {}}}}
    other = {"manager": "kuberay-operator", "operation": "Update", "subresource": "status", "fieldsV1": {}}
    live["metadata"]["managedFields"] = [own, earlier, other]
    fake_kubectl.reply("get --raw */rayclusters/demo", json=live)
    fake_kubectl.reply("patch rayclusters.ray.io demo --type=json", json=live)
    fake_kubectl.reply("apply", json=live)
    fake_kubectl.reply("get --raw", json={"items": []}, times=None)
    apply(kubectl)
    sent = next(arg for call in fake_kubectl.calls for arg in call.argv if arg.startswith("--patch="))
    test, replace = json.loads(sent.removeprefix("--patch="))
    assert (test["op"], test["value"]) == ("test", "7")
    assert replace["value"][0] == other
    assert replace["value"][1]["operation"] == "Apply"
    assert replace["value"][1]["fieldsV1"] == {"f:spec": {"f:rayVersion": {}, "f:suspend": {}}}


def test_a_preview_by_the_server_changes_nothing(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, live: dict[str, Any]
) -> None:
    """Not even who owns which field."""
    live["metadata"]["managedFields"] = [{"manager": "krayne", "operation": "Update", "fieldsV1": {}}]
    fake_kubectl.reply("get --raw */rayclusters/demo", json=live)
    fake_kubectl.reply("apply --dry-run=server", json=live)
    fake_kubectl.reply("get --raw */pods*", json={"items": []})
    assert preview_apply(CONFIG, server=True, kubectl=kubectl) == live


def test_a_preview_by_the_server_shows_what_the_handover_drops(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, live: dict[str, Any]
) -> None:
    """What only create wrote and the configuration lacks; not what others own, too, or what is still said."""
    live["metadata"]["labels"] |= {"gone": "x", "shared": "x"}
    live["spec"]["headGroupSpec"]["template"]["spec"]["nodeSelector"] = {"disk": "ssd"}
    ours = {
        "f:metadata": {"f:labels": {".": {}, "f:gone": {}, "f:shared": {}}},
        "f:spec": {
            "f:rayVersion": {},
            "f:headGroupSpec": {"f:template": {"f:spec": {"f:nodeSelector": {"f:disk": {}}}}},
        },
    }
    theirs = {"f:metadata": {"f:labels": {"f:shared": {}}}}
    live["metadata"]["managedFields"] = [
        {"manager": "krayne", "operation": "Update", "fieldsV1": ours},
        {"manager": "kubectl-label", "operation": "Update", "fieldsV1": theirs},
    ]
    fake_kubectl.reply("get --raw */rayclusters/demo", json=live)
    fake_kubectl.reply("apply --dry-run=server", json=live)
    fake_kubectl.reply("get --raw */pods*", json={"items": []})
    said: list[str] = []
    shown = preview_apply(CONFIG, server=True, warn=said.append, kubectl=kubectl)
    assert said == ["raycluster demo loses: nodeSelector of the head, metadata.labels.gone"]
    labels = shown["metadata"]["labels"]
    assert ("gone" in labels, labels["shared"]) == (False, "x")
    assert "nodeSelector" not in shown["spec"]["headGroupSpec"]["template"]["spec"]
    assert shown["spec"]["rayVersion"] == live["spec"]["rayVersion"]


HEAD = {
    "metadata": {
        "name": "h",
        "namespace": "ml",
        "labels": {"ray.io/cluster": "demo", "ray.io/group": "headgroup", "ray.io/node-type": "head"},
    },
    "spec": {"containers": []},
}


def test_tells_of_pods_that_keep_the_old_template(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, live: dict[str, Any]
) -> None:
    """Or replaces them."""
    fake_kubectl.reply("get --raw */rayclusters/demo", json=live, times=None)
    fake_kubectl.reply("apply", json=live, times=None)
    fake_kubectl.reply("delete pods")
    fake_kubectl.reply("get --raw", json={"items": [HEAD]}, times=None)
    said: list[str] = []
    apply(kubectl, warn=said.append)
    assert "the head keep their old template" in said[0]
    done: list[str] = []
    apply(kubectl, recreate=True, warn=said.append, recreated=done.append)
    assert len(said) == 1
    assert done == ["Deleted all pods of raycluster demo in namespace ml; KubeRay makes them anew"]
    assert any(call.argv[0] == "delete" for call in fake_kubectl.calls)


def test_a_preview_by_the_server_tells_what_apply_would(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, live: dict[str, Any]
) -> None:
    """The verb, and what becomes of pods; but not how to remove those whose groups are still there."""
    worker = deepcopy(HEAD)
    worker["metadata"]["labels"] |= {"ray.io/group": "gone", "ray.io/node-type": "worker"}  # type: ignore[index]
    fake_kubectl.reply("get --raw */rayclusters/demo", json=live, times=None)
    fake_kubectl.reply("apply --dry-run=server", json=live, times=None)
    fake_kubectl.reply("delete pods --dry-run=server")
    fake_kubectl.reply("get --raw */pods*", json={"items": [HEAD, worker]}, times=None)
    said: list[str] = []
    done: list[Any] = []
    options: dict[str, Any] = {"warn": said.append, "submitted": done.append, "recreated": done.append}
    preview_apply(CONFIG, server=True, kubectl=kubectl, **options)
    assert (len(said), "the head keep their old template" in said[0]) == (1, True)
    preview_apply(CONFIG, server=True, recreate=True, kubectl=kubectl, **options)
    assert len(said) == 1
    unchanged = Applied("unchanged", live)
    would = "Would delete all pods of raycluster demo in namespace ml; KubeRay makes them anew"
    assert done == [unchanged, unchanged, would]
