"""The end of the log of what failed, also where its pod is gone by then."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from krayne.kubectl.watch import changes
from krayne.operations.words import LastWords
from krayne.status import Status, Verdict
from tests.operations.conftest import captured

if TYPE_CHECKING:
    from krayne.kubectl import Kubectl
    from tests.support.kubectl import FakeKubectl

GONE = Verdict(Status.CRASH_LOOP, "ends again and again", hopeless=True)


@pytest.fixture
def starting() -> dict[str, Any]:
    """A head that runs, is not ready, and will not be restarted."""
    pods = captured("ready-2-starting", "Pod")
    head = next(pod for pod in pods if pod["metadata"]["labels"]["ray.io/node-type"] == "head")
    head["spec"]["restartPolicy"] = "Never"
    return head


def test_follows_what_will_not_be_restarted(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, starting: dict[str, Any]
) -> None:
    """Its last lines are there when KubeRay has deleted the pod."""
    fake_kubectl.reply("logs --follow", stdout="".join(f"line {number}\n" for number in range(20)))
    words = LastWords(kubectl)
    tails = words.follow([starting])
    list(changes(tails, until=time.monotonic() + 0.5))
    words.keep(GONE)
    shown = str(words).split("\n")
    assert shown[1] == f"The last lines that ray-head in pod {starting['metadata']['name']} wrote:"
    assert shown[2:] == [f"  | line {number}" for number in range(10, 20)]


def test_follows_each_pod_once_and_one_a_group(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, starting: dict[str, Any]
) -> None:
    """However often its pods change."""
    fake_kubectl.reply("logs --follow", hangs=True)
    words = LastWords(kubectl)
    twin = {**starting, "metadata": {**starting["metadata"], "name": "twin"}}
    tails = words.follow([starting, twin]) + words.follow([starting, twin])
    assert [tail.pod for tail in tails] == [starting["metadata"]["name"]]
    for tail in tails:
        tail.close()


@pytest.mark.parametrize("change", ["restarts", "ready", "waits"])
def test_follows_no_other_pod(kubectl: Kubectl, starting: dict[str, Any], change: str) -> None:
    """A restarted container's log stays; a ready one has nothing to explain; a waiting one has none."""
    status = starting["status"]["containerStatuses"][0]
    if change == "restarts":
        starting["spec"]["restartPolicy"] = "Always"
    elif change == "ready":
        status["ready"] = True
    else:
        status["state"] = {"waiting": {"reason": "ContainerCreating"}}
    assert LastWords(kubectl).follow([starting]) == []


def test_a_log_that_cannot_be_read_is_no_error(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, starting: dict[str, Any]
) -> None:
    """The cause stands by itself then."""
    fake_kubectl.reply("logs --follow", stderr="Error from server (Forbidden): no", code=1)
    words = LastWords(kubectl)
    words.follow([starting])
    words.keep(GONE)
    assert str(words) == ""
