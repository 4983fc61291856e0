"""Making a new cluster."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from krayne import objects
from krayne.errors import ClusterAlreadyExistsError, KrayneError
from krayne.kubectl import Kubectl
from krayne.operations import timeouts
from krayne.operations.configured import configured
from krayne.operations.submit import submit, warn_caller

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from krayne.cluster import ClusterInfo
    from krayne.config import ClusterConfig
    from krayne.kubectl import Reply
    from krayne.operations.submit import Warn
    from krayne.operations.wait import Progress


def create_cluster(
    config: ClusterConfig | Mapping[str, Any],
    *,
    wait: bool = True,
    timeout: float | None = timeouts.CLUSTER,
    progress: Progress | None = None,
    template: Path | None = None,
    warn: Warn = warn_caller,
    submitted: Callable[[dict[str, Any]], None] | None = None,
    kubectl: Kubectl | None = None,
) -> ClusterInfo:
    """Create a cluster and, unless ``wait`` is false, wait until it is ready (as wait_until_ready does and raises).

    ``config``: a ClusterConfig, or a mapping that one is made of (ConfigValidationError tells all that is wrong with
    it). Where it says that it is to be suspended, the wait is for that.

    ``submitted`` gets the RayCluster as the API server took it, before the wait. Raises ClusterAlreadyExistsError if
    the name is taken: the API server itself decides, so no race gets round it.
    """
    from krayne.cluster import cluster_info
    from krayne.operations.wait import wait_until_as_configured

    config = configured(config)
    kubectl = (kubectl or Kubectl()).within(config.namespace)
    cluster = _create(config, template, warn, kubectl)
    if submitted:
        submitted(cluster)
    if wait:
        return wait_until_as_configured(config, timeout=timeout, progress=progress, kubectl=kubectl, cluster=cluster)
    return cluster_info(cluster, now=datetime.now(timezone.utc))


def preview_create(
    config: ClusterConfig | Mapping[str, Any],
    *,
    server: bool = False,
    template: Path | None = None,
    warn: Warn = warn_caller,
    kubectl: Kubectl | None = None,
) -> dict[str, Any]:
    """The RayCluster that create_cluster would send; with ``server``, as the API server would take it.

    Without ``server`` no cluster is needed, and the same configuration always gives the same manifest.
    """
    config = configured(config)
    if server:
        return _create(config, template, warn, (kubectl or Kubectl()).within(config.namespace), dry_run=True)
    from krayne.operations.rendering import rendered

    return rendered(config, template, warn)


def _create(
    config: ClusterConfig, template: Path | None, warn: Warn, kubectl: Kubectl, *, dry_run: bool = False
) -> dict[str, Any]:
    from krayne.operations.rendering import rendered

    def send(text: bytes) -> Reply:
        return kubectl.create(text, config.name, dry_run=dry_run)

    manifest = rendered(config, template, warn)
    try:
        return submit(manifest, config, send, warn, own_template=template is not None)
    except ClusterAlreadyExistsError as error:
        raise ClusterAlreadyExistsError(f"{error}\n{_other_ways(kubectl, config.name)}") from error


def _other_ways(kubectl: Kubectl, name: str) -> str:
    """What to do about the cluster that has the name already."""
    where = kubectl.where(name)
    if _is_going(kubectl, name):
        return f"It is still being deleted; wait for its end, then try again: kubectl krayne wait {where} --for deleted"
    # The dots keep what is pasted from setting all that create was told back to the defaults.
    return (
        f"See it: kubectl krayne describe {where}\n"
        f"To change it, with the same options: kubectl krayne apply {where} …\n"
        f"To make it anew, first: kubectl krayne delete {where}"
    )


def _is_going(kubectl: Kubectl, name: str) -> bool:
    """Whether a cluster is being deleted, as far as can be told."""
    try:
        return objects.is_going(kubectl.get_cluster(name).json())
    except KrayneError:
        return False
