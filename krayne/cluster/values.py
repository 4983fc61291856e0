"""What krayne knows of a cluster, as frozen values; ``schemas/cluster-info.schema.json`` describes their dicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from krayne.status import Status


class Value:
    """A value with a plain dict of its own, fit for JSON."""

    __slots__ = ()
    __dataclass_fields__: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """Give the value as plain dicts, lists, strings, numbers and None; field names as they are here."""
        return {field: _plain(getattr(self, field)) for field in self.__dataclass_fields__}


def _plain(value: object) -> Any:
    if isinstance(value, Value):
        return value.as_dict()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return value


@dataclass(frozen=True, slots=True)
class Head(Value):
    """The head: its pod as far as it is known, its Service, and what one asks for."""

    pod: str | None
    node: str | None
    ip: str | None
    service: str | None
    ready: bool
    image: str | None
    cpus: str
    memory: str
    gpus: int


@dataclass(frozen=True, slots=True)
class WorkerGroup(Value):
    """A worker group. ``desired`` and ``ready`` count pods (replicas times hosts); cpus, memory, gpus are one pod's.

    ``max_replicas`` None: unbounded. ``ready`` None: not known without the pods.
    """

    name: str
    replicas: int
    min_replicas: int
    max_replicas: int | None
    num_of_hosts: int
    desired: int
    ready: int | None
    image: str | None
    cpus: str
    memory: str
    gpus: int


@dataclass(frozen=True, slots=True)
class Owner(Value):
    """The RayJob or RayService that made the cluster and would undo changes to it."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class ClusterInfo(Value):
    """A cluster at a glance: a row of ``get``.

    ``created`` is RFC 3339. ``cpus``, ``memory`` (Kubernetes quantities) and ``gpus`` are what the head and all
    desired workers ask for together. URLs are in-cluster addresses; None where nothing listens there.
    """

    name: str
    namespace: str
    status: Status
    cause: str | None
    hopeless: bool
    created: str | None
    ray_version: str | None
    kuberay_version: str | None
    image: str | None
    head: Head
    groups: tuple[WorkerGroup, ...]
    workers_ready: int
    workers_desired: int
    cpus: str
    memory: str
    gpus: int
    autoscaling: bool
    suspended: bool
    managed_by_krayne: bool
    owner: Owner | None
    labels: Mapping[str, str]
    dashboard_url: str | None
    client_url: str | None
    notebook_url: str | None
    code_server_url: str | None
    ssh_url: str | None


@dataclass(frozen=True, slots=True)
class Pod(Value):
    """A pod of the cluster. ``status`` is kubectl's word for it; ``problem`` says why it is not ready."""

    name: str
    group: str
    status: str
    ready: bool
    containers_ready: int
    containers: int
    restarts: int
    node: str | None
    ip: str | None
    created: str | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class Condition(Value):
    """A condition of the RayCluster. ``since`` is RFC 3339."""

    type: str
    status: str
    reason: str
    message: str
    since: str | None


@dataclass(frozen=True, slots=True)
class Event(Value):
    """An event about the cluster or one of its pods (``object``: ``pod/demo-head-x``). Times are RFC 3339."""

    type: str
    reason: str
    object: str
    message: str
    count: int
    first: str | None
    last: str | None


@dataclass(frozen=True, slots=True)
class Versions(Value):
    """Ray's and Python's versions. ``source``: where they were read from, ``the running head`` or ``the spec``."""

    ray: str | None
    python: str | None
    source: str


@dataclass(frozen=True, slots=True)
class ClusterDetails(Value):
    """A cluster in full: what ``describe`` shows. ``next_steps``: what a person can do about ``info.cause``."""

    info: ClusterInfo
    versions: Versions
    pods: tuple[Pod, ...]
    conditions: tuple[Condition, ...]
    events: tuple[Event, ...]
    next_steps: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Give the info's fields and, beside them, the details."""
        rest = {field: _plain(getattr(self, field)) for field in self.__dataclass_fields__ if field != "info"}
        return self.info.as_dict() | rest
