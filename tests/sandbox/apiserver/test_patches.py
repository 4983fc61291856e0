"""The patches that are computed from the stored object."""

from __future__ import annotations

import json

import pytest

from krayne.sandbox.apiserver import patches
from krayne.sandbox.apiserver.statuses import ApiError
from krayne.sandbox.apiserver.types import object_schema

POD = object_schema("core.v1.Pod")


def containers(*names: str) -> dict[str, object]:
    """A pod with these containers."""
    return {"spec": {"containers": [{"name": name, "image": f"{name}:1"} for name in names]}}


def names(pod: dict[str, dict[str, list[dict[str, str]]]]) -> list[str]:
    """Its containers' names."""
    return [entry["name"] for entry in pod["spec"]["containers"]]


def test_a_strategic_patch_merges_containers_by_name() -> None:
    """The others stay as they are."""
    patched = patches.strategic_patch(
        containers("a", "b"), {"spec": {"containers": [{"name": "b", "image": "x"}]}}, POD
    )
    assert patched["spec"]["containers"] == [{"name": "a", "image": "a:1"}, {"name": "b", "image": "x"}]


def test_a_strategic_patch_deletes_and_replaces_by_directive() -> None:
    """`$patch` says how."""
    gone = patches.strategic_patch(
        containers("a", "b"), {"spec": {"containers": [{"$patch": "delete", "name": "a"}]}}, POD
    )
    assert names(gone) == ["b"]
    fresh = patches.strategic_patch(
        containers("a"), {"spec": {"containers": [{"$patch": "replace"}, {"name": "c"}]}}, POD
    )
    assert fresh == {"spec": {"containers": [{"name": "c"}]}}


def test_a_strategic_patch_puts_items_in_the_order_asked_for() -> None:
    """`kubectl apply` sends it."""
    patch = {"spec": {"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}], "containers": [{"name": "b"}]}}
    assert names(patches.strategic_patch(containers("a", "b"), patch, POD)) == ["b", "a"]


@pytest.mark.parametrize(
    "operations",
    [
        [{"op": "test", "path": "/a", "value": 2}],
        [{"op": "remove", "path": "/b"}],
        [{"op": "replace", "path": "/l/9", "value": 1}],
        [{"op": "add", "path": "no-slash", "value": 1}],
        [{"op": "nope", "path": "/a"}],
        [{"path": "/a"}],
        [3],
        [{"op": "replace", "path": "", "value": 3}],
    ],
)
def test_a_json_patch_that_does_not_fit_is_unprocessable(operations: list[object]) -> None:
    """422 with the real server's words, and nothing else."""
    with pytest.raises(ApiError) as caught:
        patches.json_patch({"a": 1, "l": []}, json.dumps(operations).encode())
    assert caught.value.code == 422
    assert str(caught.value) == "the server rejected our request due to an error in our request"


def test_a_patch_leaves_the_object_it_is_made_from_alone() -> None:
    """Stored objects are shared."""
    item = {"a": {"b": [1]}}
    patches.json_patch(item, b'[{"op":"add","path":"/a/b/-","value":2}]')
    patches.strategic_patch(item, {"a": {"c": 1}}, {})["a"]["b"].append(9)
    assert item == {"a": {"b": [1]}}
