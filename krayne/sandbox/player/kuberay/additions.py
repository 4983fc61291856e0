"""What KubeRay adds to pods for the autoscaler, for fault tolerance by Redis, and for token authentication."""

from __future__ import annotations

import copy
from typing import Any

from krayne.sandbox.player.kuberay import names
from krayne.sandbox.player.kuberay.start import Parameters

Object = dict[str, Any]

COMMAND = ["/bin/bash", "-c", "--"]
_AUTOSCALER_RESOURCES = {"cpu": "500m", "memory": "512Mi"}
_AUTOSCALER_OVERRIDES = ("resources", "image", "imagePullPolicy", "securityContext")


def from_field(name: str, path: str) -> Object:
    """A variable that holds a field of the pod."""
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}


CLUSTER_NAME = from_field("RAY_CLUSTER_NAME", f"metadata.labels['{names.CLUSTER}']")
CLUSTER_NAMESPACE = from_field("RAY_CLUSTER_NAMESPACE", "metadata.namespace")


def add_autoscaler(cluster: Object, pod: Object) -> None:
    """The sidecar, its account, and what version 2 wants of the pod."""
    spec = pod["spec"]
    options = cluster["spec"].get("autoscalerOptions") or {}
    spec["serviceAccountName"] = names.check_name(spec.get("serviceAccountName") or cluster["metadata"]["name"])
    container: Object = {
        "name": "autoscaler",
        "image": spec["containers"][0].get("image"),
        "imagePullPolicy": "IfNotPresent",
        "command": COMMAND,
        "args": [
            "ray kuberay-autoscaler --cluster-name $(RAY_CLUSTER_NAME) --cluster-namespace $(RAY_CLUSTER_NAMESPACE)"
        ],
        "env": [
            copy.deepcopy(CLUSTER_NAME),
            copy.deepcopy(CLUSTER_NAMESPACE),
            from_field("RAY_HEAD_POD_NAME", "metadata.name"),
            {"name": "KUBERAY_CRD_VER", "value": "v1"},
        ],
        "resources": {"limits": dict(_AUTOSCALER_RESOURCES), "requests": dict(_AUTOSCALER_RESOURCES)},
    }
    container["env"] += _token_env(cluster)
    container |= {field: copy.deepcopy(options[field]) for field in _AUTOSCALER_OVERRIDES if options.get(field)}
    for field in ("env", "envFrom", "volumeMounts"):
        if options.get(field):
            container[field] = [*container.get(field, []), *copy.deepcopy(options[field])]
    spec["containers"].append(container)
    if names.autoscaling_v2(cluster):
        env = spec["containers"][0].setdefault("env", [])
        env.append({"name": "RAY_enable_autoscaler_v2", "value": "true"})
        spec["restartPolicy"] = "Never"


def autoscaler(pod: Object) -> Object:
    """The sidecar of a head that has one."""
    return next(container for container in pod["spec"]["containers"] if container["name"] == "autoscaler")


def add_fault_tolerance(cluster: Object, pod: Object, *, head: bool) -> Parameters:
    """Redis settings in the environment; returns the `ray start` parameters that refer to them."""
    on = names.fault_tolerant(cluster)
    if head:
        pod["metadata"]["annotations"][names.FT_ENABLED] = "true" if on else "false"
    if not on:
        return {}
    env = pod["spec"]["containers"][0].setdefault("env", [])
    taken = {variable["name"] for variable in env}
    if not head:
        if "RAY_gcs_rpc_server_reconnect_timeout_s" not in taken:
            env.append({"name": "RAY_gcs_rpc_server_reconnect_timeout_s", "value": "600"})
        return {}
    options = cluster["spec"].get("gcsFaultToleranceOptions") or {}
    annotations = cluster["metadata"].get("annotations") or {}
    storage = options.get("externalStorageNamespace") or annotations.get(names.STORAGE_NAMESPACE)
    storage = storage or cluster["metadata"]["uid"]
    pod["metadata"]["annotations"][names.STORAGE_NAMESPACE] = storage
    if "RAY_external_storage_namespace" not in taken:
        env.append({"name": "RAY_external_storage_namespace", "value": storage})
    extra: Parameters = {}
    if options:
        env.append({"name": "RAY_REDIS_ADDRESS", "value": options.get("redisAddress", "")})
    for field, variable, flag in (
        ("redisUsername", "REDIS_USERNAME", "redis-username"),
        ("redisPassword", "REDIS_PASSWORD", "redis-password"),
    ):
        if options.get(field):
            env.append({"name": variable, **copy.deepcopy(options[field])})
            extra[flag] = f"${variable}"
    return extra


def _token_env(cluster: Object) -> list[Object]:
    if not names.token_auth(cluster):
        return []
    mode = {"name": "RAY_AUTH_MODE", "value": "token"}
    if names.kubernetes_auth(cluster):
        return [mode, {"name": "RAY_ENABLE_K8S_TOKEN_AUTH", "value": "true"}]
    secret = cluster["spec"]["authOptions"].get("secretName") or names.check_name(cluster["metadata"]["name"])
    reference = {"secretKeyRef": {"name": secret, "key": "auth_token"}}
    return [mode, {"name": "RAY_AUTH_TOKEN", "valueFrom": reference}]


def add_token(cluster: Object, pod: Object) -> None:
    """The token in the environment of every Ray container."""
    spec = pod["spec"]
    waiting = [container for container in spec.get("initContainers") or [] if container["name"] == "wait-gcs-ready"]
    containers = [spec["containers"][0], *waiting]
    for container in containers:
        env = container.setdefault("env", [])
        taken = {variable["name"] for variable in env}
        env += [variable for variable in _token_env(cluster) if variable["name"] not in taken]
        if not env:
            del container["env"]
    if not (names.token_auth(cluster) and names.kubernetes_auth(cluster)):
        return
    source = {"projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}
    spec.setdefault("volumes", []).append({"name": "ray-token", **source})
    mount = {"name": "ray-token", "mountPath": "/var/run/secrets/ray.io/serviceaccount", "readOnly": True}
    sidecars = [container for container in spec["containers"] if container["name"] == "autoscaler"]
    for container in [*containers, *sidecars]:
        container.setdefault("volumeMounts", []).append(dict(mount))
