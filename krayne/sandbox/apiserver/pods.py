"""Pods as the API server itself treats them: defaults, their rules, what admission adds, their quality of service."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from typing import Any

from krayne.quantity import quantity
from krayne.sandbox.apiserver.statuses import Cause, invalid_value, required
from krayne.sandbox.apiserver.store import Store

_SECONDS_TO_TOLERATE = 300
_TOKEN_MOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105 (a path)
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


def set_defaults(pod: dict[str, Any]) -> None:
    """A pod's defaults, in place."""
    set_spec_defaults(pod["spec"])
    if "nodeName" not in pod["spec"]:
        pod["spec"].setdefault("enableServiceLinks", True)


def set_spec_defaults(spec: dict[str, Any]) -> None:
    """A pod spec's defaults, in place, also inside a workload's template."""
    defaults = {
        "dnsPolicy": "ClusterFirst",
        "restartPolicy": "Always",
        "schedulerName": "default-scheduler",
        "securityContext": {},
        "terminationGracePeriodSeconds": 30,
    }
    for name, value in defaults.items():
        spec.setdefault(name, value)
    if spec.get("serviceAccountName"):
        spec["serviceAccount"] = spec["serviceAccountName"]
    for container in _containers(spec):
        _container_defaults(container)
    for volume in spec.get("volumes", ()):
        _volume_defaults(volume)


def _containers(spec: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [*spec.get("initContainers", ()), *spec.get("containers", ())]


def _container_defaults(container: dict[str, Any]) -> None:
    image = container.get("image", "")
    tag = image.rpartition("/")[2].partition(":")[2]
    pull = "IfNotPresent" if "@" in image or tag not in ("", "latest") else "Always"
    container.setdefault("imagePullPolicy", pull)
    container.setdefault("terminationMessagePath", "/dev/termination-log")
    container.setdefault("terminationMessagePolicy", "File")
    container.setdefault("resources", {})
    for port in container.get("ports", ()):
        port.setdefault("protocol", "TCP")
    for variable in container.get("env", ()):
        reference = variable.get("valueFrom", {}).get("fieldRef")
        if reference is not None:
            reference.setdefault("apiVersion", "v1")
    limits = container["resources"].get("limits")
    if limits:
        container["resources"]["requests"] = {**limits, **container["resources"].get("requests", {})}
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        if probe in container:
            _probe_defaults(container[probe])


def _probe_defaults(probe: dict[str, Any]) -> None:
    for name, value in {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}.items():
        probe.setdefault(name, value)
    if "httpGet" in probe:
        probe["httpGet"].setdefault("path", "/")
        probe["httpGet"].setdefault("scheme", "HTTP")


def _volume_defaults(volume: dict[str, Any]) -> None:
    if not volume.keys() - {"name"}:
        volume["emptyDir"] = {}
    for source in ("configMap", "secret", "projected", "downwardAPI"):
        if source in volume:
            volume[source].setdefault("defaultMode", 420)
    if "hostPath" in volume:
        volume["hostPath"].setdefault("type", "")


def prepare_new(pod: dict[str, Any], _: Store) -> None:
    """A new pod's status."""
    pod["status"] = {"phase": "Pending", "qosClass": quality(pod["spec"])}


def admit(pod: dict[str, Any]) -> None:
    """What the real server's admission adds: the service account and its token, priority, tolerations."""
    spec = pod["spec"]
    spec.setdefault("serviceAccountName", "default")
    spec["serviceAccount"] = spec["serviceAccountName"]
    spec.setdefault("priority", 0)
    spec.setdefault("preemptionPolicy", "PreemptLowerPriority")
    tolerations = spec.setdefault("tolerations", [])
    for reason in ("not-ready", "unreachable"):
        key = f"node.kubernetes.io/{reason}"
        if not any(_tolerates(toleration, key) for toleration in tolerations):
            tolerations.append(
                {"effect": "NoExecute", "key": key, "operator": "Exists", "tolerationSeconds": _SECONDS_TO_TOLERATE}
            )
    if spec.get("automountServiceAccountToken", True):
        _mount_token(spec)


def _tolerates(toleration: Mapping[str, Any], key: str) -> bool:
    return bool(toleration.get("key", key) == key and toleration.get("effect", "NoExecute") == "NoExecute")


def _mount_token(spec: dict[str, Any]) -> None:
    bare = [
        container
        for container in _containers(spec)
        if not any(mount.get("mountPath") == _TOKEN_MOUNT for mount in container.get("volumeMounts", ()))
    ]
    if not bare:
        return
    name = "kube-api-access-" + "".join(secrets.choice(_ALPHABET) for _ in range(5))
    for container in bare:
        container.setdefault("volumeMounts", []).append({"mountPath": _TOKEN_MOUNT, "name": name, "readOnly": True})
    namespace = {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}, "path": "namespace"}
    sources = [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"items": [{"key": "ca.crt", "path": "ca.crt"}], "name": "kube-root-ca.crt"}},
        {"downwardAPI": {"items": [namespace]}},
    ]
    spec.setdefault("volumes", []).append({"name": name, "projected": {"defaultMode": 420, "sources": sources}})


def quality(spec: Mapping[str, Any]) -> str:
    """The pod's quality of service: Guaranteed, Burstable or BestEffort."""
    resources = [container.get("resources", {}) for container in _containers(spec)]
    if not any(found.get("requests") or found.get("limits") for found in resources):
        return "BestEffort"
    kinds = ("cpu", "memory")
    same = all(
        kind in found.get("limits", {}) and found["limits"][kind] == found.get("requests", {}).get(kind)
        for found in resources
        for kind in kinds
    )
    return "Guaranteed" if same else "Burstable"


def problems(pod: Mapping[str, Any]) -> Iterator[Cause]:
    """What is wrong with a pod's spec."""
    yield from spec_problems(pod["spec"], "spec")


def spec_problems(spec: Mapping[str, Any], path: str) -> Iterator[Cause]:
    """What is wrong with a pod spec at `path`."""
    if not spec.get("containers"):
        yield required(f"{path}.containers")
    volumes = {volume.get("name") for volume in spec.get("volumes", ())}
    for group in ("initContainers", "containers"):
        seen: set[str] = set()
        for index, container in enumerate(spec.get(group, ())):
            where = f"{path}.{group}[{index}]"
            name = container.get("name")
            if not name:
                yield required(f"{where}.name")
            elif name in seen:
                yield Cause("FieldValueDuplicate", f'Duplicate value: "{name}"', f"{where}.name")
            seen.add(name)
            yield from _container_problems(container, where, volumes)


def _container_problems(container: Mapping[str, Any], path: str, volumes: set[Any]) -> Iterator[Cause]:
    if not container.get("image"):
        yield required(f"{path}.image")
    for index, mount in enumerate(container.get("volumeMounts", ())):
        if mount.get("name") not in volumes:
            yield Cause(
                "FieldValueNotFound", f'Not found: "{mount.get("name", "")}"', f"{path}.volumeMounts[{index}].name"
            )
        if not mount.get("mountPath"):
            yield required(f"{path}.volumeMounts[{index}].mountPath")
    resources = container.get("resources", {})
    for kind, asked in resources.get("requests", {}).items():
        limit = resources.get("limits", {}).get(kind)
        if limit is not None and quantity(asked).nano > quantity(limit).nano:
            why = f"must be less than or equal to {kind} limit of {limit}"
            yield invalid_value(f"{path}.resources.requests", asked, why)
