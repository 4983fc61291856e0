"""What the last words of a kubectl port-forward (1.30 to 1.37) mean."""

from __future__ import annotations

import re
from enum import Enum

from krayne.kubectl.failures import wants_login


class Ending(Enum):
    """Why it ended, as far as that asks for something of its own."""

    LOGIN = "the API server wants a login"
    REFUSED = "nothing listens at the other end; kubectl ends with the first connection that is refused"
    BUSY = "another program has the local port"
    FORBIDDEN = "the user may not"
    OTHER = "anything else"


_WORDS = {
    Ending.REFUSED: re.compile(r"connection refused", re.IGNORECASE),
    Ending.BUSY: re.compile(r"address already in use|unable to listen on any of the requested ports", re.IGNORECASE),
    Ending.FORBIDDEN: re.compile(r"forbidden", re.IGNORECASE),
}


def ending(words: str) -> Ending:
    """What kubectl's stderr says."""
    if wants_login(words):
        return Ending.LOGIN
    return next((each for each, pattern in _WORDS.items() if pattern.search(words)), Ending.OTHER)
