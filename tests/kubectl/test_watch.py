"""Lists kept current: streams that bring news, end, break and expire."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from krayne.errors import PermissionDeniedError
from krayne.kubectl import Kubectl
from krayne.kubectl.watch import Watched, changes
from tests.support.kubectl import Hold

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.kubectl import FakeKubectl

PATH = "/api/v1/namespaces/ml/pods"
FORBIDDEN = 'Error from server (Forbidden): pods is forbidden: User "bob" cannot watch resource "pods" in API group ""'


def pod(name: str, version: int, **fields: Any) -> dict[str, Any]:
    """A pod as far as a watch cares."""
    return {"metadata": {"name": name, "namespace": "ml", "resourceVersion": str(version)}, **fields}


def event(kind: str, item: dict[str, Any]) -> str:
    """A line of the stream."""
    return json.dumps({"type": kind, "object": item}) + "\n"


def until(watched: Watched, reached: Callable[[], bool]) -> None:
    """Follow the changes until something holds, at most for 10 s."""
    for _ in changes([watched], until=time.monotonic() + 10, tick=0.1):
        if reached():
            return
    pytest.fail("never came")


def names(watched: Watched) -> list[str]:
    """What is there."""
    return sorted(item["metadata"]["name"] for item in watched.objects)


def test_follows_additions_changes_and_deletions(fake_kubectl: FakeKubectl) -> None:
    """In the order that they come."""
    lines = [event("ADDED", pod("a", 1)), event("ADDED", pod("b", 2)), event("MODIFIED", pod("a", 3, x=1))]
    fake_kubectl.reply("get --raw", stdout=[*lines, event("DELETED", pod("b", 4))], hangs=True)
    watched = Watched(Kubectl(namespace="ml"), PATH)
    until(watched, lambda: names(watched) == ["a"] and "x" in watched.objects[0])


def test_starts_from_what_the_caller_has_read(fake_kubectl: FakeKubectl) -> None:
    """From that version on, nothing is missed and nothing is read twice."""
    fake_kubectl.reply("get --raw", stdout=event("DELETED", pod("a", 8)), hangs=True)
    watched = Watched(Kubectl(namespace="ml"), PATH, objects=[pod("a", 7), pod("b", 7)], version="7")
    until(watched, lambda: names(watched) == ["b"])
    assert "resourceVersion=7" in fake_kubectl.calls[0].line


def test_a_line_may_come_in_pieces(fake_kubectl: FakeKubectl) -> None:
    """Pipes cut where they like."""
    line = event("ADDED", pod("a", 1))
    fake_kubectl.reply("get --raw", stdout=[line[:20], Hold("rest"), line[20:]], hangs=True)
    watched = Watched(Kubectl(namespace="ml"), PATH)
    ticks = iter(changes([watched], until=time.monotonic() + 10, tick=0.1))
    assert (next(ticks), watched.objects) == (False, [])
    fake_kubectl.release("rest")
    assert any(changed and watched.objects for changed in ticks)
    ticks.close()  # type: ignore[attr-defined]  # a generator


def test_goes_on_from_the_last_version_when_the_server_ends_the_watch(fake_kubectl: FakeKubectl) -> None:
    """Which servers do every few minutes; a bookmark counts."""
    fake_kubectl.reply("get --raw", stdout=event("ADDED", pod("a", 1)) + event("BOOKMARK", pod("", 5)))
    fake_kubectl.reply("get --raw", stdout=event("ADDED", pod("b", 6)), hangs=True)
    watched = Watched(Kubectl(namespace="ml"), PATH)
    until(watched, lambda: names(watched) == ["a", "b"])
    assert "resourceVersion=5" in fake_kubectl.calls[1].line


@pytest.mark.parametrize("told", ["in the stream", "by kubectl"])
def test_lists_anew_when_its_version_has_expired(fake_kubectl: FakeKubectl, told: str) -> None:
    """What vanished meanwhile is gone."""
    if told == "in the stream":
        gone = {"kind": "Status", "code": 410, "reason": "Expired"}
        fake_kubectl.reply("get --raw *watch*", stdout=event("ADDED", pod("a", 1)) + event("ERROR", gone))
    else:
        fake_kubectl.reply("get --raw *watch*", stdout=event("ADDED", pod("a", 1)))
        expired = "Error from server (Expired): too old resource version: 1 (90)"
        fake_kubectl.reply("get --raw *watch*", stderr=expired, code=1)
    fake_kubectl.reply("get --raw", json={"metadata": {"resourceVersion": "90"}, "items": [pod("b", 80)]})
    fake_kubectl.reply("get --raw *watch*", hangs=True)
    watched = Watched(Kubectl(namespace="ml"), PATH)
    until(watched, lambda: names(watched) == ["b"] and len(fake_kubectl.calls) > 2)
    assert any("watch=true" not in call.line for call in fake_kubectl.calls)


def test_comes_back_after_the_connection_broke(fake_kubectl: FakeKubectl) -> None:
    """A laptop that changes its network."""
    fake_kubectl.reply("get --raw", stderr="Unable to connect to the server: dial tcp: i/o timeout", code=1, times=2)
    fake_kubectl.reply("get --raw", stdout=event("ADDED", pod("a", 1)), hangs=True)
    watched = Watched(Kubectl(namespace="ml"), PATH)
    until(watched, lambda: names(watched) == ["a"])


def test_what_is_not_allowed_is_an_error(fake_kubectl: FakeKubectl) -> None:
    """No retry heals it."""
    fake_kubectl.reply("get --raw", stderr=FORBIDDEN, code=1)
    with pytest.raises(PermissionDeniedError):
        until(Watched(Kubectl(namespace="ml"), PATH), lambda: False)


def test_an_optional_list_that_is_not_allowed_stays_empty(fake_kubectl: FakeKubectl) -> None:
    """Who may not read events still gets a cluster."""
    fake_kubectl.reply("get --raw", stderr=FORBIDDEN, code=1)
    watched = Watched(Kubectl(namespace="ml"), PATH, optional=True)
    assert list(changes([watched], until=time.monotonic() + 0.5, tick=0.1))
    assert (watched.objects, watched.due, len(fake_kubectl.calls)) == ([], None, 1)


def test_closing_ends_kubectl(fake_kubectl: FakeKubectl) -> None:
    """No process is left behind."""
    fake_kubectl.reply("get --raw", stdout=event("ADDED", pod("a", 1)), hangs=True)
    watched = Watched(Kubectl(namespace="ml"), PATH)
    until(watched, lambda: bool(watched.objects))
    assert watched.fd is None
