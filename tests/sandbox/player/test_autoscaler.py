"""The autoscaler's patches."""

from __future__ import annotations

from typing import Any

from krayne.sandbox.player.autoscaler import scale_patch


def cluster(demand: str = "", **group: Any) -> dict[str, Any]:
    """A cluster of one group."""
    annotations = {"sandbox.krayne.io/demand": demand}
    return {"metadata": {"annotations": annotations}, "spec": {"workerGroupSpecs": [{"groupName": "cpu", **group}]}}


def worker(name: str) -> dict[str, Any]:
    """A worker of the group."""
    return {"metadata": {"name": name, "labels": {"ray.io/group": "cpu"}}}


def test_leaves_good_replicas_alone() -> None:
    """Within the bounds and without a demand, nothing is patched."""
    assert scale_patch(cluster(replicas=2, minReplicas=0, maxReplicas=3), []) == []


def test_raises_to_the_minimum_and_the_demand() -> None:
    """Replicas below the minimum are raised; a demand is met up to the maximum."""
    path = "/spec/workerGroupSpecs/0/replicas"
    low = cluster(replicas=0, minReplicas=1, maxReplicas=3)
    assert scale_patch(low, []) == [{"op": "replace", "path": path, "value": 1}]
    wanted = cluster("cpu=9", replicas=1, minReplicas=0, maxReplicas=3)
    assert scale_patch(wanted, []) == [{"op": "replace", "path": path, "value": 3}]


def test_names_who_leaves_and_clears_who_left() -> None:
    """On the way down the last workers are named, and their names cleared once they are gone."""
    shrunk = scale_patch(cluster("cpu=1", replicas=2, maxReplicas=3), [worker("a"), worker("b")])
    path = "/spec/workerGroupSpecs/0"
    assert shrunk == [
        {"op": "add", "path": f"{path}/scaleStrategy", "value": {"workersToDelete": ["b"]}},
        {"op": "replace", "path": f"{path}/replicas", "value": 1},
    ]
    after = cluster("cpu=1", replicas=1, maxReplicas=3, scaleStrategy={"workersToDelete": ["b"]})
    assert scale_patch(after, [worker("a"), worker("b")]) == []
    cleared = {"op": "add", "path": f"{path}/scaleStrategy", "value": {"workersToDelete": []}}
    assert scale_patch(after, [worker("a")]) == [cleared]
