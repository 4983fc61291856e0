"""Listing: which calls it takes, and what is missing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from krayne.errors import ClusterNotFoundError
from krayne.kubectl import Kubectl
from krayne.operations.get import ask_clusters, get_cluster, list_clusters
from tests.operations.conftest import captured

if TYPE_CHECKING:
    from tests.support.kubectl import FakeKubectl

FORBIDDEN = (
    'Error from server (Forbidden): pods is forbidden: User "bob" cannot list resource "pods" in API group "" in the '
    'namespace "ml"'
)


def many(state: str, count: int) -> list[dict[str, Any]]:
    """Clusters in one state, by number."""
    clusters = []
    for number in range(count):
        cluster = captured(state, "RayCluster")[0]
        cluster["metadata"] |= {"name": f"c{number:03}", "namespace": "ml"}
        clusters.append(cluster)
    return clusters


def test_clusters_that_are_ready_take_one_call(fake_kubectl: FakeKubectl, kubectl: Kubectl) -> None:
    """Their own status settles the answer."""
    fake_kubectl.reply("get --raw */rayclusters", json={"items": many("ready-3-ready", 100)})
    assert {info.status.value for info in list_clusters(kubectl=kubectl)} == {"ready"}


@pytest.mark.parametrize(
    ("count", "selector"), [(2, "ray.io%2Fcluster+in+%28c000%2Cc001%29"), (60, "ray.io%2Fis-ray-node%3Dyes")]
)
def test_doubtful_ones_take_two_more_however_many(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, count: int, selector: str
) -> None:
    """All pods at once, or those of the few."""
    fake_kubectl.reply("get --raw */rayclusters", json={"items": many("ready-2-starting", count)})
    fake_kubectl.reply("get --raw */pods?*", json={"items": []})
    fake_kubectl.reply("get --raw */events?*", json={"items": []})
    assert len(list_clusters(kubectl=kubectl)) == count
    assert len(fake_kubectl.calls) == 3
    assert any(call.argv[-1].endswith(f"pods?labelSelector={selector}") for call in fake_kubectl.calls)


def test_a_status_that_settles_it_is_trusted_also_beside_doubtful_ones(
    fake_kubectl: FakeKubectl, kubectl: Kubectl
) -> None:
    """Whose pods were not asked for is not taken for a cluster without pods."""
    ready, starting = many("ready-3-ready", 2)[1], many("ready-2-starting", 1)[0]
    fake_kubectl.reply("get --raw */rayclusters", json={"items": [starting, ready]})
    fake_kubectl.reply("get --raw */pods?labelSelector=ray.io%2Fcluster%3Dc000", json={"items": []})
    fake_kubectl.reply("get --raw */events?*", json={"items": []})
    infos = list_clusters(kubectl=kubectl)
    assert [(info.name, info.status.value, info.head.ready) for info in infos] == [
        ("c000", "creating", False),
        ("c001", "ready", True),
    ]


@pytest.mark.parametrize(
    ("count", "selector"),
    [(1, "head%2Cray.io%2Fcluster%3Dc000"), (2, "head%2Cray.io%2Fcluster+in+%28c000%2Cc001%29"), (60, "head")],
)
def test_where_heads_of_ready_clusters_run_takes_one_call_more(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, count: int, selector: str
) -> None:
    """For the pods of heads alone, however many clusters; it changes nothing else that is said of them."""
    clusters = many("ready-3-ready", count)
    fake_kubectl.reply("get --raw */rayclusters", json={"items": clusters}, times=2)
    head = next(pod for pod in captured("ready-3-ready", "Pod") if "-head-" in pod["metadata"]["name"])
    head["metadata"]["namespace"] = "ml"
    fake_kubectl.reply(f"get --raw */pods?labelSelector=ray.io%2Fnode-type%3D{selector}", json={"items": [head]})
    before, infos = ask_clusters(kubectl)(), ask_clusters(kubectl, nodes=True)()
    assert len(fake_kubectl.calls) == 3
    assert {(info.head.node, info.kuberay_version) for info in infos} == {("node-1", "v1.6.2")}
    plain = [replace(info, head=replace(info.head, node=None), kuberay_version=None) for info in infos]
    assert plain == before


def test_where_heads_run_is_not_asked_again_nor_insisted_on(fake_kubectl: FakeKubectl, kubectl: Kubectl) -> None:
    """Pods that were read tell it; who may not list pods gets the rest."""
    fake_kubectl.reply("get --raw */rayclusters", json={"items": captured("ready-2-starting", "RayCluster")})
    fake_kubectl.reply("get --raw */pods?*", json={"items": captured("ready-2-starting", "Pod")})
    fake_kubectl.reply("get --raw */events?*", json={"items": []})
    assert [info.head.node for info in ask_clusters(kubectl, nodes=True)()] == ["node-1"]
    fake_kubectl.reply("get --raw */rayclusters", json={"items": many("ready-3-ready", 1)})
    fake_kubectl.reply("get --raw */pods?*", stderr="Error from server (Forbidden): no", code=1)
    assert [info.head.node for info in ask_clusters(kubectl, nodes=True)()] == [None]


def test_pods_that_may_not_be_listed_cost_detail_only(fake_kubectl: FakeKubectl, kubectl: Kubectl) -> None:
    """A user with rights on RayClusters alone gets an answer, and hears once what it rests on."""
    fake_kubectl.reply("get --raw */rayclusters", json={"items": many("ready-2-starting", 1)})
    fake_kubectl.reply("get --raw", stderr=FORBIDDEN, code=1, times=2)
    told: list[str] = []
    (info,) = ask_clusters(replace(kubectl, tell=told.append), nodes=True)()
    assert info.status.value in ("running", "containers-creating")
    assert told == [
        "pods may not be listed, so the RayCluster alone is judged: bob needs the right to list pods: ask for it, "
        "then check with: kubectl auth can-i list pods -n ml\n"
    ]


def test_where_no_pods_are_needed_no_right_is_missed(fake_kubectl: FakeKubectl, kubectl: Kubectl) -> None:
    """Nothing is asked for, and nothing said."""
    fake_kubectl.reply("get --raw */rayclusters", json={"items": many("ready-3-ready", 1)})
    told: list[str] = []
    assert list_clusters(kubectl=replace(kubectl, tell=told.append))[0].status == "ready"
    assert told == []


def test_names_come_in_the_order_asked_for(fake_kubectl: FakeKubectl, kubectl: Kubectl) -> None:
    """Each once."""
    fake_kubectl.reply("get --raw */rayclusters", json={"items": many("ready-3-ready", 3)})
    infos = list_clusters(names=["c002", "c000", "c002"], kubectl=kubectl)
    assert [info.name for info in infos] == ["c002", "c000"]


def test_all_missing_names_are_told_at_once(fake_kubectl: FakeKubectl, kubectl: Kubectl) -> None:
    """Each with the near ones."""
    fake_kubectl.reply("get --raw */rayclusters", json={"items": many("ready-3-ready", 1)})
    with pytest.raises(ClusterNotFoundError) as told:
        list_clusters(names=["c00", "zzz"], kubectl=kubectl)
    assert str(told.value).split("\n") == [
        "raycluster c00 in namespace ml not found (did you mean c000?)",
        "raycluster zzz in namespace ml not found",
    ]


def test_an_empty_namespace_says_where_else_to_look(fake_kubectl: FakeKubectl, kubectl: Kubectl) -> None:
    """In all of them."""
    absent = 'Error from server (NotFound): rayclusters.ray.io "x" not found'
    fake_kubectl.reply("get --raw */rayclusters/x", stderr=absent, code=1)
    fake_kubectl.reply("get --raw */rayclusters", json={"items": []})
    fake_kubectl.reply("get --raw */namespaces/ml", json={})
    with pytest.raises(ClusterNotFoundError, match="kubectl krayne get -A"):
        get_cluster("x", kubectl=kubectl)


def test_the_namespace_may_be_given_to_the_call(fake_kubectl: FakeKubectl) -> None:
    """As the SDK's users do."""
    fake_kubectl.reply("get --raw /apis/ray.io/v1/namespaces/team/rayclusters", json={"items": []})
    assert list_clusters("team", kubectl=Kubectl(namespace="other")) == []
