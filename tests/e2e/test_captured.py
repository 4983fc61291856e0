"""Every captured cluster state, loaded into the API server, gets its word and a cause from `kubectl krayne`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from krayne.status import judge, settled
from tests.support import servers
from tests.support.captures import Capture, captured, made
from tests.support.load import NOBODY, load, unload

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.servers import Server
    from tests.support.shell import Shell

ALL = [capture for capture in captured() + made() if not capture.unit_only]


def _needs_pods_events(capture: Capture) -> bool:
    """`get` hears of clusters only; what a pod's events say of its cause is for `describe`."""
    heard = [event for event in capture.events if event["involvedObject"]["kind"] == "RayCluster"]
    pods = None if settled(capture.cluster) and not capture.pods else capture.pods
    seen = judge(capture.cluster, pods, heard, now=capture.now)
    return (seen.cause, seen.hopeless) != (capture.expect["cause"], capture.expect["hopeless"])


DESCRIBED = [capture for capture in ALL if _needs_pods_events(capture)]
LISTED = [capture for capture in ALL if capture not in DESCRIBED]
AGE = re.compile(r"\b\d+[smhdy](\d+[smhd])?\b")


@pytest.fixture(scope="module")
def loaded(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A namespace with a cluster in each state, called as the state's file is."""
    with servers.namespace(server, tmp_path_factory.mktemp("captured")) as shell:
        load(shell, ALL)
        try:
            yield shell
        finally:
            unload(shell)


@pytest.fixture(scope="module")
def listed(loaded: Shell) -> dict[str, Any]:
    """What the list of all clusters says of each."""
    return {item["name"]: item for item in loaded.krayne("get", "-o", "json").ok().json["items"]}


@pytest.mark.parametrize("capture", LISTED, ids=lambda capture: capture.name)
def test_each_state_gets_its_word_and_cause(capture: Capture, listed: dict[str, Any]) -> None:
    """Read back from an API server, the state is the one that was written."""
    _check(capture, listed[capture.name])


@pytest.mark.parametrize("capture", DESCRIBED, ids=lambda capture: capture.name)
def test_a_description_knows_causes_from_events(capture: Capture, loaded: Shell) -> None:
    """Where only an event of a pod tells why: a volume, a hook, a probe, a node on its way."""
    _check(capture, loaded.krayne("describe", capture.name, "-o", "json").ok().json)


def _check(capture: Capture, said: dict[str, Any]) -> None:
    assert said["status"] == capture.expect["status"], said["cause"]
    assert said["hopeless"] == capture.expect["hopeless"], said["cause"]
    assert _told(said["cause"], capture) == _told(capture.expect["cause"], capture)


def _told(cause: str | None, capture: Capture) -> str | None:
    """Take out of a cause what loading changes: ages, and the names of cluster, node and scheduler."""
    if cause is None:
        return None
    cause = cause.replace("node-1", NOBODY).replace(f"{capture.name}-", "demo-").replace(f" by {NOBODY}", "")
    return AGE.sub("…", cause)
