"""Where a cluster's open tunnel has its services on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from krayne.cluster import ClusterInfo
    from krayne.kubectl import Kubectl


def with_local_urls(
    kubectl: Kubectl, clusters: Sequence[dict[str, Any]], infos: list[ClusterInfo]
) -> list[ClusterInfo]:
    """The same, with local URLs where a tunnel is open. Costs one look at a folder where there is none."""
    from krayne.tunnels import places

    if not places.tunnels():
        return infos
    from dataclasses import replace

    from krayne.tunnels.files import records
    from krayne.tunnels.state import UP, WAITING

    by_uid = {record.place.uid: record for record in records() if record.running}
    if not any(cluster["metadata"].get("uid") in by_uid for cluster in clusters):
        return infos
    server, found = kubectl.server, []
    for cluster, info in zip(clusters, infos, strict=True):
        record = by_uid.get(cluster["metadata"].get("uid", ""))
        urls: dict[str, str] = {}
        if record and record.place.server == server:
            urls = {each.service: each.url for each in record.tunnel.forwards if each.state in (UP, WAITING)}
        found.append(
            replace(
                info,
                dashboard_url=urls.get("dashboard", info.dashboard_url),
                client_url=urls.get("client", info.client_url),
                notebook_url=urls.get("notebook", info.notebook_url),
                code_server_url=urls.get("code-server", info.code_server_url),
                ssh_url=urls.get("ssh", info.ssh_url),
            )
        )
    return found
