"""How one forward stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from krayne.tunnels.state import DOWN, STARTING, UP, Forward, now
from krayne.tunnels.targets import TARGETS

if TYPE_CHECKING:
    from collections.abc import Callable


class Standing:
    """A local port, what it leads to, and what there is to say of it; ``told`` is called when that changes."""

    def __init__(self, service: str, local: int, remote: int, told: Callable[[str], None]) -> None:
        self.service, self.local, self.remote = service, local, remote
        self.state, self.since = STARTING, now()
        self.why: str | None = None
        self._told = told
        self._restarts = 0

    @property
    def forward(self) -> Forward:
        """The same as a value."""
        url = TARGETS[self.service].url.format(self.local)
        return Forward(
            self.service, self.local, self.remote, url, self.state, self.why, self.since, restarts=self._restarts
        )

    def say(self, state: str, why: str | None = None) -> None:
        """It stands so now."""
        if (state, why) == (self.state, self.why):
            return
        if state != self.state:
            self.since = now()
        self.state, self.why = state, why
        self._told(f"{self.service} (port {self.local}): {state}" + (f": {why}" if why else ""))

    def lost(self, why: str) -> None:
        """It is down; where it was up that counts as a restart to come."""
        if self.state == UP:
            self._restarts += 1
        self.say(DOWN, why)
