"""Services, Secret and rights against the captured ones and KubeRay's rules."""

from __future__ import annotations

import base64

import pytest

from krayne.sandbox.player.kuberay import dependents
from tests.sandbox.player.captures import NAMES, capture, without_server_defaults


@pytest.mark.parametrize("name", NAMES)
def test_head_service_equals_the_captured_one(name: str) -> None:
    """Labels, selector, ports and headlessness are the real ones."""
    seen = capture(name)
    service = without_server_defaults({"metadata": seen.service["metadata"], "spec": seen.service["spec"]})
    del service["metadata"]["uid"], service["spec"]["type"]
    built = dependents.head_service(seen.cluster)
    assert built["metadata"].pop("annotations") == {}
    assert built == service


def test_service_type_ends_headlessness() -> None:
    """A NodePort Service has an IP and the annotations asked for."""
    cluster = capture("ready-3-ready").cluster
    cluster["spec"]["headGroupSpec"] |= {"serviceType": "NodePort", "headServiceAnnotations": {"a": "b"}}
    service = dependents.head_service(cluster)
    assert service["spec"]["type"] == "NodePort"
    assert "clusterIP" not in service["spec"]
    assert service["metadata"]["annotations"] == {"a": "b"}


def test_container_ports_replace_the_defaults() -> None:
    """Named ports become the Service's; metrics is always there."""
    cluster = capture("ready-3-ready").cluster
    ray = cluster["spec"]["headGroupSpec"]["template"]["spec"]["containers"][0]
    ray["ports"] = [{"name": "dashboard", "containerPort": 8265}, {"containerPort": 99}]
    ports = {port["name"]: port["port"] for port in dependents.head_service(cluster)["spec"]["ports"]}
    assert ports == {"99-port": 99, "dashboard": 8265, "metrics": 8080}


def test_token_secret() -> None:
    """A Secret of the cluster's name holds a token of 32 random bytes; a named Secret or none is left to the user."""
    cluster = capture("ready-3-ready").cluster
    assert dependents.token_secret(cluster) is None
    cluster["spec"]["authOptions"] = {"mode": "token"}
    secret = dependents.token_secret(cluster)
    assert secret is not None
    assert secret["metadata"]["name"] == "demo"
    assert len(base64.b64decode(base64.b64decode(secret["data"]["auth_token"]))) == 32
    cluster["spec"]["authOptions"] = {"mode": "token", "secretName": "mine"}
    assert dependents.token_secret(cluster) is None


def test_headless_service_for_several_hosts_only() -> None:
    """Multi-host groups get a Service of their own."""
    cluster = capture("ready-3-ready").cluster
    assert dependents.headless_service(cluster) is None
    cluster["spec"]["workerGroupSpecs"][0]["numOfHosts"] = 2
    service = dependents.headless_service(cluster)
    assert service is not None
    assert service["metadata"]["name"] == "demo-headless"
