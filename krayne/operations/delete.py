"""Deleting a cluster."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from krayne.errors import ClusterNotFoundError, PermissionDeniedError
from krayne.kubectl import Kubectl
from krayne.operations import timeouts
from krayne.operations.submit import warn_caller

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from krayne.operations.submit import Warn
    from krayne.operations.wait import Progress


class ToDelete(NamedTuple):
    """The clusters meant that are there, by name; the names that are ``missing``; all names ``there``, if known."""

    clusters: Mapping[str, dict[str, Any]]
    missing: Sequence[str]
    there: Sequence[str] | None


def delete_cluster(
    name: str,
    namespace: str | None = None,
    *,
    wait: bool = True,
    timeout: float | None = timeouts.CLUSTER,
    progress: Progress | None = None,
    warn: Warn = warn_caller,
    ignore_not_found: bool = False,
    dry_run: bool = False,
    kubectl: Kubectl | None = None,
) -> bool:
    """Delete a cluster, close its tunnel and, unless ``wait`` is false, wait until it and its pods are gone.

    True if there was one. Raises ClusterNotFoundError if not, unless ``ignore_not_found``; ClusterTimeoutError if it
    is still there after ``timeout`` seconds. ``warn`` tells of an owner that will make it again. ``dry_run`` asks the
    server and deletes nothing.
    """
    from krayne.operations.wait import wait_until_deleted

    kubectl = (kubectl or Kubectl()).within(namespace)
    with suppress(PermissionDeniedError):  # it may be deleted by one who may not read it
        for cluster in _each(kubectl, [name]).values():
            warn_of_owner(cluster, warn)
    deleted = send_delete(kubectl, name, ignore_not_found=ignore_not_found, dry_run=dry_run)
    if deleted and wait and not dry_run:
        wait_until_deleted(name, timeout=timeout, progress=progress, kubectl=kubectl)
    return deleted


def clusters_to_delete(kubectl: Kubectl, names: Sequence[str], selector: str | None) -> ToDelete:
    """Find the clusters of these names, or all that the selector selects. To name them takes no right to list."""
    names = tuple(dict.fromkeys(names))
    there: Sequence[str] | None = None
    try:
        clusters = {item["metadata"]["name"]: item for item in kubectl.list_clusters(selector=selector).items()}
        there = sorted(clusters)
    except PermissionDeniedError:
        if not names:
            raise
        clusters = _each(kubectl, names)
    meant = {name: clusters[name] for name in names or sorted(clusters) if name in clusters}
    return ToDelete(meant, [name for name in names if name not in clusters], there)


def _each(kubectl: Kubectl, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Those of the clusters that are there, each asked for by its name."""
    found = {}
    for name in names:
        with suppress(ClusterNotFoundError):
            found[name] = kubectl.get_cluster(name).json()
    return found


def warn_of_owner(cluster: dict[str, Any], warn: Warn) -> None:
    """Warn where another object owns a cluster that is about to be deleted, and would make it again."""
    from krayne.operations.owners import owner_warning

    if text := owner_warning(cluster, "delete"):
        warn(text)


def send_delete(kubectl: Kubectl, name: str, *, ignore_not_found: bool, dry_run: bool) -> bool:
    """Delete a cluster and close its tunnel, without a warning or a wait. Returns and raises as delete_cluster does."""
    from krayne.operations.reading import missing_cluster, names_there
    from krayne.operations.tunnels import close_tunnel

    try:
        kubectl.delete(name, dry_run=dry_run).text()
    except ClusterNotFoundError as error:
        if ignore_not_found:
            return False
        raise missing_cluster(kubectl, [name], names_there(kubectl)) from error
    if not dry_run:
        close_tunnel(name, kubectl=kubectl)
    return True
