"""When the head's Service is not what the cluster says."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from krayne.operations.head_service import service_warning

if TYPE_CHECKING:
    from krayne.kubectl import Kubectl


def changed(cluster: dict[str, Any], **head: Any) -> dict[str, Any]:
    """The cluster with other fields of its head."""
    spec = cluster["spec"]
    return {**cluster, "spec": {**spec, "headGroupSpec": {**spec["headGroupSpec"], **head}}}


@pytest.mark.parametrize(
    "head", [{"serviceType": "LoadBalancer"}, {"headServiceAnnotations": {"a": "b"}}, {"headService": {"spec": {}}}]
)
def test_a_service_that_is_there_stays_as_it_is(
    kubectl: Kubectl, cluster: dict[str, Any], head: dict[str, Any]
) -> None:
    """Told with how to have it made anew, on the same connection."""
    kubectl = replace(kubectl, context="prod")
    for before, after in ((cluster, changed(cluster, **head)), (changed(cluster, **head), cluster)):
        said = service_warning(kubectl, before, after) or ""
        assert said.startswith("service demo-head-svc stays as it is: ")
        assert said.endswith(": kubectl delete service demo-head-svc -n ml --context=prod")


def test_nothing_is_told_where_it_is_made_from_the_same(kubectl: Kubectl, cluster: dict[str, Any]) -> None:
    """ClusterIP is what KubeRay takes for no type; other fields of the head are not the Service's."""
    after = changed(cluster, serviceType="ClusterIP", headServiceAnnotations={}, rayStartParams={})
    assert service_warning(kubectl, cluster, after) is None


def test_nothing_is_told_where_none_is_there_yet(kubectl: Kubectl, cluster: dict[str, Any]) -> None:
    """KubeRay makes it from what is said by then."""
    assert service_warning(kubectl, {**cluster, "status": {}}, changed(cluster, serviceType="NodePort")) is None
