"""What the SDK's delete tells, and asks, before it deletes."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import pytest

from krayne.operations.delete import delete_cluster

if TYPE_CHECKING:
    from krayne.kubectl import Kubectl
    from tests.support.kubectl import FakeKubectl

OWNED = {
    "metadata": {
        "name": "demo",
        "namespace": "ml",
        "labels": {"ray.io/originated-from-crd": "RayJob", "ray.io/originated-from-cr-name": "train"},
    }
}
FORBIDDEN = 'Error from server (Forbidden): rayclusters.ray.io "demo" is forbidden: User "me" cannot get resource'


def test_it_warns_of_an_owner_that_would_make_the_cluster_again(fake_kubectl: FakeKubectl, kubectl: Kubectl) -> None:
    """Where nothing else is asked for, as a Python warning at the caller's line."""
    fake_kubectl.reply("get --raw */rayclusters/demo", json=OWNED)
    fake_kubectl.reply("delete rayclusters.ray.io demo")
    with pytest.warns(UserWarning, match="belongs to the RayJob train, which may undo this: delete the RayJob") as told:
        assert delete_cluster("demo", wait=False, kubectl=kubectl)
    ours = [warning for warning in told if warning.category is UserWarning]  # newer Pythons warn of the fork, too
    assert [warning.filename for warning in ours] == [__file__]


def test_one_who_may_delete_but_not_get_can_delete(fake_kubectl: FakeKubectl, kubectl: Kubectl) -> None:
    """The warning alone is lost."""
    fake_kubectl.reply("get --raw */rayclusters/demo", stderr=FORBIDDEN, code=1)
    fake_kubectl.reply("delete rayclusters.ray.io demo")
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # newer Pythons warn of the fork
        assert delete_cluster("demo", wait=False, kubectl=kubectl)
