"""The answer of a kubectl that runs."""

from __future__ import annotations

import builtins
import time
from typing import TYPE_CHECKING, Any

from krayne.errors import KrayneError, KubectlError

if TYPE_CHECKING:
    from collections.abc import Callable

    from krayne.kubectl.listing import Listing
    from krayne.process import Completed, Process


class Reply:
    """The answer of a kubectl that has been started: it runs while the caller does other things.

    Who starts several, or does anything that may fail before the answer is read, uses it as a context manager: at the
    end of the block it is given up, unless it has been read. ``doing`` completes "cannot …" if it fails; ``failure``
    is what its failure at that amounts to.
    """

    def __init__(self, process: Process, doing: str, failure: Callable[[str, Completed], KrayneError]) -> None:
        self.process, self._doing, self._failure = process, doing, failure
        self._started = time.monotonic()

    def __enter__(self) -> Reply:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def completed(self, *, within: float | None = None) -> Completed:
        """How it ended, whatever its exit code; NoAnswerError if that takes more than ``within`` seconds."""
        if within is None:
            return self.process.communicate()
        try:
            return self.process.communicate(until=self._started + within)
        except TimeoutError as error:
            from krayne.kubectl.failures import NoAnswerError

            raise NoAnswerError(f"cannot {self._doing}: no answer in {within:g} s") from error

    def bytes(self, *, within: float | None = None) -> bytes:
        """What it wrote. Raises the KrayneError that its failure amounts to.

        ``within``: seconds since the question, after which it is given up and its program ended: NoAnswerError.
        """
        return self.judged(self.completed(within=within))

    def judged(self, done: Completed) -> builtins.bytes:
        """What it wrote, for one who has read it by himself. Raises the KrayneError that its failure amounts to."""
        if done.code == 0:
            return done.stdout
        raise self._failure(self._doing, done)

    def text(self, *, within: float | None = None) -> str:
        """What it wrote, as text. ``within`` as for bytes."""
        return self.bytes(within=within).decode(errors="replace")

    def json(self) -> Any:
        """What it wrote, parsed."""
        return self.parsed(self.completed())

    def parsed(self, done: Completed) -> Any:
        """What it wrote, parsed, for one who has read it by himself. Raises as ``judged``; KubectlError if no JSON."""
        import json

        text = self.judged(done).decode(errors="replace")
        try:
            return json.loads(text)
        except ValueError as error:
            raise self._no_json(text[:80]) from error

    def list(self, fit: Callable[[dict[str, Any]], None] | None = None) -> dict[str, Any]:
        """The list it wrote; read as it comes, since it may be long. ``fit`` as for Listing."""
        from krayne.kubectl.listing import Listing, no_search_for_cycles

        listing = Listing(fit)
        with no_search_for_cycles():
            return self.listed(listing, self.process.communicate(listing.feed))

    def listed(self, listing: Listing, done: Completed) -> dict[str, Any]:
        """The list it wrote, for one who has fed it by himself. Raises as ``judged``; KubectlError if it is none."""
        self.judged(done)
        try:
            return listing.whole()
        except ValueError as error:
            raise self._no_json(listing.beginning) from error

    def items(self, fit: Callable[[dict[str, Any]], None] | None = None) -> builtins.list[dict[str, Any]]:
        """The objects of the list it wrote. ``fit`` as for Listing."""
        found: builtins.list[dict[str, Any]] = self.list(fit)["items"]
        return found

    def stop(self) -> None:
        """Give it up; nothing if it has been read."""
        self.process.stop()

    def _no_json(self, text: str) -> KubectlError:
        return KubectlError(f"cannot {self._doing}: kubectl answered with no JSON: {text!r}")
