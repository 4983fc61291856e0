"""What KubeRay 1.6.2 makes beside the pods: Services, the token's Secret, the autoscaler's account and rights."""

from __future__ import annotations

import base64
import copy
import secrets
from typing import Any

from krayne.sandbox.player.kuberay import names
from krayne.sandbox.player.kuberay.pods import hosts

Object = dict[str, Any]


def head_labels(cluster: Object) -> dict[str, str]:
    """What the head Service carries, and selects the head by."""
    name = cluster["metadata"]["name"]
    template = cluster["spec"]["headGroupSpec"]["template"].get("metadata") or {}
    given = (template.get("labels") or {}).get(names.APP_NAME)
    return {
        names.CLUSTER: name,
        names.NODE_TYPE: "head",
        names.IDENTIFIER: names.check_label(f"{name}-head"),
        **names.APP_LABELS,
        **({names.APP_NAME: given} if given else {}),
    }


def head_service(cluster: Object) -> Object:
    """The head's Service: headless unless another type or a Service of the user's own is asked for."""
    head = cluster["spec"]["headGroupSpec"]
    labels = head_labels(cluster)
    annotations = head.get("headServiceAnnotations") or {}
    ports = [
        {"name": name, "port": port, "appProtocol": "tcp"} for name, port in sorted(_service_ports(cluster).items())
    ]
    custom = copy.deepcopy(head.get("headService") or {})
    metadata = custom.get("metadata") or {}
    spec = custom.get("spec") or {}
    spec |= {"selector": dict(labels), "ports": [*(spec.get("ports") or []), *ports]}
    kind = spec.get("type") or head.get("serviceType")
    if kind:
        spec["type"] = kind
    if not custom and kind in (None, "", "ClusterIP"):
        spec |= {"clusterIP": "None", "publishNotReadyAddresses": True}
    return {
        "metadata": {
            **_metadata(cluster, names.head_service(cluster)),
            "labels": {**(metadata.get("labels") or {}), **labels},
            "annotations": {**(metadata.get("annotations") or {}), **annotations},
        },
        "spec": spec,
    }


def _service_ports(cluster: Object) -> dict[str, int]:
    ray = cluster["spec"]["headGroupSpec"]["template"]["spec"]["containers"][0]
    given = {
        port.get("name") or f"{port['containerPort']}-port": port["containerPort"] for port in ray.get("ports") or []
    }
    return {"metrics": names.METRICS_PORT, **given} if given else dict(names.SERVICE_PORTS)


def headless_service(cluster: Object) -> Object | None:
    """The Service by which the hosts of a multi-host group find each other; None where no group has several."""
    if not any(hosts(group) > 1 for group in cluster["spec"].get("workerGroupSpecs") or []):
        return None
    name = cluster["metadata"]["name"]
    return {
        "metadata": {**_metadata(cluster, f"{name}-headless"), "labels": {"ray.io/headless-worker-svc": name}},
        "spec": {
            "clusterIP": "None",
            "selector": {names.CLUSTER: name, names.NODE_TYPE: "worker"},
            "type": "ClusterIP",
            "publishNotReadyAddresses": True,
        },
    }


def token_secret(cluster: Object) -> Object | None:
    """The Secret that holds a new random token; None where the cluster needs none of KubeRay's."""
    options = cluster["spec"].get("authOptions")
    if options is None or options.get("mode") == "disabled":
        return None
    if names.kubernetes_auth(cluster) or options.get("secretName"):
        return None
    name = cluster["metadata"]["name"]
    token = base64.b64encode(secrets.token_bytes(32)).decode()
    return {
        "metadata": {**_metadata(cluster, names.check_name(name)), "labels": {names.CLUSTER: name}},
        "type": "Opaque",
        "data": {"auth_token": base64.b64encode(token.encode()).decode()},
    }


def account_name(cluster: Object) -> str:
    """The ServiceAccount that the head runs under when it scales its own cluster."""
    given = cluster["spec"]["headGroupSpec"]["template"]["spec"].get("serviceAccountName")
    return given or names.check_name(cluster["metadata"]["name"])


def service_account(cluster: Object) -> Object:
    """The autoscaler's ServiceAccount."""
    return {"metadata": {**_metadata(cluster, account_name(cluster)), "labels": _labels(cluster)}}


def role(cluster: Object) -> Object:
    """What the autoscaler may do."""
    return {
        "metadata": {**_metadata(cluster, names.check_name(cluster["metadata"]["name"])), "labels": _labels(cluster)},
        "rules": [
            {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch", "patch"]},
            {"apiGroups": [""], "resources": ["pods/resize"], "verbs": ["patch"]},
            {"apiGroups": ["ray.io"], "resources": ["rayclusters"], "verbs": ["get", "patch"]},
        ],
    }


def role_binding(cluster: Object) -> Object:
    """Who may do it."""
    name = names.check_name(cluster["metadata"]["name"])
    namespace = cluster["metadata"]["namespace"]
    return {
        "metadata": {**_metadata(cluster, name), "labels": _labels(cluster)},
        "subjects": [{"kind": "ServiceAccount", "name": account_name(cluster), "namespace": namespace}],
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
    }


def _labels(cluster: Object) -> dict[str, str]:
    return {names.CLUSTER: cluster["metadata"]["name"], **names.APP_LABELS}


def _metadata(cluster: Object, name: str) -> Object:
    return {
        "name": name,
        "namespace": cluster["metadata"]["namespace"],
        "ownerReferences": [names.owner_reference(cluster)],
    }
