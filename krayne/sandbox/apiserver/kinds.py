"""What single built-in kinds need besides their schema: defaults, the status a new object gets, their own rules."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from krayne.sandbox.apiserver import crds, pods
from krayne.sandbox.apiserver.metadata import now
from krayne.sandbox.apiserver.statuses import Cause, invalid_value, required
from krayne.sandbox.apiserver.store import Store

Item = dict[str, Any]


def set_defaults(kind: str, item: Item) -> None:
    """Fill in what the real server's own code does, in place."""
    if kind in _DEFAULTS:
        _DEFAULTS[kind](item)


def prepare_new(kind: str, item: Item, store: Store) -> None:
    """Give a new object its first status and what is allotted to it."""
    if kind in _NEW:
        _NEW[kind](item, store)
    elif "status" in item and kind in _DEFAULTS:
        item["status"] = {}


def problems(kind: str, item: Mapping[str, Any]) -> Iterator[Cause]:
    """What is wrong with an object of that kind besides its metadata."""
    if kind in _PROBLEMS:
        yield from _PROBLEMS[kind](item)


def _namespace_defaults(item: Item) -> None:
    labels = item["metadata"].setdefault("labels", {})
    labels["kubernetes.io/metadata.name"] = item["metadata"].get("name", "")


def _service_defaults(item: Item) -> None:
    spec = item["spec"]
    spec.setdefault("sessionAffinity", "None")
    spec.setdefault("type", "ClusterIP")
    if spec["type"] != "ExternalName":
        spec.setdefault("internalTrafficPolicy", "Cluster")
    if spec["type"] in ("NodePort", "LoadBalancer"):
        spec.setdefault("externalTrafficPolicy", "Cluster")
    if spec["type"] == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)
    for port in spec.get("ports", ()):
        port.setdefault("protocol", "TCP")
        port.setdefault("targetPort", port.get("port"))


def _secret_defaults(item: Item) -> None:
    item.setdefault("type", "Opaque")
    for name, text in item.pop("stringData", {}).items():
        item.setdefault("data", {})[name] = base64.b64encode(text.encode()).decode()


def _claim_defaults(item: Item) -> None:
    item["spec"].setdefault("volumeMode", "Filesystem")


def _workload_defaults(item: Item) -> None:
    spec = item["spec"]
    pods.set_spec_defaults(spec.get("template", {}).get("spec", {}))
    if item["kind"] in ("Deployment", "ReplicaSet", "StatefulSet"):
        spec.setdefault("replicas", 1)
    if item["kind"] == "Deployment":
        rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}
        spec["strategy"] = spec.get("strategy") or rolling
        spec.setdefault("revisionHistoryLimit", 10)
        spec.setdefault("progressDeadlineSeconds", 600)


def _role_reference_defaults(item: Item) -> None:
    item["roleRef"].setdefault("apiGroup", "rbac.authorization.k8s.io")
    for subject in item.get("subjects", ()):
        if subject.get("kind") in ("User", "Group"):
            subject.setdefault("apiGroup", "rbac.authorization.k8s.io")


def _event_defaults(item: Item) -> None:
    # Kept as null by the real server: kubectl reads them.
    for name in ("firstTimestamp", "lastTimestamp", "eventTime"):
        item.setdefault(name, None)
    for name in ("reportingComponent", "reportingInstance"):
        item.setdefault(name, "")


def _new_namespace(item: Item, _: Store) -> None:
    item["spec"] = {"finalizers": ["kubernetes"]}
    item["status"] = {"phase": "Active"}


def _new_service(item: Item, store: Store) -> None:
    spec = item["spec"]
    item["status"] = {"loadBalancer": {}}
    if spec["type"] == "ExternalName":
        return
    address = spec.setdefault("clusterIP", "") or _free_address(store)
    spec |= {"clusterIP": address, "clusterIPs": [address], "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack"}
    if spec["type"] in ("NodePort", "LoadBalancer"):
        for index, port in enumerate(spec.get("ports", ())):
            port.setdefault("nodePort", 30000 + (store.version + index) % 2768)


def _free_address(store: Store) -> str:
    taken = {stored.object["spec"].get("clusterIP") for stored in store.list("services")}
    return next(
        address for number in range(1, 65534) if (address := f"10.96.{number // 256}.{number % 256}") not in taken
    )


def _new_claim(item: Item, _: Store) -> None:
    item["status"] = {"phase": "Pending"}


def _new_volume(item: Item, _: Store) -> None:
    item["status"] = {"phase": "Available"}


def _new_quota(item: Item, store: Store) -> None:
    del store
    item["status"] = {}


def _service_problems(item: Mapping[str, Any]) -> Iterator[Cause]:
    spec = item["spec"]
    if not spec.get("ports") and spec["type"] != "ExternalName" and spec.get("clusterIP") != "None":
        yield required("spec.ports")
    names = [port.get("name") for port in spec.get("ports", ())]
    for index, port in enumerate(spec.get("ports", ())):
        if len(names) > 1 and not port.get("name"):
            yield required(f"spec.ports[{index}].name")
        number = port.get("port", 0)
        if not 0 < number < 65536:
            yield invalid_value(f"spec.ports[{index}].port", number, "must be between 1 and 65535, inclusive")


def _workload_problems(item: Mapping[str, Any]) -> Iterator[Cause]:
    yield from pods.spec_problems(item["spec"].get("template", {}).get("spec", {}), "spec.template.spec")


def _creation_time_of_crd(item: Item, _: Store) -> None:
    crds.establish(item, now())


_DEFAULTS: dict[str, Callable[[Item], None]] = {
    "Namespace": _namespace_defaults,
    "Pod": pods.set_defaults,
    "Service": _service_defaults,
    "Secret": _secret_defaults,
    "PersistentVolumeClaim": _claim_defaults,
    "Deployment": _workload_defaults,
    "ReplicaSet": _workload_defaults,
    "StatefulSet": _workload_defaults,
    "DaemonSet": _workload_defaults,
    "Job": _workload_defaults,
    "RoleBinding": _role_reference_defaults,
    "ClusterRoleBinding": _role_reference_defaults,
    "Event": _event_defaults,
    "CustomResourceDefinition": crds.set_defaults,
}
_NEW: dict[str, Callable[[Item, Store], None]] = {
    "Namespace": _new_namespace,
    "Pod": pods.prepare_new,
    "Service": _new_service,
    "PersistentVolumeClaim": _new_claim,
    "PersistentVolume": _new_volume,
    "ResourceQuota": _new_quota,
    "CustomResourceDefinition": _creation_time_of_crd,
}
_PROBLEMS: dict[str, Callable[[Mapping[str, Any]], Iterator[Cause]]] = {
    "Pod": pods.problems,
    "Service": _service_problems,
    "Deployment": _workload_problems,
    "ReplicaSet": _workload_problems,
    "StatefulSet": _workload_problems,
    "DaemonSet": _workload_problems,
    "Job": _workload_problems,
    "CustomResourceDefinition": crds.problems,
}
