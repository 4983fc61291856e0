"""Commands that messages lead on to."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from krayne.kubectl import Kubectl


def see_why(kubectl: Kubectl, name: str) -> str:
    """The command that leads on from a cluster that is not ready."""
    return f"See why: kubectl krayne describe {kubectl.where(name)}"
