"""Which workers a group lacks or has too many of: KubeRay 1.6.2's rules, as plans that only say what to do."""

from __future__ import annotations

import secrets
from typing import Any, NamedTuple

from krayne.sandbox.player.kuberay import names
from krayne.sandbox.player.kuberay.pods import Slot, hosts
from krayne.sandbox.player.kuberay.status import desired_replicas

Object = dict[str, Any]


class Deletion(NamedTuple):
    """A pod to delete and what the event says of it."""

    pod: Object
    message: str


class Plan(NamedTuple):
    """What to do about one group. `again` says why the creations wait for the next round."""

    delete: tuple[Deletion, ...] = ()
    create: tuple[Slot, ...] = ()
    again: str = ""


def unhealthy(pod: Object) -> bool:
    """Whether KubeRay deletes a pod: it ended, or its Ray container did and must not be restarted."""
    phase = (pod.get("status") or {}).get("phase")
    if phase in ("Failed", "Succeeded"):
        return True
    return phase == "Running" and _terminated(pod) is not None and pod["spec"].get("restartPolicy") == "Never"


def unhealthy_words(pod: Object, kind: str) -> str:
    """How KubeRay's event describes the deletion of an unhealthy pod."""
    where = f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
    return (
        f"Deleted {kind} Pod {where}; Pod status: {pod['status']['phase']}; "
        f"Pod restart policy: {pod['spec'].get('restartPolicy')}; "
        f"Ray container terminated status: {_go_words(_terminated(pod))}"
    )


def _go_words(ended: Object | None) -> str:
    """A container's end as Go prints the struct."""
    if ended is None:
        return "nil"
    fields = {
        "ExitCode": ended["exitCode"],
        "Signal": ended.get("signal", 0),
        "Reason": ended.get("reason", ""),
        "Message": ended.get("message", ""),
        "StartedAt": _go_time(ended.get("startedAt")),
        "FinishedAt": _go_time(ended.get("finishedAt")),
        "ContainerID": ended.get("containerID", ""),
    }
    return "&ContainerStateTerminated{" + "".join(f"{name}:{value}," for name, value in fields.items()) + "}"


def _go_time(text: str | None) -> str:
    return text.replace("T", " ").replace("Z", " +0000 UTC") if text else "0001-01-01 00:00:00 +0000 UTC"


def plan(cluster: Object, group: Object, pods: list[Object]) -> Plan:
    """What to do about one worker group, given its pods."""
    if group.get("suspend"):
        where = f"{cluster['metadata']['namespace']}/{cluster['metadata']['name']}"
        words = f"Deleted all pods for suspended worker group {group['groupName']} in RayCluster {where}"
        return Plan(delete=tuple(Deletion(pod, words) for pod in _staying(pods)))
    return _plan_replicas(cluster, group, pods) if hosts(group) > 1 else _plan_pods(cluster, group, pods)


def _plan_pods(cluster: Object, group: Object, pods: list[Object]) -> Plan:
    bad = [pod for pod in _staying(pods) if unhealthy(pod)]
    if bad:
        told = tuple(Deletion(pod, unhealthy_words(pod, "worker")) for pod in bad)
        return Plan(delete=told, again=f"delete {len(bad)} unhealthy worker Pods")
    named = _named(group, pods)
    gone = {pod["metadata"]["name"] for pod in named}
    delete = [Deletion(pod, f"Deleted pod {_where(pod)}") for pod in _staying(named)]
    left = [pod for pod in pods if pod["metadata"]["name"] not in gone]
    missing = desired_replicas(group) - len(left)
    if missing >= 0:
        return Plan(tuple(delete), tuple(Slot(index) for index in _free_indices(left, missing)))
    if not names.autoscaling(cluster):  # otherwise only the autoscaler says which worker goes
        surplus = sorted(left, key=lambda pod: not _going(pod))[:-missing]
        delete += [Deletion(pod, f"Deleted Pod {_where(pod)}") for pod in _staying(surplus)]
    return Plan(tuple(delete))


def _plan_replicas(cluster: Object, group: Object, pods: list[Object]) -> Plan:
    replicas: dict[str, list[Object]] = {}
    for pod in pods:
        replicas.setdefault(pod["metadata"]["labels"].get(names.REPLICA_NAME, ""), []).append(pod)
    name = group["groupName"]
    for replica, members in replicas.items():
        if len(members) < hosts(group):
            again = f"cleaned up incomplete replica group {replica}, requeueing"
            return Plan(_told(members, name, "cleanup of incomplete multi-host group"), again=again)
    bad = {replica for replica, members in replicas.items() if any(unhealthy(pod) for pod in members)}
    delete = [told for replica in bad for told in _told(replicas.pop(replica), name, "a Pod of the replica ended")]
    named = {pod["metadata"]["labels"].get(names.REPLICA_NAME, "") for pod in _named(group, pods)} & replicas.keys()
    going = tuple(told for replica in named for told in _told(replicas[replica], name, "autoscaler scale-down request"))
    if going:
        again = f"deleted {len(going)} worker Pods based on ScaleStrategy, requeueing"
        return Plan((*delete, *going), again=again)
    missing = desired_replicas(group) // hosts(group) - len(replicas)
    if missing >= 0:
        indices = _free_indices([members[0] for members in replicas.values()], missing)
        return Plan(tuple(delete), tuple(slot for index in indices for slot in _replica(group, index)))
    if not names.autoscaling(cluster):
        surplus = sorted(replicas.values(), key=lambda members: not _going(members[0]))[:-missing]
        delete += [told for members in surplus for told in _told(members, name, "scaling down")]
    return Plan(tuple(delete))


def _replica(group: Object, index: int) -> tuple[Slot, ...]:
    replica = f"{group['groupName']}-{secrets.token_hex(3)[:5]}"
    return tuple(Slot(index, replica, host) for host in range(hosts(group)))


def _free_indices(pods: list[Object], count: int) -> list[int]:
    taken = {pod["metadata"]["labels"].get(names.REPLICA_INDEX) for pod in pods}
    free = (index for index in range(count + len(taken)) if str(index) not in taken)
    return [index for index, _ in zip(free, range(count), strict=False)]


def _named(group: Object, pods: list[Object]) -> list[Object]:
    wanted = (group.get("scaleStrategy") or {}).get("workersToDelete") or []
    return [pod for pod in pods if pod["metadata"]["name"] in wanted]


def _told(pods: list[Object], group: str, why: str) -> tuple[Deletion, ...]:
    return tuple(Deletion(pod, f"Deleted worker Pod {_where(pod)} for group {group}: {why}") for pod in _staying(pods))


def _staying(pods: list[Object]) -> list[Object]:
    return [pod for pod in pods if not _going(pod)]


def _going(pod: Object) -> bool:
    return "deletionTimestamp" in pod["metadata"]


def _where(pod: Object) -> str:
    return f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"


def _terminated(pod: Object) -> Object | None:
    ray = pod["spec"]["containers"][0]["name"]
    for container in (pod.get("status") or {}).get("containerStatuses") or []:
        if container["name"] == ray:
            ended: Object | None = (container.get("state") or {}).get("terminated")
            return ended
    return None
