"""What krayne knows of a cluster, as frozen values; ``schemas/cluster-info.schema.json`` describes their dicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from krayne.status import Status
from krayne.value import Value


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
    desired workers ask for together. URLs are
    local where a tunnel is open, else in-cluster addresses, None where there is none.
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
    # These listen on the head's loopback only; a tunnel has to lead there.
    notebook_url: str | None = None
    code_server_url: str | None = None
    ssh_url: str | None = None
