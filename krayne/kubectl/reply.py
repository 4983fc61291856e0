"""The answer of a kubectl that runs, and what its failure means."""

from __future__ import annotations

import builtins
import re
from typing import TYPE_CHECKING, Any

from krayne.errors import KrayneError, KubectlError

if TYPE_CHECKING:
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
        import gc
        import json

        text = self.text()
        collecting = gc.isenabled()
        gc.disable()  # it would look again and again for cycles in a growing tree: three times the time at 50 MB
        try:
            return json.loads(text)
        except ValueError as error:
            raise KubectlError(f"cannot {self._doing}: kubectl answered with no JSON: {text[:80]!r}") from error
        finally:
            if collecting:
                gc.enable()

    def stop(self) -> None:
        """Give it up."""
        self.process.stop()


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
