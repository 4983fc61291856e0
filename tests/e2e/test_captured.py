"""Every captured cluster state, loaded into the API server, gets its word and a cause from `kubectl krayne`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import servers
from tests.support.captures import Capture, captured, made
from tests.support.load import NOBODY, load, unload

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.servers import Server
    from tests.support.shell import Shell

ALL = [capture for capture in captured() + made() if not capture.unit_only]
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
def described(loaded: Shell) -> dict[str, Any]:
    """What krayne says of each cluster."""
    names = [capture.name for capture in ALL]
    return {item["name"]: item for item in loaded.krayne("describe", *names, "-o", "json").ok().json["items"]}


@pytest.fixture(scope="module")
def listed(loaded: Shell) -> dict[str, Any]:
    """What the list says of each cluster."""
    return {item["name"]: item for item in loaded.krayne("get", "-o", "json").ok().json["items"]}


@pytest.mark.parametrize("capture", ALL, ids=lambda capture: capture.name)
def test_each_state_gets_its_word_and_cause(capture: Capture, described: dict[str, Any]) -> None:
    """Read back from a real API server, the state is the one that was written, whatever the clock says meanwhile."""
    said = described[capture.name]
    assert said["status"] == capture.expect["status"], said["cause"]
    assert said["hopeless"] == capture.expect["hopeless"], said["cause"]
    assert _told(said["cause"], capture) == _told(capture.expect["cause"], capture)


@pytest.mark.parametrize("capture", captured(), ids=lambda capture: capture.name)
def test_the_list_has_the_same_word(capture: Capture, listed: dict[str, Any]) -> None:
    """`get` says what `describe` says, in one list of all clusters."""
    said = listed[capture.name]
    assert said["status"] == capture.expect["status"], said["cause"]
    assert _told(said["cause"], capture) == _told(capture.expect["cause"], capture)


def _told(cause: str | None, capture: Capture) -> str | None:
    """Take out of a cause what loading changes: ages, and the names of cluster, node and scheduler."""
    if cause is None:
        return None
    cause = cause.replace("node-1", NOBODY).replace(f"{capture.name}-", "demo-").replace(f" by {NOBODY}", "")
    return AGE.sub("…", cause)
