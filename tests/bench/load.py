"""Put many RayClusters and pods into a cluster, statuses included, as KubeRay and the kubelet would write them."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import subprocess
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from krayne.sandbox.player.kuberay.pods import Slot, head_pod, worker_pod

if TYPE_CHECKING:
    from collections.abc import Iterator

Object = dict[str, Any]
THREADS = 6
NOW = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
CLUSTERS = "/apis/ray.io/v1/namespaces/{}/rayclusters"
PODS = "/api/v1/namespaces/{}/pods"


class Api:
    """The API server through `kubectl proxy` on a unix socket: the user's own login, no TLS in the way."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._connections = threading.local()

    def send(self, method: str, path: str, body: Any = None, kind: str = "application/json") -> Any:
        """One request, on this thread's own connection. Raises RuntimeError with the server's words."""
        connection = getattr(self._connections, "mine", None) or self._connect()
        headers = {"Content-Type": kind}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        data = response.read()
        if response.status >= 400:
            raise RuntimeError(f"{method} {path}: {data.decode(errors='replace')[:500]}")
        return json.loads(data)

    def create(self, collection: str, item: Object) -> Object:
        """Create an object and then write the status that stands in it."""
        made: Object = self.send("POST", collection, item)
        if "status" in item:
            path = f"{collection}/{made['metadata']['name']}/status"
            self.send("PATCH", path, {"status": item["status"]}, "application/merge-patch+json")
        return made

    def _connect(self) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection("localhost", timeout=60)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(self._path)
        self._connections.mine = connection
        return connection


@contextlib.contextmanager
def proxied() -> Iterator[Api]:
    """The API of the current kubeconfig, while in the block."""
    with tempfile.TemporaryDirectory(prefix="krayne-bench-") as folder:
        path = f"{folder}/api"
        command = ("kubectl", "proxy", f"--unix-socket={path}", "--reject-methods=^$")
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as proxy:
            try:
                while not Path(path).is_socket():
                    if proxy.poll() is not None:
                        raise SystemExit("bench: kubectl proxy ended by itself")
                    time.sleep(0.02)
                yield Api(path)
            finally:
                proxy.terminate()


@contextlib.contextmanager
def namespace(api: Api, name: str) -> Iterator[str]:
    """A namespace of the benchmark's own; all that is in it goes with it."""
    api.send("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    try:
        _await_service_account(api, name)
        yield name
    finally:
        # No kubelet confirms that these pods ended: they go at once or never.
        api.send("DELETE", f"{PODS.format(name)}?gracePeriodSeconds=0")
        api.send("DELETE", CLUSTERS.format(name))
        api.send("DELETE", f"/api/v1/namespaces/{name}")


def ready_clusters(api: Api, space: str, manifest: Object, count: int) -> None:
    """``count`` clusters whose own status says that they are ready."""
    _each(
        lambda index: api.create(CLUSTERS.format(space), {**_named(manifest, index), "status": ready_status()}), count
    )


def broken_clusters(api: Api, space: str, manifest: Object, count: int, pods: int) -> None:
    """``count`` clusters whose workers' image cannot be pulled, of ``pods`` pods each, the head among them."""

    def make(index: int) -> None:
        status = {**ready_status(workers=pods - 1), "readyWorkerReplicas": 0, "availableWorkerReplicas": 0}
        cluster = api.create(CLUSTERS.format(space), {**_named(manifest, index), "status": status})
        group = cluster["spec"]["workerGroupSpecs"][0]
        made = [head_pod(cluster), *(worker_pod(cluster, group, Slot(slot)) for slot in range(pods - 1))]
        for number, pod in enumerate(made):
            # Scheduled, so that no scheduler looks at them; KubeRay would have made the autoscaler's account.
            pod["spec"] |= {"nodeName": "bench", "serviceAccountName": "default"}
            api.create(PODS.format(space), {**pod, "status": _pod_status(pod, ready=number == 0)})

    _each(make, count)


def ready_status(workers: int = 0) -> Object:
    """What KubeRay 1.6.2 writes of a cluster that is ready, first generation."""
    conditions = {
        "HeadPodReady": ("True", "HeadPodRunningAndReady"),
        "RayClusterProvisioned": ("True", "AllPodRunningAndReadyFirstTime"),
        "RayClusterSuspended": ("False", "RayClusterSuspended"),
        "RayClusterSuspending": ("False", "RayClusterSuspending"),
    }
    return {
        "state": "ready",
        "observedGeneration": 1,
        "desiredWorkerReplicas": workers,
        "readyWorkerReplicas": workers,
        "availableWorkerReplicas": workers,
        "minWorkerReplicas": 0,
        "maxWorkerReplicas": max(1, workers),
        "desiredCPU": str(1 + workers),
        "desiredMemory": f"{5 + 2 * workers}Gi",
        "desiredGPU": "0",
        "desiredTPU": "0",
        "endpoints": {"client": "10001", "dashboard": "8265", "gcs-server": "6379", "metrics": "8080", "serve": "8000"},
        "head": {"podIP": "10.0.0.1", "podName": "head", "serviceIP": "10.0.0.1", "serviceName": "head-svc"},
        "lastUpdateTime": NOW,
        "stateTransitionTimes": {"ready": NOW},
        "conditions": [
            {"type": kind, "status": status, "reason": reason, "message": "", "lastTransitionTime": NOW}
            for kind, (status, reason) in conditions.items()
        ],
    }


def _named(manifest: Object, index: int) -> Object:
    return {**manifest, "metadata": {**manifest["metadata"], "name": f"cluster-{index:04d}"}}


def _pod_status(pod: Object, *, ready: bool) -> Object:
    word = "True" if ready else "False"
    image = pod["spec"]["containers"][0]["image"]
    message = f'Back-off pulling image "{image}": ErrImagePull: failed to resolve reference "{image}": not found'
    waiting = {"waiting": {"reason": "ImagePullBackOff", "message": message}}
    return {
        "phase": "Running" if ready else "Pending",
        "startTime": NOW,
        "conditions": [
            {"type": kind, "status": "True" if kind == "PodScheduled" else word, "lastTransitionTime": NOW}
            for kind in ("PodScheduled", "Initialized", "Ready", "ContainersReady")
        ],
        "containerStatuses": [
            {
                "name": container["name"],
                "image": container["image"],
                "imageID": "",
                "ready": ready,
                "started": ready,
                "restartCount": 0,
                "state": {"running": {"startedAt": NOW}} if ready else waiting,
            }
            for container in pod["spec"]["containers"]
        ],
    }


def _await_service_account(api: Api, space: str) -> None:
    for _ in range(600):
        with contextlib.suppress(RuntimeError):
            api.send("GET", f"/api/v1/namespaces/{space}/serviceaccounts/default")
            return
        time.sleep(0.1)
    raise SystemExit(f"bench: namespace {space} got no service account")


def _each(work: Any, count: int) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        for _ in pool.map(work, range(count)):
            pass
