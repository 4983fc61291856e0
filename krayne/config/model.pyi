"""Types of ClusterConfig and of what its fields hold. Written by `make docs`."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

from typing_extensions import Required

class _Section:
    def as_dict(self) -> dict[str, Any]:
        """The fields that have a value, as a fresh plain dict."""

class KeyReference(_Section):
    """A value, or a key of a Secret or ConfigMap."""
    @property
    def secret(self) -> str | None:
        """Name of the Secret."""
    @property
    def config_map(self) -> str | None:
        """Name of the ConfigMap."""
    @property
    def key(self) -> str:
        """Key in it."""

class Volume(_Section):
    """One volume and where it is mounted: exactly one of pvc, config_map, secret, empty_dir and host_path."""
    @property
    def name(self) -> str:
        """Name of the volume, unique in the cluster: a DNS-1123 label."""
    @property
    def mount_path(self) -> str:
        """Absolute path in the container."""
    @property
    def read_only(self) -> bool:
        """Whether the mount refuses writes."""
    @property
    def sub_path(self) -> str | None:
        """Path within the volume that is mounted instead of its root."""
    @property
    def pvc(self) -> str | None:
        """Name of a PersistentVolumeClaim."""
    @property
    def config_map(self) -> str | None:
        """Name of a ConfigMap."""
    @property
    def secret(self) -> str | None:
        """Name of a Secret."""
    @property
    def empty_dir(self) -> EmptyDir | None:
        """A directory that lives as long as its pod; {} for one on the node's disk."""
    @property
    def host_path(self) -> str | None:
        """Absolute path on the node."""

class EmptyDir(_Section):
    """A directory that lives as long as its pod; {} for one on the node's disk."""
    @property
    def medium(self) -> Literal["Memory"] | None:
        """Memory for one in memory, which counts against the container's."""
    @property
    def size_limit(self) -> float | str | None:
        """Most bytes that it may hold."""

class GcsFaultTolerance(_Section):
    """Redis that keeps the head's state, so that the cluster outlives its head."""
    @property
    def redis_address(self) -> str:
        """Address of Redis as host:port, or redis://host:port (rediss:// for TLS)."""
    @property
    def redis_username(self) -> str | None:
        """User name at Redis."""
    @property
    def redis_password(self) -> SecretKey | None:
        """Key of the Secret that holds Redis' password."""
    @property
    def external_storage_namespace(self) -> str | None:
        """Prefix of this cluster's keys in Redis; KubeRay takes the RayCluster's UID when left out."""

class SecretKey(_Section):
    """A key of a Secret."""
    @property
    def secret(self) -> str:
        """Name of the Secret."""
    @property
    def key(self) -> str:
        """Key in it."""

class Services(_Section):
    """Services that run in the head beside Ray, listening on the pod's loopback only."""
    @property
    def notebook(self) -> bool:
        """Jupyter notebook."""
    @property
    def code_server(self) -> bool:
        """VS Code in the browser (code-server)."""
    @property
    def ssh(self) -> bool:
        """SSH server."""
    @property
    def code_server_version(self) -> str:
        """Release of code-server that is downloaded where the image has none."""
    @property
    def code_server_url(self) -> str:
        """Where code-server is downloaded: URL/vVERSION/code-server-VERSION-linux-ARCHITECTURE.tar.gz is the file."""
    @property
    def code_server_sha256(self) -> Mapping[str, str]:
        """SHA-256 of that file by architecture (amd64, arm64); no other file is used. Another version needs its own."""

class Autoscaler(_Section):
    """Ray's autoscaler, which sets each group's replicas between its bounds. While it is off, its other fields
    have no effect.
    """
    @property
    def enabled(self) -> bool:
        """Whether the autoscaler runs, as a container in the head's pod."""
    @property
    def version(self) -> Literal["v1", "v2"]:
        """Version of the autoscaler. v2 needs Ray 2.10; where left out, an older Ray gets v1."""
    @property
    def idle_timeout_seconds(self) -> int:
        """Seconds that a worker must be idle before it is removed."""
    @property
    def upscaling_mode(self) -> Literal["Default", "Aggressive", "Conservative"]:
        """How fast workers are added: Default and Aggressive without a limit, Conservative at most as many as
        there are.
        """
    @property
    def cpu(self) -> float | str:
        """CPU of the autoscaler's container."""
    @property
    def memory(self) -> float | str:
        """Memory of the autoscaler's container."""
    @property
    def image(self) -> str | None:
        """Image of the autoscaler's container; the head's when left out."""

class Head(_Section):
    """The head's pod and service."""
    @property
    def cpus(self) -> float | str:
        """CPUs of the head, as request and limit."""
    @property
    def memory(self) -> float | str:
        """Memory of the head, as request and limit."""
    @property
    def ephemeral_storage(self) -> float | str | None:
        """Local disk of the head, as request and limit; unlimited when left out."""
    @property
    def gpus(self) -> int:
        """GPUs of the head."""
    @property
    def gpu_resource(self) -> str:
        """Resource name under which the nodes offer their GPUs."""
    @property
    def image(self) -> str | None:
        """Image of the head, where it differs from the cluster's."""
    @property
    def runs_tasks(self) -> bool:
        """Whether Ray may run tasks and actors on the head (else it is told num-cpus 0)."""
    @property
    def ray_start_params(self) -> Mapping[str, str]:
        """Parameters of ray start, without the leading dashes. Values are strings, passed on as they stand."""
    @property
    def node_selector(self) -> Mapping[str, str]:
        """Labels that a node must have."""
    @property
    def tolerations(self) -> tuple[Mapping[str, Any], ...]:
        """Taints that the pods put up with, as Kubernetes writes them."""
    @property
    def affinity(self) -> Mapping[str, Any] | None:
        """Affinity as Kubernetes writes it."""
    @property
    def labels(self) -> Mapping[str, str]:
        """Labels on the head's pod, besides the cluster's."""
    @property
    def annotations(self) -> Mapping[str, str]:
        """Annotations on the head's pod."""
    @property
    def service_type(self) -> Literal["ClusterIP", "NodePort", "LoadBalancer"]:
        """Type of the head's Service."""
    @property
    def service_annotations(self) -> Mapping[str, str]:
        """Annotations on the head's Service."""

class WorkerGroup(_Section):
    """One group of workers."""
    @property
    def name(self) -> str:
        """Name of the group, unique in the cluster: a DNS-1123 label."""
    @property
    def replicas(self) -> int:
        """Workers to start with. min_replicas when left out and that is more."""
    @property
    def min_replicas(self) -> int:
        """Fewest workers that the autoscaler keeps."""
    @property
    def max_replicas(self) -> int:
        """Most workers that the autoscaler makes. replicas when left out and that is more."""
    @property
    def num_of_hosts(self) -> int:
        """Pods that make one worker (a replica), for TPU slices of several hosts."""
    @property
    def cpus(self) -> float | str:
        """CPUs of each worker, as request and limit."""
    @property
    def memory(self) -> float | str:
        """Memory of each worker, as request and limit."""
    @property
    def ephemeral_storage(self) -> float | str | None:
        """Local disk of each worker, as request and limit; unlimited when left out."""
    @property
    def gpus(self) -> int:
        """GPUs of each worker."""
    @property
    def gpu_resource(self) -> str:
        """Resource name under which the nodes offer their GPUs."""
    @property
    def tpu(self) -> Tpu | None:
        """TPUs of each worker, on GKE: sets google.com/tpu and both node selectors. One worker is one slice of
        num_of_hosts pods.
        """
    @property
    def idle_timeout_seconds(self) -> int | None:
        """Seconds that a worker of this group must be idle before it is removed; the autoscaler's when left out.
        Needs the autoscaler, version v2.
        """
    @property
    def image(self) -> str | None:
        """Image of the group, where it differs from the cluster's."""
    @property
    def ray_start_params(self) -> Mapping[str, str]:
        """Parameters of ray start, without the leading dashes. Values are strings, passed on as they stand."""
    @property
    def node_selector(self) -> Mapping[str, str]:
        """Labels that a node must have."""
    @property
    def tolerations(self) -> tuple[Mapping[str, Any], ...]:
        """Taints that the pods put up with, as Kubernetes writes them."""
    @property
    def affinity(self) -> Mapping[str, Any] | None:
        """Affinity as Kubernetes writes it."""
    @property
    def labels(self) -> Mapping[str, str]:
        """Labels on the group's pods, besides the cluster's."""
    @property
    def annotations(self) -> Mapping[str, str]:
        """Annotations on the group's pods."""

class Tpu(_Section):
    """TPUs of each worker, on GKE: sets google.com/tpu and both node selectors. One worker is one slice of
    num_of_hosts pods.
    """
    @property
    def accelerator(self) -> str:
        """GKE's name of the TPU, such as tpu-v6e-slice (cloud.google.com/gke-tpu-accelerator)."""
    @property
    def topology(self) -> str:
        """Chips of the slice along each axis, such as 4x4 or 2x2x2 (cloud.google.com/gke-tpu-topology)."""
    @property
    def chips(self) -> int:
        """Chips of each pod (google.com/tpu); num_of_hosts times this makes the topology."""

class KeyReferenceFields(TypedDict, total=False):
    """A value, or a key of a Secret or ConfigMap."""

    secret: str | None
    config_map: str | None
    key: Required[str]

class VolumeFields(TypedDict, total=False):
    """One volume and where it is mounted: exactly one of pvc, config_map, secret, empty_dir and host_path."""

    name: Required[str]
    mount_path: Required[str]
    read_only: bool | None
    sub_path: str | None
    pvc: str | None
    config_map: str | None
    secret: str | None
    empty_dir: EmptyDirFields | EmptyDir | Mapping[str, Any] | None
    host_path: str | None

class EmptyDirFields(TypedDict, total=False):
    """A directory that lives as long as its pod; {} for one on the node's disk."""

    medium: Literal["Memory"] | None
    size_limit: float | str | None

class GcsFaultToleranceFields(TypedDict, total=False):
    """Redis that keeps the head's state, so that the cluster outlives its head."""

    redis_address: Required[str]
    redis_username: str | None
    redis_password: SecretKeyFields | SecretKey | Mapping[str, Any] | None
    external_storage_namespace: str | None

class SecretKeyFields(TypedDict, total=False):
    """A key of a Secret."""

    secret: Required[str]
    key: Required[str]

class ServicesFields(TypedDict, total=False):
    """Services that run in the head beside Ray, listening on the pod's loopback only."""

    notebook: bool | None
    code_server: bool | None
    ssh: bool | None
    code_server_version: str | None
    code_server_url: str | None
    code_server_sha256: Mapping[str, str] | None

class AutoscalerFields(TypedDict, total=False):
    """Ray's autoscaler, which sets each group's replicas between its bounds. While it is off, its other fields
    have no effect.
    """

    enabled: bool | None
    version: Literal["v1", "v2"] | None
    idle_timeout_seconds: int | None
    upscaling_mode: Literal["Default", "Aggressive", "Conservative"] | None
    cpu: float | str | None
    memory: float | str | None
    image: str | None

class HeadFields(TypedDict, total=False):
    """The head's pod and service."""

    cpus: float | str | None
    memory: float | str | None
    ephemeral_storage: float | str | None
    gpus: int | None
    gpu_resource: str | None
    image: str | None
    runs_tasks: bool | None
    ray_start_params: Mapping[str, str] | None
    node_selector: Mapping[str, str] | None
    tolerations: Sequence[Mapping[str, Any]] | None
    affinity: Mapping[str, Any] | None
    labels: Mapping[str, str] | None
    annotations: Mapping[str, str] | None
    service_type: Literal["ClusterIP", "NodePort", "LoadBalancer"] | None
    service_annotations: Mapping[str, str] | None

class WorkerGroupFields(TypedDict, total=False):
    """One group of workers."""

    name: Required[str]
    replicas: int | None
    min_replicas: int | None
    max_replicas: int | None
    num_of_hosts: int | None
    cpus: float | str | None
    memory: float | str | None
    ephemeral_storage: float | str | None
    gpus: int | None
    gpu_resource: str | None
    tpu: TpuFields | Tpu | Mapping[str, Any] | None
    idle_timeout_seconds: int | None
    image: str | None
    ray_start_params: Mapping[str, str] | None
    node_selector: Mapping[str, str] | None
    tolerations: Sequence[Mapping[str, Any]] | None
    affinity: Mapping[str, Any] | None
    labels: Mapping[str, str] | None
    annotations: Mapping[str, str] | None

class TpuFields(TypedDict, total=False):
    """TPUs of each worker, on GKE: sets google.com/tpu and both node selectors. One worker is one slice of
    num_of_hosts pods.
    """

    accelerator: Required[str]
    topology: Required[str]
    chips: Required[int]

class ClusterConfig(_Section):
    """A Ray cluster as krayne's users describe it. Only name is required."""
    @property
    def name(self) -> str:
        """Name of the RayCluster: a DNS-1035 label of at most 50 characters (KubeRay cuts the names of what it
        makes at 50).
        """
    @property
    def namespace(self) -> str | None:
        """Namespace of the cluster; the kubeconfig context's when left out."""
    @property
    def labels(self) -> Mapping[str, str]:
        """Labels on the RayCluster and all its pods, but for those that KubeRay and Kueue go by, which stay off
        the pods.
        """
    @property
    def annotations(self) -> Mapping[str, str]:
        """Annotations on the RayCluster."""
    @property
    def ray_version(self) -> str:
        """Version of Ray that the image holds, which KubeRay needs to know."""
    @property
    def python_version(self) -> str | None:
        """Python of the rayproject/ray image, such as "3.11"; Ray's own choice for that version when left out.
        Without effect where image is given.
        """
    @property
    def image(self) -> str | None:
        """Image of every pod; the rayproject/ray tag of ray_version and python_version when left out, with -gpu
        where a group has GPUs.
        """
    @property
    def image_pull_policy(self) -> Literal["Always", "IfNotPresent", "Never"] | None:
        """When the kubelet pulls the image; Kubernetes decides by the tag when left out."""
    @property
    def image_pull_secrets(self) -> tuple[str, ...]:
        """Names of the Secrets that hold the registry's login."""
    @property
    def service_account(self) -> str | None:
        """ServiceAccount of every pod; it must exist. KubeRay makes one for the head when left out and the
        autoscaler is on.
        """
    @property
    def env(self) -> Mapping[str, str | KeyReference]:
        """Environment variables of every Ray container: a value, as it stands, or a key of a Secret or ConfigMap
        (on the command line: --set env.NAME.secret=SECRET --set env.NAME.key=KEY).
        """
    @property
    def volumes(self) -> tuple[Volume, ...]:
        """Volumes, each mounted into every Ray container."""
    @property
    def suspend(self) -> bool | None:
        """Whether the cluster is kept without any pods. Left out, it stays as others (Kueue, kubectl) set it; what
        krayne set goes back.
        """
    @property
    def auth(self) -> Literal["token", "none"]:
        """Ray's own authentication: a token, or none. The token needs Ray 2.52 and KubeRay 1.5.1; where left out,
        an older Ray gets none.
        """
    @property
    def upgrade_strategy(self) -> Literal["Recreate", "None"] | None:
        """What KubeRay does when the pods' template changes: Recreate deletes all pods and makes them anew, None
        leaves them. Needs KubeRay 1.6.
        """
    @property
    def queue(self) -> str | None:
        """Kueue's LocalQueue that admits the cluster (the label kueue.x-k8s.io/queue-name)."""
    @property
    def gcs_fault_tolerance(self) -> GcsFaultTolerance | None:
        """Redis that keeps the head's state, so that the cluster outlives its head."""
    @property
    def services(self) -> Services:
        """Services that run in the head beside Ray, listening on the pod's loopback only."""
    @property
    def autoscaler(self) -> Autoscaler:
        """Ray's autoscaler, which sets each group's replicas between its bounds. While it is off, its other fields
        have no effect.
        """
    @property
    def head(self) -> Head:
        """The head's pod and service."""
    @property
    def worker_groups(self) -> tuple[WorkerGroup, ...]:
        """Groups of workers that are alike."""
    @property
    def overrides(self) -> Mapping[str, Any]:
        """JSON merge patch (RFC 7386) on the finished RayCluster: the way out where a field is missing here. null
        removes a field.
        """

    @classmethod
    def _of_valid(cls, given: dict[str, Any]) -> ClusterConfig: ...
    @property
    def given(self) -> dict[str, Any]:
        """Only what the user said, without defaults; a fresh plain dict."""
    def __init__(
        self,
        *,
        name: str,
        namespace: str | None = None,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        ray_version: str | None = None,
        python_version: str | None = None,
        image: str | None = None,
        image_pull_policy: Literal["Always", "IfNotPresent", "Never"] | None = None,
        image_pull_secrets: Sequence[str] | None = None,
        service_account: str | None = None,
        env: Mapping[str, str | KeyReferenceFields | KeyReference | Mapping[str, Any]] | None = None,
        volumes: Sequence[VolumeFields | Volume | Mapping[str, Any]] | None = None,
        suspend: bool | None = None,
        auth: Literal["token", "none"] | None = None,
        upgrade_strategy: Literal["Recreate", "None"] | None = None,
        queue: str | None = None,
        gcs_fault_tolerance: GcsFaultToleranceFields | GcsFaultTolerance | Mapping[str, Any] | None = None,
        services: ServicesFields | Services | Mapping[str, Any] | None = None,
        autoscaler: AutoscalerFields | Autoscaler | Mapping[str, Any] | None = None,
        head: HeadFields | Head | Mapping[str, Any] | None = None,
        worker_groups: Sequence[WorkerGroupFields | WorkerGroup | Mapping[str, Any]] | None = None,
        overrides: Mapping[str, Any] | None = None,
    ) -> None:
        """Raises ConfigValidationError with every problem."""
    def replace(
        self,
        *,
        name: str | None = ...,
        namespace: str | None = ...,
        labels: Mapping[str, str] | None = ...,
        annotations: Mapping[str, str] | None = ...,
        ray_version: str | None = ...,
        python_version: str | None = ...,
        image: str | None = ...,
        image_pull_policy: Literal["Always", "IfNotPresent", "Never"] | None = ...,
        image_pull_secrets: Sequence[str] | None = ...,
        service_account: str | None = ...,
        env: Mapping[str, str | KeyReferenceFields | KeyReference | Mapping[str, Any]] | None = ...,
        volumes: Sequence[VolumeFields | Volume | Mapping[str, Any]] | None = ...,
        suspend: bool | None = ...,
        auth: Literal["token", "none"] | None = ...,
        upgrade_strategy: Literal["Recreate", "None"] | None = ...,
        queue: str | None = ...,
        gcs_fault_tolerance: GcsFaultToleranceFields | GcsFaultTolerance | Mapping[str, Any] | None = ...,
        services: ServicesFields | Services | Mapping[str, Any] | None = ...,
        autoscaler: AutoscalerFields | Autoscaler | Mapping[str, Any] | None = ...,
        head: HeadFields | Head | Mapping[str, Any] | None = ...,
        worker_groups: Sequence[WorkerGroupFields | WorkerGroup | Mapping[str, Any]] | None = ...,
        overrides: Mapping[str, Any] | None = ...,
    ) -> ClusterConfig:
        """A configuration with these fields instead, each as a whole; None takes a field back to its default."""
    def __hash__(self) -> int: ...
