"""The answer of a kubectl that runs, and what its failure means."""

from __future__ import annotations

import builtins
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from krayne.errors import KrayneError, KubectlError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from krayne.kubectl.client import Kubectl
    from krayne.process import Completed, Process

_OLDEST = (1, 30)  # the oldest kubectl that krayne is tested with


class Reply:
    """The answer of a kubectl that has been started: it runs while the caller does other things."""

    def __init__(self, kubectl: Kubectl, process: Process, doing: str) -> None:
        self._kubectl, self.process, self._doing = kubectl, process, doing

    def completed(self) -> Completed:
        """How it ended, whatever its exit code."""
        return self.process.communicate()

    def bytes(self) -> bytes:
        """What it wrote. Raises the KrayneError that its failure amounts to."""
        return self.judged(self.completed())

    def judged(self, done: Completed) -> builtins.bytes:
        """What it wrote, for one who has read it by himself. Raises the KrayneError that its failure amounts to."""
        if done.code == 0:
            return done.stdout
        from krayne.kubectl.failures import failure

        raise _outdated(self._kubectl, done.stderr) or failure(
            self._doing, done.stderr, done.code, namespace=self._kubectl.current_namespace
        )

    def text(self) -> str:
        """What it wrote, as text."""
        return self.bytes().decode(errors="replace")

    def json(self) -> Any:
        """What it wrote, parsed."""
        import json

        text = self.text()
        try:
            return json.loads(text)
        except ValueError as error:
            raise self._no_json(text[:80]) from error

    def list(self, fit: Callable[[dict[str, Any]], None] | None = None) -> dict[str, Any]:
        """The list it wrote; read as it comes, since it may be long. ``fit`` as for Listing."""
        from krayne.kubectl.listing import Listing

        listing = Listing(fit)
        with _no_search_for_cycles():
            self.judged(self.process.communicate(listing.feed))
            try:
                return listing.whole()
            except ValueError as error:
                raise self._no_json(listing.beginning) from error

    def items(self, fit: Callable[[dict[str, Any]], None] | None = None) -> builtins.list[dict[str, Any]]:
        """The objects of the list it wrote. ``fit`` as for Listing."""
        found: builtins.list[dict[str, Any]] = self.list(fit)["items"]
        return found

    def stop(self) -> None:
        """Give it up."""
        self.process.stop()

    def _no_json(self, text: str) -> KubectlError:
        return KubectlError(f"cannot {self._doing}: kubectl answered with no JSON: {text!r}")


@contextmanager
def _no_search_for_cycles() -> Iterator[None]:
    """Python would look for them again and again in a growing tree: three times the time at 50 MB."""
    import gc

    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def _outdated(kubectl: Kubectl, stderr: str) -> KrayneError | None:
    """The better explanation of a flag that kubectl does not know: it is older than any that krayne works with."""
    if not re.search(r"unknown (shorthand )?flag|invalid argument .* for \"--", stderr):
        return None
    import json

    try:
        client = json.loads(kubectl.start("version", "--client", "--output=json").communicate().stdout)["clientVersion"]
        found = (int(client["major"]), int(re.sub(r"\D", "", client["minor"])))
    except (ValueError, KeyError, TypeError):
        return None
    if found >= _OLDEST:
        return None
    needed = ".".join(map(str, _OLDEST))
    return KubectlError(
        f"{kubectl.binary} is {client.get('gitVersion', found)}, too old for krayne, which needs {needed} or newer: "
        f"{stderr.strip().splitlines()[0]}\nInstall a newer kubectl, or name one with KUBECTL=/path/to/kubectl"
    )
