"""What Ray's own command line and libraries have to be told to get at a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from krayne.errors import KrayneError
from krayne.kubectl import Kubectl

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def ray_environment(name: str, namespace: str | None = None, *, kubectl: Kubectl | None = None) -> dict[str, str]:
    """The variables that Ray reads, as ``tun-open -o env`` prints them: RAY_ADDRESS where a tunnel to the cluster's
    dashboard is open, RAY_AUTH_MODE and RAY_AUTH_TOKEN (Ray 2.52 and later) where its Ray asks for a token.

    Set them before ray is imported. They hold a secret. Raises ClusterNotFoundError, PermissionDeniedError where the
    user may not read the token's Secret, or another KrayneError.
    """
    from krayne.operations.reading import read_cluster
    from krayne.operations.tunnels import find_tunnel

    kubectl = (kubectl or Kubectl()).within(namespace)
    cluster = read_cluster(kubectl, name)
    tunnel = find_tunnel(name, kubectl=kubectl)
    return variables(tunnel.urls() if tunnel else {}, auth_token(kubectl, cluster))


def variables(urls: Mapping[str, str], token: str | None) -> dict[str, str]:
    """What Ray reads of local URLs by service and of its token; None: it asks for none."""
    found = {"RAY_ADDRESS": urls["dashboard"]} if "dashboard" in urls else {}
    return found | ({"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token} if token is not None else {})


def auth_token(kubectl: Kubectl, cluster: dict[str, Any]) -> str | None:
    """The token that the cluster's Ray asks for, from its Secret; None where it asks for none.

    The Secret is the one that the RayCluster names, else KubeRay's own: the cluster's name, its last 50 characters
    (KubeRay 1.6, CheckName). Raises PermissionDeniedError where the user may not read it, or another KrayneError.
    """
    import base64

    from krayne import objects

    options = objects.mapping(cluster, "spec", "authOptions")
    if options.get("mode") != "token":
        return None
    name = objects.string(options, "secretName") or objects.name(cluster)[-50:]
    data = kubectl.get_secret(name).json().get("data") or {}
    try:
        return base64.b64decode(data["auth_token"]).decode().strip()
    except (KeyError, ValueError) as error:
        raise KrayneError(f"secret {name} in namespace {kubectl.current_namespace} has no auth_token") from error
