"""What krayne knows of a cluster: each captured state as values, and as the plain data that its schema describes."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from krayne.cluster import ClusterDetails, ClusterInfo, Owner, Versions, cluster_details, cluster_info
from krayne.cluster.advice import next_steps
from krayne.cluster.info import info_of
from krayne.cluster.resources import Resources, add_up, asked
from krayne.paths import SCHEMAS
from krayne.status import Status, judge, settled
from tests.support.captures import Capture, captured, made

ALL = captured() + made()
CAPTURES = {capture.name: capture for capture in ALL}
every_capture = pytest.mark.parametrize("capture", ALL, ids=lambda capture: capture.name)
SCHEMA = json.loads(Path(SCHEMAS, "cluster-info.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)


def info(name: str, **changes: Any) -> ClusterInfo:
    """A capture's ClusterInfo, its RayCluster changed at the top level of metadata, spec or status."""
    capture = CAPTURES[name]
    cluster = copy.deepcopy(capture.cluster)
    for part, change in changes.items():
        cluster[part].update(change)
    return cluster_info(cluster, capture.pods, capture.events, now=capture.now)


def details(name: str) -> ClusterDetails:
    """A capture's ClusterDetails."""
    capture = CAPTURES[name]
    return cluster_details(capture.cluster, capture.pods, capture.events, now=capture.now)


def test_the_schema_is_one() -> None:
    """It passes its own metaschema, and describes every field."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    for name in ("cluster", "head", "group", "owner"):
        for field, schema in SCHEMA["$defs"][name]["properties"].items():
            assert {"description", "$ref", "anyOf", "items"} & set(schema), f"{name}.{field}"


@every_capture
def test_values_are_frozen_through_and_through(capture: Capture) -> None:
    """Hashed, copied and pickled as any value; their mappings cannot change either."""
    whole = cluster_details(
        capture.cluster, capture.pods, capture.events, now=capture.now, unread={"events": "forbidden"}
    )
    for value in (whole, whole.info):
        for other in (copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
            assert (other, hash(other)) == (value, hash(value))
    for mapping in (whole.unread, whole.info.labels):
        with pytest.raises(TypeError, match="cannot change"):
            mapping["x"] = "y"  # type: ignore[index]  # a Mapping has no setting
    assert type(whole.as_dict()["labels"]) is dict


@every_capture
def test_the_data_is_as_the_schema_says(capture: Capture) -> None:
    """What `get` and `describe` give to scripts, one and many, with the pods and without them."""
    for pods in (capture.pods, None):
        short = cluster_info(capture.cluster, pods, capture.events, now=capture.now).as_dict()
        full = cluster_details(capture.cluster, pods, capture.events, now=capture.now).as_dict()
        for value in (short, full, {"items": [short, full]}):
            VALIDATOR.validate(json.loads(json.dumps(value)))
        assert full.items() >= short.items()


@pytest.mark.parametrize("cluster", [{}, {"metadata": None, "spec": 3, "status": []}])
def test_hardly_an_object_is_still_described(cluster: Any) -> None:
    """What another tool made, or has not made yet, gives the same fields."""
    for pods in (None, [{}], [{"metadata": {"labels": {"ray.io/node-type": "head"}}}]):
        VALIDATOR.validate(cluster_details(cluster, pods, [{}], now=CAPTURES["suspended"].now).as_dict())


def test_a_ready_cluster_in_full() -> None:
    """Every fact that a row of `get` rests on."""
    seen = info("ready-3-ready")
    assert (seen.name, seen.namespace, seen.status, seen.cause) == ("demo", "lab-ready", Status.READY, None)
    assert (seen.ray_version, seen.kuberay_version) == ("2.60.0", "v1.6.2")
    assert (seen.workers_ready, seen.workers_desired) == (1, 1)
    assert (seen.cpus, seen.memory, seen.gpus) == ("500m", "2300Mi", 0)
    assert (seen.head.pod, seen.head.node, seen.head.ip) == ("demo-head-fc6v2", "node-1", "10.98.0.168")
    assert (seen.autoscaling, seen.suspended, seen.managed_by_krayne, seen.owner) == (False, False, True, None)
    (group,) = seen.groups
    assert (group.name, group.replicas, group.min_replicas, group.max_replicas) == ("cpu", 1, 0, 2)
    assert (group.ready, group.desired, group.cpus, group.memory) == (1, 1, "200m", "800Mi")


def test_the_values_are_frozen() -> None:
    """Nobody changes what was seen."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        info("ready-3-ready").name = "other"  # type: ignore[misc]


def test_urls_are_in_cluster_addresses() -> None:
    """Dashboard and client through the head's Service; what listens on loopback has none."""
    seen = info("ready-3-ready")
    assert seen.dashboard_url == "http://demo-head-svc.lab-ready.svc:8265"
    assert seen.client_url == "ray://demo-head-svc.lab-ready.svc:10001"
    assert (seen.notebook_url, seen.code_server_url, seen.ssh_url) == (None, None, None)
    assert info("suspended").dashboard_url is None


def test_urls_follow_ports_of_ones_own() -> None:
    """A head that names its dashboard's port elsewhere is reached there."""
    spec = copy.deepcopy(CAPTURES["ready-3-ready"].cluster["spec"])
    spec["headGroupSpec"]["template"]["spec"]["containers"][0]["ports"] = [{"name": "dashboard", "containerPort": 9000}]
    assert info("ready-3-ready", spec=spec).dashboard_url == "http://demo-head-svc.lab-ready.svc:9000"


def test_totals_are_what_kuberay_counts() -> None:
    """Head and desired workers together, GPUs whatever their maker: as the status of each capture has them."""
    for capture in captured():
        seen, status = info(capture.name), capture.cluster["status"]
        told = (status["desiredCPU"], status["desiredMemory"], status["desiredGPU"])
        assert (seen.cpus, seen.memory, str(seen.gpus)) == told
        assert seen.workers_desired == status.get("desiredWorkerReplicas", 0)


def test_owned_clusters_name_their_owner() -> None:
    """A RayJob's cluster says so by label, or by its owner reference."""
    labels = {"ray.io/originated-from-crd": "RayJob", "ray.io/originated-from-cr-name": "nightly"}
    assert info("ready-3-ready", metadata={"labels": labels}).owner == Owner("RayJob", "nightly")
    owners = [{"kind": "RayService", "name": "llm"}]
    assert info("ready-3-ready", metadata={"ownerReferences": owners}).owner == Owner("RayService", "llm")


def test_without_pods_the_status_counts_workers() -> None:
    """`get` does not fetch the pods of a cluster that is ready; the numbers are the same."""
    capture = CAPTURES["ready-3-ready"]
    seen = cluster_info(capture.cluster, None, (), now=capture.now)
    assert (seen.workers_ready, seen.groups[0].ready, seen.head.ready) == (1, 1, True)
    assert (seen.head.pod, seen.head.node) == ("demo-head-fc6v2", None)


def test_where_there_are_no_pods_nothing_of_them_is_told() -> None:
    """What the status has kept of them is not believed."""
    capture = CAPTURES["ready-3-ready"]
    seen = cluster_info(capture.cluster, [], (), now=capture.now)
    assert (seen.status, seen.workers_ready, seen.groups[0].ready) == ("creating", 0, 0)
    assert (seen.head.ready, seen.head.pod, seen.head.ip) == (False, None, None)


def test_details_tell_pods_conditions_events() -> None:
    """The head comes first; what says the same of the same is one event, the newest last."""
    seen = details("crash-loop")
    assert [(pod.name, pod.status, pod.restarts) for pod in seen.pods or ()] == [
        ("demo-head-tkbwk", "CrashLoopBackOff", 3),
        ("demo-cpu-worker-th4vr", "Init", 0),
    ]
    assert {condition.type for condition in seen.conditions} >= {"HeadPodReady", "RayClusterProvisioned"}
    assert (seen.events[-1].type, seen.events[-1].reason, seen.events[-1].count) == ("Warning", "BackOff", 9)
    assert len({(event.reason, event.object, event.message) for event in seen.events}) == len(seen.events)


def test_events_of_the_newer_kind_are_counted() -> None:
    """The scheduler repeats an event as a new one, or in a series; both add up."""
    scheduling = [event for event in details("unschedulable").events if event.reason == "FailedScheduling"]
    assert [event.count for event in scheduling] == [2, 2]
    capture = CAPTURES["unschedulable"]
    event = {**capture.events[0], "series": {"count": 7, "lastObservedTime": "2026-11-23T05:42:09.000000Z"}}
    (merged,) = cluster_details(capture.cluster, capture.pods, [event], now=capture.now).events
    assert (merged.count, merged.last) == (7, "2026-11-23T05:42:09.000000Z")


def test_versions_come_from_the_head_where_it_was_asked() -> None:
    """Else from what the spec asks for, and it says which."""
    capture = CAPTURES["ready-3-ready"]
    asked = Versions("2.60.0", "3.11.9", "head")
    seen = cluster_details(capture.cluster, capture.pods, (), now=capture.now, versions=asked)
    assert seen.versions == asked
    assert details("ready-3-ready").versions == Versions("2.60.0", None, "spec")


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("crash-loop", "kubectl logs demo-head-tkbwk -c ray-head --previous -n lab-crash-loop"),
        ("quota-refuses-head", "kubectl describe resourcequota -n lab-ready"),
        ("never-answered", "kubectl get pods -A -l app.kubernetes.io/name=kuberay-operator"),
        (
            "suspended",
            "kubectl patch raycluster demo --field-manager=krayne --type=merge "
            """-p '{"spec":{"suspend":false}}' -n lab-suspended""",
        ),
        ("waits-in-kueue", "kubectl get workloads.kueue.x-k8s.io -n lab-suspended"),
        ("deleting-held", "kubectl get raycluster demo -o jsonpath='{.metadata.finalizers}' -n lab-ready"),
        ("head-died-after-ready", "kubectl logs demo-head-fc6v2 -c ray-head --previous -n lab-ready"),
        ("v2-worker-ended", "kubectl logs demo-cpu-worker-tvcgd -c ray-worker -n lab-ready"),
    ],
)
def test_says_what_to_do_next(name: str, step: str) -> None:
    """The first step is the one that helps most."""
    assert details(name).next_steps[0] == step


@every_capture
def test_what_needs_doing_is_said(capture: Capture) -> None:
    """Nothing to do for what is ready; something for whatever does not come right by itself."""
    seen = details(capture.name)
    if seen.info.status is Status.READY:
        assert seen.next_steps == ()
    if seen.info.hopeless:
        assert seen.next_steps
    meant = ("{.metadata.finalizers}", '{"spec":{"suspend":false}}')
    assert not re.search(r"[{}]", re.sub("|".join(map(re.escape, meant)), "", "".join(seen.next_steps)))


def without_its_group() -> tuple[dict[str, Any], Capture]:
    """A ready cluster whose group cpu has just been replaced by an empty one; as KubeRay 1.6 leaves it."""
    capture = CAPTURES["ready-3-ready"]
    cluster = copy.deepcopy(capture.cluster)
    cluster["spec"]["workerGroupSpecs"][0] |= {"groupName": "new", "replicas": 0}
    cluster["status"]["desiredWorkerReplicas"] = 0
    return cluster, capture


def test_pods_of_a_group_that_is_gone_do_not_count_and_are_told_of() -> None:
    """KubeRay lets them run on, and counts them in its status: so that does not settle how many are ready."""
    cluster, capture = without_its_group()
    assert not settled(cluster)
    for pods in (capture.pods, None):
        seen = cluster_details(cluster, pods, capture.events, now=capture.now)
        assert (seen.info.status, seen.info.workers_ready, seen.info.workers_desired) == (Status.READY, 0, 0)
        assert seen.info.groups[0].ready == 0
    assert cluster_details(cluster, capture.pods, now=capture.now).next_steps == (
        "1 pod of group cpu, which is gone, runs on: "
        "kubectl delete pods -l ray.io/cluster=demo,ray.io/group=cpu -n lab-ready",
    )


def test_a_worker_of_a_group_that_is_gone_stands_for_no_other() -> None:
    """KubeRay's count of ready workers is enough, but the worker that is wanted is not there."""
    cluster, capture = without_its_group()
    cluster["spec"]["workerGroupSpecs"][0]["replicas"] = 1
    cluster["status"] |= {"desiredWorkerReplicas": 1, "availableWorkerReplicas": 2}
    assert not settled(cluster)
    assert judge(cluster, capture.pods, capture.events, now=capture.now).status is Status.RUNNING


@every_capture
def test_another_wording_of_the_cause_changes_no_advice(capture: Capture) -> None:
    """It is for people to read."""
    verdict = judge(capture.cluster, capture.pods, capture.events, now=capture.now)
    said = next_steps(info_of(capture.cluster, capture.pods, verdict), verdict)
    reworded = dataclasses.replace(verdict, cause="something else")
    assert next_steps(info_of(capture.cluster, capture.pods, reworded), reworded) == said


@every_capture
def test_the_commands_to_run_next_lead_to_the_same_server(capture: Capture) -> None:
    """Whatever the kubeconfig's current context is when they are pasted."""
    given = cluster_details(capture.cluster, capture.pods, capture.events, now=capture.now, way=("--context=my prod",))
    for step in given.next_steps:
        if "kubectl " in step:
            assert step.endswith(" '--context=my prod'"), step


def group(*resources: dict[str, Any]) -> dict[str, Any]:
    """A group whose pods have containers with these resources."""
    return {"template": {"spec": {"containers": [{"resources": each} for each in resources]}}}


@pytest.mark.parametrize(
    ("written", "cpus", "memory"),
    [
        (("2", "5Gi"), "2", "5Gi"),
        (("500m", "2300Mi"), "500m", "2300Mi"),
        (("1.5", "1.5Gi"), "1500m", "1536Mi"),
        (("0.0001", "0.5"), "1m", "1"),
        (("2000", "1G"), "2000", "1G"),
        (("1e3", "1e9"), "1000", "1G"),
        ((2, 5368709120), "2", "5Gi"),
        (("many", ""), "0", "0"),
        ((None, "-1Gi"), "0", "0"),
    ],
)
def test_writes_what_a_group_asks_for(written: tuple[object, object], cpus: str, memory: str) -> None:
    """In the largest unit that says it exactly; what is no quantity counts for nothing."""
    found = asked(group({"requests": dict(zip(("cpu", "memory"), written, strict=True))}))
    assert (found.cpus, found.bytes) == (cpus, memory)


def test_adds_up_what_groups_ask_for() -> None:
    """Requests, else limits, of all containers, times pods; any resource of a GPU's name counts as one."""
    head = group(
        {"limits": {"cpu": "1", "memory": "1500Mi"}, "requests": {"cpu": "300m"}}, {"requests": {"cpu": "200m"}}
    )
    workers = group(
        {"limits": {"memory": "400Mi", "nvidia.com/gpu": "1", "amd.com/gpu": 1, "nvidia.com/mig-1g.5gb": 1}}
    )
    total = add_up([asked(head), asked(workers).times(2)])
    assert (total.cpus, total.bytes, total.gpus) == ("500m", "2300Mi", 6)


@given(st.integers(0, 2**60))
def test_writes_quantities_that_say_the_same(number: int) -> None:
    """What is written reads as what was added up."""
    written = Resources(cpu=number * 10**6, memory=number * 10**9)
    assert asked(group({"requests": {"cpu": written.cpus, "memory": written.bytes}})) == written


def test_time_moves_only_ages() -> None:
    """Looking later at the same objects changes no fact of a ready cluster."""
    capture = CAPTURES["ready-3-ready"]
    now, later = (
        cluster_info(capture.cluster, capture.pods, (), now=capture.now + timedelta(days=day)) for day in (0, 9)
    )
    assert now == later
