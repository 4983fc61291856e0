"""Every object of the cluster in memory, under one resource version counter, with a bounded history to watch from."""

from __future__ import annotations

import json
import operator
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

Object = Mapping[str, Any]

# How many changes of one resource are kept. Watchers and paged lists that are further behind get 410 Expired.
HISTORY = 5_000


class Key(NamedTuple):
    """An object's place: its resource ("pods", "rayclusters.ray.io"), namespace ("" for cluster-wide) and name."""

    resource: str
    namespace: str
    name: str


@dataclass(frozen=True)
class Stored:
    """One version of one object: never changed once stored, so it can be shared with every reader."""

    object: Object
    version: int

    @cached_property
    def text(self) -> bytes:
        """The object as JSON; made once, sent many times."""
        return json.dumps(self.object, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to one object: `old` is None where it was created, `new` where it was deleted."""

    key: Key
    version: int
    old: Stored | None
    new: Stored | None


class TooOldError(Exception):
    """The history no longer reaches that far; `oldest` is the first version it can start after."""

    def __init__(self, oldest: int) -> None:
        super().__init__(f"history starts after {oldest}")
        self.oldest = oldest


@dataclass
class _Shelf:
    """One resource's objects and its changes since `compacted`."""

    objects: dict[tuple[str, str], Stored]
    history: deque[Change]
    compacted: int


class Store:
    """Objects by key. Single-threaded: what runs between two awaits is one transaction."""

    def __init__(self, history: int = HISTORY) -> None:
        self.version = 1
        self._history = history
        self._shelves: dict[str, _Shelf] = {}
        self._listeners: list[Callable[[Change], None]] = []

    def listen(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Call `listener` with every change from now on, before the change's request is answered.

        Returns what ends that; calling it again does nothing.
        """
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def get(self, key: Key) -> Stored | None:
        """The object's current version."""
        return self._shelf(key.resource).objects.get((key.namespace, key.name))

    def list(self, resource: str, namespace: str = "") -> Sequence[Stored]:
        """The resource's objects, all of them or one namespace's, by namespace and name."""
        return _sorted(self._shelf(resource).objects, namespace)

    def count(self, resource: str) -> int:
        """How many objects of that resource there are."""
        return len(self._shelf(resource).objects)

    def put(self, key: Key, item: dict[str, Any]) -> Stored:
        """Store a new version. The store writes `metadata.resourceVersion` into `item` and keeps it: hand it over."""
        self.version += 1
        item["metadata"]["resourceVersion"] = str(self.version)
        shelf = self._shelf(key.resource)
        place = (key.namespace, key.name)
        old = shelf.objects.get(place)
        new = Stored(sharing(item, old.object) if old else item, self.version)
        if old:
            old.__dict__.pop("text", None)  # the history is read seldom, and whole versions are large
        shelf.objects[place] = new
        self._record(Change(key, self.version, old, new))
        return new

    def delete(self, key: Key) -> Stored:
        """Remove the object; returns its last version, at the version of its deletion."""
        shelf = self._shelf(key.resource)
        self.version += 1
        old = shelf.objects.pop((key.namespace, key.name))
        self._record(Change(key, self.version, old, None))
        metadata = {**old.object["metadata"], "resourceVersion": str(self.version)}
        return Stored({**old.object, "metadata": metadata}, self.version)

    def forget(self, resource: str) -> None:
        """Drop a resource that is served no longer."""
        self._shelves.pop(resource, None)

    def since(self, resource: str, version: int) -> Iterator[Change]:
        """The resource's changes after `version`, oldest first. Raises TooOldError."""
        shelf = self._shelf(resource)
        if version < shelf.compacted:
            raise TooOldError(shelf.compacted)
        return (change for change in list(shelf.history) if change.version > version)

    def list_at(self, resource: str, namespace: str, version: int) -> Sequence[Stored]:
        """The list as it was at `version`. Raises TooOldError."""
        objects = dict(self._shelf(resource).objects)
        for change in reversed(list(self.since(resource, version))):
            place = (change.key.namespace, change.key.name)
            if change.old is None:
                del objects[place]
            else:
                objects[place] = change.old
        return _sorted(objects, namespace)

    def resources(self) -> Iterable[str]:
        """Every resource that has held an object."""
        return tuple(self._shelves)

    def _shelf(self, resource: str) -> _Shelf:
        if resource not in self._shelves:
            self._shelves[resource] = _Shelf({}, deque(maxlen=self._history), 0)
        return self._shelves[resource]

    def _record(self, change: Change) -> None:
        shelf = self._shelf(change.key.resource)
        if len(shelf.history) == shelf.history.maxlen:
            shelf.compacted = shelf.history[0].version
        shelf.history.append(change)
        for listener in tuple(self._listeners):
            listener(change)


def sharing(new: Any, old: Any) -> Any:
    """`new`, with what `old` has too being `old`'s: so a version in the history takes no more than what it changed."""
    if type(new) is not type(old):
        return new
    if isinstance(new, dict):
        made: Any = {name: sharing(value, old[name]) if name in old else value for name, value in new.items()}
        same = [*made] == [*old] and all(map(operator.is_, made.values(), old.values()))
    elif isinstance(new, list):
        made = [sharing(value, its) for value, its in zip(new, old, strict=False)] + new[len(old) :]
        same = len(made) == len(old) and all(map(operator.is_, made, old))
    else:
        return old if new == old else new
    return old if same else made


def _sorted(objects: Mapping[tuple[str, str], Stored], namespace: str) -> list[Stored]:
    return [objects[place] for place in sorted(objects) if not namespace or place[0] == namespace]
