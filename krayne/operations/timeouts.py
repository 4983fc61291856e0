"""How long to wait by default, in seconds, and until when; of no weight, so that the command line's options can tell
the defaults."""

from __future__ import annotations

import time

# For a cluster to come or to go: pulling a Ray image onto a new node takes minutes, and with GCS fault tolerance
# KubeRay 1.6 itself gives its clean-up 300 s.
CLUSTER = 600.0
# For a tunnel to come up; pulling a head's image is `wait`'s to wait for.
TUNNEL = 60.0
# For an SSH service that is being installed.
SSH = 60.0


def end_of(timeout: float | None) -> float | None:
    """The moment (of time.monotonic) at which so many seconds from now are over; None: never."""
    return None if timeout is None else time.monotonic() + timeout


def left_until(until: float | None) -> float | None:
    """The seconds that are left until then, 0 where it is past; None: no end."""
    return None if until is None else max(0.0, until - time.monotonic())
