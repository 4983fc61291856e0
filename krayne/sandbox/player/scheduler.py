"""The scheduler's part, for an API server that has none: binds pods to nodes, or says why they fit nowhere."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

from krayne.quantity import Amounts, Quantity, add_up, container_amounts, quantity
from krayne.sandbox.player import client
from krayne.sandbox.player.client import Api, ApiError, Object
from krayne.sandbox.player.clock import rfc3339
from krayne.sandbox.player.events import Event, Recorder
from krayne.sandbox.player.queue import WorkQueue
from krayne.sandbox.player.reflector import Reflector, key_of

COMPONENT = "default-scheduler"
INSTANCE = "default-scheduler-sandbox"
_RETRY = 5.0


class Misfit(NamedTuple):
    """Why one node does not take a pod; `helpless` where putting other pods out would not help either."""

    reasons: tuple[str, ...]
    helpless: bool


def requests(pod: Object) -> Amounts:
    """What a pod takes of a node: its containers together, or its largest init container, and one of `pods`."""
    total = add_up(*(container_amounts(container) for container in pod["spec"]["containers"]))
    for container in pod["spec"].get("initContainers") or []:
        for name, amount in container_amounts(container).items():
            total[name] = max(total.get(name, Quantity()), amount)
    return {**total, "pods": quantity(1)}


def misfit(pod: Object, node: Object, used: Amounts) -> Misfit | None:
    """Why a node with that much in use does not take the pod; None where it does."""
    spec = node.get("spec") or {}
    taints = [*(spec.get("taints") or [])]
    if spec.get("unschedulable"):
        taints.append({"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"})
    for taint in taints:
        if taint.get("effect") in ("NoSchedule", "NoExecute") and not _tolerated(pod, taint):
            words = f"node(s) had untolerated taint {{{taint['key']}: {taint.get('value', '')}}}"
            if taint["key"] == "node.kubernetes.io/unschedulable":
                words = "node(s) were unschedulable"
            return Misfit((words,), helpless=True)
    if not _selected(pod, node):
        return Misfit(("node(s) didn't match Pod's node affinity/selector",), helpless=True)
    allocatable = {name: quantity(text) for name, text in (node["status"].get("allocatable") or {}).items()}
    short = []
    for name, amount in sorted(requests(pod).items()):
        free = allocatable.get(name, Quantity()).nano - used.get(name, Quantity()).nano
        if amount.nano > free:
            short.append("Too many pods" if name == "pods" else f"Insufficient {name}")
    return Misfit(tuple(short), helpless=False) if short else None


def unschedulable_words(misfits: list[Misfit]) -> str:
    """The scheduler's sentence about a pod that fits on none of the nodes."""
    if not misfits:
        return "no nodes available to schedule pods"
    count = len(misfits)
    reasons = Counter(reason for found in misfits for reason in found.reasons)
    told = ", ".join(sorted(f"{number} {reason}" for reason, number in reasons.items()))
    helpless = sum(found.helpless for found in misfits)
    endings = []
    if count - helpless:
        endings.append(f"{count - helpless} No preemption victims found for incoming pod")
    if helpless:
        endings.append(f"{helpless} Preemption is not helpful for scheduling")
    first = f"0/{count} nodes are available"
    return f"{first}: {told}. preemption: {first}: {', '.join(sorted(endings))}."


def _tolerated(pod: Object, taint: Object) -> bool:
    for toleration in pod["spec"].get("tolerations") or []:
        same_effect = toleration.get("effect") in (None, "", taint.get("effect"))
        same_key = toleration.get("key") in (None, "", taint["key"])
        exists = toleration.get("operator") == "Exists"
        if same_effect and same_key and (exists or toleration.get("value", "") == taint.get("value", "")):
            return True
    return False


def _selected(pod: Object, node: Object) -> bool:
    labels = node["metadata"].get("labels") or {}
    wanted = pod["spec"].get("nodeSelector") or {}
    if any(labels.get(key) != value for key, value in wanted.items()):
        return False
    affinity = ((pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}).get(
        "requiredDuringSchedulingIgnoredDuringExecution"
    )
    if not affinity:
        return True
    fields = {"metadata.name": node["metadata"]["name"]}
    return any(
        all(_matches(labels, rule) for rule in term.get("matchExpressions") or [])
        and all(_matches(fields, rule) for rule in term.get("matchFields") or [])
        for term in affinity["nodeSelectorTerms"]
    )


def _matches(labels: dict[str, str], rule: Object) -> bool:
    value, values = labels.get(rule["key"]), rule.get("values") or []
    if rule["operator"] in ("Gt", "Lt"):
        if value is None or not value.lstrip("-").isdigit():
            return False
        return int(value) > int(values[0]) if rule["operator"] == "Gt" else int(value) < int(values[0])
    return {
        "In": value in values,
        "NotIn": value not in values,
        "Exists": value is not None,
        "DoesNotExist": value is None,
    }[rule["operator"]]


class Scheduler:
    """Looks at all unbound pods together whenever a pod or a node changes."""

    def __init__(self, api: Api, events: Recorder, pods: Reflector, nodes: Reflector) -> None:
        self._api = api.speaking_as("kube-scheduler")
        self._events = events
        self._pods = pods
        self._nodes = nodes
        self._queue: WorkQueue[str] = WorkQueue()
        pods.listen(lambda _, __: self._queue.add("all"))
        nodes.listen(lambda _, __: self._queue.add("all"))

    async def run(self) -> None:
        """Schedule, forever."""
        await self._pods.synced.wait()
        await self._nodes.synced.wait()
        await self._queue.run(self._schedule, workers=1)

    async def _schedule(self, _: str) -> None:
        used: dict[str, Amounts] = {}
        pending = []
        for pod in self._pods:
            node = pod["spec"].get("nodeName")
            if node and (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed"):
                used[node] = add_up(used.get(node, {}), requests(pod))
            elif not node:
                pending.append(pod)
        for pod in sorted(pending, key=lambda pod: str(pod["metadata"].get("creationTimestamp"))):
            await self._place(pod, used)

    async def _place(self, pod: Object, used: dict[str, Amounts]) -> None:
        if "deletionTimestamp" in pod["metadata"]:
            await self._api.delete(client.PODS, *key_of(pod), uid=pod["metadata"]["uid"], grace=0)
            return
        if pod["spec"].get("schedulingGates") or pod["spec"].get("schedulerName", COMPONENT) != COMPONENT:
            return
        problem = await self._missing_claim(pod)
        misfits = []
        for node in self._nodes:
            name = node["metadata"]["name"]
            found = Misfit((problem,), helpless=True) if problem else misfit(pod, node, used.get(name, {}))
            if found is None:
                await self._bind(pod, name)
                used[name] = add_up(used.get(name, {}), requests(pod))
                return
            misfits.append(found)
        words = unschedulable_words(misfits)
        await self._refuse(pod, words.replace(f"{len(misfits)} {problem}", problem) if problem else words)
        if problem:
            self._queue.add("all", after=_RETRY)

    async def _missing_claim(self, pod: Object) -> str:
        for volume in pod["spec"].get("volumes") or []:
            claim = (volume.get("persistentVolumeClaim") or {}).get("claimName")
            if claim:
                try:
                    await self._api.get(client.CLAIMS, pod["metadata"]["namespace"], claim)
                except ApiError as error:
                    if error.status == 404:
                        return f'persistentvolumeclaim "{claim}" not found'
        return ""

    async def _bind(self, pod: Object, node: str) -> None:
        namespace, name = key_of(pod)
        body = {
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": {"name": name, "namespace": namespace, "uid": pod["metadata"]["uid"]},
            "target": {"apiVersion": "v1", "kind": "Node", "name": node},
        }
        try:
            await self._api.create_in(client.PODS, namespace, name, "binding", body)
        except ApiError as error:
            if error.status in (404, 409):  # gone, or bound by someone else
                return
            raise
        self._tell(pod, Event("Normal", "Scheduled", f"Successfully assigned {namespace}/{name} to {node}"), "Binding")

    async def _refuse(self, pod: Object, words: str) -> None:
        status = pod.get("status") or {}
        others = [c for c in status.get("conditions") or [] if c["type"] != "PodScheduled"]
        before: Object = next((c for c in status.get("conditions") or [] if c["type"] == "PodScheduled"), {})
        if before.get("message") == words:
            return
        condition = {
            "type": "PodScheduled",
            "status": "False",
            "reason": "Unschedulable",
            "message": words,
            "lastProbeTime": None,
            "lastTransitionTime": before.get("lastTransitionTime") or rfc3339(),
        }
        change: dict[str, Any] = {
            "metadata": {"uid": pod["metadata"]["uid"]},
            "status": {"conditions": [*others, condition]},
        }
        try:
            self._pods.observe(await self._api.patch(client.PODS, *key_of(pod), change, subresource="status"))
        except ApiError as error:
            if error.status not in (404, 409):
                raise
            return
        self._tell(pod, Event("Warning", "FailedScheduling", words), "Scheduling")

    def _tell(self, pod: Object, event: Event, action: str) -> None:
        about = {**pod, "apiVersion": "v1", "kind": "Pod"}
        self._events.announce(about, event, component=COMPONENT, instance=INSTANCE, action=action)
