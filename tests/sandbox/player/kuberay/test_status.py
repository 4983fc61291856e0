"""Statuses worked out from the captured clusters and pods, against the captured statuses."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from krayne.sandbox.player.kuberay.status import Failure, desired_replicas, desired_status, differs
from tests.sandbox.player.captures import NAMES, capture

NOW = "2026-11-23T12:00:00Z"


def conditions(status: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Conditions by type."""
    return {condition["type"]: condition for condition in status["conditions"]}


def undated(status: dict[str, Any]) -> dict[str, Any]:
    """A status without its times."""
    plain = {key: value for key, value in status.items() if key not in ("lastUpdateTime", "stateTransitionTimes")}
    plain["conditions"] = [
        {key: value for key, value in condition.items() if key != "lastTransitionTime"}
        for condition in plain["conditions"]
    ]
    return plain


@pytest.mark.parametrize("name", NAMES)
def test_stays_as_captured(name: str) -> None:
    """From a captured state, everything stays, times included."""
    seen = capture(name)
    status = desired_status(seen.cluster, list(seen.pods), seen.service, None, seen.cluster["status"]["lastUpdateTime"])
    assert status == seen.cluster["status"]
    assert not differs(seen.cluster["status"], status)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "suspended"])
def test_arises_as_captured(name: str) -> None:
    """From no status at all, the captured one arises (but for its times) in the captured order."""
    seen = capture(name)
    cluster = {key: value for key, value in seen.cluster.items() if key != "status"}
    status = desired_status(cluster, list(seen.pods), seen.service, None, NOW)
    assert undated(status) == undated(seen.cluster["status"])


def test_suspends_in_two_steps() -> None:
    """Suspending first, suspended once no pod is left, as captured."""
    seen = capture("suspended")
    cluster = {key: value for key, value in seen.cluster.items() if key != "status"}
    first = desired_status(cluster, [], seen.service, None, NOW)
    assert conditions(first)["RayClusterSuspending"]["status"] == "True"
    second = desired_status({**cluster, "status": first}, [], seen.service, None, NOW)
    assert undated(second) == undated(seen.cluster["status"])


def test_state_is_sticky() -> None:
    """A head that dies leaves the state ready; only the condition changes."""
    seen = capture("ready-3-ready")
    head = copy.deepcopy(seen.pod("head"))
    dead = capture("crash-loop").pod("head")
    head["status"] = dead["status"]
    status = desired_status(seen.cluster, [head, seen.pod("worker")], seen.service, None, NOW)
    assert status["state"] == "ready"
    assert conditions(status)["HeadPodReady"]["reason"] == "CrashLoopBackOff"
    assert conditions(status)["HeadPodReady"]["lastTransitionTime"] == NOW
    assert conditions(status)["RayClusterProvisioned"]["status"] == "True"


def test_failure_comes_and_goes() -> None:
    """ReplicaFailure stands while pods are refused, and carries the API server's words."""
    seen = capture("ready-1-submitted")
    failure = Failure("FailedCreateHeadPod", 'pods "demo-head-x" is forbidden: exceeded quota: q')
    status = desired_status(seen.cluster, [], seen.service, failure, NOW)
    told = conditions(status)["ReplicaFailure"]
    assert told["reason"] == "FailedCreateHeadPod"
    assert told["message"] == f"FailedCreateHeadPod\n{failure.message}"
    healed = desired_status({**seen.cluster, "status": status}, [], seen.service, None, NOW)
    assert "ReplicaFailure" not in conditions(healed)


def test_a_new_generation_alone_is_not_written() -> None:
    """KubeRay 1.6.2 leaves observedGeneration behind when nothing else of the status changes."""
    seen = capture("ready-3-ready")
    seen.cluster["metadata"]["generation"] = 2
    status = desired_status(seen.cluster, list(seen.pods), seen.service, None, NOW)
    assert status["observedGeneration"] == 2
    assert not differs(seen.cluster["status"], status)


@pytest.mark.parametrize(
    ("group", "pods"),
    [
        ({"replicas": 2, "minReplicas": 0, "maxReplicas": 5}, 2),
        ({"replicas": 9, "minReplicas": 0, "maxReplicas": 5}, 5),
        ({"replicas": 0, "minReplicas": 1, "maxReplicas": 5}, 1),
        ({"minReplicas": 1}, 1),
        ({"replicas": 2, "minReplicas": 0, "maxReplicas": 5, "numOfHosts": 4}, 8),
        ({"replicas": 2, "minReplicas": 0, "maxReplicas": 5, "suspend": True}, 0),
    ],
)
def test_desired_replicas(group: dict[str, Any], pods: int) -> None:
    """Replicas are held within the bounds and multiplied by the hosts."""
    assert desired_replicas(group) == pods
