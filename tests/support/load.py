"""Put captured cluster states into an API server, statuses and events included, as their writers left them."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from tests.support.captures import TIME, parse, write

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.support.captures import Capture
    from tests.support.shell import Shell

    Object = dict[str, Any]

# Nobody acts on what is loaded: KubeRay leaves others' clusters alone, and no scheduler or kubelet has this name.
MANAGER = "kueue.x-k8s.io/multikueue"
NOBODY = "captured"

# Loading takes about so long; a state is looked at when that is done.
LOADING = timedelta(seconds=2)

SERVERS_OWN = (
    "uid",
    "resourceVersion",
    "generation",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "managedFields",
)


def load(shell: Shell, captures: Iterable[Capture]) -> None:
    """Load captures into the shell's namespace, each cluster called as its capture is, times moved to end now."""
    items = [item for capture in captures for item in _renamed(capture, datetime.now(timezone.utc) + LOADING)]
    kinds: dict[str, list[Object]] = {"RayCluster": [], "Pod": [], "Event": []}
    for item in items:
        kinds.get(item["kind"], []).append(item)
    shell.kubectl("create", "serviceaccount", NOBODY)
    clusters = _create(shell, [_cluster(item, shell) for item in kinds["RayCluster"]])
    clusters = _raise_generations(shell, clusters, kinds["RayCluster"])
    uids = {cluster["metadata"]["name"]: cluster["metadata"]["uid"] for cluster in clusters}
    pods = _create(shell, [_pod(pod, shell, uids) for pod in kinds["Pod"]])
    uids |= {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in pods}
    _create(shell, [_event(event, shell, uids) for event in kinds["Event"]])
    _write_statuses(shell, clusters + pods, kinds["RayCluster"] + kinds["Pod"])
    for kind in ("Pod", "RayCluster"):
        if going := [item["metadata"]["name"] for item in kinds[kind] if "deletionTimestamp" in item["metadata"]]:
            shell.kubectl("delete", kind, *going, "--wait=false")


def unload(shell: Shell) -> None:
    """Let go of pods that wait for a kubelet to end, and of clusters that a finalizer holds."""
    shell.run("kubectl", "delete", "pods", "--all", "--grace-period=0", "--force")


def _renamed(capture: Capture, now: datetime) -> list[Object]:
    old = capture.cluster["metadata"]["name"]
    text = re.sub(rf'"{re.escape(old)}(?=["-])', f'"{capture.name}', json.dumps(capture.items))
    items: list[Object] = _moved(json.loads(text), now - capture.now)
    for item in items:
        if item["kind"] == "Event":  # several captures hold events of one name
            item["metadata"]["name"] = f"{capture.name}.{item['metadata']['name'].rpartition('.')[2]}"
    return items


def _moved(value: Any, shift: timedelta) -> Any:
    if isinstance(value, dict):
        return {key: _moved(each, shift) for key, each in value.items()}
    if isinstance(value, list):
        return [_moved(each, shift) for each in value]
    if not (isinstance(value, str) and TIME.fullmatch(value)):
        return value
    later = parse(value) + shift
    return later.isoformat(timespec="microseconds").replace("+00:00", "Z") if "." in value else write(later)


def _fresh(item: Object, shell: Shell) -> Object:
    """Leave out what an API server sets itself."""
    meta = {key: value for key, value in item["metadata"].items() if key not in SERVERS_OWN}
    return {**item, "metadata": {**meta, "namespace": shell.namespace}}


def _cluster(cluster: Object, shell: Shell) -> Object:
    return _fresh({**cluster, "spec": {"managedBy": MANAGER, **cluster["spec"]}}, shell)


def _raise_generations(shell: Shell, made: list[Object], wanted: list[Object]) -> list[Object]:
    """Change the spec of each cluster whose writer had changed it, so that its status speaks of the one before."""
    for index, cluster in enumerate(wanted):
        for generation in range(1, cluster["metadata"].get("generation", 1)):
            patch = json.dumps({"spec": {"rayVersion": f"2.{60 + generation}.0"}})
            name = cluster["metadata"]["name"]
            made[index] = shell.kubectl("patch", "raycluster", name, "--type=merge", "-p", patch, "-o", "json").json
    return made


def _pod(pod: Object, shell: Shell, uids: dict[str, str]) -> Object:
    pod = _fresh(pod, shell)
    owners = [{**owner, "uid": uids[owner["name"]]} for owner in pod["metadata"]["ownerReferences"]]
    bound = {"nodeName": NOBODY} if pod["spec"].get("nodeName") else {"schedulerName": NOBODY}
    spec = {**pod["spec"], "serviceAccountName": NOBODY, "serviceAccount": NOBODY, **bound}
    return {**pod, "metadata": {**pod["metadata"], "ownerReferences": owners}, "spec": spec}


def _event(event: Object, shell: Shell, uids: dict[str, str]) -> Object:
    about = event["involvedObject"]
    about = {**about, "namespace": shell.namespace, "uid": uids.get(about["name"], "")}
    return {**_fresh(event, shell), "involvedObject": about}


def _create(shell: Shell, items: list[Object]) -> list[Object]:
    listed = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    text = shell.kubectl("create", "--validate=false", "-o", "json", "-f", "-", stdin=listed).out
    made, at = [], 0
    while at < len(text.rstrip()):  # one JSON text after the other
        item, at = json.JSONDecoder().raw_decode(text, at)
        made.append(item)
        at += 1
    return made


def _write_statuses(shell: Shell, made: list[Object], wanted: list[Object]) -> None:
    items = [{**new, "status": old["status"]} for new, old in zip(made, wanted, strict=True) if old.get("status")]
    listed = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    shell.kubectl("replace", "--subresource=status", "--validate=false", "-o", "name", "-f", "-", stdin=listed)
