"""The head and worker pods that KubeRay 1.6.2 makes of a RayCluster."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import re
from typing import Any, NamedTuple

from krayne.sandbox.player.kuberay import names
from krayne.sandbox.player.kuberay.start import Parameters, start_command, start_parameters

Object = dict[str, Any]

_COMMAND = ["/bin/bash", "-c", "--"]
_WAIT_RESOURCES = {"cpu": "200m", "memory": "256Mi"}
_AUTOSCALER_RESOURCES = {"cpu": "500m", "memory": "512Mi"}
_AUTOSCALER_OVERRIDES = ("resources", "image", "imagePullPolicy", "securityContext")
_HEALTHZ_SINCE = (2, 53)
_WAIT_SCRIPT = """
					SECONDS=0
					while true; do
						if (( SECONDS <= 120 )); then
							if ray health-check --address {gcs} > /dev/null 2>&1; then
								echo "GCS is ready."
								break
							fi
							echo "$SECONDS seconds elapsed: Waiting for GCS to be ready."
						else
							if ray health-check --address {gcs}; then
								echo "GCS is ready. Any error messages above can be safely ignored."
								break
							fi
							echo "$SECONDS seconds elapsed: Still waiting for GCS to be ready. For troubleshooting, refer to the FAQ at {faq}."
						fi
						sleep 5
					done
				"""  # noqa: E501 (byte for byte what the captured pods hold)
_FAQ = "https://docs.ray.io/en/master/cluster/kubernetes/troubleshooting.html"


class Slot(NamedTuple):
    """A worker's place in its group: which replica, and which of the replica's hosts."""

    number: int
    replica: str = ""
    host: int = 0


def head_pod(cluster: Object) -> Object:
    """The head's manifest, to be created by generateName."""
    group = cluster["spec"]["headGroupSpec"]
    pod = _from_template(cluster, group, "head", names.HEAD_GROUP, cluster["metadata"]["name"])
    ray = pod["spec"]["containers"][0]
    extra: Parameters = {}
    if names.autoscaling(cluster):
        _add_autoscaler(cluster, pod)
        extra["no-monitor"] = "true"
    extra |= _add_fault_tolerance(cluster, pod, head=True)
    _add_metrics_port(ray)
    _add_token(cluster, pod)
    parameters = start_parameters(group, address=None, extra=extra)
    _finish(cluster, pod, parameters, head=True)
    pod["metadata"]["annotations"] |= {
        names.RECREATE_HASH: recreate_hash(cluster),
        names.KUBERAY_VERSION: names.VERSION,
    }
    return pod


def worker_pod(cluster: Object, group: Object, slot: Slot) -> Object:
    """A worker's manifest, to be created by generateName."""
    name = group["groupName"]
    pod = _from_template(cluster, group, "worker", name, f"{cluster['metadata']['name']}-{name}")
    ray = pod["spec"]["containers"][0]
    pod["spec"].setdefault("initContainers", []).append(_wait_gcs_ready(cluster, ray))
    labels = pod["metadata"]["labels"]
    labels[names.REPLICA_INDEX] = str(slot.number)
    if hosts(group) > 1:
        labels |= {names.REPLICA_NAME: slot.replica, names.HOST_INDEX: str(slot.host)}
    _add_fault_tolerance(cluster, pod, head=False)
    _add_metrics_port(ray)
    if names.autoscaling(cluster) and names.autoscaling_v2(cluster):
        pod["spec"]["restartPolicy"] = "Never"
    _add_token(cluster, pod)
    address = f"{names.head_address(cluster)}:{names.head_port(cluster)}"
    _finish(cluster, pod, start_parameters(group, address=address), head=False)
    if not pod["metadata"]["annotations"]:
        del pod["metadata"]["annotations"]
    return pod


def hosts(group: Object) -> int:
    """How many pods make one replica."""
    return max(1, int(group.get("numOfHosts") or 1))


def recreate_hash(cluster: Object) -> str:
    """A hash of what needs new pods when it changes: the spec without replicas, tolerations and scheduling gates.

    KubeRay hashes its Go structs, so the real operator's value differs; only its changes count.
    """
    spec = copy.deepcopy(cluster["spec"])
    spec.pop("upgradeStrategy", None)
    groups = spec.get("workerGroupSpecs") or []
    for group in groups:
        for field in ("replicas", "minReplicas", "maxReplicas"):
            group.pop(field, None)
        (group.get("scaleStrategy") or {}).pop("workersToDelete", None)
    for group in [spec["headGroupSpec"], *groups]:
        for field in ("tolerations", "schedulingGates"):
            group["template"]["spec"].pop(field, None)
    text = json.dumps(spec, sort_keys=True, separators=(",", ":"))
    return base64.b32hexencode(hashlib.sha1(text.encode(), usedforsecurity=False).digest()).decode()


def _from_template(cluster: Object, group: Object, node_type: str, group_name: str, prefix: str) -> Object:
    template = copy.deepcopy(group["template"])
    metadata = template.get("metadata") or {}
    cluster_name = cluster["metadata"]["name"]
    fixed = {names.CLUSTER: cluster_name, names.NODE_TYPE: node_type, names.GROUP: group_name}
    labels = {
        names.IS_RAY_NODE: "yes",
        names.IDENTIFIER: names.check_label(f"{cluster_name}-{node_type}"),
        **names.APP_LABELS,
        **(metadata.get("labels") or {}),
        **(group.get("labels") or {}),
        **fixed,
    }
    annotations = dict(metadata.get("annotations") or {})
    if _overwrites_command(cluster):
        annotations[names.OVERWRITE_COMMAND] = "true"
    return {
        "metadata": {
            "generateName": names.pod_prefix(prefix, node_type),
            "namespace": cluster["metadata"]["namespace"],
            "labels": labels,
            "annotations": annotations,
            "ownerReferences": [names.owner_reference(cluster)],
        },
        "spec": template["spec"],
    }


def _overwrites_command(cluster: Object) -> bool:
    annotations: dict[str, str] = cluster["metadata"].get("annotations") or {}
    return annotations.get(names.OVERWRITE_COMMAND, "").lower() == "true"


def _finish(cluster: Object, pod: Object, parameters: Parameters, *, head: bool) -> None:
    """What KubeRay's `BuildPod` adds to the templates of both kinds."""
    ray = pod["spec"]["containers"][0]
    if "plasma-directory" not in parameters:
        _add_empty_dir(pod, ray, "shared-mem", "/dev/shm", {"medium": "Memory", **_size_limit(ray)})  # noqa: S108 (Ray's object store lives there)
    if head and names.autoscaling(cluster):
        for container in (ray, _autoscaler(pod)):
            _add_empty_dir(pod, container, "ray-logs", "/tmp/ray", {})  # noqa: S108 (Ray logs there)
    command = start_command(parameters, head=head)
    given = "".join(f" {part} " for part in [*(ray.get("command") or []), *(ray.get("args") or [])])
    if not _overwrites_command(cluster) and "ray start" not in given:
        generated = f"ulimit -n 65536; {command}"
        ray["command"] = _COMMAND
        ray["args"] = [f"{given} && {generated}" if given else generated]
    address = names.head_address(cluster)
    for container in pod["spec"].get("initContainers") or []:
        container["env"] = [*(container.get("env") or []), *_head_addresses(address)]
    _add_env(cluster, ray, command, head=head)
    _add_probes(cluster, ray, parameters, head=head)


def _head_addresses(address: str) -> list[Object]:
    return [{"name": "FQ_RAY_IP", "value": address}, {"name": "RAY_IP", "value": address.split(".", maxsplit=1)[0]}]


def _field(name: str, path: str) -> Object:
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}


_CLUSTER_NAME = _field("RAY_CLUSTER_NAME", f"metadata.labels['{names.CLUSTER}']")
_CLUSTER_NAMESPACE = _field("RAY_CLUSTER_NAMESPACE", "metadata.namespace")


def _add_env(cluster: Object, ray: Object, command: str, *, head: bool) -> None:
    env = ray.setdefault("env", [])
    taken = {variable["name"] for variable in env}
    address, port = ("127.0.0.1" if head else names.head_address(cluster)), names.head_port(cluster)
    if not head:
        env += _head_addresses(address)
    env += [
        copy.deepcopy(_CLUSTER_NAME),
        copy.deepcopy(_CLUSTER_NAMESPACE),
        _field("RAY_CLOUD_INSTANCE_ID", "metadata.name"),
        _field("RAY_NODE_TYPE_NAME", f"metadata.labels['{names.GROUP}']"),
        {"name": "KUBERAY_GEN_RAY_START_CMD", "value": command},
    ]
    kind = (cluster["metadata"].get("labels") or {}).get(names.ORIGIN_KIND, "RayCluster")
    tags = f"kuberay_version={names.VERSION};kuberay_crd={kind}"
    unless_given = {"RAY_PORT": port, "RAY_ADDRESS": f"{address}:{port}", "RAY_USAGE_STATS_KUBERAY_IN_USE": "1"}
    env += [{"name": name, "value": value} for name, value in unless_given.items() if name not in taken]
    if head:
        env.append({"name": "RAY_USAGE_STATS_EXTRA_TAGS", "value": tags})
    if "RAY_DASHBOARD_ENABLE_K8S_DISK_USAGE" not in taken:
        env.append({"name": "RAY_DASHBOARD_ENABLE_K8S_DISK_USAGE", "value": "1"})


def _add_probes(cluster: Object, ray: Object, parameters: Parameters, *, head: bool) -> None:
    given = parameters.get("dashboard-agent-listen-port", "")
    agent = int(given if given.isdigit() else names.AGENT_PORT)
    action: Object = {"httpGet": {"path": "/api/healthz", "port": agent}}
    if not _has_healthz(cluster["spec"].get("rayVersion") or ""):
        checks = [(2, agent, "api/local_raylet_healthz")]
        if head:
            dashboard = parameters.get("dashboard-port", "")
            checks.append((10, int(dashboard if dashboard.isdigit() else 8265), "api/gcs_healthz"))
        wget = "wget --tries 1 -T {} -q -O- http://localhost:{}/{} | grep success"
        action = {"exec": {"command": ["bash", "-c", " && ".join(wget.format(*check) for check in checks)]}}
    common = {"periodSeconds": 5, "successThreshold": 1, "timeoutSeconds": 5 if head else 2, **action}
    ray.setdefault("livenessProbe", {"initialDelaySeconds": 30, "failureThreshold": 120, **copy.deepcopy(common)})
    ray.setdefault("readinessProbe", {"initialDelaySeconds": 10, "failureThreshold": 10, **common})


def _has_healthz(ray_version: str) -> bool:
    match = re.match(r"v?(\d+)\.(\d+)", ray_version)
    return bool(match) and (int(match[1]), int(match[2])) >= _HEALTHZ_SINCE  # type: ignore[index] # bool(match) says so


def _wait_gcs_ready(cluster: Object, ray: Object) -> Object:
    gcs = f"{names.head_address(cluster)}:{names.head_port(cluster)}"
    copied: Object = {
        field: copy.deepcopy(ray[field]) for field in ("env", "volumeMounts", "securityContext") if field in ray
    }
    policy = {"imagePullPolicy": ray["imagePullPolicy"]} if "imagePullPolicy" in ray else {}
    return {
        "name": "wait-gcs-ready",
        "image": ray.get("image"),
        **policy,
        "command": _COMMAND,
        "args": [_WAIT_SCRIPT.format(gcs=gcs, faq=_FAQ)],
        "resources": {"limits": dict(_WAIT_RESOURCES), "requests": dict(_WAIT_RESOURCES)},
        **copied,
    }


def _add_autoscaler(cluster: Object, pod: Object) -> None:
    spec = pod["spec"]
    options = cluster["spec"].get("autoscalerOptions") or {}
    spec["serviceAccountName"] = names.check_name(spec.get("serviceAccountName") or cluster["metadata"]["name"])
    container: Object = {
        "name": "autoscaler",
        "image": spec["containers"][0].get("image"),
        "imagePullPolicy": "IfNotPresent",
        "command": _COMMAND,
        "args": [
            "ray kuberay-autoscaler --cluster-name $(RAY_CLUSTER_NAME) --cluster-namespace $(RAY_CLUSTER_NAMESPACE)"
        ],
        "env": [
            copy.deepcopy(_CLUSTER_NAME),
            copy.deepcopy(_CLUSTER_NAMESPACE),
            _field("RAY_HEAD_POD_NAME", "metadata.name"),
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


def _autoscaler(pod: Object) -> Object:
    return next(container for container in pod["spec"]["containers"] if container["name"] == "autoscaler")


def _add_fault_tolerance(cluster: Object, pod: Object, *, head: bool) -> Parameters:
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


def _add_token(cluster: Object, pod: Object) -> None:
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


def _add_metrics_port(ray: Object) -> None:
    ports = ray.setdefault("ports", [])
    if not any(port.get("name") == "metrics" for port in ports):
        ports.append({"name": "metrics", "containerPort": names.METRICS_PORT})


def _size_limit(container: Object) -> Object:
    resources = container.get("resources") or {}
    memory = (resources.get("limits") or {}).get("memory") or (resources.get("requests") or {}).get("memory")
    return {"sizeLimit": memory} if memory else {}


def _add_empty_dir(pod: Object, container: Object, name: str, path: str, source: Object) -> None:
    mounts = container.setdefault("volumeMounts", [])
    if any(mount["mountPath"] == path for mount in mounts):
        return
    volumes = pod["spec"].setdefault("volumes", [])
    if not any(volume["name"] == name for volume in volumes):
        volumes.append({"name": name, "emptyDir": source})
    mounts.append({"name": name, "mountPath": path})
