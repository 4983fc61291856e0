"""Which versions are at work: krayne's, kubectl's, Kubernetes', KubeRay's."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from krayne import __version__, objects
from krayne.errors import KrayneError
from krayne.kubectl import Kubectl, Reply
from krayne.value import Value

if TYPE_CHECKING:
    from collections.abc import Callable

    Failed = Callable[[KrayneError], None]


@dataclass(frozen=True, slots=True)
class ToolVersions(Value):
    """Each version as the tool itself writes it; None where it cannot be told (not reachable, not allowed)."""

    krayne: str
    kubectl: str | None
    kubernetes: str | None
    kuberay: tuple[str, ...] | None


def versions(*, failed: Failed = lambda _error: None, kubectl: Kubectl | None = None) -> ToolVersions:
    """The versions of all parts; raises nothing, since it is what one asks when things fail.

    ``failed`` gets each error that kept one of them from being told.
    """
    kubectl = kubectl or Kubectl()
    try:
        asked, operators = kubectl.version(), kubectl.operators()
    except KrayneError as error:
        failed(error)
        return ToolVersions(__version__, None, None, None)
    told = _told(asked, failed)
    if "clientVersion" not in told:  # where the login fails kubectl does not even tell its own
        told |= _told(kubectl.ask("version", "--client", "--output=json", doing="ask for kubectl's version"), failed)
    client, server = told.get("clientVersion"), told.get("serverVersion")
    return ToolVersions(
        __version__,
        objects.string(client, "gitVersion") or None,
        objects.string(server, "gitVersion") or None,
        _kuberay(operators, failed),
    )


def _told(asked: Reply, failed: Failed) -> dict[str, Any]:
    """What a call told as JSON, also where it failed: kubectl tells its own version all the same."""
    done = asked.completed()
    try:
        asked.parsed(done)
    except KrayneError as error:
        failed(error)
    try:
        told = json.loads(done.stdout)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _kuberay(operators: Reply, failed: Failed) -> tuple[str, ...] | None:
    """The image tags of the operators that run."""
    try:
        deployments = operators.items()
    except KrayneError as error:
        failed(error)
        return None
    images = [
        objects.string(container, "image")
        for deployment in deployments
        for container in objects.items(deployment, "spec", "template", "spec", "containers")
    ]
    tags = {image.rpartition("/")[2].partition("@")[0].partition(":")[2] or "latest" for image in images if image}
    return tuple(sorted(tags))
