"""krayne.services: from what the head wrote, and the cluster's objects, to values."""

from __future__ import annotations

import json
from typing import Any

import pytest

from krayne.config import ClusterConfig
from krayne.objects import Object
from krayne.render import render
from krayne.services import SERVICES, HeadPod, awaited, head_of, read_states, services_in

ALIVE = '{"supervisor": "alive"}\n'
ALL = dict.fromkeys(SERVICES, True)
HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"


def line(**state: Any) -> str:
    """A state as the supervisor writes it."""
    return json.dumps({"service": "notebook", "state": "running", "restarts": 2, "port": 8888} | state) + "\n"


def head_pod(name: str = "x-head", *, running: bool = True, created: str = "2026-11-23T10:00:00Z") -> dict[str, Any]:
    """A head pod with a sidecar."""
    state = {"running": {"startedAt": "2026-11-23T10:00:05Z"}} if running else {"waiting": {}}
    statuses = [{"name": "autoscaler", "state": {"running": {}}}, {"name": "ray-head", "state": state}]
    return {
        "metadata": {"name": name, "creationTimestamp": created, "labels": {"ray.io/node-type": "head"}},
        "spec": {"containers": [{"name": "ray-head"}, {"name": "autoscaler"}]},
        "status": {"containerStatuses": statuses},
    }


def test_every_service_is_told_in_one_order() -> None:
    """With its secret, its port and its restarts; one that is off is off."""
    notebook, code, ssh = read_states(line(token="t") + ALIVE, {"notebook": True, "code-server": True})
    assert (notebook.service, notebook.state, notebook.token, notebook.port) == ("notebook", "running", "t", 8888)
    assert (code.service, code.state) == ("code-server", "failed")
    assert (ssh.service, ssh.state, ssh.why) == ("ssh", "off", None)


def test_secrets_are_not_shown() -> None:
    """Neither repr nor the dict has them."""
    info = read_states(line(token="secret-t", password="secret-p") + ALIVE, ALL)[0]
    assert (info.token, info.password) == ("secret-t", "secret-p")
    assert "secret" not in repr(info)
    assert "secret" not in json.dumps(info.as_dict())


@pytest.mark.parametrize(
    "lies",
    [
        {"user": "ray\n  PermitLocalCommand yes\n  LocalCommand touch /tmp/x", "host_key": f"{HOST_KEY}\n* {HOST_KEY}"},
        {"user": "-oProxyCommand=x", "host_key": "ssh-ed25519 AAAA"},
        {"user": ["ray"], "host_key": {}},
    ],
)
def test_who_and_what_key_are_told_only_where_they_are_that(lies: dict[str, Any]) -> None:
    """Any task of Ray can write the file: no line of its own gets into ssh's."""
    told = {"service": "ssh", "user": "ray", "host_key": HOST_KEY}
    ssh = read_states(line(**told) + ALIVE, ALL)[2]
    assert (ssh.user, ssh.host_key) == ("ray", HOST_KEY)
    ssh = read_states(line(**{**told, **lies}) + ALIVE, ALL)[2]
    assert (ssh.state, ssh.user, ssh.host_key) == ("running", None, None)


@pytest.mark.parametrize("port", [0, -1, 65536, True, "22", 1.5])
def test_a_port_is_a_port(port: object) -> None:
    """Or none."""
    assert read_states(line(port=port) + ALIVE, ALL)[0].port is None


def test_what_nobody_looks_after_has_failed() -> None:
    """A state that its supervisor left behind says nothing any more, but a failure's reason stays."""
    assert "has ended" in (read_states(line(), ALL)[0].why or "")
    assert read_states(line(state="failed", why="no disk"), ALL)[0].why == "no disk"


@pytest.mark.parametrize(
    "text",
    ["", "garbage\n", "[]\n", "{}\n", '{"service": 1}\n', line(state="odd"), line(state=[]), "[" * 100_000 + "\n"],
)
def test_what_cannot_be_read_has_failed(text: str) -> None:
    """Whatever stands there, with a reason."""
    for info in read_states(text + ALIVE, ALL):
        assert (info.state, bool(info.why)) == ("failed", True)


def test_a_container_that_has_just_started_is_awaited() -> None:
    """Its hook may not have written yet."""
    assert {info.state for info in read_states("", ALL, fresh=True)} == {"installing"}
    alive = '{"supervisor": "alive"}\n'
    assert {info.state for info in read_states(alive, ALL, fresh=True)} == {"installing"}
    assert {info.state for info in read_states(alive, ALL)} == {"failed"}
    assert "no Python" in (read_states("", ALL)[0].why or "")


def test_a_cluster_s_services_are_its_hook_s() -> None:
    """Named ports alone, of another tool's head, are none."""
    cluster = render(ClusterConfig(name="x", services={"ssh": False}))
    assert services_in(cluster) == {"notebook": True, "code-server": True, "ssh": False}
    del cluster["spec"]["headGroupSpec"]["template"]["spec"]["containers"][0]["lifecycle"]
    assert not any(services_in(cluster).values())
    assert not any(services_in({}).values())


def test_the_newest_running_head_is_the_head() -> None:
    """Not one that waits, goes, or whose sidecar alone runs."""
    old, new = head_pod("old"), head_pod("new", created="2026-11-23T11:00:00Z")
    waiting = head_pod("waiting", running=False, created="2026-11-23T12:00:00Z")
    going = head_pod("going", created="2026-11-23T12:00:00Z")
    going["metadata"]["deletionTimestamp"] = "2026-11-23T12:00:01Z"
    found = head_of([old, new, waiting, going])
    assert isinstance(found, HeadPod)
    assert (found.pod, found.container) == ("new", "ray-head")
    assert found.started is not None
    assert head_of([waiting, going]) is None


@pytest.mark.parametrize(
    ("cluster", "why"),
    [
        ({}, "the head does not run"),
        ({"spec": {"suspend": True}}, "the cluster is suspended"),
        ({"metadata": {"deletionTimestamp": "2026-11-23T06:00:00Z"}}, "the cluster is being deleted"),
    ],
)
def test_services_of_a_head_that_does_not_run_wait(cluster: Object, why: str) -> None:
    """Nothing installs them, and nothing may ever."""
    enabled = {**ALL, "ssh": False}
    assert [(info.state, info.why) for info in awaited(enabled, cluster)] == [("waiting", why)] * 2 + [("off", None)]
