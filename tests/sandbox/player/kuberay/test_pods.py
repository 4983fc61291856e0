"""Built pods against the captured ones, by value."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from krayne.sandbox.player.kuberay.pods import Slot, head_pod, recreate_hash, worker_pod
from tests.sandbox.player.captures import NAMES, capture, without_server_defaults

HASH = "ray.io/upgrade-strategy-recreate-hash"


def comparable(pod: dict[str, Any]) -> dict[str, Any]:
    """A pod without what the API server fills in, and without KubeRay's own hash."""
    plain = without_server_defaults({"metadata": pod["metadata"], "spec": pod["spec"]})
    for field in ("name", "uid"):
        plain["metadata"].pop(field, None)
    # apiVersion is the server's in fieldRefs, KubeRay's in owners; the same everywhere.
    for path in plain["spec"].get("containers", []) + plain["spec"].get("initContainers", []):
        for variable in path.get("env", []):
            variable.get("valueFrom", {}).get("fieldRef", {}).pop("apiVersion", None)
    if plain["spec"].get("restartPolicy") == "Always":
        del plain["spec"]["restartPolicy"]
    if plain["spec"].get("serviceAccountName") == "default":
        del plain["spec"]["serviceAccountName"]
    plain["metadata"].get("annotations", {}).pop(HASH, None)
    return dict(plain)


@pytest.mark.parametrize("name", NAMES)
def test_head_equals_the_captured_one(name: str) -> None:
    """Labels, annotations, command, environment, probes, volumes and the autoscaler are the real ones."""
    seen = capture(name)
    heads = [pod for pod in seen.pods if pod["metadata"]["labels"]["ray.io/node-type"] == "head"]
    assert [comparable(head_pod(seen.cluster)) for _ in heads] == [comparable(pod) for pod in heads]


@pytest.mark.parametrize("name", NAMES)
def test_workers_equal_the_captured_ones(name: str) -> None:
    """Workers, too, with their init container and their place in the group."""
    seen = capture(name)
    groups = {group["groupName"]: group for group in seen.cluster["spec"]["workerGroupSpecs"]}
    for pod in seen.pods:
        labels = pod["metadata"]["labels"]
        if labels["ray.io/node-type"] == "worker":
            slot = Slot(int(labels["ray.io/worker-group-replica-index"]))
            built = worker_pod(seen.cluster, groups[labels["ray.io/group"]], slot)
            assert comparable(built) == comparable(pod)


def test_the_cluster_is_left_as_it_is() -> None:
    """Building changes nothing in the cluster it builds from."""
    cluster = capture("autoscaling").cluster
    before = copy.deepcopy(cluster)
    head_pod(cluster)
    worker_pod(cluster, cluster["spec"]["workerGroupSpecs"][0], Slot(0))
    assert cluster == before


def test_hash_ignores_scale_and_sees_the_image() -> None:
    """Replicas and tolerations need no new pods; another image does."""
    cluster = capture("ready-3-ready").cluster
    first = recreate_hash(cluster)
    cluster["spec"]["workerGroupSpecs"][0]["replicas"] = 2
    cluster["spec"]["headGroupSpec"]["template"]["spec"]["tolerations"] = [{"operator": "Exists"}]
    assert recreate_hash(cluster) == first
    cluster["spec"]["headGroupSpec"]["template"]["spec"]["containers"][0]["image"] = "other"
    assert recreate_hash(cluster) != first


def test_token_reaches_every_ray_container() -> None:
    """Head, worker, the waiting init container and the autoscaler read the token from the Secret."""
    cluster = capture("autoscaling").cluster
    cluster["spec"]["authOptions"] = {"mode": "token"}
    head = head_pod(cluster)["spec"]["containers"]
    worker = worker_pod(cluster, cluster["spec"]["workerGroupSpecs"][0], Slot(0))["spec"]
    token = {"name": "RAY_AUTH_TOKEN", "valueFrom": {"secretKeyRef": {"name": "demo", "key": "auth_token"}}}
    for container in (*head, *worker["containers"], *worker["initContainers"]):
        assert token in container["env"]


def test_template_labels_win_except_the_fixed_three() -> None:
    """A user's labels override KubeRay's, but never the ones that it finds its pods by."""
    cluster = capture("ready-3-ready").cluster
    mine = {"ray.io/cluster": "x", "ray.io/group": "x", "ray.io/node-type": "x", "app.kubernetes.io/name": "x"}
    cluster["spec"]["headGroupSpec"]["template"]["metadata"] = {"labels": mine}
    labels = head_pod(cluster)["metadata"]["labels"]
    assert (labels["ray.io/cluster"], labels["ray.io/group"], labels["ray.io/node-type"]) == (
        "demo",
        "headgroup",
        "head",
    )
    assert labels["app.kubernetes.io/name"] == "x"


def test_a_users_command_runs_first() -> None:
    """The container's own command stands before `ray start`."""
    cluster = capture("ready-3-ready").cluster
    cluster["spec"]["headGroupSpec"]["template"]["spec"]["containers"][0]["command"] = ["echo", "hello"]
    ray = head_pod(cluster)["spec"]["containers"][0]
    assert ray["command"] == ["/bin/bash", "-c", "--"]
    assert ray["args"][0].startswith(" echo  hello  && ulimit -n 65536; ray start --head ")


def test_old_ray_is_probed_by_wget() -> None:
    """Ray before 2.53 has no single health endpoint."""
    cluster = capture("ready-3-ready").cluster
    cluster["spec"]["rayVersion"] = "2.52.0"
    probe = head_pod(cluster)["spec"]["containers"][0]["readinessProbe"]
    assert "httpGet" not in probe
    assert "api/local_raylet_healthz" in probe["exec"]["command"][2]


def test_hosts_of_a_replica_know_their_place() -> None:
    """Multi-host workers carry the replica's name and their own number."""
    cluster = capture("ready-3-ready").cluster
    group = {**cluster["spec"]["workerGroupSpecs"][0], "numOfHosts": 2}
    labels = worker_pod(cluster, group, Slot(1, "cpu-abcde", 1))["metadata"]["labels"]
    assert labels["ray.io/worker-group-replica-index"] == "1"
    assert labels["ray.io/worker-group-replica-name"] == "cpu-abcde"
    assert labels["ray.io/replica-host-index"] == "1"
