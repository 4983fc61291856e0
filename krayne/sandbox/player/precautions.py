"""What is looked at before playing on a cluster that others may use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from krayne.errors import KrayneError
from krayne.sandbox.player import client
from krayne.sandbox.player.client import ApiError
from krayne.sandbox.player.clock import now, parse
from krayne.sandbox.player.kubelet.node import LEASE_SECONDS, NAMESPACE, SANDBOX_LABEL

if TYPE_CHECKING:
    from krayne.sandbox.player.client import Api

_OPERATORS = "app.kubernetes.io/name in (kuberay-operator,kuberay)"


async def refuse_real_kuberay(api: Api) -> None:
    """Raise `KrayneError` where a KubeRay operator runs: both would make pods of every RayCluster."""
    try:
        operators, _ = await api.list(client.DEPLOYMENTS, selector=_OPERATORS)
    except ApiError as error:
        if error.status == 404:  # an API server without Deployments
            return
        raise
    for operator in operators:
        where = f"{operator['metadata']['namespace']}/{operator['metadata']['name']}"
        raise KrayneError(f"this cluster has a KubeRay of its own (deployment {where}): nothing is to be played here")


async def refuse_second_player(api: Api, node: str) -> None:
    """Raise `KrayneError` where another player keeps the same node alive."""
    try:
        lease = await api.get(client.LEASES, NAMESPACE, node)
    except ApiError as error:
        if error.status == 404:
            return
        raise
    age = (now() - parse(lease["spec"]["renewTime"])).total_seconds()
    if age < LEASE_SECONDS:
        raise KrayneError(
            f"another player plays here: it renewed node {node} {age:.0f} s ago. "
            f"If it is gone, try again in {LEASE_SECONDS - age:.0f} s"
        )


async def has_own_nodes(api: Api) -> bool:
    """Whether the cluster has nodes that nobody plays."""
    nodes, _ = await api.list(client.NODES, selector=f"!{SANDBOX_LABEL}")
    return bool(nodes)
