"""Which running pods are not what their cluster says."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from krayne.operations.recreate import Outdated, contains, outdated, recreate_pods, recreation_advice

if TYPE_CHECKING:
    from krayne.kubectl import Kubectl
    from tests.support.kubectl import FakeKubectl

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def container(group: dict[str, Any]) -> dict[str, Any]:
    """The Ray container of a group's template."""
    found: dict[str, Any] = group["template"]["spec"]["containers"][0]
    return found


def test_pods_made_from_the_template_are_not_outdated(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, cluster: dict[str, Any], pods: list[dict[str, Any]]
) -> None:
    """Whatever KubeRay and the API server added to them."""
    fake_kubectl.reply("get --raw */pods*", json={"items": pods})
    assert not outdated(kubectl, cluster, cluster)


def test_a_changed_template_counts_for_its_group_alone(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, cluster: dict[str, Any], pods: list[dict[str, Any]]
) -> None:
    """Also where something was taken out of it."""
    after = deepcopy(cluster)
    after["spec"]["workerGroupSpecs"][0]["rayStartParams"] = {"num-cpus": "1"}
    fake_kubectl.reply("get --raw */pods*", json={"items": pods}, times=None)
    assert outdated(kubectl, cluster, after) == (["cpu"], {})
    assert outdated(kubectl, after, cluster) == (["cpu"], {})


def test_an_earlier_change_still_counts(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, cluster: dict[str, Any], pods: list[dict[str, Any]]
) -> None:
    """The pods are from before it, though this time nothing changed."""
    container(cluster["spec"]["headGroupSpec"])["image"] = "rayproject/ray:2.61.0"
    fake_kubectl.reply("get --raw */pods*", json={"items": pods})
    assert outdated(kubectl, cluster, cluster) == (["headgroup"], {})


def test_a_group_without_pods_has_nothing_outdated(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, cluster: dict[str, Any], pods: list[dict[str, Any]]
) -> None:
    """Its next pods take the new template."""
    after = deepcopy(cluster)
    container(after["spec"]["workerGroupSpecs"][0])["image"] = "other"
    heads = [pod for pod in pods if pod["metadata"]["labels"]["ray.io/node-type"] == "head"]
    fake_kubectl.reply("get --raw */pods*", json={"items": heads})
    assert not outdated(kubectl, cluster, after)


def test_pods_of_a_group_that_is_gone_run_on(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, cluster: dict[str, Any], pods: list[dict[str, Any]]
) -> None:
    """KubeRay leaves them: told, with how to remove them."""
    after = deepcopy(cluster)
    after["spec"]["workerGroupSpecs"] = []
    fake_kubectl.reply("get --raw */pods*", json={"items": pods})
    found = outdated(kubectl, cluster, after)
    assert found == ([], {"cpu": 1})
    assert list(recreation_advice(kubectl, after, found)) == [
        "1 pod of group cpu, which is gone, runs on: kubectl delete pods -l ray.io/cluster=demo,ray.io/group=cpu -n ml"
    ]


def test_quantities_are_compared_by_value() -> None:
    """The API server writes 2000m as 2."""
    assert contains({"cpu": "2", "memory": "1Gi"}, {"cpu": "2000m", "memory": "1024Mi"})
    assert not contains({"cpu": "2"}, {"cpu": "3"})


@given(JSON)
def test_everything_contains_itself(value: Any) -> None:
    """At any depth."""
    assert contains(value, value)


@given(st.dictionaries(st.text(), JSON), st.text(), JSON)
def test_more_is_no_difference(wanted: dict[str, Any], key: str, value: Any) -> None:
    """What others add does not matter."""
    assert contains({key: value, **wanted}, wanted)


@pytest.mark.parametrize(
    ("pods", "selector", "told"),
    [
        (Outdated(["headgroup", "cpu"], {"gone": 1}), "", "all pods of raycluster demo in namespace ml; KubeRay makes"),
        (Outdated(["a"], {"b": 2}), ",ray.io/group in (a,b)", "the pods of group a and group b of raycluster demo"),
        (Outdated([], {"b": 2}), ",ray.io/group in (b)", "the pods of group b of raycluster demo in namespace ml"),
    ],
)
def test_with_the_head_all_pods_go(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, pods: Outdated, selector: str, told: str
) -> None:
    """Workers die with their head; otherwise only the groups named, also those that are gone. It is told."""
    fake_kubectl.reply("delete pods")
    assert told in recreate_pods(kubectl, "demo", pods)
    assert fake_kubectl.calls[0].argv[2] == f"--selector=ray.io/cluster=demo{selector}"


def test_advice_says_what_a_new_head_costs(kubectl: Kubectl) -> None:
    """And that KubeRay may do it all by itself."""

    def advice(spec: dict[str, Any], group: str) -> str:
        return next(recreation_advice(kubectl, {"spec": spec}, Outdated([group], {})))

    assert "a new head forgets" in advice({}, "headgroup")
    assert "a new head forgets" not in advice({}, "cpu")
    assert "KubeRay now replaces every pod" in advice({"upgradeStrategy": {"type": "Recreate"}}, "cpu")
