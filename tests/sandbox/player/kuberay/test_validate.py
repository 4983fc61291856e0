"""What KubeRay refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from krayne.sandbox.player.kuberay.validate import refusal
from tests.sandbox.player.captures import NAMES, capture

Change = Callable[[dict[str, Any]], Any]


@pytest.mark.parametrize("name", NAMES)
def test_captured_clusters_are_accepted(name: str) -> None:
    """A real KubeRay worked on all of these."""
    assert refusal(capture(name).cluster) is None


def worker(spec: dict[str, Any]) -> dict[str, Any]:
    """The only group."""
    group: dict[str, Any] = spec["workerGroupSpecs"][0]
    return group


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda spec: worker(spec).update(minReplicas=3), "minReplicas 3 greater than maxReplicas 2"),
        (lambda spec: worker(spec).update(minReplicas=-1), "negative minReplicas -1"),
        (lambda spec: worker(spec).pop("maxReplicas"), "must set both minReplicas and maxReplicas"),
        (lambda spec: worker(spec).update(idleTimeoutSeconds=5), "autoscaler v2 is not enabled"),
        (lambda spec: worker(spec).update(rayStartParams={"labels": "a=b"}), "rayStartParams['labels']"),
        (lambda spec: spec["headGroupSpec"].update(resources={"cpu": "1"}), "in both rayStartParams and Resources"),
        (lambda spec: spec["headGroupSpec"]["template"]["spec"].update(containers=[]), "at least one container"),
        (lambda spec: spec.update(authOptions={"mode": "token"}, rayVersion="2.50.0"), "minimum Ray version is 2.52.0"),
        (lambda spec: spec.update(authOptions={"mode": "token"}, rayVersion=""), "RayVersion was not specified"),
        (
            lambda spec: spec.update(authOptions={"mode": "token"}, rayVersion="new"),
            "RayVersion format is invalid: new",
        ),
        (lambda spec: spec.update(upgradeStrategy={"type": "Rolling"}), "valid options are Recreate or None"),
    ],
)
def test_invalid_spec(change: Change, words: str) -> None:
    """Each is refused with InvalidRayClusterSpec in KubeRay's words."""
    cluster = capture("ready-3-ready").cluster
    change(cluster["spec"])
    refused = refusal(cluster)
    assert refused is not None
    assert refused.reason == "InvalidRayClusterSpec"
    assert "lab-ready/demo" in refused.message
    assert words in refused.message


@pytest.mark.parametrize(("name", "words"), [("a" * 54, "no more than 53"), ("1a", "DNS1035"), ("a.b", "DNS1035")])
def test_invalid_name(name: str, words: str) -> None:
    """Long and dotted names are refused with InvalidRayClusterMetadata."""
    cluster = capture("ready-3-ready").cluster
    cluster["metadata"]["name"] = name
    refused = refusal(cluster)
    assert refused is not None
    assert refused.reason == "InvalidRayClusterMetadata"
    assert words in refused.message


def test_v2_restart_policy() -> None:
    """Autoscaler v2 takes no restarting pods."""
    cluster = capture("autoscaling").cluster
    cluster["spec"]["headGroupSpec"]["template"]["spec"]["restartPolicy"] = "Always"
    refused = refusal(cluster)
    assert refused is not None
    assert "restartPolicy for head Pod should be Never or unset" in refused.message


def test_redis_password_in_two_places() -> None:
    """With gcsFaultToleranceOptions, the password belongs there."""
    cluster = capture("ready-3-ready").cluster
    cluster["spec"]["gcsFaultToleranceOptions"] = {"redisAddress": "redis:6379"}
    cluster["spec"]["headGroupSpec"]["rayStartParams"]["redis-password"] = "x"
    refused = refusal(cluster)
    assert refused is not None
    assert "use GcsFaultToleranceOptions.RedisPassword instead" in refused.message
