"""Which local port a service gets."""

from __future__ import annotations

import hashlib
import socket
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

# Below every system's range for outgoing connections (Linux from 32768, macOS and Windows from 49152).
_LOW, _HIGH = 20000, 32000
_TRIES = 200


def local_port(identity: str, service: str, well_known: int, taken: Collection[int] = ()) -> int | None:
    """The well-known port if it is free, else the first free one of those that this cluster's service has.

    ``identity`` is what stays the same of the cluster; ``taken`` are ports promised to others. None: none is free.
    A port below 1024 cannot be had by everybody and is not tried.
    """
    for port in candidates(identity, service, well_known):
        if port not in taken and is_free(port):
            return port
    return None


def candidates(identity: str, service: str, well_known: int) -> Iterator[int]:
    """The ports to try, always the same ones in the same order."""
    if well_known >= 1024:
        yield well_known
    for attempt in range(_TRIES):
        digest = hashlib.sha256(f"{identity}\0{service}\0{attempt}".encode()).digest()
        yield _LOW + int.from_bytes(digest[:4], "big") % (_HIGH - _LOW)


def is_free(port: int) -> bool:
    """Whether nothing listens there, on either loopback address: "localhost" may mean both."""
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with suppress(OSError), socket.socket(family) as probe:
            probe.settimeout(1)
            if probe.connect_ex((address, port)) == 0:
                return False
    try:
        with socket.socket() as listener:
            # As kubectl (Go) binds: the last connections of a listener that is gone do not count.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True
