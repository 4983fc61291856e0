"""The local copy, over real HTTP."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from krayne.sandbox.player.client import PODS
from krayne.sandbox.player.reflector import Reflector
from tests.sandbox.player.apiserver import Pods, listing, pod, serving

if TYPE_CHECKING:
    from collections.abc import Callable


def watched(
    pods: Pods, done: Callable[[Reflector], bool], before: Callable[[Reflector], None] | None = None
) -> Reflector:
    """A reflector run on that server until it has seen what it should."""

    async def run() -> Reflector:
        async with serving(pods) as api:
            reflector = Reflector(api, PODS, lambda item: item["metadata"].get("labels", {}).get("group"))
            task = asyncio.create_task(reflector.run())
            await asyncio.wait_for(reflector.synced.wait(), 10)
            if before:
                before(reflector)
            for _ in range(500):
                if done(reflector):
                    break
                await asyncio.sleep(0.01)
            task.cancel()
            return reflector

    return asyncio.run(run())


def names(reflector: Reflector) -> set[str]:
    """What it holds."""
    return {item["metadata"]["name"] for item in reflector}


def test_pages_and_changes() -> None:
    """Lists come in pages; additions, changes and deletions follow; bookmarks only move the version on."""
    huge = pod("c", 12, annotations={"big": "x" * 300_000})
    changes: list[Any] = [
        {"type": "ADDED", "object": huge},
        {"type": "DELETED", "object": pod("a", 13)},
        {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "20"}}},
    ]
    pods = Pods([listing(10, pod("a", 1), more="next"), listing(10, pod("b", 2))], [changes])
    reflector = watched(pods, lambda held: names(held) == {"b", "c"} and len(pods.asked) > 3)
    assert names(reflector) == {"b", "c"}
    assert pods.asked[1]["continue"] == "next"
    assert pods.asked[3]["resourceVersion"] == "20"


def test_expired_version_lists_again() -> None:
    """410, as a refusal or in the stream, leads back to the list, and what is gone is dropped."""
    error = {"type": "ERROR", "object": {"kind": "Status", "code": 410, "message": "too old"}}
    pods = Pods([listing(1, pod("a", 1)), listing(5, pod("b", 5)), listing(9, pod("c", 9))], [410, [error]])
    assert names(watched(pods, lambda held: names(held) == {"c"})) == {"c"}


def test_listeners_hear_each_change_once() -> None:
    """A list that brings nothing new tells nothing."""
    heard: list[tuple[str | None, str | None]] = []

    def listen(reflector: Reflector) -> None:
        def note(before: Any, after: Any) -> None:
            heard.append(tuple(item and item["metadata"]["name"] for item in (before, after)))  # type: ignore[arg-type]

        reflector.listen(note)

    again = listing(1, pod("a", 1))
    change = {"type": "MODIFIED", "object": pod("a", 2)}
    watched(Pods([again, again], [410, [change]]), lambda _: bool(heard), before=listen)
    assert heard == [("a", "a")]


def test_own_writes_count_at_once_and_never_go_back() -> None:
    """An observed write is there before the watch brings it, and an older change does not undo it."""

    def write(reflector: Reflector) -> None:
        reflector.observe(pod("a", 7, labels={"group": "new"}))

    older = [{"type": "MODIFIED", "object": pod("a", 5, labels={"group": "old"})}]
    later = [{"type": "ADDED", "object": pod("b", 9)}]
    reflector = watched(Pods([listing(1, pod("a", 1))], [older, later]), lambda held: "b" in names(held), before=write)
    assert [item["metadata"]["name"] for item in reflector.indexed("new")] == ["a"]
    assert reflector.indexed("old") == []


def test_a_late_answer_does_not_raise_the_dead() -> None:
    """A write's answer that comes after the watch has moved past it is ignored."""

    def late(reflector: Reflector) -> None:
        reflector.observe(pod("gone", 3))

    reflector = watched(Pods([listing(10)], []), lambda _: True, before=late)
    assert names(reflector) == set()
