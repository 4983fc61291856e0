"""Which services a RayCluster's head has, and in which pod and container they run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from krayne import objects
from krayne.objects import HEAD_GROUP, Object
from krayne.services.states import SERVICES, STATES_FOLDER


class HeadPod(NamedTuple):
    """Where the services run: a pod, its Ray container, and since when that runs."""

    pod: str
    container: str
    started: datetime | None


def services_in(cluster: Object) -> Mapping[str, bool]:
    """Which services a RayCluster asks for, by name: named container ports of a head that has krayne's hook."""
    head = objects.ray_container(objects.mapping(cluster, "spec", "headGroupSpec", "template"))
    command = objects.at(head, "lifecycle", "postStart", "exec", "command")
    hooked = isinstance(command, list) and any(STATES_FOLDER in str(word) for word in command)
    ports = {port.get("name") for port in objects.items(head, "ports")}
    return {name: hooked and name in ports for name in SERVICES}


def head_of(pods: Sequence[Object]) -> HeadPod | None:
    """The newest head pod whose Ray container runs; None where none does."""
    running = [pod for pod in pods if objects.group_of(pod) == HEAD_GROUP and _running(pod) is not None]
    if not running:
        return None
    newest = max(running, key=lambda pod: objects.string(pod, "metadata", "creationTimestamp"))
    started = objects.moment(objects.at(_running(newest), "startedAt"))
    return HeadPod(objects.name(newest), _container(newest), started)


def _container(pod: Object) -> str:
    return objects.string(objects.ray_container(pod), "name")


def _running(pod: Object) -> object:
    """The Ray container's ``state.running``, None where it does not run or is going."""
    if objects.is_going(pod):
        return None
    statuses = objects.items(pod, "status", "containerStatuses")
    return next(
        (objects.at(each, "state", "running") for each in statuses if each.get("name") == _container(pod)), None
    )
