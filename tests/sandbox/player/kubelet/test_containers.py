"""Containers' ways, against the captured statuses and events."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.player.captures import NAMES, capture
from tests.sandbox.player.kubelet.walks import Walk

VOLATILE = ("containerID", "imageID", "lastTransitionTime", "startedAt", "finishedAt", "startTime", "hostIP", "hostIPs")
VOLATILE += ("podIP", "podIPs", "qosClass", "ip")


def settled(value: Any) -> Any:
    """A status without its times, addresses and digests; volumeMounts in any order."""
    if isinstance(value, list):
        return [settled(item) for item in value]
    if isinstance(value, dict):
        return {key: settled(item) for key, item in value.items() if key not in VOLATILE}
    return value


def reason(status: dict[str, Any], field: str = "containerStatuses") -> str:
    """Why the first container waits."""
    return str(status[field][0]["state"].get("waiting", {}).get("reason", ""))


@pytest.mark.parametrize("node_type", ["head", "worker"])
def test_is_taken_up_as_captured(node_type: str) -> None:
    """The kubelet's first status is the captured one."""
    pod = capture("ready-1-submitted").pod(node_type)
    assert settled(Walk(pod).pod["status"]) == settled(pod["status"])


@pytest.mark.parametrize(
    ("name", "node_type"), [("ready-3-ready", "head"), ("ready-3-ready", "worker"), ("autoscaling", "head")]
)
def test_becomes_ready_as_captured(name: str, node_type: str) -> None:
    """Left to itself, a pod ends in the captured status."""
    pod = capture(name).pod(node_type)
    mine, theirs = settled(Walk(pod).go()), settled(pod["status"])
    for status in (mine, theirs):
        status["containerStatuses"].sort(key=lambda item: item["name"])
    assert mine == theirs


def test_worker_waits_for_the_head_as_captured() -> None:
    """Without an answering head, the worker stays in its init container."""
    seen = capture("ready-2-starting")
    status = Walk(seen.pod("worker"), gcs_ready=False).go()
    assert settled(status) == settled(seen.pod("worker")["status"])


def test_bad_image_as_captured() -> None:
    """The worker's pod ends in ImagePullBackOff with the events of the captured head."""
    pod = capture("image-pull-error").pod("head")
    walk = Walk(pod)
    status = walk.go(2)
    waiting = status["containerStatuses"][0]["state"]["waiting"]
    assert waiting["reason"] == "ImagePullBackOff"
    image = "docker.io/rayproject/ray:0.0.0-nope"
    assert waiting["message"] == (
        f'Back-off pulling image "rayproject/ray:0.0.0-nope": ErrImagePull: failed to pull and unpack image "{image}": '
        f'failed to resolve reference "{image}": {image}: not found'
    )
    assert walk.reasons == ["Pulling", "Failed", "Failed", "BackOff", "Failed"]
    theirs = settled(pod["status"])
    theirs["containerStatuses"][0]["state"]["waiting"]["message"] = waiting["message"]
    assert settled(status) == theirs


def test_crash_loop_as_captured() -> None:
    """A wrong `ray start` flag ends in the captured CrashLoopBackOff, restart for restart."""
    pod = capture("crash-loop").pod("head")
    walk = Walk(pod)
    for _ in range(40):
        walk.step()
        status = walk.pod["status"]
        if reason(status) == "CrashLoopBackOff" and status["containerStatuses"][0]["restartCount"] == 3:
            break
    assert settled(status) == settled(pod["status"])


@pytest.mark.parametrize(("fault", "code", "why"), [("crash", 1, "Error"), ("oom", 137, "OOMKilled")])
def test_faults_end_the_container(fault: str, code: int, why: str) -> None:
    """The fault shows as the last run's end."""
    status = Walk(capture("ready-3-ready").pod("head"), fault=fault).go(8)
    ended = status["containerStatuses"][0]["lastState"]["terminated"]
    assert (ended["exitCode"], ended["reason"]) == (code, why)


def test_nothing_restarts_under_never() -> None:
    """With autoscaler v2 pods end for good, and KubeRay replaces them."""
    seen = capture("autoscaling").pod("head")
    status = Walk(seen, fault="crash").go()
    assert status["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 1
    assert status["phase"] == "Running"  # the autoscaler's container still runs
    assert {condition["type"]: condition["status"] for condition in status["conditions"]}["Ready"] == "False"


def test_a_single_container_under_never_fails_its_pod() -> None:
    """A worker of one container under Never fails as a pod."""
    pod = capture("ready-3-ready").pod("worker")
    pod["spec"]["restartPolicy"] = "Never"
    assert Walk(pod, fault="crash").go()["phase"] == "Failed"


def test_hook_kills_its_container() -> None:
    """A failing postStart hook shows as PostStartHookError with the events of a kill."""
    walk = Walk(capture("ready-3-ready").pod("head"), fault="hook")
    status = walk.go(2)
    assert reason(status) == "PostStartHookError"
    assert "exited with 1" in status["containerStatuses"][0]["state"]["waiting"]["message"]
    assert walk.reasons[-2:] == ["FailedPostStartHook", "Killing"]


def test_failing_init_container_loops() -> None:
    """The pod stays Pending while its init container crashes again and again."""
    status = Walk(capture("ready-3-ready").pod("worker"), fault="init").go(7)
    assert status["phase"] == "Pending"
    assert status["initContainerStatuses"][0]["lastState"]["terminated"]["exitCode"] == 1


def test_missing_secret_waits() -> None:
    """A container whose Secret is missing waits in CreateContainerConfigError."""
    walk = Walk(capture("ready-3-ready").pod("head"), problems={"ray-head": 'secret "keys" not found'})
    assert reason(walk.go(3)) == "CreateContainerConfigError"
    assert walk.reasons == ["Pulled", "Failed", "Failed", "Failed"]


def test_first_pull_takes_a_while() -> None:
    """An image that is not on the node is pulled first, visibly."""
    walk = Walk(capture("ready-3-ready").pod("head"), images=frozenset())
    walk.step()
    assert reason(walk.pod["status"]) == "ContainerCreating"
    walk.step()
    assert walk.reasons == ["Pulling", "Pulled", "Created", "Started"]


def test_dying_container_was_ready_first() -> None:
    """`die` is a container that fails after it was ready."""
    walk = Walk(capture("ready-3-ready").pod("head"), fault="die")
    walk.go(2)
    assert walk.pod["status"]["containerStatuses"][0]["ready"]
    walk.step()
    assert walk.pod["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 1


def test_unready_container_runs_on() -> None:
    """`not-ready` is a probe that never passes."""
    walk = Walk(capture("ready-3-ready").pod("head"), fault="not-ready")
    status = walk.go(5)
    assert status["phase"] == "Running"
    assert not status["containerStatuses"][0]["ready"]
    assert walk.reasons.count("Unhealthy") == 4


@pytest.mark.parametrize("name", NAMES)
def test_captured_pods_that_are_at_rest_stay_so(name: str) -> None:
    """Attached to a running cluster, the kubelet leaves ready pods as they are."""
    for pod in capture(name).pods:
        for index, status in enumerate(pod["status"].get("containerStatuses", [])):
            if status["ready"]:
                walk = Walk(pod)
                walk.pod["status"] = pod["status"]
                walk.step()
                assert walk.pod["status"]["containerStatuses"][index] == status
