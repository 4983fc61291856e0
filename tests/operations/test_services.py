"""A head's services: one exec asks for them, and describe shows them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from krayne.api import describe_cluster
from krayne.config import ClusterConfig
from krayne.errors import ClusterNotFoundError, PermissionDeniedError
from krayne.operations.services import get_cluster_services
from krayne.render import render
from tests.operations.conftest import left_behind

if TYPE_CHECKING:
    from krayne.kubectl import Kubectl
    from tests.support.kubectl import FakeKubectl

WRITTEN = "".join(
    json.dumps(each) + "\n"
    for each in (
        {"service": "notebook", "state": "running", "port": 8888, "token": "secret-token", "restarts": 1},
        {"service": "code-server", "state": "failed", "why": "its SHA-256 is another", "restarts": 0},
        {"supervisor": "alive"},
    )
)
FORBIDDEN = 'Error from server (Forbidden): pods "demo-head" is forbidden: User "me" cannot create resource "pods/exec"'


@pytest.fixture
def hooked(cluster: dict[str, Any]) -> dict[str, Any]:
    """The ready cluster, with the services of one that krayne made but for ssh."""
    made = render(ClusterConfig(name="demo", services={"ssh": False}))["spec"]["headGroupSpec"]["template"]["spec"]
    container = cluster["spec"]["headGroupSpec"]["template"]["spec"]["containers"][0]
    container |= {key: made["containers"][0][key] for key in ("ports", "lifecycle")}
    return cluster


def test_one_exec_asks_for_all(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, hooked: dict[str, Any], pods: list[dict[str, Any]]
) -> None:
    """In the head's Ray container; what comes back has the secrets, in no text."""
    fake_kubectl.reply("get --raw */pods*", json={"items": pods})
    fake_kubectl.reply("get --raw */rayclusters/demo", json=hooked)
    fake_kubectl.reply("exec *-head-* --container=ray-head -- /bin/bash -c", stdout=WRITTEN)
    notebook, code, ssh = get_cluster_services("demo", kubectl=kubectl)
    assert (notebook.state, notebook.token, code.state, ssh.state) == ("running", "secret-token", "failed", "off")
    assert "secret" not in repr((notebook, code, ssh))


def test_without_services_nothing_is_asked(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, cluster: dict[str, Any], pods: list[dict[str, Any]]
) -> None:
    """No exec into a head that has none."""
    fake_kubectl.reply("get --raw */pods*", json={"items": pods})
    fake_kubectl.reply("get --raw */rayclusters/demo", json=cluster)
    assert {info.state for info in get_cluster_services("demo", kubectl=kubectl)} == {"off"}


def test_a_head_that_does_not_run_is_awaited(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, hooked: dict[str, Any]
) -> None:
    """There is nobody to ask yet."""
    fake_kubectl.reply("get --raw */pods*", json={"items": []})
    fake_kubectl.reply("get --raw */rayclusters/demo", json=hooked)
    notebook, _, ssh = get_cluster_services("demo", kubectl=kubectl)
    assert (notebook.state, notebook.why, ssh.state) == ("waiting", "the head does not run", "off")


def test_a_missing_right_or_cluster_is_an_error(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, hooked: dict[str, Any], pods: list[dict[str, Any]]
) -> None:
    """Which right, and no cluster."""
    fake_kubectl.reply("get --raw */pods*", json={"items": pods}, times=None)
    fake_kubectl.reply("get --raw */rayclusters/demo", json=hooked)
    fake_kubectl.reply("exec", stderr=FORBIDDEN, code=1)
    with pytest.raises(PermissionDeniedError, match="pods/exec"):
        get_cluster_services("demo", kubectl=kubectl)
    fake_kubectl.reply("get --raw */rayclusters/nope", stderr="Error from server (NotFound): nope", code=1)
    fake_kubectl.reply("get --raw */rayclusters", json={"items": []})
    fake_kubectl.reply("get --raw */namespaces/ml", json={})
    with pytest.raises(ClusterNotFoundError):
        get_cluster_services("nope", kubectl=kubectl)


def test_a_head_that_does_not_answer_holds_describe_up_no_longer_than_allowed(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, hooked: dict[str, Any], pods: list[dict[str, Any]]
) -> None:
    """What it would have told is unknown; nothing is left running."""
    fake_kubectl.reply("get --raw */pods*", json={"items": pods})
    fake_kubectl.reply("get --raw */events*", json={"items": []})
    fake_kubectl.reply("get --raw */rayclusters/demo", json=hooked)
    fake_kubectl.reply("exec", hangs=True, stubborn=True, times=2)
    details = describe_cluster("demo", kubectl=replace(kubectl, request_timeout="500ms"))
    assert [info.why for info in details.services] == ["the head did not answer in 0.5 s"] * 2 + [None]
    assert details.versions.source == "spec"
    assert left_behind(fake_kubectl) == []


def test_describing_without_the_right_to_list_says_what_is_unknown(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, hooked: dict[str, Any]
) -> None:
    """None is not nothing: which right is missing stands in its place."""
    no = (
        'Error from server (Forbidden): {0} is forbidden: User "me" cannot list resource "{0}" in API group "" '
        'in the namespace "ml"'
    )
    fake_kubectl.reply("get --raw */rayclusters/demo", json=hooked)
    fake_kubectl.reply("get --raw */pods*", stderr=no.format("pods"), code=1)
    fake_kubectl.reply("get --raw */events*", stderr=no.format("events"), code=1)
    details = describe_cluster("demo", kubectl=kubectl)
    assert (details.pods, details.events) == (None, None)
    assert [details.unread[each] for each in ("pods", "events")] == [
        f"me needs the right to list {each}: ask for it, then check with: kubectl auth can-i list {each} -n ml"
        for each in ("pods", "events")
    ]
    notebook, _, ssh = details.services
    assert (notebook.state, notebook.why, ssh.state) == ("unknown", "its pods may not be listed", "off")
    assert json.loads(json.dumps(details.as_dict()))["pods"] is None


@pytest.mark.parametrize("allowed", [True, False])
def test_describe_shows_them(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, hooked: dict[str, Any], pods: list[dict[str, Any]], allowed: bool
) -> None:
    """Without their secrets; unknown, and why, where exec is not allowed, which costs nothing else."""
    fake_kubectl.reply("get --raw */pods*", json={"items": pods})
    fake_kubectl.reply("get --raw */events*", json={"items": []})
    fake_kubectl.reply("get --raw */rayclusters/demo", json=hooked)
    fake_kubectl.reply("exec *-head-* -- python -c", stdout="2.60.0 3.11.7\n")
    if allowed:
        fake_kubectl.reply("exec *-head-* -- /bin/bash -c", stdout=WRITTEN)
    else:
        fake_kubectl.reply("exec *-head-* -- /bin/bash -c", stderr=FORBIDDEN, code=1)
    details = describe_cluster("demo", kubectl=kubectl)
    assert details.versions.python == "3.11.7"
    states = [info.state for info in details.services]
    assert states == (["running", "failed", "off"] if allowed else ["unknown", "unknown", "off"])
    assert "secret" not in json.dumps(details.as_dict())
    assert allowed or "is forbidden" in (details.services[0].why or "")
