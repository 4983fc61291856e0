"""Plans for worker groups."""

from __future__ import annotations

from typing import Any

from krayne.sandbox.player.kuberay.scale import plan, unhealthy
from tests.sandbox.player.captures import capture


def cluster(**group: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A cluster and its only group, changed."""
    made = capture("ready-3-ready").cluster
    made["spec"]["workerGroupSpecs"][0] |= group
    return made, made["spec"]["workerGroupSpecs"][0]


def pod(name: str, index: int = 0, replica: str = "", **status: Any) -> dict[str, Any]:
    """A running worker."""
    labels = {"ray.io/worker-group-replica-index": str(index), "ray.io/worker-group-replica-name": replica}
    return {
        "metadata": {"name": name, "namespace": "ns", "labels": labels},
        "spec": {"containers": [{"name": "ray"}], "restartPolicy": "Always"},
        "status": {"phase": "Running", **status},
    }


def going(item: dict[str, Any]) -> dict[str, Any]:
    """A pod that is being deleted."""
    item["metadata"]["deletionTimestamp"] = "2026-11-23T00:00:00Z"
    return item


def test_fills_free_indices() -> None:
    """New workers take the lowest free replica indices."""
    made = plan(*cluster(replicas=4, maxReplicas=9), [pod("a", 0), pod("b", 2)])
    assert [slot.number for slot in made.create] == [1, 3]
    assert made.delete == ()


def test_shrinks_by_those_already_going_first() -> None:
    """Pods that go anyway count as the surplus before others do."""
    made = plan(*cluster(replicas=1), [pod("a"), going(pod("b", 1)), pod("c", 2)])
    assert [deletion.pod["metadata"]["name"] for deletion in made.delete] == ["a"]


def test_waits_for_the_going_before_making_more() -> None:
    """A pod that is being deleted still holds its place."""
    assert plan(*cluster(replicas=1), [going(pod("a"))]) == ((), (), "")


def test_autoscaler_alone_chooses_who_goes() -> None:
    """With the autoscaler on, only workersToDelete are deleted."""
    made, group = cluster(replicas=1)
    made["spec"]["enableInTreeAutoscaling"] = True
    pods = [pod("a"), pod("b", 1)]
    assert plan(made, group, pods).delete == ()
    group["scaleStrategy"] = {"workersToDelete": ["b", "gone"]}
    assert [deletion.message for deletion in plan(made, group, pods).delete] == ["Deleted pod ns/b"]


def test_failed_workers_go_before_new_ones_come() -> None:
    """An ended worker is deleted, and its place filled in the next round."""
    made = plan(*cluster(replicas=1), [pod("a", phase="Failed")])
    assert made.create == ()
    assert made.again == "delete 1 unhealthy worker Pods"
    assert "Pod status: Failed; Pod restart policy: Always" in made.delete[0].message


def test_unhealthy_only_where_nothing_restarts() -> None:
    """A terminated Ray container counts as the pod's end only with restartPolicy Never."""
    ended = {"name": "ray", "state": {"terminated": {"exitCode": 1, "reason": "Error"}}}
    item = pod("a", containerStatuses=[ended])
    assert not unhealthy(item)
    item["spec"]["restartPolicy"] = "Never"
    assert unhealthy(item)


def test_incomplete_replicas_go_whole() -> None:
    """A multi-host replica that lost a host is deleted and made again."""
    made = plan(*cluster(replicas=1, numOfHosts=2), [pod("a", replica="r1")])
    assert [deletion.pod["metadata"]["name"] for deletion in made.delete] == ["a"]
    assert "incomplete" in made.again


def test_replicas_come_whole() -> None:
    """A new multi-host replica has all of its hosts under one name."""
    made = plan(*cluster(replicas=1, numOfHosts=3), [])
    assert [slot.host for slot in made.create] == [0, 1, 2]
    assert len({slot.replica for slot in made.create}) == 1


def test_suspended_group_empties() -> None:
    """A suspended group keeps no pod."""
    made = plan(*cluster(suspend=True), [pod("a")])
    assert len(made.delete) == 1
    assert made.create == ()
