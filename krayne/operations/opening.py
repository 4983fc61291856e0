"""What opens the services of an open tunnel: their URLs, the secrets that they ask for, the variables for Ray."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from krayne.errors import KrayneError
from krayne.value import Value

if TYPE_CHECKING:
    from krayne.kubectl import Kubectl
    from krayne.services import ServiceInfo
    from krayne.tunnels.state import Forward, Tunnel

RAY = "ray"  # what stands for Ray itself among the services


@dataclass(frozen=True, slots=True)
class Opening(Value):
    """A tunnel with what opens it: its cluster's services by name, and the ``variables`` that Ray reads.

    ``unread``: why what a service, or Ray, asks for cannot be read, by its name. The secrets are in its dict, not in
    its repr: each forward also has its service's token and password there, and the URL with it.
    """

    tunnel: Tunnel
    services: Mapping[str, ServiceInfo]
    variables: Mapping[str, str] = field(repr=False)
    unread: Mapping[str, str]

    def url(self, forward: Forward) -> str:
        """A forward's URL with the token that it takes, ready to click."""
        from urllib.parse import quote

        info = self.services.get(forward.service)
        return f"{forward.url}/?token={quote(info.token)}" if info and info.token else forward.url

    def as_dict(self) -> dict[str, Any]:
        """The tunnel's fields, the variables for Ray under ``env``, and ``unread``."""
        forwards = [each.as_dict() | self._secrets(each) for each in self.tunnel.forwards]
        more = {"forwards": forwards, "env": dict(self.variables), "unread": dict(self.unread)}
        return self.tunnel.as_dict() | more

    def _secrets(self, forward: Forward) -> dict[str, str | None]:
        info = self.services.get(forward.service)
        return {"token": info.token, "password": info.password, "open": self.url(forward)} if info else {}


def opening(kubectl: Kubectl, tunnel: Tunnel) -> Opening:
    """What ``tun-open`` shows of an open tunnel. Raises ClusterNotFoundError, or KrayneError where it cannot be read.

    A secret that cannot be read is no error; ``unread`` says why.
    """
    from krayne.operations.ray_environment import auth_token, variables
    from krayne.operations.reading import read_cluster
    from krayne.operations.services import read_services
    from krayne.tunnels.targets import TARGETS

    cluster = read_cluster(kubectl, tunnel.name)
    services = {each.service: each for each in read_services(kubectl, cluster)}
    urls, token, told_to_ray = tunnel.urls(), None, {}
    unread = {name: each.why or "" for name, each in services.items() if name in urls and each.state == "unknown"}
    if any(TARGETS[service].ray for service in urls):
        try:
            token = auth_token(kubectl, cluster)
        except KrayneError as error:
            unread[RAY] = str(error)
        told_to_ray = variables(urls, token)
    return Opening(tunnel, services, told_to_ray, unread)
