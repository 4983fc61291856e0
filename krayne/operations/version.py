"""Which versions are at work: krayne's, kubectl's, Kubernetes', KubeRay's."""

from __future__ import annotations

import json
from dataclasses import dataclass

from krayne import __version__
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
    try:
        told = json.loads(asked.completed().stdout)
    except ValueError:
        told = {}
    client, server = told.get("clientVersion") or {}, told.get("serverVersion") or {}
    return ToolVersions(__version__, client.get("gitVersion"), server.get("gitVersion"), _kuberay(operators))


def _kuberay(operators: Reply) -> tuple[str, ...] | None:
    """The image tags of the operators that run."""
    try:
        deployments = operators.items()
    except KrayneError:
        return None
    images = [
        container["image"]
        for deployment in deployments
        for container in deployment["spec"]["template"]["spec"]["containers"]
    ]
    tags = {image.rpartition("/")[2].partition("@")[0].partition(":")[2] or "latest" for image in images}
    return tuple(sorted(tags))
