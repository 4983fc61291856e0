"""The head and worker pods that KubeRay 1.6.2 makes of a RayCluster."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import re
from typing import Any, NamedTuple

from krayne.sandbox.player.kuberay import names
from krayne.sandbox.player.kuberay.additions import (
    CLUSTER_NAME,
    CLUSTER_NAMESPACE,
    COMMAND,
    add_autoscaler,
    add_fault_tolerance,
    add_token,
    autoscaler,
    from_field,
)
from krayne.sandbox.player.kuberay.start import Parameters, start_command, start_parameters

Object = dict[str, Any]

_WAIT_RESOURCES = {"cpu": "200m", "memory": "256Mi"}
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
        add_autoscaler(cluster, pod)
        extra["no-monitor"] = "true"
    extra |= add_fault_tolerance(cluster, pod, head=True)
    _add_metrics_port(ray)
    add_token(cluster, pod)
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
    add_fault_tolerance(cluster, pod, head=False)
    _add_metrics_port(ray)
    if names.autoscaling(cluster) and names.autoscaling_v2(cluster):
        pod["spec"]["restartPolicy"] = "Never"
    add_token(cluster, pod)
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
        for container in (ray, autoscaler(pod)):
            _add_empty_dir(pod, container, "ray-logs", "/tmp/ray", {})  # noqa: S108 (Ray logs there)
    command = start_command(parameters, head=head)
    given = "".join(f" {part} " for part in [*(ray.get("command") or []), *(ray.get("args") or [])])
    if not _overwrites_command(cluster) and "ray start" not in given:
        generated = f"ulimit -n 65536; {command}"
        ray["command"] = COMMAND
        ray["args"] = [f"{given} && {generated}" if given else generated]
    address = names.head_address(cluster)
    for container in pod["spec"].get("initContainers") or []:
        container["env"] = [*(container.get("env") or []), *_head_addresses(address)]
    _add_env(cluster, ray, command, head=head)
    _add_probes(cluster, ray, parameters, head=head)


def _head_addresses(address: str) -> list[Object]:
    return [{"name": "FQ_RAY_IP", "value": address}, {"name": "RAY_IP", "value": address.split(".", maxsplit=1)[0]}]


def _add_env(cluster: Object, ray: Object, command: str, *, head: bool) -> None:
    env = ray.setdefault("env", [])
    taken = {variable["name"] for variable in env}
    address, port = ("127.0.0.1" if head else names.head_address(cluster)), names.head_port(cluster)
    if not head:
        env += _head_addresses(address)
    env += [
        copy.deepcopy(CLUSTER_NAME),
        copy.deepcopy(CLUSTER_NAMESPACE),
        from_field("RAY_CLOUD_INSTANCE_ID", "metadata.name"),
        from_field("RAY_NODE_TYPE_NAME", f"metadata.labels['{names.GROUP}']"),
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
        "command": COMMAND,
        "args": [_WAIT_SCRIPT.format(gcs=gcs, faq=_FAQ)],
        "resources": {"limits": dict(_WAIT_RESOURCES), "requests": dict(_WAIT_RESOURCES)},
        **copied,
    }


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
