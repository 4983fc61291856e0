"""Watch: changes as a stream of events, from a resource version on or from what is there now."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from krayne.sandbox.apiserver.choosing import chosen_by
from krayne.sandbox.apiserver.cluster import Cluster
from krayne.sandbox.apiserver.requests import Request
from krayne.sandbox.apiserver.selectors import Match
from krayne.sandbox.apiserver.statuses import expired, too_large_version
from krayne.sandbox.apiserver.store import Change, Stored, TooOldError

# How often a watcher that allows bookmarks gets one, and how long a watch lasts that names no time, in seconds.
BOOKMARK_SECONDS = 60.0
_LONGEST_SECONDS = 3600.0
# So many changes a watcher may be behind; then its watch ends, as the real server's does, and it can resume it.
BACKLOG = 1_000
_INITIAL_END = "k8s.io/initial-events-end"


@dataclass(frozen=True, slots=True)
class Event:
    """One watch event: its type, and the object or, for BOOKMARK and ERROR, the object's text alone."""

    type: str
    stored: Stored


async def watch(cluster: Cluster, request: Request) -> AsyncIterator[Event]:
    """The request's events until its time is over. Raises ApiError before the first."""
    chosen = chosen_by(request)
    seconds = request.integer("timeoutSeconds") or _LONGEST_SECONDS
    asked = request.integer("resourceVersion") or 0
    if asked > cluster.store.version:
        raise too_large_version(asked, cluster.store.version)
    deadline = asyncio.get_running_loop().time() + seconds
    with _changes(cluster, request) as queue:
        for event in _first_events(cluster, request, asked, chosen):
            yield event
            if event.type == "ERROR":
                return
        async for event in _live_events(cluster, request, queue, chosen, deadline):
            yield event


@contextmanager
def _changes(cluster: Cluster, request: Request) -> Iterator[asyncio.Queue[Change | None]]:
    """The request's changes as they happen; None after the last, where the watcher has fallen too far behind."""
    queue: asyncio.Queue[Change | None] = asyncio.Queue()

    def note(change: Change) -> None:
        if not _concerns(change, request):
            return
        if queue.qsize() < BACKLOG:
            queue.put_nowait(change)
        else:
            stop()
            queue.put_nowait(None)

    stop = cluster.store.listen(note)
    try:
        yield queue
    finally:
        stop()


def _concerns(change: Change, request: Request) -> bool:
    key = change.key
    return key.resource == request.resource.qualified and request.namespace in ("", key.namespace)


def _first_events(cluster: Cluster, request: Request, asked: int, chosen: Match) -> list[Event]:
    """What has changed since the version asked for, or everything that is there where none was."""
    store, initial = cluster.store, request.flag("sendInitialEvents")
    if asked == 0 or initial:
        found = [
            Event("ADDED", stored)
            for stored in store.list(request.resource.qualified, request.namespace)
            if chosen(stored.object)
        ]
        return [*found, _bookmark(request, store.version, initial=True)] if initial else found
    try:
        past = list(store.since(request.resource.qualified, asked))
    except TooOldError as error:
        refusal = expired(f"too old resource version: {asked} ({error.oldest})")
        return [Event("ERROR", Stored(refusal.as_dict(), 0))]
    events = (event_of(change, chosen) for change in past if _concerns(change, request))
    return [event for event in events if event is not None]


async def _live_events(
    cluster: Cluster, request: Request, queue: asyncio.Queue[Change | None], chosen: Match, deadline: float
) -> AsyncIterator[Event]:
    clock = asyncio.get_running_loop().time
    while (left := deadline - clock()) > 0:
        try:
            change = await asyncio.wait_for(queue.get(), min(left, BOOKMARK_SECONDS))
        except asyncio.TimeoutError:
            if request.flag("allowWatchBookmarks"):
                yield _bookmark(request, cluster.store.version)
            continue
        if change is None:
            return
        event = event_of(change, chosen)
        if event is not None:
            yield event


def event_of(change: Change, chosen: Match) -> Event | None:
    """What a watcher of the chosen objects sees of a change: an object may come into its view or leave it."""
    was = change.old is not None and chosen(change.old.object)
    if change.new is not None and chosen(change.new.object):
        return Event("MODIFIED" if was else "ADDED", change.new)
    if not was or change.old is None:
        return None
    metadata = {**change.old.object["metadata"], "resourceVersion": str(change.version)}
    return Event("DELETED", Stored({**change.old.object, "metadata": metadata}, change.version))


def _bookmark(request: Request, version: int, *, initial: bool = False) -> Event:
    metadata: dict[str, Any] = {"resourceVersion": str(version), "creationTimestamp": None}
    if initial:
        metadata["annotations"] = {_INITIAL_END: "true"}
    resource = request.resource
    item = {"kind": resource.kind, "apiVersion": resource.group_version, "metadata": metadata}
    return Event("BOOKMARK", Stored(item, version))


def line(kind: str, text: bytes) -> bytes:
    """One event as a line of the stream."""
    return b'{"type":' + json.dumps(kind).encode() + b',"object":' + text + b"}\n"
