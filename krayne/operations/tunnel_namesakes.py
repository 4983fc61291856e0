"""Tunnels that somebody may have meant who named a cluster, and is on another context or namespace by now."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from krayne.tunnels.state import Place, Tunnel, Wanted


def namesakes(name: str) -> list[tuple[Tunnel, str]]:
    """The tunnels to clusters of that name in any namespace of any API server, each with the command that closes it."""
    from krayne.tunnels.files import folder_of, read_wanted, records

    found = [record for record in records() if record.place.name == name]
    return [(each.tunnel, _closing(each.place, read_wanted(folder_of(each.place.key)))) for each in found]


def _closing(place: Place, wanted: Wanted | None) -> str:
    """The command that closes a tunnel from this shell, by the way that it was opened where that is still there."""
    from krayne.tunnels.control import kubeconfig_variable

    verb, variable = "kubectl krayne tun-close", ""
    if wanted:
        kubectl = wanted.kubectl()
        if wanted.kubeconfig and not kubectl.kubeconfig and wanted.kubeconfig != kubeconfig_variable():
            variable = f"KUBECONFIG={shlex.quote(wanted.kubeconfig)} "
        if variable or kubectl.server == place.server:
            return f"{variable}{verb} {kubectl.where(place.name)}"
    return f"{verb} --all -n {shlex.quote(place.namespace)}"
