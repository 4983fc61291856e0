"""Deleting a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from krayne.errors import ClusterNotFoundError
from krayne.kubectl import Kubectl
from krayne.operations import timeouts

if TYPE_CHECKING:
    from krayne.operations.wait import Progress


def delete_cluster(
    name: str,
    namespace: str | None = None,
    *,
    wait: bool = True,
    timeout: float | None = timeouts.CLUSTER,
    progress: Progress | None = None,
    ignore_not_found: bool = False,
    dry_run: bool = False,
    kubectl: Kubectl | None = None,
) -> bool:
    """Delete a cluster, close its tunnel and, unless ``wait`` is false, wait until it and its pods are gone.

    True if there was one. Raises ClusterNotFoundError if not, unless ``ignore_not_found``; ClusterTimeoutError if it
    is still there after ``timeout`` seconds. ``dry_run`` asks the server and deletes nothing.
    """
    from krayne.operations.reading import missing_cluster, names_there
    from krayne.operations.tunnels import close_tunnel
    from krayne.operations.wait import wait_until_deleted

    kubectl = (kubectl or Kubectl()).within(namespace)
    try:
        kubectl.delete(name, dry_run=dry_run).text()
    except ClusterNotFoundError as error:
        if ignore_not_found:
            return False
        raise missing_cluster(kubectl, [name], names_there(kubectl)) from error
    if not dry_run:
        close_tunnel(name, kubectl=kubectl)
    if wait and not dry_run:
        wait_until_deleted(name, timeout=timeout, progress=progress, kubectl=kubectl)
    return True
