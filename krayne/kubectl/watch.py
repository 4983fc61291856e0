"""Keeps lists of Kubernetes objects current by watching them, several at once, in one thread."""

from __future__ import annotations

import json
import os
import selectors
import time
from typing import TYPE_CHECKING, Any, Protocol

from krayne.errors import KubeConnectionError, KubeRayNotInstalledError, PermissionDeniedError
from krayne.kubectl.failures import failure
from krayne.process import CHUNK, Process

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from krayne.kubectl.client import Kubectl

_FIRST_RETRY, _LAST_RETRY = 0.2, 5.0  # seconds; doubled in between


class Source(Protocol):
    """Something that brings news now and then."""

    @property
    def due(self) -> float | None:
        """When (time.monotonic) it is to be resumed, if it is down."""

    @property
    def fd(self) -> int | None:
        """What to select on for news."""

    def resume(self) -> None:
        """Begin, or go on."""

    def read(self) -> bool:
        """Take in what has come; True if it changed anything."""

    def close(self) -> None:
        """Stop."""


class Watched:
    """The objects of one list as the API server last told them.

    Starts at ``version`` with ``objects`` where the caller has read them already, else with all that there is.
    When the server ends the watch it goes on from the last version seen; when that one has expired (410 Gone), it
    lists anew. ``optional`` lists that the user may not read stay empty.
    """

    def __init__(
        self,
        kubectl: Kubectl,
        path: str,
        *,
        objects: Iterable[dict[str, Any]] = (),
        version: str | None = None,
        optional: bool = False,
        **selectors_: str | None,
    ) -> None:
        self._kubectl, self._path, self._selectors, self._optional = kubectl, path, selectors_, optional
        self._objects = {_key(item): item for item in objects}
        self._version = version
        self._buffer = b""
        self._delay = _FIRST_RETRY
        self._process: Process | None = None
        self._resume_at: float | None = 0.0  # when to watch again; None: while watching, or never again

    @property
    def objects(self) -> list[dict[str, Any]]:
        """The objects that exist now."""
        return list(self._objects.values())

    @property
    def due(self) -> float | None:
        """When (time.monotonic) the watch is to be begun again, if it is down."""
        return self._resume_at

    @property
    def fd(self) -> int | None:
        """What to select on for news."""
        return self._process.stdout if self._process else None

    def resume(self) -> None:
        """Begin to watch, or go on with it."""
        self._buffer, self._resume_at = b"", None
        self._process = self._kubectl.watch(self._path, self._version, **self._selectors)

    def read(self) -> bool:
        """Take in what has come; True if it changed anything. Raises what no retry can heal."""
        if self._process is None:
            return False
        chunk = os.read(self._process.stdout, CHUNK)
        if not chunk:
            self._ended(self._process)
            return False
        *lines, self._buffer = (self._buffer + chunk).split(b"\n")
        changed = [self._take(json.loads(line)) for line in lines if line.strip()]  # each one, not up to the first
        return any(changed)

    def close(self) -> None:
        """Stop watching."""
        if self._process:
            self._process.stop()
            self._process = None

    def _take(self, event: dict[str, Any]) -> bool:
        item = event.get("object") or {}
        if event.get("type") == "ERROR":
            if item.get("code") == 410:
                self._relist()
                return True
            return False
        self._delay = _FIRST_RETRY
        self._version = item["metadata"].get("resourceVersion") or self._version
        if event.get("type") == "BOOKMARK":
            return False
        if event.get("type") == "DELETED":
            return self._objects.pop(_key(item), None) is not None
        self._objects[_key(item)] = item
        return True

    def _relist(self) -> None:
        listed = self._kubectl.list_path(self._path, **self._selectors).list()
        self._objects = {_key(item): item for item in listed["items"]}
        self._version = listed["metadata"]["resourceVersion"]

    def _ended(self, process: Process) -> None:
        done = process.communicate()
        self._process = None
        if done.code != 0:
            error = failure(f"watch {self._path}", done.stderr, done.code, namespace=self._kubectl.current_namespace)
            if isinstance(error, PermissionDeniedError) and self._optional:
                return
            if isinstance(error, PermissionDeniedError | KubeRayNotInstalledError):
                raise error
            if not isinstance(error, KubeConnectionError) and "Expired" in done.stderr:
                self._relist()
        self._resume_at = time.monotonic() + self._delay
        self._delay = min(2 * self._delay, _LAST_RETRY)


def _key(item: dict[str, Any]) -> tuple[str, str]:
    return item["metadata"].get("namespace", ""), item["metadata"]["name"]


def changes(sources: Sequence[Source], *, until: float | None, tick: float | None = None) -> Iterator[bool]:
    """Yield True whenever any source changed, False after ``tick`` seconds without, until ``until``
    (time.monotonic; None: for ever). Sources may be added meanwhile. Closes them all when it ends or is closed."""
    try:
        while (now := time.monotonic()) < (until or now + 1):
            for each in sources:
                if each.due is not None and each.due <= now:
                    each.resume()
            next_tick = now + tick if tick else None
            if read_ready(sources, until, next_tick):
                yield True
            elif next_tick and time.monotonic() >= next_tick:
                yield False
    finally:
        for each in sources:
            each.close()


def read_ready(sources: Sequence[Source], *moments: float | None) -> bool:
    """Wait for news until the first of these moments (time.monotonic), and take it in; whether it changed anything."""
    times = [moment for moment in (*moments, *(each.due for each in sources)) if moment is not None]
    timeout = max(0.0, min(times) - time.monotonic()) if times else None
    with selectors.DefaultSelector() as selector:
        for each in sources:
            if each.fd is not None:
                selector.register(each.fd, selectors.EVENT_READ, each)
        changed = [key.data.read() for key, _ in selector.select(timeout)]
    return any(changed)
