"""An older KubeRay: defaults are left out with a warning, what was asked for is an error."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from krayne.config import ClusterConfig
from krayne.errors import ClusterAlreadyExistsError, KubeRayTooOldError
from krayne.operations.create import create_cluster, preview_create
from krayne.operations.submit import remove

if TYPE_CHECKING:
    from typing import Any

    from krayne.kubectl import Kubectl
    from tests.support.kubectl import FakeKubectl


def refusal(*paths: str) -> str:
    """The words of a server that lacks fields (Kubernetes 1.33)."""
    unknown = ", ".join(f'unknown field "{path}"' for path in paths)
    return (
        'Error from server (BadRequest): error when creating "STDIN": RayCluster in version "v1" cannot be handled as '
        f"a RayCluster: strict decoding error: {unknown}"
    )


def test_what_only_a_default_asked_for_is_left_out(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, cluster: dict[str, Any]
) -> None:
    """Token authentication before KubeRay 1.5.1."""
    fake_kubectl.reply("create", stderr=refusal("spec.authOptions"), code=1)
    fake_kubectl.reply("create", json=cluster)
    said: list[str] = []
    create_cluster(ClusterConfig(name="demo"), wait=False, warn=said.append, kubectl=kubectl)
    first, second = (json.loads(call.stdin or "") for call in fake_kubectl.calls)
    assert first["spec"].pop("authOptions")
    assert second == first
    assert "does not know spec.authOptions, which came with KubeRay 1.5.1: left out" in said[0]


def test_what_was_asked_for_is_an_error_with_the_version_it_needs(fake_kubectl: FakeKubectl, kubectl: Kubectl) -> None:
    """All such fields at once, and nothing is sent again."""
    fake_kubectl.reply("create", stderr=refusal("spec.authOptions", "spec.upgradeStrategy", "spec.odd"), code=1)
    config = ClusterConfig(
        name="demo", auth="token", upgrade_strategy="Recreate", overrides={"spec": {"odd": 1}}, namespace="ml"
    )
    with pytest.raises(KubeRayTooOldError) as told:
        create_cluster(config, wait=False, kubectl=kubectl)
    text = str(told.value)
    assert "spec.authOptions (asked for by auth), which came with KubeRay 1.5.1" in text
    assert "spec.upgradeStrategy (asked for by upgrade_strategy), which came with KubeRay 1.6.0" in text
    assert "  spec.odd\n" in text
    assert len(fake_kubectl.calls) == 1


def test_a_name_that_is_taken_is_an_error_with_what_to_do(fake_kubectl: FakeKubectl, kubectl: Kubectl) -> None:
    """The server decides."""
    taken = 'Error from server (AlreadyExists): error when creating "STDIN": rayclusters.ray.io "demo" already exists'
    fake_kubectl.reply("*create", stderr=taken, code=1)
    with pytest.raises(ClusterAlreadyExistsError) as error:
        create_cluster(ClusterConfig(name="demo"), kubectl=replace(kubectl, context="prod"))
    assert "kubectl krayne describe demo -n ml --context=prod\n" in str(error.value)
    assert str(error.value).endswith("kubectl krayne delete demo -n ml --context=prod")


def test_a_preview_here_needs_no_kubectl(fake_kubectl: FakeKubectl) -> None:
    """Nor a cluster."""
    assert preview_create(ClusterConfig(name="demo"))["metadata"]["name"] == "demo"
    assert not fake_kubectl.calls


@pytest.mark.parametrize(
    ("path", "left"),
    [
        ("spec.b", {"spec": {"a": [{"x": 1, "y": 2}]}}),
        ("spec.a[0].x", {"spec": {"a": [{"y": 2}], "b": 3}}),
        ("spec.none.deeper", {"spec": {"a": [{"x": 1, "y": 2}], "b": 3}}),
    ],
)
def test_fields_are_removed_by_their_path(path: str, left: dict[str, object]) -> None:
    """As the server writes it."""
    manifest = {"spec": {"a": [{"x": 1, "y": 2}], "b": 3}}
    remove(manifest, path)
    assert manifest == left
