"""From a RayCluster and its pods to a ClusterInfo."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from krayne import objects
from krayne.cluster.resources import Resources, add_up, asked
from krayne.cluster.values import ClusterInfo, Head, Owner, WorkerGroup
from krayne.frozen import FrozenDict
from krayne.objects import HEAD_GROUP, RAY_PORTS, Object, is_ready
from krayne.status import Events, Status, Verdict, judge, own_pods
from krayne.status.readiness import has_surplus, ready_workers

_OWNERS = ("RayJob", "RayService")

# Nothing listens behind the Service in these states.
_SILENT = (Status.SUSPENDED, Status.DELETING)


def cluster_info(
    cluster: dict[str, Any],
    pods: Sequence[Object] | None = None,
    events: Iterable[Object] | Events = (),
    *,
    now: datetime,
) -> ClusterInfo:
    """Sum up a cluster. ``pods``: those labelled with its name (``by_cluster``), None where they are unknown.

    ``events``: as ``judge`` takes them; for many clusters make an ``Events`` of them once.
    """
    return info_of(cluster, pods, judge(cluster, pods, events, now=now))


def info_of(cluster: Object, pods: Sequence[Object] | None, verdict: Verdict) -> ClusterInfo:
    """Sum up a cluster that has been judged. ``pods`` as in ``cluster_info``."""
    pods = own_pods(cluster, pods)
    meta, spec = objects.mapping(cluster, "metadata"), objects.mapping(cluster, "spec")
    labels = {key: value for key, value in objects.labels(cluster).items() if isinstance(value, str)}
    head_pod: Object | None = None if pods is None else next(iter(_alive(pods, HEAD_GROUP)), {})
    head, total = _head(cluster, head_pod), _total(cluster)
    groups = tuple(_group(group, pods, cluster, verdict) for group in objects.worker_groups(cluster))
    ready, desired = ready_workers(cluster), sum(group.desired for group in groups)
    return ClusterInfo(
        name=objects.string(meta, "name"),
        namespace=objects.string(meta, "namespace"),
        status=verdict.status,
        cause=verdict.cause,
        hopeless=verdict.hopeless,
        created=objects.string(meta, "creationTimestamp") or None,
        ray_version=objects.string(spec, "rayVersion") or None,
        kuberay_version=_annotation(head_pod or {}, "ray.io/kuberay-version"),
        image=head.image,
        head=head,
        groups=groups,
        workers_ready=min(ready, desired) if pods is None else sum(group.ready or 0 for group in groups),
        workers_desired=desired,
        cpus=total.cpus,
        memory=total.bytes,
        gpus=total.gpus,
        autoscaling=spec.get("enableInTreeAutoscaling") is True,
        suspended=spec.get("suspend") is True,
        managed_by_krayne=labels.get("app.kubernetes.io/managed-by") == "krayne",
        owner=owner_of(cluster),
        labels=FrozenDict(labels),
        dashboard_url=_url(cluster, head, verdict, "http", "dashboard"),
        client_url=_url(cluster, head, verdict, "ray", "client"),
    )


def _total(cluster: Object) -> Resources:
    """Add up what the head and every desired worker ask for."""
    workers = (asked(group).times(objects.desired_pods(group)) for group in objects.worker_groups(cluster))
    return add_up((asked(objects.mapping(cluster, "spec", "headGroupSpec")), *workers))


def with_head(info: ClusterInfo, pod: Object) -> ClusterInfo:
    """The same cluster, with what its head's pod alone tells."""
    node, ip = objects.string(pod, "spec", "nodeName") or None, objects.string(pod, "status", "podIP") or None
    head = replace(info.head, node=node, ip=ip or info.head.ip)
    return replace(info, head=head, kuberay_version=_annotation(pod, "ray.io/kuberay-version"))


def _alive(pods: Sequence[Object], group: str) -> list[Object]:
    mine: list[Object] = [pod for pod in pods if objects.group_of(pod) == group]
    return [pod for pod in mine if not objects.is_going(pod)] or mine


def _annotation(value: Object, key: str) -> str | None:
    return objects.string(objects.mapping(value, "metadata", "annotations"), key) or None


def _main_container(group: Object) -> Object:
    return objects.ray_container(objects.mapping(group, "template"))


def _head(cluster: Object, pod: Object | None) -> Head:
    """Sum up the head. ``pod``: None where it is unknown, then the status has to do; empty where there is none."""
    status = objects.mapping(cluster, "status", "head")
    told = status if pod is None else {}
    spec = objects.mapping(cluster, "spec", "headGroupSpec")
    each = asked(spec)
    return Head(
        pod=objects.name(pod or {}) or objects.string(told, "podName") or None,
        node=objects.string(pod, "spec", "nodeName") or None,
        ip=objects.string(pod, "status", "podIP") or objects.string(told, "podIP") or None,
        service=objects.string(status, "serviceName") or None,
        ready=objects.is_true(cluster, "HeadPodReady") if pod is None else is_ready(pod),
        image=objects.string(_main_container(spec), "image") or None,
        cpus=each.cpus,
        memory=each.bytes,
        gpus=each.gpus,
    )


def _group(group: Object, pods: Sequence[Object] | None, cluster: Object, verdict: Verdict) -> WorkerGroup:
    name, desired = objects.string(group, "groupName"), objects.desired_pods(group)
    high = objects.integer(group.get("maxReplicas"), objects.UNBOUNDED)
    each = asked(group)
    ready: int | None = desired if verdict.status is Status.READY else None
    if pods is not None:
        ready = sum(1 for pod in pods if objects.group_of(pod) == name and not objects.is_going(pod) and is_ready(pod))
    elif len(objects.worker_groups(cluster)) == 1 and not has_surplus(cluster):
        ready = ready_workers(cluster)
    return WorkerGroup(
        name=name,
        replicas=max(objects.integer(group.get("replicas")), 0),
        min_replicas=max(objects.integer(group.get("minReplicas")), 0),
        max_replicas=max(high, 0) if high < objects.UNBOUNDED else None,
        num_of_hosts=max(objects.integer(group.get("numOfHosts"), 1), 1),
        desired=desired,
        ready=ready,
        image=objects.string(_main_container(group), "image") or None,
        cpus=each.cpus,
        memory=each.bytes,
        gpus=each.gpus,
    )


def owner_of(cluster: Object) -> Owner | None:
    """Tell which RayJob or RayService made the cluster and goes on managing it (labels: KubeRay 1.4 to 1.7)."""
    labels = objects.labels(cluster)
    labelled = {"kind": labels.get("ray.io/originated-from-crd"), "name": labels.get("ray.io/originated-from-cr-name")}
    for owner in (labelled, *objects.items(cluster, "metadata", "ownerReferences")):
        kind, name = objects.string(owner, "kind"), objects.string(owner, "name")
        if kind in _OWNERS and name:
            return Owner(kind, name)
    return None


def _url(cluster: Object, head: Head, verdict: Verdict, scheme: str, port: str) -> str | None:
    if head.service is None or verdict.status in _SILENT:
        return None
    ports = objects.items(_main_container(objects.mapping(cluster, "spec", "headGroupSpec")), "ports")
    named = next((each.get("containerPort") for each in ports if each.get("name") == port), None)
    namespace = objects.string(cluster, "metadata", "namespace")
    return f"{scheme}://{head.service}.{namespace}.svc:{objects.integer(named, RAY_PORTS[port])}"
