"""Reading a cluster and what belongs to it, as the API server has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from krayne.errors import ClusterNotFoundError, KrayneError, NamespaceNotFoundError, PermissionDeniedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from krayne.kubectl import Kubectl, Reply
    from krayne.objects import Object


def read_cluster(kubectl: Kubectl, name: str) -> dict[str, Any]:
    """The RayCluster as the API server has it. Raises ClusterNotFoundError, naming similar ones."""
    return found_cluster(kubectl, name, kubectl.get_cluster(name))


def found_cluster(kubectl: Kubectl, name: str, asked: Reply) -> dict[str, Any]:
    """The RayCluster that was asked for. Raises ClusterNotFoundError, naming similar ones."""
    try:
        cluster: dict[str, Any] = asked.json()
    except ClusterNotFoundError:
        raise missing_cluster(kubectl, [name], names_there(kubectl)) from None
    return cluster


def names_there(kubectl: Kubectl) -> list[str] | None:
    """The names of the namespace's RayClusters, to tell what is near; None where they cannot be listed."""
    try:
        return [item["metadata"]["name"] for item in kubectl.list_clusters().items()]
    except KrayneError:  # the user may not list, or the server has gone: what is being told stands without it
        return None


def read_with_pods(kubectl: Kubectl, name: str) -> tuple[dict[str, Any], Sequence[Object]]:
    """The RayCluster and its pods, asked for at once. Raises as read_cluster does, and where either may not be read."""
    from krayne.kubectl.listing import without_managers

    with kubectl.list_pods([name]) as asked:
        return read_cluster(kubectl, name), asked.items(without_managers)


def missing_cluster(kubectl: Kubectl, names: Sequence[str], there: Sequence[str] | None) -> ClusterNotFoundError:
    """The error for clusters that do not exist, with the near names of those that do; None: those are not known.

    Raises NamespaceNotFoundError where the namespace does not exist either.
    """
    from difflib import get_close_matches

    if there is not None and not there:
        _check_namespace(kubectl)
    lines = []
    for name in names:
        near = get_close_matches(name, there or (), n=3)
        lines.append(f"{kubectl.named(name)} not found" + (f" (did you mean {' or '.join(near)}?)" if near else ""))
    if there is not None and not there:
        look = f"kubectl krayne get {kubectl.where(everywhere=True)}"
        lines.append(f"There is no RayCluster in this namespace; look in all of them with: {look}")
    return ClusterNotFoundError("\n".join(lines))


def _check_namespace(kubectl: Kubectl) -> None:
    """Raise NamespaceNotFoundError if it is known that there is no such namespace; not all may read namespaces."""
    try:
        kubectl.get_namespace().bytes()
    except NamespaceNotFoundError:
        raise
    except KrayneError:  # what is being told stands without it
        return


def items(reply: Reply, forbidden: Callable[[PermissionDeniedError], None] | None = None) -> Sequence[Object] | None:
    """The listed objects; None where the user may not list them, which costs detail but not the answer.

    ``forbidden`` is then told why.
    """
    from krayne.kubectl.listing import without_managers

    try:
        return reply.items(without_managers)
    except PermissionDeniedError as error:
        if forbidden:
            forbidden(error)
        return None


def witnesses(cluster: Object, pods: Sequence[Object] | None) -> Sequence[Object] | None:
    """The pods to judge a cluster by that is followed.

    None, as where they cannot be read, beside a status that settles what it is, if there are none: KubeRay's word may
    be newer than their list, and suffices for `get`, too. Where the two differ for good, `describe` tells.
    """
    from krayne.objects import is_going
    from krayne.status import settled

    return pods if pods or is_going(cluster) or not settled(cluster) else None


def judge_alone(kubectl: Kubectl, error: PermissionDeniedError) -> None:
    """Say that pods may not be listed, so that the RayCluster alone has to tell what state it is in."""
    kubectl.tell(f"pods may not be listed, so the RayCluster alone is judged: {missing_right(error)}\n")


def missing_right(error: PermissionDeniedError) -> str:
    """Who needs which right, and how to check it: the last line of such an error."""
    return str(error).splitlines()[-1]


def of_cluster(name: str, pods: Sequence[Object], events: Sequence[Object]) -> list[Object]:
    """The events about a cluster or one of its pods."""
    its = {name, *(pod["metadata"]["name"] for pod in pods)}
    return [event for event in events if (event.get("involvedObject") or {}).get("name") in its]
