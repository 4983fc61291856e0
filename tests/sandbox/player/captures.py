"""The captured states of tests/captured, taken apart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).parent.parent.parent / "captured"
NAMES = tuple(sorted(path.stem for path in FOLDER.glob("*.json") if "items" in json.loads(path.read_text())))


class Capture(NamedTuple):
    """One captured namespace."""

    cluster: dict[str, Any]
    pods: tuple[dict[str, Any], ...]
    service: dict[str, Any]
    events: tuple[dict[str, Any], ...]

    def pod(self, node_type: str) -> dict[str, Any]:
        """The first head or worker."""
        return next(pod for pod in self.pods if pod["metadata"]["labels"]["ray.io/node-type"] == node_type)


def capture(name: str) -> Capture:
    """A captured state by its file's name."""
    items = json.loads((FOLDER / f"{name}.json").read_text())["items"]
    kinds: dict[str, list[dict[str, Any]]] = {}
    for item in items:
        kinds.setdefault(item["kind"], []).append(item)
    pods, events = tuple(kinds.get("Pod", ())), tuple(kinds.get("Event", ()))
    return Capture(kinds["RayCluster"][0], pods, kinds["Service"][0], events)


def container(pod: dict[str, Any], name: str) -> dict[str, Any]:
    """A container of a pod's spec."""
    every = [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]
    return next(item for item in every if item["name"] == name)


def without_server_defaults(value: Any) -> Any:
    """A captured manifest without what the API server fills in, so that it can be compared with a built one."""
    if isinstance(value, list):
        return [without_server_defaults(item) for item in value if not _is_token_mount(item)]
    if isinstance(value, dict):
        kept = {key: item for key, item in value.items() if key not in _SERVER_FIELDS}
        return {key: without_server_defaults(item) for key, item in kept.items() if not _only_token_mounts(item)}
    return value


_SERVER_FIELDS = frozenset(
    """clusterIPs creationTimestamp dnsPolicy enableServiceLinks generation imagePullPolicy internalTrafficPolicy
    ipFamilies ipFamilyPolicy managedFields nodeName preemptionPolicy priority protocol resourceVersion
    schedulerName scheme securityContext serviceAccount sessionAffinity targetPort terminationGracePeriodSeconds
    terminationMessagePath terminationMessagePolicy tolerations""".split()  # noqa: SIM905 (a list of words)
)


def _is_token_mount(item: Any) -> bool:
    return isinstance(item, dict) and str(item.get("name", "")).startswith("kube-api-access-")


def _only_token_mounts(item: Any) -> bool:
    return isinstance(item, list) and bool(item) and all(_is_token_mount(part) for part in item)
