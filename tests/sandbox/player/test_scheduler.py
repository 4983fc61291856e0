"""Where pods fit, and the scheduler's sentences."""

from __future__ import annotations

from typing import Any

import pytest

from krayne.quantity import quantity
from krayne.sandbox.player.scheduler import misfit, requests, unschedulable_words
from tests.sandbox.player.captures import capture


def node(*, taints: Any = (), **allocatable: str) -> dict[str, Any]:
    """A node."""
    given = {"cpu": "4", "memory": "8Gi", "pods": "10", **allocatable}
    labels = {"zone": "a", "size": "3"}
    spec = {"taints": list(taints)}
    return {"metadata": {"name": "n", "labels": labels}, "spec": spec, "status": {"allocatable": given}}


def pod(**spec: Any) -> dict[str, Any]:
    """A pod that wants one CPU."""
    container = {"name": "c", "resources": {"requests": {"cpu": "1"}}}
    return {"metadata": {"name": "p"}, "spec": {"containers": [container], **spec}}


def affinity(key: str, operator: str, *values: str) -> dict[str, Any]:
    """A required node affinity."""
    rule = {"key": key, "operator": operator, "values": list(values)}
    terms = {"nodeSelectorTerms": [{"matchExpressions": [rule]}]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}


TAINT = {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}


def test_unschedulable_as_captured() -> None:
    """The captured workers' sentence, word for word."""
    seen = capture("unschedulable")
    worker = next(item for item in seen.pods if "conditions" in item["status"] and not item["spec"].get("nodeName"))
    found = misfit(worker, node(), {})
    assert found is not None
    assert unschedulable_words([found]) == worker["status"]["conditions"][0]["message"]


@pytest.mark.parametrize(
    ("wanted", "place", "reason"),
    [
        (pod(), node(taints=[TAINT]), "node(s) had untolerated taint {nvidia.com/gpu: present}"),
        (pod(tolerations=[{"key": "nvidia.com/gpu", "operator": "Exists"}]), node(taints=[TAINT]), None),
        (pod(tolerations=[{"operator": "Exists"}]), node(taints=[TAINT]), None),
        (pod(tolerations=[{"key": "nvidia.com/gpu", "value": "no"}]), node(taints=[TAINT]), "node(s) had untolerated"),
        (pod(nodeSelector={"zone": "b"}), node(), "node(s) didn't match Pod's node affinity/selector"),
        (pod(nodeSelector={"zone": "a"}), node(), None),
        (pod(affinity=affinity("zone", "In", "b", "c")), node(), "node(s) didn't match"),
        (pod(affinity=affinity("zone", "NotIn", "b")), node(), None),
        (pod(affinity=affinity("size", "Gt", "2")), node(), None),
        (pod(affinity=affinity("other", "Exists")), node(), "node(s) didn't match"),
        (pod(), node(cpu="500m"), "Insufficient cpu"),
        (pod(), node(pods="0"), "Too many pods"),
    ],
)
def test_misfits(wanted: dict[str, Any], place: dict[str, Any], reason: str | None) -> None:
    """Taints, selectors, affinity and resources, each in the scheduler's words."""
    found = misfit(wanted, place, {})
    assert (found is None) if reason is None else (found is not None and found.reasons[0].startswith(reason))


def test_what_is_in_use_counts() -> None:
    """A full node takes no more."""
    assert misfit(pod(), node(), {"cpu": quantity("3")}) is None
    assert misfit(pod(), node(), {"cpu": quantity("3500m")}) is not None


def test_largest_init_container_counts() -> None:
    """A pod needs its containers together, or its largest init container if that is more."""
    wanted = pod(initContainers=[{"name": "i", "resources": {"limits": {"cpu": "3", "memory": "1Gi"}}}])
    assert {name: str(amount) for name, amount in requests(wanted).items()} == {
        "cpu": "3",
        "memory": "1Gi",
        "pods": "1",
    }


def test_reasons_are_counted_over_nodes() -> None:
    """Several nodes' reasons are added up and sorted."""
    misfits = [
        misfit(pod(), node(cpu="0"), {}),
        misfit(pod(), node(taints=[TAINT]), {}),
        misfit(pod(), node(cpu="0"), {}),
    ]
    assert unschedulable_words([found for found in misfits if found]) == (
        "0/3 nodes are available: 1 node(s) had untolerated taint {nvidia.com/gpu: present}, 2 Insufficient cpu. "
        "preemption: 0/3 nodes are available: 1 Preemption is not helpful for scheduling, "
        "2 No preemption victims found for incoming pod."
    )
    assert unschedulable_words([]) == "no nodes available to schedule pods"
