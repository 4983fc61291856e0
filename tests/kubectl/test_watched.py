"""Lists kept current: streams that bring news, end, break and expire."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from krayne.errors import KrayneError, KubectlError, PermissionDeniedError
from krayne.kubectl import Kubectl
from krayne.kubectl.failures import LoginWantedError
from krayne.kubectl.watch import changes
from krayne.kubectl.watched import Outage, Watched
from tests.support.kubectl import Hold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.kubectl import FakeKubectl

PODS, EVENTS = "/api/v1/namespaces/ml/pods", "/api/v1/namespaces/ml/events"
LIST, WATCH = "get --raw */pods", "get --raw */pods?watch=true*"
FORBIDDEN = 'Error from server (Forbidden): pods is forbidden: User "bob" cannot watch resource "pods" in API group ""'
UNREACHABLE = "Unable to connect to the server: dial tcp: i/o timeout"
UNAUTHORIZED = "error: You must be logged in to the server (Unauthorized)"
EXPIRED = "Error from server (Expired): too old resource version: 1 (90)"


def pod(name: str, version: int, **fields: Any) -> dict[str, Any]:
    """A pod as far as a watch cares."""
    return {"metadata": {"name": name, "namespace": "ml", "resourceVersion": str(version)}, **fields}


def event(kind: str, item: dict[str, Any]) -> str:
    """A line of the stream."""
    return json.dumps({"type": kind, "object": item}) + "\n"


def listing(version: int, *items: dict[str, Any]) -> dict[str, Any]:
    """The answer to a list."""
    return {"metadata": {"resourceVersion": str(version)}, "items": [*items]}


def until(watched: Watched, reached: Callable[[], bool]) -> None:
    """Follow the changes until something holds, at most for 10 s."""
    for _ in changes([watched], until=time.monotonic() + 10, tick=0.1):
        if reached():
            return
    pytest.fail("never came")


def met(watched: Watched, reached: Callable[[], bool]) -> list[str]:
    """Follow the changes as ``until``; the failures met on the way."""
    failures: list[KrayneError | None] = []
    until(watched, lambda: failures.append(watched.failure) or reached())  # type: ignore[func-returns-value]  # is None
    return [str(each) for each in failures if each]


def names(watched: Watched) -> list[str]:
    """What is there."""
    return sorted(item["metadata"]["name"] for item in watched.objects)


def asked(fake_kubectl: FakeKubectl) -> list[str]:
    """What was asked for, in order."""
    return ["watch" if "watch=true" in call.line else "list" for call in fake_kubectl.calls]


@pytest.fixture
def told() -> list[str]:
    """What the user is told."""
    return []


@pytest.fixture
def kubectl(told: list[str]) -> Kubectl:
    """The scripted kubectl, of a user who listens."""
    return Kubectl(namespace="ml", tell=told.append)


@pytest.fixture
def read(kubectl: Kubectl) -> Watched:
    """Pods a and b, as the caller has read them at version 7."""
    return Watched(kubectl, PODS, objects=[pod("a", 7), pod("b", 7)], version="7")


def test_lists_first_and_watches_from_there_on(fake_kubectl: FakeKubectl, kubectl: Kubectl) -> None:
    """So it is known when all that there is has been told; what comes after it is not missed."""
    fake_kubectl.reply(LIST, json=listing(7, pod("a", 3), pod("b", 4)))
    fake_kubectl.reply(WATCH, stdout=[Hold("more"), event("ADDED", pod("c", 8))], hangs=True)
    pods = Watched(kubectl, PODS)
    assert (pods.known, pods.readable) == (False, None)
    seen = changes([pods], until=time.monotonic() + 10)
    assert next(seen)
    assert (names(pods), pods.known) == (["a", "b"], True)
    fake_kubectl.release("more")
    assert next(seen)
    assert names(pods) == ["a", "b", "c"]
    end(seen)
    assert "resourceVersion=7" in fake_kubectl.calls[1].line


def end(seen: Iterator[bool]) -> None:
    """Follow no more."""
    seen.close()  # type: ignore[attr-defined]  # a generator


def test_tells_nothing_before_all_is_known(fake_kubectl: FakeKubectl, kubectl: Kubectl) -> None:
    """Who judges by one of two lists judges wrongly; both are asked for at once. An empty list is known, too."""
    fake_kubectl.reply(LIST, stdout=[Hold("pods"), json.dumps(listing(1, pod("a", 1)))])
    fake_kubectl.reply("get --raw */events", json=listing(1))
    fake_kubectl.reply("get --raw *watch=true*", hangs=True, times=2)
    pods, events = Watched(kubectl, PODS), Watched(kubectl, EVENTS)

    def half() -> bool:
        if events.known:
            fake_kubectl.release("pods")
        return False

    seen = changes([pods, events], until=time.monotonic() + 10, tick=0.05, enough=half)
    assert next(seen)
    assert (names(pods), pods.known, events.known) == (["a"], True, True)
    end(seen)


def test_tells_of_a_change_before_that_if_what_is_there_is_enough(fake_kubectl: FakeKubectl, kubectl: Kubectl) -> None:
    """Whatever becomes of the other list."""
    fake_kubectl.reply(LIST, json=listing(1, pod("a", 1)))
    fake_kubectl.reply(WATCH, hangs=True)
    fake_kubectl.reply("get --raw */events", hangs=True)
    pods, events = Watched(kubectl, PODS), Watched(kubectl, EVENTS)
    seen = changes([pods, events], until=time.monotonic() + 10, enough=lambda: pods.known)
    assert next(seen)
    assert (names(pods), events.known) == (["a"], False)
    end(seen)


def test_follows_additions_changes_and_deletions(fake_kubectl: FakeKubectl, read: Watched) -> None:
    """In the order that they come, from the version that the caller has read; nothing is read twice."""
    lines = [event("ADDED", pod("c", 8)), event("MODIFIED", pod("a", 9, x=1)), event("DELETED", pod("b", 10))]
    fake_kubectl.reply(WATCH, stdout=lines, hangs=True)
    until(read, lambda: names(read) == ["a", "c"] and "x" in read.objects[0])
    assert "resourceVersion=7" in fake_kubectl.calls[0].line


def test_a_line_may_come_in_pieces(fake_kubectl: FakeKubectl, read: Watched) -> None:
    """Pipes cut where they like."""
    line = event("ADDED", pod("c", 8))
    fake_kubectl.reply(WATCH, stdout=[line[:20], Hold("rest"), line[20:]], hangs=True)
    seen = changes([read], until=time.monotonic() + 10, tick=0.1)
    assert (next(seen), next(seen), names(read)) == (True, False, ["a", "b"])
    fake_kubectl.release("rest")
    assert any(changed and len(names(read)) == 3 for changed in seen)
    end(seen)


def test_what_nobody_reads_is_left_out(fake_kubectl: FakeKubectl, kubectl: Kubectl) -> None:
    """Of what is listed and of what comes."""
    fake_kubectl.reply(LIST, json=listing(1, pod("a", 1, x=1)))
    fake_kubectl.reply(WATCH, stdout=event("ADDED", pod("b", 2, x=1)), hangs=True)
    pods = Watched(kubectl, PODS, fit=lambda item: item.pop("x"))
    until(pods, lambda: names(pods) == ["a", "b"])
    assert not any("x" in item for item in pods.objects)


def test_goes_on_from_the_last_version_when_the_server_ends_the_watch(fake_kubectl: FakeKubectl, read: Watched) -> None:
    """Which servers do every few minutes; a bookmark counts."""
    fake_kubectl.reply(WATCH, stdout=event("ADDED", pod("c", 8)) + event("BOOKMARK", pod("", 9)))
    fake_kubectl.reply(WATCH, stdout=event("ADDED", pod("d", 10)), hangs=True)
    until(read, lambda: names(read) == ["a", "b", "c", "d"])
    assert "resourceVersion=9" in fake_kubectl.calls[1].line


@pytest.mark.parametrize(
    "words",
    [
        "error: context deadline exceeded",  # kubectl 1.37
        "error: net/http: request canceled (Client.Timeout or context cancellation while reading body)",  # 1.33
    ],
)
def test_goes_on_when_the_request_timeout_ends_the_watch(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, told: list[str], words: str
) -> None:
    """It is meant for answers, which had begun; what had come of a line comes again."""
    pods = Watched(replace(kubectl, request_timeout="2s"), PODS, version="7")
    for version in (8, 9, 10):
        line = event("ADDED", pod(f"p{version}", version))
        fake_kubectl.reply(WATCH, stdout=[line, line[:20]], stderr=words, code=1)
    fake_kubectl.reply(WATCH, hangs=True)
    assert met(pods, lambda: len(fake_kubectl.calls) == 4) == []
    assert (names(pods), told, asked(fake_kubectl)) == (["p10", "p8", "p9"], [], ["watch"] * 4)
    assert "resourceVersion=10" in fake_kubectl.calls[3].line


@pytest.mark.parametrize(
    "words",
    [
        "Unable to connect to the server: context deadline exceeded",
        "Unable to connect to the server: net/http: request canceled (Client.Timeout exceeded while awaiting headers)",
    ],
)
def test_a_server_that_does_not_answer_a_watch_in_time_is_an_outage(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, told: list[str], words: str
) -> None:
    """There the request timeout ended an answer that never began."""
    pods = Watched(replace(kubectl, request_timeout="2s"), PODS, version="7")
    fake_kubectl.reply(WATCH, stderr=words, code=1)
    fake_kubectl.reply(LIST, stderr=words, code=1)
    fake_kubectl.reply(LIST, json=listing(9, pod("c", 9)))
    fake_kubectl.reply(WATCH, hangs=True)
    until(pods, lambda: names(pods) == ["c"])
    assert told == [f"cannot list pods in namespace ml: {words}; trying again\n"]


@pytest.mark.parametrize("how", ["in the stream", "by kubectl"])
def test_lists_anew_when_its_version_has_expired(
    fake_kubectl: FakeKubectl, read: Watched, told: list[str], how: str
) -> None:
    """What vanished meanwhile is gone; nobody has to know."""
    if how == "in the stream":
        fake_kubectl.reply(WATCH, stdout=event("ERROR", {"kind": "Status", "code": 410, "reason": "Expired"}))
    else:
        fake_kubectl.reply(WATCH, stderr=EXPIRED, code=1)
    fake_kubectl.reply(LIST, json=listing(90, pod("b", 80)))
    fake_kubectl.reply(WATCH, hangs=True)
    until(read, lambda: names(read) == ["b"] and len(fake_kubectl.calls) > 2)
    assert (asked(fake_kubectl), told) == (["watch", "list", "watch"], [])


def test_a_broken_watch_alone_is_not_worth_telling(fake_kubectl: FakeKubectl, read: Watched, told: list[str]) -> None:
    """The list after it has all that was missed."""
    fake_kubectl.reply(WATCH, stdout=event("ADDED", pod("c", 8)), stderr="error: unexpected EOF", code=1)
    fake_kubectl.reply(LIST, json=listing(9, pod("d", 9)))
    fake_kubectl.reply(WATCH, hangs=True)
    until(read, lambda: names(read) == ["d"])
    assert (told, read.failure) == ([], None)


def test_an_outage_is_told_once_and_ends_by_itself(fake_kubectl: FakeKubectl, read: Watched, told: list[str]) -> None:
    """A laptop that changes its network: what cannot be done, why, and that it is tried again."""
    fake_kubectl.reply(WATCH, stderr=UNREACHABLE, code=1)
    fake_kubectl.reply(LIST, stderr=UNREACHABLE, code=1, times=2)
    fake_kubectl.reply(LIST, json=listing(9, pod("c", 9)))
    fake_kubectl.reply(WATCH, stdout=event("ADDED", pod("d", 10)), hangs=True)
    failures = met(read, lambda: names(read) == ["c", "d"])
    assert failures[0].startswith(f"cannot watch pods in namespace ml: {UNREACHABLE}\nThe server did not answer")
    assert (told, read.failure) == ([f"cannot list pods in namespace ml: {UNREACHABLE}; trying again\n"], None)


def test_lists_that_share_an_outage_tell_of_it_once(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, told: list[str]
) -> None:
    """And of the next one again."""
    outage = Outage(kubectl.tell)
    both = [Watched(kubectl, path, version="7", outage=outage) for path in (PODS, EVENTS)]
    for path in (PODS, EVENTS):
        for number in (1, 2):
            bookmark = event("BOOKMARK", pod("", number))
            fake_kubectl.reply(f"get --raw {path}?watch*", stdout=[Hold(f"outage {number}"), bookmark], code=1)
            fake_kubectl.reply(f"get --raw {path}", stderr=UNREACHABLE, code=1)
            fake_kubectl.reply(f"get --raw {path}", json=listing(number, pod(f"found-{number}", 1)))
        fake_kubectl.reply(f"get --raw {path}?watch*", hangs=True)
    fake_kubectl.release("outage 1")
    for _ in changes(both, until=time.monotonic() + 10):
        found = [names(each) for each in both]
        if found == [["found-1"], ["found-1"]]:
            fake_kubectl.release("outage 2")
        if found == [["found-2"], ["found-2"]]:
            break
    assert [words.partition(": ")[2] for words in told] == [f"{UNREACHABLE}; trying again\n"] * 2


def test_a_watch_that_always_fails_is_told_once_while_lists_do(
    fake_kubectl: FakeKubectl, read: Watched, told: list[str]
) -> None:
    """A proxy that lets no watch through."""
    fake_kubectl.reply(WATCH, stderr="Error from server (BadGateway): no", code=1, times=3)
    fake_kubectl.reply(LIST, json=listing(9, pod("c", 9)), times=2)
    fake_kubectl.reply(LIST, json=listing(10, pod("d", 10)))
    fake_kubectl.reply(WATCH, hangs=True)
    until(read, lambda: names(read) == ["d"])
    assert told == ["cannot watch pods in namespace ml: Error from server (BadGateway): no; trying again\n"]


def test_an_optional_list_that_fails_at_first_is_tried_again(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, told: list[str]
) -> None:
    """It is awaited, and the user knows what for."""
    fake_kubectl.reply(LIST, stderr=UNREACHABLE, code=1)
    fake_kubectl.reply(LIST, json=listing(1, pod("a", 1)))
    fake_kubectl.reply(WATCH, hangs=True)
    pods = Watched(kubectl, PODS, optional=True)
    seen = changes([pods], until=time.monotonic() + 10, tick=0.05)
    assert (next(seen), names(pods), len(told)) == (True, ["a"], 1)
    end(seen)


@pytest.mark.parametrize(
    "answer", ["<html>Sign in</html>", "[1]\n", '{"type": "ADDED"}\n', '{"type": "ADDED", "object']
)
def test_an_answer_that_is_no_event_is_a_failure_that_is_shown(
    fake_kubectl: FakeKubectl, read: Watched, told: list[str], answer: str
) -> None:
    """A proxy's login page, say; it may heal."""
    fake_kubectl.reply(WATCH, stdout=answer)
    fake_kubectl.reply(LIST, stdout="<html>")
    fake_kubectl.reply(LIST, json=listing(9, pod("c", 9)))
    fake_kubectl.reply(WATCH, hangs=True)
    failures = met(read, lambda: names(read) == ["c"])
    assert failures[0] == f"cannot watch pods in namespace ml: kubectl answered with no event: {answer.strip()!r}"
    assert told == ["cannot list pods in namespace ml: kubectl answered with no JSON: '<html>'; trying again\n"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [("<html>", "no JSON: '<html>'"), ("{}", "no list"), ('{"metadata": {}, "items": [1]}', "no list")],
)
def test_a_first_list_that_is_none_is_an_error(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, answer: str, words: str
) -> None:
    """Nothing is there yet that could go on."""
    fake_kubectl.reply(LIST, stdout=answer)
    with pytest.raises(KubectlError, match=f"cannot list pods in namespace ml: kubectl answered with {words}"):
        until(Watched(kubectl, PODS), lambda: False)


@pytest.mark.parametrize(("stderr", "error"), [(FORBIDDEN, PermissionDeniedError), (UNAUTHORIZED, LoginWantedError)])
@pytest.mark.parametrize("first", ["list", "watch"])
def test_what_no_retry_heals_is_an_error(
    fake_kubectl: FakeKubectl, first: str, stderr: str, error: type[KrayneError]
) -> None:
    """A right, a login; whether listing or watching wants it."""
    fake_kubectl.reply("get --raw", stderr=stderr, code=1)
    with pytest.raises(error):
        until(Watched(Kubectl(namespace="ml"), PODS, version="7" if first == "watch" else None), lambda: False)
    assert asked(fake_kubectl) == [first]


def test_a_login_is_wanted_for_an_optional_list_too(fake_kubectl: FakeKubectl, kubectl: Kubectl) -> None:
    """It is the same login."""
    fake_kubectl.reply(LIST, stderr=UNAUTHORIZED, code=1)
    with pytest.raises(LoginWantedError, match="logged in"):
        until(Watched(kubectl, PODS, optional=True), lambda: False)


def test_an_optional_list_that_is_not_allowed_is_denied(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, told: list[str]
) -> None:
    """Who may not read pods still gets a cluster."""
    fake_kubectl.reply(LIST, stderr=FORBIDDEN, code=1)
    pods = Watched(kubectl, PODS, optional=True)
    assert [*changes([pods], until=time.monotonic() + 0.5, tick=0.1)].count(True) == 1
    assert (pods.known, pods.denied, pods.readable, pods.due, told) == (True, True, None, None, [])
    assert len(fake_kubectl.calls) == 1


def test_an_optional_list_that_may_not_be_watched_is_read_now_and_then(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A role with get and list alone."""
    monkeypatch.setattr("krayne.kubectl.watched._LAST_RETRY", 0.1)
    fake_kubectl.reply(LIST, json=listing(1, pod("a", 1)))
    fake_kubectl.reply(WATCH, stderr=FORBIDDEN, code=1)
    fake_kubectl.reply(LIST, json=listing(2, pod("b", 2)))
    pods = Watched(kubectl, PODS, optional=True)
    until(pods, lambda: names(pods) == ["b"])
    assert (asked(fake_kubectl), pods.readable, told) == (["list", "watch", "list"], [pod("b", 2)], [])


def test_closing_ends_kubectl(fake_kubectl: FakeKubectl, read: Watched) -> None:
    """No process is left behind."""
    fake_kubectl.reply(WATCH, stdout=event("ADDED", pod("c", 8)), hangs=True)
    until(read, lambda: len(names(read)) == 3)
    assert (read.fd, read.due) == (None, None)
