"""Which versions are at work: krayne's, kubectl's, Kubernetes', KubeRay's."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from krayne import __version__, objects
from krayne.cluster.values import Value
from krayne.errors import KrayneError
from krayne.kubectl import Kubectl, Reply


@dataclass(frozen=True, slots=True)
class ToolVersions(Value):
    """Each version as the tool itself writes it; None where it cannot be told (not reachable, not allowed)."""

    krayne: str
    kubectl: str | None
    kubernetes: str | None
    kuberay: tuple[str, ...] | None


def versions(*, kubectl: Kubectl | None = None) -> ToolVersions:
    """The versions of all parts; never fails, since it is what one asks when things fail."""
    kubectl = kubectl or Kubectl()
    try:
        asked, operators = kubectl.version(), kubectl.operators()
    except KrayneError:
        return ToolVersions(__version__, None, None, None)
    told = _parsed(asked)
    if "clientVersion" not in told:  # where the login fails kubectl does not even tell its own
        told |= _parsed(kubectl.ask("version", "--client", "--output=json", doing="ask for kubectl's version"))
    client, server = told.get("clientVersion"), told.get("serverVersion")
    return ToolVersions(
        __version__,
        objects.string(client, "gitVersion") or None,
        objects.string(server, "gitVersion") or None,
        _kuberay(operators),
    )


def _parsed(asked: Reply) -> dict[str, Any]:
    """What a call told as JSON, whether or not it failed."""
    try:
        told = json.loads(asked.completed().stdout)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _kuberay(operators: Reply) -> tuple[str, ...] | None:
    """The image tags of the operators that run."""
    try:
        deployments = operators.items()
    except KrayneError:
        return None
    images = [
        objects.string(container, "image")
        for deployment in deployments
        for container in objects.items(deployment, "spec", "template", "spec", "containers")
    ]
    tags = {image.rpartition("/")[2].partition("@")[0].partition(":")[2] or "latest" for image in images if image}
    return tuple(sorted(tags))
