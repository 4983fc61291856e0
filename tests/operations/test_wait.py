"""Waiting: what ends it, what is told on the way, and how many calls it takes."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from krayne.config import ClusterConfig
from krayne.errors import ClusterFailedError, ClusterNotFoundError, ClusterTimeoutError, KubeConnectionError
from krayne.operations.wait import (
    wait_until_as_configured,
    wait_until_deleted,
    wait_until_ready,
    wait_until_suspended,
)
from tests.operations.conftest import captured
from tests.support.kubectl import Hold

if TYPE_CHECKING:
    from krayne.cluster import ClusterInfo
    from krayne.kubectl import Kubectl
    from tests.support.kubectl import FakeKubectl

ABSENT = 'Error from server (NotFound): rayclusters.ray.io "demo" not found'


def stream(kind: str, *items: dict[str, Any]) -> str:
    """Lines of a watch."""
    return "".join(json.dumps({"type": kind, "object": item}) + "\n" for item in items)


def listing(*items: dict[str, Any]) -> dict[str, Any]:
    """The answer to a list."""
    return {"metadata": {"resourceVersion": "100"}, "items": [*items]}


def play(
    fake_kubectl: FakeKubectl,
    state: str,
    changes: list[str | Hold] | None = None,
    pods: list[str | Hold] | None = None,
    *,
    listed: list[dict[str, Any]] | None = None,
    events: list[str | Hold] | None = None,
) -> dict[str, Any]:
    """Script a captured state, and what comes after it; its RayCluster.

    ``listed``: other pods than the state's; ``events``: other output than the list of its events.
    """
    cluster = captured(state, "RayCluster")[0]
    fake_kubectl.reply("get --raw */rayclusters/demo", json=cluster)
    fake_kubectl.reply("get --raw */rayclusters?watch*", stdout=[*(changes or [])], hangs=True)
    fake_kubectl.reply("get --raw */pods?label*", json=listing(*(captured(state, "Pod") if listed is None else listed)))
    fake_kubectl.reply("get --raw */pods?watch*", stdout=[*(pods or [])], hangs=True)
    heard = [json.dumps(listing(*captured(state, "Event")))] if events is None else events
    fake_kubectl.reply("get --raw */events", stdout=[*heard])
    fake_kubectl.reply("get --raw */events?watch*", hangs=True)
    return cluster


def test_a_ready_cluster_is_ready_at_once(fake_kubectl: FakeKubectl, kubectl: Kubectl) -> None:
    """With one call: its status settles it."""
    fake_kubectl.reply("get --raw */rayclusters/demo", json=captured("ready-3-ready", "RayCluster")[0])
    assert wait_until_ready("demo", kubectl=kubectl).status == "ready"
    assert len(fake_kubectl.calls) == 1


def test_returns_with_the_event_that_makes_it_ready(fake_kubectl: FakeKubectl, kubectl: Kubectl) -> None:
    """Having told each step."""
    ready = [stream("MODIFIED", *captured("ready-3-ready", kind)) for kind in ("RayCluster", "Pod")]
    play(fake_kubectl, "ready-2-starting", [Hold("ready"), ready[0]], [Hold("ready"), ready[1]])
    told: list[str] = []

    def progress(info: ClusterInfo) -> None:
        told.append(str(info.status))
        fake_kubectl.release("ready")

    assert wait_until_ready("demo", kubectl=kubectl, timeout=20, progress=progress).status == "ready"
    assert (told[-1], len(told) > 1) == ("ready", True)


def test_gives_up_on_an_image_that_is_not_there(fake_kubectl: FakeKubectl, kubectl: Kubectl) -> None:
    """With the cause and what to do; there is no log."""
    play(fake_kubectl, "image-pull-error")
    with pytest.raises(ClusterFailedError) as told:
        wait_until_ready("demo", kubectl=kubectl, timeout=20)
    assert told.value.exit_code == 3
    assert told.value.cluster is not None
    assert told.value.cluster.status == "image-pull-error"
    assert "kubectl krayne describe demo -n ml" in str(told.value)


def test_shows_the_last_words_of_what_crashed(fake_kubectl: FakeKubectl, kubectl: Kubectl) -> None:
    """Of the run before, which is the one that failed."""
    play(fake_kubectl, "crash-loop")
    fake_kubectl.reply("logs --previous", stdout="Error: No such option: --frobnicate\n")
    with pytest.raises(ClusterFailedError, match=r"\n  \| Error: No such option: --frobnicate\n"):
        wait_until_ready("demo", kubectl=kubectl, timeout=20)


def test_lives_without_logs(fake_kubectl: FakeKubectl, kubectl: Kubectl) -> None:
    """Reading them may not be allowed."""
    play(fake_kubectl, "crash-loop")
    fake_kubectl.reply("logs", stderr="Error from server (Forbidden): no", code=1, times=2)
    with pytest.raises(ClusterFailedError, match="is crash-loop and will not become ready by itself"):
        wait_until_ready("demo", kubectl=kubectl, timeout=20)


def test_goes_on_where_nodes_may_yet_come(fake_kubectl: FakeKubectl, kubectl: Kubectl) -> None:
    """Until the time is up, which says what it is."""
    play(fake_kubectl, "unschedulable")
    with pytest.raises(ClusterTimeoutError, match=r"is not ready after 3s: it is unschedulable, .*nvidia\.com/gpu"):
        wait_until_ready("demo", kubectl=kubectl, timeout=3)


def test_the_first_thing_told_is_the_truth(fake_kubectl: FakeKubectl, kubectl: Kubectl) -> None:
    """Nothing is told of a cluster whose pods and events have not been listed yet."""
    play(fake_kubectl, "image-pull-error")
    told: list[ClusterInfo] = []
    with pytest.raises(ClusterFailedError):
        wait_until_ready("demo", kubectl=kubectl, timeout=20, progress=told.append)
    assert [info.status.value for info in told] == ["image-pull-error"]


def test_its_own_status_is_enough_to_be_ready(fake_kubectl: FakeKubectl, kubectl: Kubectl) -> None:
    """Whatever becomes of the list of its pods."""
    ready = stream("MODIFIED", *captured("ready-3-ready", "RayCluster"))
    fake_kubectl.reply("get --raw */rayclusters/demo", json=captured("ready-2-starting", "RayCluster")[0])
    fake_kubectl.reply("get --raw */rayclusters?watch*", stdout=ready, hangs=True)
    fake_kubectl.reply("get --raw", hangs=True, times=2)
    assert wait_until_ready("demo", kubectl=kubectl, timeout=20).status == "ready"


def test_pods_that_may_not_be_read_are_unknown_not_missing(fake_kubectl: FakeKubectl, kubectl: Kubectl) -> None:
    """The cluster's own status has to do: it has a head."""
    fake_kubectl.reply("get --raw */rayclusters/demo", json=captured("ready-2-starting", "RayCluster")[0])
    fake_kubectl.reply("get --raw */rayclusters?watch*", hangs=True)
    fake_kubectl.reply("get --raw", stderr="Error from server (Forbidden): no", code=1, times=2)
    with pytest.raises(ClusterTimeoutError, match="head: ") as told:
        wait_until_ready("demo", kubectl=kubectl, timeout=3)
    assert "no head pod" not in str(told.value)


def test_time_that_runs_out_in_an_outage_says_why_the_last_word_is_old(
    fake_kubectl: FakeKubectl, kubectl: Kubectl
) -> None:
    """What could not be asked; and it is said when it happens, too."""
    play(fake_kubectl, "unschedulable", pods=[stream("MODIFIED", {"no": "pod"})])
    fake_kubectl.reply("get --raw */pods?label*", stderr="error: net/http: TLS handshake timeout", code=1, times=None)
    told: list[str] = []
    with pytest.raises(ClusterTimeoutError) as late:
        wait_until_ready("demo", kubectl=replace(kubectl, tell=told.append), timeout=5)  # for it to fail twice
    reason = "cannot list pods in namespace ml: error: net/http: TLS handshake timeout"
    assert f"\nThat may be out of date: {reason}\nSee why: " in str(late.value)
    assert "it is unschedulable" in str(late.value)
    assert told == [f"{reason}; trying again\n"]


def test_a_login_that_is_wanted_ends_the_wait(fake_kubectl: FakeKubectl, kubectl: Kubectl) -> None:
    """At once: nobody waits ten minutes to hear of it."""
    fake_kubectl.reply("get --raw */rayclusters/demo", json=captured("unschedulable", "RayCluster")[0])
    fake_kubectl.reply("get --raw", stderr="error: You must be logged in to the server (Unauthorized)", code=1, times=3)
    with pytest.raises(KubeConnectionError, match=r"cannot (watch|list) .* in namespace ml: .*logged in"):
        wait_until_ready("demo", kubectl=kubectl, timeout=20)


def test_a_cluster_that_is_deleted_meanwhile_is_not_found(fake_kubectl: FakeKubectl, kubectl: Kubectl) -> None:
    """Whoever did it."""
    cluster = captured("ready-2-starting", "RayCluster")[0]
    play(fake_kubectl, "ready-2-starting", [stream("DELETED", cluster)])
    with pytest.raises(ClusterNotFoundError, match="was deleted while it was waited for"):
        wait_until_ready("demo", kubectl=kubectl, timeout=20)


def test_a_suspended_cluster_will_not_become_ready(fake_kubectl: FakeKubectl, kubectl: Kubectl) -> None:
    """Waiting would be in vain."""
    play(fake_kubectl, "suspended")
    with pytest.raises(ClusterFailedError, match="suspended"):
        wait_until_ready("demo", kubectl=kubectl, timeout=20)


def test_suspended_is_what_kuberay_confirms(fake_kubectl: FakeKubectl, kubectl: Kubectl) -> None:
    """Not the wish alone."""
    play(fake_kubectl, "suspended")
    assert wait_until_suspended("demo", kubectl=kubectl, timeout=20).status == "suspended"


def test_deleted_is_when_it_is_gone(fake_kubectl: FakeKubectl, kubectl: Kubectl) -> None:
    """Its end comes as an event."""
    cluster = captured("ready-3-ready", "RayCluster")[0]
    going = deepcopy(cluster)
    going["metadata"]["deletionTimestamp"] = "2026-11-23T06:00:00Z"
    play(fake_kubectl, "ready-3-ready", [stream("MODIFIED", going), stream("DELETED", going)])
    wait_until_deleted("demo", kubectl=kubectl, timeout=20)


def test_a_deletion_tells_of_the_pods_that_are_left(fake_kubectl: FakeKubectl, kubectl: Kubectl) -> None:
    """Down to the last: what the status has kept of them is told of none that is gone."""
    cluster, pods = captured("ready-3-ready", "RayCluster")[0], captured("ready-3-ready", "Pod")
    cluster["metadata"]["deletionTimestamp"] = "2026-11-23T06:00:00Z"
    gone = [step for pod in pods for step in (Hold(pod["metadata"]["name"]), stream("DELETED", pod))]
    fake_kubectl.reply("get --raw */rayclusters/demo", json=cluster)
    play(fake_kubectl, "ready-3-ready", [Hold("end"), stream("DELETED", cluster)], gone)
    told: list[str] = []
    releases = iter([*(pod["metadata"]["name"] for pod in pods), "end"])

    def progress(info: ClusterInfo) -> None:
        told.append(f"{info.status} {info.workers_ready} {info.head.ready}")
        if len(told) > 1:  # the first is of the status alone
            fake_kubectl.release(next(releases))

    wait_until_deleted("demo", kubectl=kubectl, timeout=20, progress=progress)
    assert [words.split()[0] for words in told] == ["deleting"] * 4
    assert (told[0], told[-1]) == ("deleting 1 True", "deleting 0 False")


def test_what_is_not_there_is_deleted(fake_kubectl: FakeKubectl, kubectl: Kubectl) -> None:
    """No error."""
    fake_kubectl.reply("get --raw", stderr=ABSENT, code=1)
    wait_until_deleted("demo", kubectl=kubectl)


@pytest.mark.parametrize(
    ("fields", "suspended"),
    [
        ({}, False),
        ({"suspend": False}, False),
        ({"suspend": True}, True),
        ({"overrides": {"spec": {"suspend": True}}}, True),
        ({"suspend": True, "overrides": {"spec": {"suspend": False}}}, False),
        ({"queue": "q"}, False),
    ],
)
def test_a_cluster_that_is_to_be_suspended_is_waited_for_as_that(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, fields: dict[str, Any], suspended: bool
) -> None:
    """It is what was asked for; where it was not, it is what keeps the cluster from being ready."""
    play(fake_kubectl, "suspended")
    config = ClusterConfig(name="demo", **fields)
    if suspended:
        assert wait_until_as_configured(config, kubectl=kubectl, timeout=20).status == "suspended"
    else:
        with pytest.raises(ClusterFailedError, match="is suspended and will not become ready by itself"):
            wait_until_as_configured(config, kubectl=kubectl, timeout=20)


def test_a_cluster_that_is_refused_will_not_be_suspended_either(fake_kubectl: FakeKubectl, kubectl: Kubectl) -> None:
    """Nobody waits ten minutes for what KubeRay will not take up."""
    cluster = play(fake_kubectl, "suspended")
    cluster["metadata"]["deletionTimestamp"] = "2026-11-23T06:00:00Z"
    with pytest.raises(ClusterFailedError, match="is deleting and will not become suspended by itself"):
        wait_until_suspended("demo", kubectl=kubectl, timeout=20, cluster=cluster)
