"""What an older KubeRay does not know of the manifests that krayne makes."""

from __future__ import annotations

from typing import NamedTuple


class Since(NamedTuple):
    """The KubeRay release that brought a manifest's field, and the field of the configuration that asks for it."""

    kuberay: str
    config: str


# RayCluster fields of templates/raycluster.yaml.j2 that KubeRay 1.4.0 lacks, the release by the types at KubeRay's
# tags (ray-operator/apis/ray/v1/raycluster_types.go). For saying what is needed; what a server has, its CRD says.
FIELD_SINCE = {
    "spec.authOptions": Since("1.5.1", "auth"),
    "spec.upgradeStrategy": Since("1.6.0", "upgrade_strategy"),
}
