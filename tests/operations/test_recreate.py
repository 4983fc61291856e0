"""Which running pods are not what their cluster says."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from krayne.operations.recreate import Outdated, contains, outdated, recreate_pods, recreation_advice
from krayne.sandbox.player.kuberay.pods import Slot, head_pod, worker_pod
from tests.operations.conftest import captured

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


@pytest.mark.parametrize("state", ["ready-3-ready", "autoscaling"])
def test_what_kuberay_itself_built_in_is_not_outdated(fake_kubectl: FakeKubectl, kubectl: Kubectl, state: str) -> None:
    """With and without token and autoscaler: as a real KubeRay made the pods."""
    cluster = captured(state, "RayCluster")[0]
    fake_kubectl.reply("get --raw */pods*", json={"items": captured(state, "Pod")})
    assert not outdated(kubectl, cluster, cluster)


AUTOSCALER = {"enableInTreeAutoscaling": True, "autoscalerOptions": {"version": "v2", "idleTimeoutSeconds": 60}}
TOKEN = {"authOptions": {"mode": "token"}}


def options(**changed: Any) -> dict[str, Any]:
    """Fields of a spec whose autoscaler has other options."""
    return {**AUTOSCALER, "autoscalerOptions": {**AUTOSCALER["autoscalerOptions"], **changed}}  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("before", "after", "groups"),
    [
        ({}, TOKEN, ["headgroup", "cpu"]),
        ({}, {"gcsFaultToleranceOptions": {"redisAddress": "redis:6379"}}, ["headgroup"]),
        ({}, AUTOSCALER, ["headgroup"]),
        (AUTOSCALER, options(version="v1"), ["headgroup"]),
        (AUTOSCALER, options(image="other", resources={}), ["headgroup"]),
        (AUTOSCALER, options(idleTimeoutSeconds=5, upscalingMode="Aggressive"), []),
        ({}, {"authOptions": {"mode": "disabled"}, "enableInTreeAutoscaling": False, "suspend": True}, []),
    ],
)
@pytest.mark.parametrize("back", [False, True])
def test_what_kuberay_builds_into_pods_by_the_clusters_own_fields_counts(
    fake_kubectl: FakeKubectl,
    kubectl: Kubectl,
    cluster: dict[str, Any],
    *,
    before: dict[str, Any],
    after: dict[str, Any],
    groups: list[str],
    back: bool,
) -> None:
    """On or off; but not what the autoscaler reads live."""
    for field in (*AUTOSCALER, *TOKEN):
        cluster["spec"].pop(field, None)
    old, new = ({**cluster, "spec": {**cluster["spec"], **fields}} for fields in (before, after))
    then, now = (new, old) if back else (old, new)
    made = [pod_of(now, group) for group in ("headgroup", "cpu")]  # which by themselves show nothing old
    fake_kubectl.reply("get --raw */pods*", json={"items": made})
    assert outdated(kubectl, then, now).groups == groups


def pod_of(cluster: dict[str, Any], group: str) -> dict[str, Any]:
    """A pod as KubeRay makes it of a group."""
    cluster = {**cluster, "metadata": {**cluster["metadata"], "namespace": "ml", "uid": "u"}}
    if group == "headgroup":
        return head_pod(cluster)
    return worker_pod(cluster, cluster["spec"]["workerGroupSpecs"][0], Slot(0))


@pytest.mark.parametrize("fields", [TOKEN, AUTOSCALER, {"gcsFaultToleranceOptions": {"redisAddress": "redis:6379"}}])
@pytest.mark.parametrize("back", [False, True])
def test_what_an_earlier_change_should_have_built_in_still_counts(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, cluster: dict[str, Any], fields: dict[str, Any], *, back: bool
) -> None:
    """The head shows it, on and off, though this time nothing changed."""
    for field in (*AUTOSCALER, *TOKEN):
        cluster["spec"].pop(field, None)
    changed = {**cluster, "spec": {**cluster["spec"], **fields}}
    then, now = (changed, cluster) if back else (cluster, changed)
    fake_kubectl.reply("get --raw */pods*", json={"items": [pod_of(then, "headgroup")]})
    fake_kubectl.reply("get --raw */pods*", json={"items": [pod_of(now, "headgroup")]})
    assert outdated(kubectl, now, now) == (["headgroup"], {})
    assert not outdated(kubectl, now, now)


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


def test_a_dry_run_deletes_nothing(fake_kubectl: FakeKubectl, kubectl: Kubectl) -> None:
    """The server is asked whether it would."""
    fake_kubectl.reply("delete pods --dry-run=server")
    said = recreate_pods(kubectl, "demo", Outdated(["headgroup"], {}), dry_run=True)
    assert said == "Would delete all pods of raycluster demo in namespace ml; KubeRay makes them anew"


def test_advice_says_what_a_new_head_costs(kubectl: Kubectl) -> None:
    """And that KubeRay may do it all by itself."""

    def advice(spec: dict[str, Any], group: str) -> str:
        return next(recreation_advice(kubectl, {"spec": spec}, Outdated([group], {})))

    assert "a new head forgets" in advice({}, "headgroup")
    assert "a new head forgets" not in advice({}, "cpu")
    assert "KubeRay replaces every pod" in advice({"upgradeStrategy": {"type": "Recreate"}}, "cpu")
