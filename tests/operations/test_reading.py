"""Reading several things at once: nothing of it is left behind when one of them fails."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from krayne.errors import ClusterNotFoundError, KubeConnectionError, NamespaceNotFoundError, PermissionDeniedError
from krayne.operations.delete import delete_cluster
from krayne.operations.describe import describe_cluster
from krayne.operations.get import get_cluster
from krayne.operations.scale import scale_cluster
from krayne.operations.services import get_cluster_services
from krayne.operations.shell import exec_in_cluster, ssh_to_cluster
from krayne.operations.wait import wait_until_ready
from tests.operations.conftest import captured, left_behind, pipes

if TYPE_CHECKING:
    from collections.abc import Callable

    from krayne.kubectl import Kubectl
    from tests.support.kubectl import FakeKubectl

scale_to_two = partial(scale_cluster, replicas=2)
ABSENT = 'Error from server (NotFound): rayclusters.ray.io "x" not found'
UNREACHABLE = "Unable to connect to the server: dial tcp 10.0.0.1:443: connect: no route to host"


@pytest.mark.parametrize("ask", [describe_cluster, get_cluster_services, exec_in_cluster, ssh_to_cluster])
def test_a_missing_cluster_leaves_no_kubectl_and_no_pipe(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, ask: Callable[..., object]
) -> None:
    """Its pods were asked for at the same time, and are of no more use."""
    fake_kubectl.reply("get --raw */rayclusters/x", stderr=ABSENT, code=1)
    fake_kubectl.reply("get --raw */rayclusters", json={"items": []})
    fake_kubectl.reply("get --raw /api/v1/namespaces/ml", json={})
    fake_kubectl.reply("get --raw", hangs=True, times=None)
    before = pipes()
    with pytest.raises(ClusterNotFoundError):
        ask("x", kubectl=kubectl)
    assert (left_behind(fake_kubectl), pipes()) == ([], before)


def test_pods_that_cannot_be_listed_leave_no_question_about_events(fake_kubectl: FakeKubectl, kubectl: Kubectl) -> None:
    """Where the cluster's own status does not settle what it is."""
    fake_kubectl.reply("get --raw */rayclusters/demo", json=captured("ready-2-starting", "RayCluster")[0])
    fake_kubectl.reply("get --raw */pods*", stderr=UNREACHABLE, code=1)
    fake_kubectl.reply("get --raw */events*", hangs=True)
    before = pipes()
    with pytest.raises(KubeConnectionError):
        get_cluster("demo", kubectl=kubectl)
    assert (left_behind(fake_kubectl), pipes()) == ([], before)


@pytest.mark.parametrize(
    "ask", [get_cluster, describe_cluster, delete_cluster, get_cluster_services, wait_until_ready, scale_to_two]
)
def test_a_missing_cluster_is_not_found_also_by_those_who_may_not_list(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, ask: Callable[..., object]
) -> None:
    """Near names are told where they can be known; nothing is said of the rest of the namespace."""
    no = 'Error from server (Forbidden): rayclusters.ray.io is forbidden: User "me" cannot list resource'
    fake_kubectl.reply("delete", stderr=ABSENT, code=1)
    fake_kubectl.reply("get --raw */rayclusters/x", stderr=ABSENT, code=1)
    fake_kubectl.reply("get --raw */rayclusters", stderr=no, code=1)
    fake_kubectl.reply("get --raw", hangs=True, times=None)
    with pytest.raises(ClusterNotFoundError) as told:
        ask("x", kubectl=kubectl)
    assert str(told.value) == "raycluster x in namespace ml not found"


@pytest.mark.parametrize("ask", [get_cluster, describe_cluster, delete_cluster, wait_until_ready, scale_to_two])
def test_a_missing_namespace_is_told_as_such(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, ask: Callable[..., object]
) -> None:
    """With how to make it, or to name another."""
    fake_kubectl.reply("delete", stderr=ABSENT, code=1)
    fake_kubectl.reply("get --raw */rayclusters/x", stderr=ABSENT, code=1)
    fake_kubectl.reply("get --raw */rayclusters", json={"items": []})
    no = 'Error from server (NotFound): namespaces "ml" not found'
    fake_kubectl.reply("get --raw /api/v1/namespaces/ml", stderr=no, code=1)
    fake_kubectl.reply("get --raw", json={"items": []}, times=None)
    with pytest.raises(NamespaceNotFoundError) as told:
        ask("x", kubectl=kubectl)
    assert str(told.value) == (
        f"cannot get namespace ml: {no}\nCreate it (kubectl create namespace ml) or name another with -n"
    )


@pytest.mark.parametrize("why", ['namespaces "ml" is forbidden: User "me" cannot get resource "namespaces"', "EOF"])
def test_a_namespace_that_may_not_be_read_is_taken_to_be_there(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, why: str
) -> None:
    """Few may read namespaces: what is told then is what was asked."""
    fake_kubectl.reply("get --raw */rayclusters/x", stderr=ABSENT, code=1)
    fake_kubectl.reply("get --raw */rayclusters", json={"items": []})
    fake_kubectl.reply("get --raw /api/v1/namespaces/ml", stderr=f"Error from server (Forbidden): {why}", code=1)
    with pytest.raises(ClusterNotFoundError, match="There is no RayCluster in this namespace"):
        get_cluster("x", kubectl=kubectl)


@pytest.mark.parametrize("enter", [exec_in_cluster, ssh_to_cluster])
def test_where_pods_may_not_be_listed_nothing_is_waited_for(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, enter: Callable[..., object]
) -> None:
    """The pod to go into cannot be known: the right that is missing is what there is to tell."""
    fake_kubectl.reply("get --raw */rayclusters/demo", json=captured("ready-3-ready", "RayCluster")[0])
    no = 'Error from server (Forbidden): pods is forbidden: User "me" cannot list resource "pods" in API group ""'
    fake_kubectl.reply("get --raw */pods*", stderr=no, code=1)
    with pytest.raises(PermissionDeniedError, match="me needs the right to list pods"):
        enter("demo", kubectl=kubectl)
