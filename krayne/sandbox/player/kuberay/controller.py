"""KubeRay's part: turns each RayCluster into Services and pods and keeps its status, as KubeRay 1.6.2 does."""

from __future__ import annotations

import secrets
from typing import Any

from krayne.sandbox.player import client
from krayne.sandbox.player.client import Api, ApiError, Object, Resource
from krayne.sandbox.player.clock import rfc3339
from krayne.sandbox.player.events import Event, Recorder
from krayne.sandbox.player.faults import DELETION_STUCK, OPERATOR_ABSENT, cluster_fault, create_fault
from krayne.sandbox.player.kuberay import dependents, names, scale
from krayne.sandbox.player.kuberay.pods import head_pod, recreate_hash, worker_pod
from krayne.sandbox.player.kuberay.status import (
    SUSPENDED,
    SUSPENDING,
    Failure,
    desired_status,
    differs,
    node_type,
    suspension,
)
from krayne.sandbox.player.kuberay.validate import refusal
from krayne.sandbox.player.queue import WorkQueue
from krayne.sandbox.player.reflector import Key, Reflector, key_of

COMPONENT = "kuberay-operator"
CONTROLLER = "raycluster-controller"
REQUEUE = 2.0
"""Seconds until KubeRay looks again after an error or a change of status."""
STUCK_FINALIZER = "sandbox.krayne.io/stuck"


class _FailedError(Exception):
    """The reconcile stops here; what was done stays, and the status tells."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.failure = Failure(reason, message)


class KubeRay:
    """The operator. It knows only what the API server holds; each reconcile starts from there."""

    def __init__(self, api: Api, events: Recorder, clusters: Reflector, pods: Reflector, services: Reflector) -> None:
        self._api = api.speaking_as(COMPONENT)
        self._events = events
        self._clusters = clusters
        self._pods = pods
        self._services = services
        self._queue: WorkQueue[Key] = WorkQueue()
        clusters.listen(self._cluster_changed)
        pods.listen(self._owned_changed)
        services.listen(self._owned_changed)

    async def run(self) -> None:
        """Reconcile, forever, once everything has been listed."""
        for reflector in (self._clusters, self._pods, self._services):
            await reflector.synced.wait()
        await self._queue.run(self.reconcile)

    def _cluster_changed(self, before: Object | None, after: Object | None) -> None:
        if after is not None and (before is None or _wish(before) != _wish(after)):
            self._queue.add(key_of(after))

    def _owned_changed(self, before: Object | None, after: Object | None) -> None:
        item = after or before or {}
        for owner in item["metadata"].get("ownerReferences") or []:
            if owner["kind"] == "RayCluster" and owner.get("controller"):
                self._queue.add((item["metadata"]["namespace"], owner["name"]))

    async def reconcile(self, key: Key) -> None:
        """Bring one cluster a step nearer to its spec, and its status up to date."""
        cluster = self._clusters.get(key)
        if cluster is None or cluster["spec"].get("managedBy", names.OPERATOR) != names.OPERATOR:
            return
        if cluster_fault(cluster, OPERATOR_ABSENT):
            return
        if refused := refusal(cluster):
            self._tell(cluster, "Warning", refused.reason, refused.message)
            return
        if await self._finalizers_changed(cluster) or "deletionTimestamp" in cluster["metadata"]:
            return
        failure = None
        try:
            await self._make_dependents(cluster)
            await self._make_pods(cluster)
        except _FailedError as error:
            failure = error.failure
        except ApiError as error:
            failure = Failure("", str(error))
        if await self._write_status(cluster, failure) or failure:
            self._queue.add(key, after=REQUEUE if failure else 0)

    async def _write_status(self, cluster: Object, failure: Failure | None) -> bool:
        service = self._head_service(cluster)
        status = desired_status(cluster, self._pods_of(cluster), service, failure, rfc3339())
        if not differs(cluster.get("status") or {}, status):
            return False
        written = await self._api.replace(client.RAY_CLUSTERS, {**cluster, "status": status}, "status")
        self._clusters.observe(written)
        return True

    # --- what stands beside the pods

    async def _make_dependents(self, cluster: Object) -> None:
        if names.autoscaling(cluster):
            await self._ensure_account(cluster)
            await self._ensure(cluster, client.ROLES, dependents.role(cluster), "Role", "role")
            binding = dependents.role_binding(cluster)
            await self._ensure(cluster, client.ROLE_BINDINGS, binding, "RoleBinding", "role binding")
        secret = dependents.token_secret(cluster)
        if secret:
            await self._ensure(cluster, client.SECRETS, secret)
        if self._head_service(cluster) is None:
            await self._create_service(cluster, dependents.head_service(cluster))
        headless = dependents.headless_service(cluster)
        if headless and self._services.get(key_of(headless)) is None:
            await self._create_service(cluster, headless)

    async def _ensure_account(self, cluster: Object) -> None:
        account = dependents.service_account(cluster)
        given = cluster["spec"]["headGroupSpec"]["template"]["spec"].get("serviceAccountName")
        if not given:
            await self._ensure(cluster, client.SERVICE_ACCOUNTS, account, "ServiceAccount", "service account")
            return
        try:
            await self._api.get(client.SERVICE_ACCOUNTS, account["metadata"]["namespace"], given)
        except ApiError as error:
            if error.status == 404:
                where = f"{cluster['metadata']['namespace']}/{cluster['metadata']['name']}"
                message = (
                    f"Failed to reconcile RayCluster {where}. If users specify ServiceAccountName for the head Pod, "
                    f"they need to create a ServiceAccount themselves. However, ServiceAccount {given} is not found. "
                    "Please create one. See the PR description of https://github.com/ray-project/kuberay/pull/1128 "
                    "for more details."
                )
                self._tell(cluster, "Warning", "AutoscalerServiceAccountNotFound", message)
            raise

    async def _ensure(
        self, cluster: Object, resource: Resource, manifest: Object, reason: str = "", words: str = ""
    ) -> None:
        """Create what is not there yet; `reason` and `words` are its events', where KubeRay has any."""
        metadata = manifest["metadata"]
        where = f"{metadata['namespace']}/{metadata['name']}"
        try:
            await self._api.get(resource, metadata["namespace"], metadata["name"])
            return
        except ApiError as error:
            if error.status != 404:
                raise
        try:
            await self._api.create(resource, manifest)
        except ApiError as error:
            if error.status == 409:
                return
            if reason:
                self._tell(cluster, "Warning", f"FailedToCreate{reason}", f"Failed creating {words} {where}, {error}")
            raise
        if reason:
            self._tell(cluster, "Normal", f"Created{reason}", f"Created {words} {where}")

    async def _create_service(self, cluster: Object, manifest: Object) -> None:
        where = f"{manifest['metadata']['namespace']}/{manifest['metadata']['name']}"
        try:
            self._services.observe(await self._api.create(client.SERVICES, manifest))
        except ApiError as error:
            self._tell(cluster, "Warning", "FailedToCreateService", f"Failed creating service {where}, {error}")
            raise
        self._tell(cluster, "Normal", "CreatedService", f"Created service {where}")

    def _head_service(self, cluster: Object) -> Object | None:
        labels = dependents.head_labels(cluster)
        for service in self._services.indexed(_index_key(cluster)):
            if service["metadata"]["labels"].get(names.NODE_TYPE) == labels[names.NODE_TYPE]:
                return service
        return None

    # --- pods

    async def _make_pods(self, cluster: Object) -> None:
        state = suspension(cluster)
        where = f"{cluster['metadata']['namespace']}/{cluster['metadata']['name']}"
        if state == SUSPENDING:
            await self._delete_all(cluster)
            self._tell(cluster, "Normal", "DeletedPod", f"Deleted Pods for RayCluster {where} due to suspension")
            return
        if state == SUSPENDED or cluster["spec"].get("suspend"):
            return
        if self._outdated(cluster):
            await self._delete_all(cluster)
            words = f"Deleted all Pods for RayCluster {where} due to spec change with Recreate upgradeStrategy"
            self._tell(cluster, "Normal", "DeletedPod", words)
            return
        await self._make_head(cluster)
        for group in cluster["spec"].get("workerGroupSpecs") or []:
            await self._make_workers(cluster, group)

    def _outdated(self, cluster: Object) -> bool:
        if (cluster["spec"].get("upgradeStrategy") or {}).get("type") != "Recreate":
            return False
        heads = self._heads(cluster)
        annotations = heads[0]["metadata"].get("annotations") or {} if heads else {}
        made_by = annotations.get(names.KUBERAY_VERSION, names.VERSION)
        expected = recreate_hash(cluster)
        return bool(made_by == names.VERSION and annotations.get(names.RECREATE_HASH, expected) != expected)

    async def _make_head(self, cluster: Object) -> None:
        heads = self._heads(cluster)
        if len(heads) > 1:
            told = " ".join(pod["metadata"]["name"] for pod in heads)
            raise _FailedError("", f"{len(heads)} head pods found [{told}]. Please delete extra head pods")
        if not heads:
            await self._create_pod(cluster, head_pod(cluster), "Head")
        elif scale.unhealthy(heads[0]) and "deletionTimestamp" not in heads[0]["metadata"]:
            told = scale.unhealthy_words(heads[0], "head")
            await self._delete_pod(cluster, scale.Deletion(heads[0], told), "Head")
            raise _FailedError("", told)

    async def _make_workers(self, cluster: Object, group: Object) -> None:
        name = group["groupName"]
        pods = [pod for pod in self._pods_of(cluster) if _group_of(pod) == name and node_type(pod) == "worker"]
        plan = scale.plan(cluster, group, pods)
        for deletion in plan.delete:
            await self._delete_pod(cluster, deletion, "Worker")
        if plan.again:
            raise _FailedError("", plan.again)
        for slot in plan.create:
            await self._create_pod(cluster, worker_pod(cluster, group, slot), "Worker", name)

    async def _create_pod(self, cluster: Object, manifest: Object, kind: str, group: str = "head") -> None:
        where = f"{cluster['metadata']['namespace']}/{cluster['metadata']['name']}"
        try:
            _refuse(cluster, manifest, group)
            pod = await self._api.create(client.PODS, manifest)
        except ApiError as error:
            words = f"Failed to create head Pod {manifest['metadata']['namespace']}/, {error}"
            if kind == "Worker":
                words = f"Failed to create worker Pod for the cluster {where}, {error}"
            self._tell(cluster, "Warning", f"FailedToCreate{kind}Pod", words)
            raise _FailedError(f"FailedCreate{kind}Pod", str(error)) from error
        self._pods.observe(pod)
        words = f"Created {kind.lower()} Pod {pod['metadata']['namespace']}/{pod['metadata']['name']}"
        self._tell(cluster, "Normal", f"Created{kind}Pod", words)

    async def _delete_pod(self, cluster: Object, deletion: scale.Deletion, kind: str) -> None:
        try:
            await self._delete(deletion.pod)
        except ApiError as error:
            words = f"Failed deleting {kind.lower()} Pod {'/'.join(key_of(deletion.pod))}, {error}"
            self._tell(cluster, "Warning", f"FailedToDelete{kind}Pod", words)
            raise _FailedError(f"FailedDelete{kind}Pod", str(error)) from error
        self._tell(cluster, "Normal", f"Deleted{kind}Pod", deletion.message)

    async def _delete_all(self, cluster: Object) -> None:
        for pod in self._pods_of(cluster):
            if "deletionTimestamp" not in pod["metadata"]:
                await self._delete(pod)

    async def _delete(self, pod: Object) -> None:
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

    def _pods_of(self, cluster: Object) -> list[Object]:
        return self._pods.indexed(_index_key(cluster))

    def _heads(self, cluster: Object) -> list[Object]:
        return [pod for pod in self._pods_of(cluster) if node_type(pod) == "head"]

    # --- finalizers

    async def _finalizers_changed(self, cluster: Object) -> bool:
        """Keep the finalizers that KubeRay (with Redis) or the user's wish for a stuck deletion calls for."""
        metadata = cluster["metadata"]
        present = metadata.get("finalizers") or []
        going = "deletionTimestamp" in metadata
        wanted = {
            names.FT_FINALIZER: names.fault_tolerant(cluster) and not (going and await self._gone(cluster)),
            STUCK_FINALIZER: cluster_fault(cluster, DELETION_STUCK),
        }
        # Once an object is being deleted, the API server takes no new finalizer.
        kept = [name for name in present if wanted.get(name, True)]
        added = [name for name, keep in wanted.items() if keep and name not in present and not going]
        if not added and kept == present:
            return False
        change = {"metadata": {"finalizers": [*kept, *added], "resourceVersion": metadata["resourceVersion"]}}
        written = await self._api.patch(client.RAY_CLUSTERS, *key_of(cluster), change)
        if (written.get("metadata") or {}).get("finalizers"):
            self._clusters.observe(written)
        self._queue.add(key_of(cluster))
        return True

    async def _gone(self, cluster: Object) -> bool:
        """Delete the pods of a fault-tolerant cluster that goes; True once its head is gone."""
        if names.FT_FINALIZER not in (cluster["metadata"].get("finalizers") or []):
            return True
        await self._delete_all(cluster)
        return not self._heads(cluster)

    def _tell(self, cluster: Object, kind: str, reason: str, message: str) -> None:
        about = {**cluster, "apiVersion": "ray.io/v1", "kind": "RayCluster"}
        self._events.tell(about, Event(kind, reason, message), component=CONTROLLER)


def cluster_index(item: Object) -> Key | None:
    """Files pods and Services under their RayCluster's (namespace, name)."""
    labels = item["metadata"].get("labels") or {}
    cluster = labels.get(names.CLUSTER)
    return (item["metadata"]["namespace"], cluster) if cluster else None


def _index_key(cluster: Object) -> Key:
    return cluster["metadata"]["namespace"], cluster["metadata"]["name"]


def _group_of(pod: Object) -> str:
    return str((pod["metadata"].get("labels") or {}).get(names.GROUP, ""))


def _wish(cluster: Object) -> tuple[Any, ...]:
    """What of a cluster its author changes."""
    metadata = cluster["metadata"]
    fields = ("uid", "generation", "labels", "annotations", "deletionTimestamp", "finalizers")
    return tuple(metadata.get(field) for field in fields)


def _refuse(cluster: Object, pod: Object, group: str) -> None:
    """Refuse the creation where the annotation asks for it, in the words of the real admission."""
    fault = create_fault(cluster, group)
    name = f"{pod['metadata']['generateName']}{secrets.token_hex(3)[:5]}"
    if fault == "quota":
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
