"""Listing: which calls it takes, and what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from krayne.errors import ClusterNotFoundError
from krayne.kubectl import Kubectl
from krayne.operations.get import get_cluster, list_clusters
from tests.operations.conftest import captured

if TYPE_CHECKING:
    from tests.support.kubectl import FakeKubectl


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


def test_pods_that_may_not_be_listed_cost_detail_only(fake_kubectl: FakeKubectl, kubectl: Kubectl) -> None:
    """A user with rights on RayClusters alone gets an answer."""
    fake_kubectl.reply("get --raw */rayclusters", json={"items": many("ready-2-starting", 1)})
    fake_kubectl.reply("get --raw", stderr="Error from server (Forbidden): no", code=1, times=2)
    assert list_clusters(kubectl=kubectl)[0].status.value in ("running", "containers-creating")


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
    with pytest.raises(ClusterNotFoundError, match="kubectl krayne get -A"):
        get_cluster("x", kubectl=kubectl)


def test_the_namespace_may_be_given_to_the_call(fake_kubectl: FakeKubectl) -> None:
    """As the SDK's users do."""
    fake_kubectl.reply("get --raw /apis/ray.io/v1/namespaces/team/rayclusters", json={"items": []})
    assert list_clusters("team", kubectl=Kubectl(namespace="other")) == []
