"""A local copy of one kind of object, kept up to date by list and watch."""

from __future__ import annotations

import asyncio
import logging
import random
from typing import TYPE_CHECKING, Any

import aiohttp

from krayne.sandbox.player.client import Api, ApiError, Object, Resource

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

Key = tuple[str, str]
"""(namespace, name)"""

log = logging.getLogger(__name__)

WATCH_SECONDS = 300
BACKOFF = (0.2, 10.0)


def key_of(item: Object) -> Key:
    """Where an object is filed."""
    metadata = item["metadata"]
    return metadata.get("namespace", ""), metadata["name"]


class Reflector:
    """The objects of one resource, by key, with one index and with listeners told of each change.

    A listener gets the object before and after; either is None. `observe` files the answer to one's own write
    before the watch brings it, so that a reconcile never acts on what it has changed itself.
    """

    def __init__(self, api: Api, resource: Resource, index: Callable[[Object], Hashable | None] | None = None) -> None:
        self._api = api
        self._resource = resource
        self._index = index
        self._version = 0
        self._objects: dict[Key, Object] = {}
        self._indexed: dict[Hashable, dict[Key, Object]] = {}
        self._listeners: list[Callable[[Object | None, Object | None], None]] = []
        self.synced = asyncio.Event()

    def __iter__(self) -> Iterator[Object]:
        return iter(list(self._objects.values()))

    def get(self, key: Key) -> Object | None:
        """The object filed there, which must not be changed in place."""
        return self._objects.get(key)

    def indexed(self, value: Hashable) -> list[Object]:
        """The objects whose index function gives that value, oldest name first."""
        return [item for _, item in sorted(self._indexed.get(value, {}).items())]

    def listen(self, listener: Callable[[Object | None, Object | None], None]) -> None:
        """Be told of every later change."""
        self._listeners.append(listener)

    def observe(self, item: Object) -> None:
        """File the answer to a write, unless the watch is past it already."""
        stored = self._objects.get(key_of(item))
        version = _version(item)
        if version > self._version and (stored is None or version > _version(stored)):
            self._file(item)

    def forget(self, key: Key, uid: str) -> None:
        """Drop an object that one has just deleted for good."""
        stored = self._objects.get(key)
        if stored and stored["metadata"].get("uid") == uid:
            self._drop(key)

    async def run(self) -> None:
        """List, then watch, forever. Goes back to the list when the server has forgotten where the watch was."""
        delay = BACKOFF[0]
        while True:
            try:
                await self._list()
                delay = BACKOFF[0]
                while True:
                    await self._watch()
            except ApiError as error:
                # 410: the version is compacted away. Listing again at once is the cure.
                if error.status != 410:
                    log.warning("cannot watch %s: %s", self._resource.plural, error)
                    delay = await _wait(delay)
            except (aiohttp.ClientError, OSError, asyncio.TimeoutError, ValueError) as error:
                log.warning("cannot watch %s: %r", self._resource.plural, error)
                delay = await _wait(delay)

    async def _list(self) -> None:
        items, version = await self._api.list(self._resource)
        self._version = int(version)
        fresh = {key_of(item): item for item in items}
        for key in [key for key in self._objects if key not in fresh]:
            self._drop(key)
        for key, item in fresh.items():
            stored = self._objects.get(key)
            if stored is None or _version(stored) != _version(item):
                self._file(item)
        self.synced.set()

    async def _watch(self) -> None:
        # Spread over time, so that the watches of one program do not all end at once.
        seconds = int(WATCH_SECONDS * random.uniform(1, 2))  # noqa: S311 (no secret)
        async for change in self._api.watch(self._resource, str(self._version), seconds):
            item = change["object"]
            if change["type"] == "ERROR":
                raise ApiError(item.get("code", 500), item.get("reason", ""), item.get("message", ""))
            self._version = _version(item)
            if change["type"] == "DELETED":
                self._drop(key_of(item))
            elif change["type"] in ("ADDED", "MODIFIED") and not self._ahead(item):
                self._file(item)

    def _ahead(self, item: Object) -> bool:
        """Whether an observed write is newer than what the watch brings."""
        stored = self._objects.get(key_of(item))
        return stored is not None and _version(stored) > _version(item)

    def _file(self, item: Object) -> None:
        key = key_of(item)
        before = self._objects.get(key)
        self._unindex(key, before)
        self._objects[key] = item
        value = self._index(item) if self._index else None
        if value is not None:
            self._indexed.setdefault(value, {})[key] = item
        self._tell(before, item)

    def _drop(self, key: Key) -> None:
        before = self._objects.pop(key, None)
        if before is not None:
            self._unindex(key, before)
            self._tell(before, None)

    def _unindex(self, key: Key, item: Object | None) -> None:
        value = self._index(item) if self._index and item is not None else None
        if value is not None and value in self._indexed:
            self._indexed[value].pop(key, None)
            if not self._indexed[value]:
                del self._indexed[value]

    def _tell(self, before: Object | None, after: Object | None) -> None:
        for listener in self._listeners:
            listener(before, after)


def _version(item: dict[str, Any]) -> int:
    return int(item["metadata"]["resourceVersion"])


async def _wait(delay: float) -> float:
    await asyncio.sleep(delay)
    return min(delay * 2, BACKOFF[1])
