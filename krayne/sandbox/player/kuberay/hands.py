"""What KubeRay does to other objects, each deed with the event that tells of it."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from krayne.sandbox.player import client
from krayne.sandbox.player.client import ApiError
from krayne.sandbox.player.events import Event
from krayne.sandbox.player.faults import create_fault
from krayne.sandbox.player.kuberay.status import Failure
from krayne.sandbox.player.reflector import key_of

if TYPE_CHECKING:
    from krayne.sandbox.player.client import Api, Object, Resource
    from krayne.sandbox.player.events import Recorder
    from krayne.sandbox.player.kuberay.scale import Deletion
    from krayne.sandbox.player.reflector import Reflector

CONTROLLER = "raycluster-controller"


class FailedError(Exception):
    """The reconcile stops here; what was done stays, and the status tells."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.failure = Failure(reason, message)


class Hands:
    """Creates and deletes in the operator's name, and files the answers before the watch brings them."""

    def __init__(self, api: Api, events: Recorder, pods: Reflector, services: Reflector) -> None:
        self._api = api
        self._events = events
        self._pods = pods
        self._services = services

    def tell(self, cluster: Object, kind: str, reason: str, message: str) -> None:
        """Record an event about a cluster."""
        about = {**cluster, "apiVersion": "ray.io/v1", "kind": "RayCluster"}
        self._events.tell(about, Event(kind, reason, message), component=CONTROLLER)

    async def ensure(
        self, cluster: Object, resource: Resource, manifest: Object, reason: str = "", words: str = ""
    ) -> None:
        """Create what is not there yet; `reason` and `words` are its events', where KubeRay has any."""
        namespace, name = key_of(manifest)
        if await self.exists(resource, namespace, name):
            return
        try:
            await self._api.create(resource, manifest)
        except ApiError as error:
            if error.status == 409:
                return
            if reason:
                told = f"Failed creating {words} {namespace}/{name}, {error}"
                self.tell(cluster, "Warning", f"FailedToCreate{reason}", told)
            raise
        if reason:
            self.tell(cluster, "Normal", f"Created{reason}", f"Created {words} {namespace}/{name}")

    async def exists(self, resource: Resource, namespace: str, name: str) -> bool:
        """Whether an object is there."""
        try:
            await self._api.get(resource, namespace, name)
        except ApiError as error:
            if error.status != 404:
                raise
            return False
        return True

    async def create_service(self, cluster: Object, manifest: Object) -> None:
        """Create a Service."""
        where = "/".join(key_of(manifest))
        try:
            self._services.observe(await self._api.create(client.SERVICES, manifest))
        except ApiError as error:
            self.tell(cluster, "Warning", "FailedToCreateService", f"Failed creating service {where}, {error}")
            raise
        self.tell(cluster, "Normal", "CreatedService", f"Created service {where}")

    async def create_pod(self, cluster: Object, manifest: Object, kind: str, group: str) -> None:
        """Create a pod; `kind` is Head or Worker. Raises `FailedError` where that is refused."""
        where = "/".join(key_of(cluster))
        try:
            _refuse(cluster, manifest, group)
            pod = await self._api.create(client.PODS, manifest)
        except ApiError as error:
            words = f"Failed to create head Pod {manifest['metadata']['namespace']}/, {error}"
            if kind == "Worker":
                words = f"Failed to create worker Pod for the cluster {where}, {error}"
            self.tell(cluster, "Warning", f"FailedToCreate{kind}Pod", words)
            raise FailedError(f"FailedCreate{kind}Pod", str(error)) from error
        self._pods.observe(pod)
        self.tell(cluster, "Normal", f"Created{kind}Pod", f"Created {kind.lower()} Pod {'/'.join(key_of(pod))}")

    async def delete_pod(self, cluster: Object, deletion: Deletion, kind: str) -> None:
        """Delete a pod, telling why. Raises `FailedError` where that is refused."""
        try:
            await self.delete(deletion.pod)
        except ApiError as error:
            words = f"Failed deleting {kind.lower()} Pod {'/'.join(key_of(deletion.pod))}, {error}"
            self.tell(cluster, "Warning", f"FailedToDelete{kind}Pod", words)
            raise FailedError(f"FailedDelete{kind}Pod", str(error)) from error
        self.tell(cluster, "Normal", f"Deleted{kind}Pod", deletion.message)

    async def delete(self, pod: Object) -> None:
        """Ask for a pod's end, unless that is under way."""
        if "deletionTimestamp" in pod["metadata"]:
            return
        namespace, name = key_of(pod)
        uid = pod["metadata"]["uid"]
        try:
            answer = await self._api.delete(client.PODS, namespace, name, uid=uid)
        except ApiError as error:
            if error.status not in (404, 409):
                raise
            return
        if (answer.get("metadata") or {}).get("deletionGracePeriodSeconds"):
            self._pods.observe(answer)
        else:
            self._pods.forget((namespace, name), uid)


def _refuse(cluster: Object, pod: Object, group: str) -> None:
    """Refuse the creation where the annotation asks for it, in the words of the real admission."""
    fault = create_fault(cluster, group)
    if fault == "quota":
        name = f"{pod['metadata']['generateName']}{secrets.token_hex(3)[:5]}"
        resources = pod["spec"]["containers"][0].get("resources") or {}
        cpu = (resources.get("requests") or resources.get("limits") or {}).get("cpu", "0")
        message = (
            f'pods "{name}" is forbidden: exceeded quota: sandbox-quota, requested: requests.cpu={cpu}, '
            "used: requests.cpu=0, limited: requests.cpu=0"
        )
        raise ApiError(403, "Forbidden", message)
    if fault == "webhook":
        message = "the sandbox was asked to refuse this pod"
        raise ApiError(400, "", f'admission webhook "pods.sandbox.krayne.io" denied the request: {message}')
