"""How long the played parts take."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """Delays in seconds.

    `create`: from binding to a pod's first container; `pull`: an image's first pull on the node; `init`: an init
    container's run; `ready`: from start to the first good readiness probe; `crash`: from start to a crash; `die`: how
    long a container that is to die stays ready; `backoff`: before the first delayed restart or pull, doubled each
    time up to `backoff_limit`; `retry`: between looks at what is missing; `stop`: from the wish to delete a pod to
    its end; `idle`: how long Ray's autoscaler takes to see a changed demand.
    """

    create: float
    pull: float
    init: float
    ready: float
    crash: float
    die: float
    backoff: float
    backoff_limit: float
    retry: float
    stop: float
    idle: float


DEMO = Timing(
    create=0.6,
    pull=1.5,
    init=0.8,
    ready=1.5,
    crash=1.0,
    die=4.0,
    backoff=3.0,
    backoff_limit=60.0,
    retry=3.0,
    stop=0.8,
    idle=1.0,
)
"""Slow enough to be watched."""

FAST = Timing(
    create=0.02,
    pull=0.02,
    init=0.02,
    ready=0.05,
    crash=0.6,
    die=0.3,
    backoff=0.3,
    backoff_limit=10.0,
    retry=0.3,
    stop=0.02,
    idle=0.05,
)
"""As fast as tests want it, without spinning; a crash takes long enough for its log to be followed, as Ray's does."""

TIMINGS = {"demo": DEMO, "fast": FAST}
