"""What of a head can be forwarded: its services, their ports, and how each is greeted to see whether it answers."""

from __future__ import annotations

from typing import Any, NamedTuple

from krayne import objects
from krayne.objects import RAY_PORTS
from krayne.services import services_in

_HTTP = "GET {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nUser-Agent: krayne\r\n\r\n"
# A client's connection preface and an empty SETTINGS frame (RFC 9113, 3.4): a gRPC server answers with its own.
_HTTP2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"


class Target(NamedTuple):
    """A service of the head. ``greeting`` makes it answer; an empty one: it speaks first. ``url`` is its local URL.

    ``ray``: one of Ray's own, which answers as soon as the head is ready. ``rare``: nothing may ever listen there.
    """

    port: int
    url: str
    greeting: bytes
    ray: bool = False
    rare: bool = False


_LOCAL = "http://127.0.0.1:{}"

# By the name of the container port.
TARGETS: dict[str, Target] = {
    "dashboard": Target(RAY_PORTS["dashboard"], _LOCAL, _HTTP.format("/api/version").encode(), ray=True),
    "client": Target(RAY_PORTS["client"], "ray://127.0.0.1:{}", _HTTP2, ray=True),
    "serve": Target(RAY_PORTS["serve"], _LOCAL, _HTTP.format("/-/healthz").encode(), ray=True, rare=True),
    "notebook": Target(8888, _LOCAL, _HTTP.format("/api").encode()),
    "code-server": Target(8443, _LOCAL, _HTTP.format("/healthz").encode()),
    "ssh": Target(22, "ssh://127.0.0.1:{}", b""),
}


def enabled(cluster: dict[str, Any]) -> dict[str, int]:
    """The services that a RayCluster's head has, and their ports in it as its pod template names them."""
    ports = objects.items(objects.ray_container(objects.mapping(cluster, "spec", "headGroupSpec", "template")), "ports")
    named = {objects.string(port, "name"): objects.integer(port.get("containerPort")) for port in ports}
    there = services_in(cluster)
    return {name: named.get(name) or target.port for name, target in TARGETS.items() if target.ray or there.get(name)}
