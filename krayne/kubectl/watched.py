"""Keeps a list of Kubernetes objects current by listing and watching it."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any

from krayne.errors import (
    KrayneError,
    KubectlError,
    KubectlNotFoundError,
    KubeRayNotInstalledError,
    PermissionDeniedError,
)
from krayne.kubectl.failures import LoginWantedError, is_cut_short
from krayne.kubectl.listing import Listing, no_search_for_cycles
from krayne.kubectl.paths import spoken
from krayne.process import CHUNK, Process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from krayne.kubectl.client import Kubectl
    from krayne.kubectl.reply import Reply
    from krayne.kubectl.watch import Source

_FIRST_RETRY, _LAST_RETRY = 0.2, 5.0  # seconds; doubled in between
_FINAL = (PermissionDeniedError, KubeRayNotInstalledError, LoginWantedError, KubectlNotFoundError)


class Outage:
    """One outage fails every list that is watched: the first that fails tells of it, for all that share this."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._down: set[int] = set()

    def begin(self, source: Source, words: str) -> None:
        """A source fails."""
        if not self._down:
            self._tell(words)
        self._down.add(id(source))

    def end(self, source: Source) -> None:
        """A source is well again."""
        self._down.discard(id(source))


class Watched:
    """The objects of one list as the API server last told them.

    Starts at ``version`` with ``objects`` where the caller has read them already; else it lists first. When the
    server or --request-timeout ends the watch it goes on from the last version seen. After a failure it lists anew,
    which also tells what was missed: again and again, after pauses that grow, and the first time that it fails again
    it says so, through the Kubectl's ``tell``, unless another list of the same ``outage`` has. Raised is what no retry
    heals, such as a right or a login that is wanted, and any failure of the very first list, unless it is
    ``optional``. An ``optional`` list that the user may not read is ``denied``, and ``forbidden`` is told why; one
    that may be read and not watched is read now and then. ``fit`` as for Listing.
    """

    def __init__(
        self,
        kubectl: Kubectl,
        path: str,
        *,
        objects: Iterable[dict[str, Any]] = (),
        version: str | None = None,
        optional: bool = False,
        outage: Outage | None = None,
        fit: Callable[[dict[str, Any]], None] | None = None,
        forbidden: Callable[[PermissionDeniedError], None] | None = None,
        **selectors_: str | None,
    ) -> None:
        self._kubectl, self._path, self._selectors, self._optional = kubectl, path, selectors_, optional
        self._fit, self._outage, self._denial = fit, outage or Outage(kubectl.tell), forbidden
        self._objects = {_key(item): item for item in objects}
        self._version = version  # None: list anew
        self.known = version is not None
        self.denied = False
        self.failure: KrayneError | None = None  # the last one, until a list or a watch goes well again
        self._failures = 0
        self._delay = _FIRST_RETRY
        self._resume_at: float | None = 0.0  # when to list or watch; None: while it does, or never again
        self._began = 0.0
        self._polls = False
        self._process: Process | None = None
        self._list: tuple[Reply, Listing] | None = None
        self._buffer = b""

    @property
    def objects(self) -> list[dict[str, Any]]:
        """The objects that exist now, as far as they are known."""
        return list(self._objects.values())

    @property
    def readable(self) -> list[dict[str, Any]] | None:
        """The objects that exist now; None where that is not known yet, or may not be."""
        return self.objects if self.known and not self.denied else None

    @property
    def due(self) -> float | None:
        """When (time.monotonic) to list or watch again, if it is down."""
        return self._resume_at

    @property
    def fd(self) -> int | None:
        """What to select on for news."""
        return self._process.stdout if self._process else None

    def resume(self) -> None:
        """Begin to list or to watch, or go on with it."""
        self._buffer, self._resume_at, self._began = b"", None, time.monotonic()
        if self._version is None:
            reply = self._kubectl.list_path(self._path, **self._selectors)
            self._process, self._list = reply.process, (reply, Listing(self._fit))
        else:
            self._process = self._kubectl.watch(self._path, self._version, **self._selectors)

    def read(self) -> bool:
        """Take in what has come; True if it changed anything. Raises what no retry can heal."""
        if self._process is None:
            return False
        chunk = os.read(self._process.stdout, CHUNK)
        try:
            if self._list:
                return self._read_list(*self._list, chunk)
            return self._read_watch(self._process, chunk)
        except KrayneError as error:
            self._fail(error)
            return True

    def close(self) -> None:
        """Stop listing and watching."""
        if self._process:
            self._process.stop()
        self._process = self._list = self._resume_at = None

    def _read_list(self, reply: Reply, listing: Listing, chunk: bytes) -> bool:
        with no_search_for_cycles():
            if chunk:
                listing.feed(chunk)
                return False
            listed = reply.listed(listing, reply.completed())
        try:
            self._objects = {_key(item): item for item in listed["items"]}
            self._version = listed["metadata"]["resourceVersion"]
        except (KeyError, TypeError) as error:
            raise self._nonsense("list", "list", listing.beginning) from error
        self._process, self._list = None, None
        self.known, self.denied = True, False
        self._recover()
        if self._polls:
            self._version, self._resume_at = None, time.monotonic() + _LAST_RETRY
        else:
            self.resume()
        return True

    def _read_watch(self, process: Process, chunk: bytes) -> bool:
        if not chunk:
            self._ended(process)
            return False
        *lines, self._buffer = (self._buffer + chunk).split(b"\n")
        changed = [self._take(line) for line in lines if line.strip()]  # each one, not up to the first
        return any(changed)

    def _take(self, line: bytes) -> bool:
        try:
            event = json.loads(line)
            kind, item = event["type"], event["object"]
            if kind == "ERROR":
                raise KubectlError(f"cannot watch {spoken(self._path)}: {item.get('message') or item}")
            version = item["metadata"].get("resourceVersion")
            key = None if kind == "BOOKMARK" else _key(item)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise self._nonsense("watch", "event", line.decode(errors="replace")) from error
        self._well()
        self._version = version or self._version
        if key is None:
            return False
        if kind == "DELETED":
            return self._objects.pop(key, None) is not None
        if self._fit:
            self._fit(item)
        self._objects[key] = item
        return True

    def _ended(self, process: Process) -> None:
        """The watch is over: in good order, as servers and --request-timeout end it, or by a failure."""
        done = process.communicate()
        cut_short = self._kubectl.request_timeout is not None and is_cut_short(done.stderr)
        if cut_short or time.monotonic() > self._began + _LAST_RETRY:
            self._well()
        if done.code != 0 and not cut_short:
            raise self._kubectl.failure(f"watch {spoken(self._path)}", done)
        if self._buffer.strip() and not cut_short:
            raise self._nonsense("watch", "event", self._buffer.decode(errors="replace"))
        self._process = None
        self._rest()

    def _well(self) -> None:
        self._failures, self._delay = 0, _FIRST_RETRY
        self._recover()

    def _recover(self) -> None:
        self.failure = None
        self._outage.end(self)

    def _fail(self, error: KrayneError) -> None:
        """Get ready to list anew, if that may help. Raises the error if not."""
        listing = self._list is not None
        self.close()
        self._version = None
        if isinstance(error, PermissionDeniedError) and self._optional:
            self._forbidden(error, listing=listing)
            return
        if isinstance(error, _FINAL) or not (self.known or self._optional):
            raise error
        self.failure = error
        self._failures += 1
        if self._failures == (2 if self.known else 1):  # a watch that broke is news only if listing fails, too
            self._outage.begin(self, f"{str(error).splitlines()[0]}; trying again\n")
        self._rest()

    def _forbidden(self, error: PermissionDeniedError, *, listing: bool) -> None:
        if listing:
            self._objects, self.known, self.denied = {}, True, True
            if self._denial:
                self._denial(error)
        else:
            self._polls, self._resume_at = True, time.monotonic() + _LAST_RETRY

    def _rest(self) -> None:
        self._resume_at = time.monotonic() + self._delay
        self._delay = min(2 * self._delay, _LAST_RETRY)

    def _nonsense(self, doing: str, wanted: str, answer: str) -> KubectlError:
        return KubectlError(f"cannot {doing} {spoken(self._path)}: kubectl answered with no {wanted}: {answer[:80]!r}")


def _key(item: dict[str, Any]) -> tuple[str, str]:
    return item["metadata"].get("namespace", ""), item["metadata"]["name"]
