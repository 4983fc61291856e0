"""An older KubeRay: defaults are left out with a warning, what was asked for is an error."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from krayne import paths
from krayne.config import ClusterConfig
from krayne.errors import ClusterAlreadyExistsError, KubeRayTooOldError
from krayne.operations.apply import apply_cluster
from krayne.operations.create import create_cluster, preview_create
from krayne.operations.submit import remove

if TYPE_CHECKING:
    from typing import Any

    from krayne.kubectl import Kubectl
    from tests.support.kubectl import FakeKubectl

ABSENT = 'Error from server (NotFound): rayclusters.ray.io "demo" not found'


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


@pytest.mark.parametrize(
    ("path", "own", "cure"),
    [
        ("spec.networkPolcy", False, "Check the spelling in overrides, upgrade KubeRay, or leave the field out"),
        ("metadata.foo", True, "Check the spelling in the template and in overrides, upgrade KubeRay, or leave"),
        ("spec.upgradeStrategy", False, "\nUpgrade KubeRay, or leave the field out"),
    ],
)
def test_a_field_that_no_kuberay_is_known_to_have_may_be_misspelt(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, path: str, *, own: bool, cure: str
) -> None:
    """Only overrides and templates can ask for one."""
    fake_kubectl.reply("create", stderr=refusal(path), code=1)
    config = ClusterConfig(name="demo", upgrade_strategy="None", overrides={"spec": {"odd": 1}})
    template = paths.TEMPLATES / "raycluster.yaml.j2" if own else None
    with pytest.raises(KubeRayTooOldError, match=cure):
        create_cluster(config, wait=False, template=template, kubectl=kubectl)


def not_declared(path: str) -> str:
    """The words of a server that lacks fields, about a server-side apply: it may name one at a time."""
    typed = "failed to create typed patch object (ml/demo; ray.io/v1, Kind=RayCluster)"
    return f"Error from server: {typed}: .{path}: field not declared in schema"


def test_apply_leaves_out_what_only_a_default_asked_for(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, cluster: dict[str, Any]
) -> None:
    """As create does."""
    fake_kubectl.reply("get --raw */rayclusters/demo", stderr=ABSENT, code=1)
    fake_kubectl.reply("apply", stderr=not_declared("spec.authOptions"), code=1)
    fake_kubectl.reply("apply", json=cluster)
    fake_kubectl.reply("get --raw", json={"items": []}, times=None)
    said: list[str] = []
    apply_cluster(ClusterConfig(name="demo"), warn=said.append, kubectl=kubectl)
    sent = [json.loads(call.stdin or "") for call in fake_kubectl.calls if call.argv[0] == "apply"]
    assert ["authOptions" in manifest["spec"] for manifest in sent] == [True, False]
    assert "does not know spec.authOptions" in said[0]


def test_what_was_asked_for_is_found_behind_a_default(fake_kubectl: FakeKubectl, kubectl: Kubectl) -> None:
    """A server that names one field at a time is asked again; no warning tells of what was not sent."""
    fake_kubectl.reply("get --raw */rayclusters/demo", stderr=ABSENT, code=1)
    for path in ("spec.authOptions", "spec.upgradeStrategy"):
        fake_kubectl.reply("apply", stderr=not_declared(path), code=1)
    said: list[str] = []
    with pytest.raises(KubeRayTooOldError, match=r"upgradeStrategy .*KubeRay 1\.6\.0"):
        apply_cluster(ClusterConfig(name="demo", upgrade_strategy="Recreate"), warn=said.append, kubectl=kubectl)
    assert not said


def test_a_server_that_misses_what_was_left_out_is_not_asked_for_ever(
    fake_kubectl: FakeKubectl, kubectl: Kubectl
) -> None:
    """A webhook may put the field in again."""
    fake_kubectl.reply("create", stderr=refusal("spec.authOptions"), code=1, times=None)
    with pytest.raises(KubeRayTooOldError, match="authOptions"):
        create_cluster(ClusterConfig(name="demo"), wait=False, kubectl=kubectl)
    assert len(fake_kubectl.calls) == 2


TAKEN = 'Error from server (AlreadyExists): error when creating "STDIN": rayclusters.ray.io "demo" already exists'


@pytest.mark.parametrize("readable", [True, False])
def test_a_name_that_is_taken_is_an_error_with_what_to_do(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, cluster: dict[str, Any], readable: bool
) -> None:
    """The server decides. Each command leads to the same cluster; none would set it back to the defaults."""
    fake_kubectl.reply("*create", stderr=TAKEN, code=1)
    fake_kubectl.reply("*get --raw */rayclusters/demo", json=cluster, code=0 if readable else 1)
    with pytest.raises(ClusterAlreadyExistsError) as error:
        create_cluster(ClusterConfig(name="demo"), kubectl=replace(kubectl, context="prod"))
    assert str(error.value).splitlines()[1:] == [
        "See it: kubectl krayne describe demo -n ml --context=prod",
        "To change it, with the same options: kubectl krayne apply demo -n ml --context=prod …",
        "To make it anew, first: kubectl krayne delete demo -n ml --context=prod",
    ]


def test_a_name_of_a_cluster_that_is_being_deleted_is_waited_for(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, cluster: dict[str, Any]
) -> None:
    """It can be neither changed nor deleted."""
    cluster["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    fake_kubectl.reply("create", stderr=TAKEN, code=1)
    fake_kubectl.reply("get --raw */rayclusters/demo", json=cluster)
    with pytest.raises(ClusterAlreadyExistsError) as error:
        create_cluster(ClusterConfig(name="demo"), kubectl=kubectl)
    advice = str(error.value).splitlines()[1:]
    assert advice == [
        "It is still being deleted; wait for its end, then try again: kubectl krayne wait demo -n ml --for deleted"
    ]


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
