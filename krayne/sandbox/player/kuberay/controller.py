"""KubeRay's part: turns each RayCluster into Services and pods and keeps its status, as KubeRay 1.6.2 does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from krayne.sandbox.player import client
from krayne.sandbox.player.client import ApiError
from krayne.sandbox.player.clock import rfc3339
from krayne.sandbox.player.faults import DELETION_STUCK, OPERATOR_ABSENT, cluster_fault
from krayne.sandbox.player.kuberay import dependents, names, scale
from krayne.sandbox.player.kuberay.hands import FailedError, Hands
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

if TYPE_CHECKING:
    from krayne.sandbox.player.client import Api, Object
    from krayne.sandbox.player.events import Recorder

COMPONENT = "kuberay-operator"
REQUEUE = 2.0
"""Seconds until KubeRay looks again after an error."""
STUCK_FINALIZER = "sandbox.krayne.io/stuck"


class KubeRay:
    """The operator. It knows only what the API server holds; each reconcile starts from there."""

    def __init__(self, api: Api, events: Recorder, clusters: Reflector, pods: Reflector, services: Reflector) -> None:
        self._api = api.speaking_as(COMPONENT)
        self._hands = Hands(self._api, events, pods, services)
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
            self._hands.tell(cluster, "Warning", refused.reason, refused.message)
            return
        if await self._finalizers_changed(cluster) or "deletionTimestamp" in cluster["metadata"]:
            return
        failure = None
        try:
            await self._make_dependents(cluster)
            await self._make_pods(cluster)
        except FailedError as error:
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
        ensure = self._hands.ensure
        if names.autoscaling(cluster):
            await self._ensure_account(cluster)
            await ensure(cluster, client.ROLES, dependents.role(cluster), "Role", "role")
            binding = dependents.role_binding(cluster)
            await ensure(cluster, client.ROLE_BINDINGS, binding, "RoleBinding", "role binding")
        secret = dependents.token_secret(cluster)
        if secret:
            await ensure(cluster, client.SECRETS, secret)
        if self._head_service(cluster) is None:
            await self._hands.create_service(cluster, dependents.head_service(cluster))
        headless = dependents.headless_service(cluster)
        if headless and self._services.get(key_of(headless)) is None:
            await self._hands.create_service(cluster, headless)

    async def _ensure_account(self, cluster: Object) -> None:
        account = dependents.service_account(cluster)
        given = cluster["spec"]["headGroupSpec"]["template"]["spec"].get("serviceAccountName")
        if not given:
            await self._hands.ensure(cluster, client.SERVICE_ACCOUNTS, account, "ServiceAccount", "service account")
        elif not await self._hands.exists(client.SERVICE_ACCOUNTS, account["metadata"]["namespace"], given):
            message = (
                f"Failed to reconcile RayCluster {'/'.join(key_of(cluster))}. If users specify ServiceAccountName for "
                f"the head Pod, they need to create a ServiceAccount themselves. However, ServiceAccount {given} is "
                "not found. Please create one. See the PR description of "
                "https://github.com/ray-project/kuberay/pull/1128 for more details."
            )
            self._hands.tell(cluster, "Warning", "AutoscalerServiceAccountNotFound", message)
            raise FailedError("", message)

    def _head_service(self, cluster: Object) -> Object | None:
        for service in self._services.indexed(key_of(cluster)):
            if service["metadata"]["labels"].get(names.NODE_TYPE) == "head":
                return service
        return None

    # --- pods

    async def _make_pods(self, cluster: Object) -> None:
        state, where = suspension(cluster), "/".join(key_of(cluster))
        if state == SUSPENDING:
            await self._delete_all(cluster, f"Deleted Pods for RayCluster {where} due to suspension")
        elif state == SUSPENDED or cluster["spec"].get("suspend"):
            return
        elif self._outdated(cluster):
            words = f"Deleted all Pods for RayCluster {where} due to spec change with Recreate upgradeStrategy"
            await self._delete_all(cluster, words)
        else:
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
            raise FailedError("", f"{len(heads)} head pods found [{told}]. Please delete extra head pods")
        if not heads:
            await self._hands.create_pod(cluster, head_pod(cluster), "Head", "head")
        elif scale.unhealthy(heads[0]) and "deletionTimestamp" not in heads[0]["metadata"]:
            told = scale.unhealthy_words(heads[0], "head")
            await self._hands.delete_pod(cluster, scale.Deletion(heads[0], told), "Head")
            raise FailedError("", told)

    async def _make_workers(self, cluster: Object, group: Object) -> None:
        name = group["groupName"]
        pods = [pod for pod in self._pods_of(cluster) if _group_of(pod) == name and node_type(pod) == "worker"]
        plan = scale.plan(cluster, group, pods)
        for deletion in plan.delete:
            await self._hands.delete_pod(cluster, deletion, "Worker")
        if plan.again:
            raise FailedError("", plan.again)
        for slot in plan.create:
            await self._hands.create_pod(cluster, worker_pod(cluster, group, slot), "Worker", name)

    async def _delete_all(self, cluster: Object, words: str) -> None:
        for pod in self._pods_of(cluster):
            await self._hands.delete(pod)
        self._hands.tell(cluster, "Normal", "DeletedPod", words)

    def _pods_of(self, cluster: Object) -> list[Object]:
        return self._pods.indexed(key_of(cluster))

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
        if names.FT_FINALIZER in (cluster["metadata"].get("finalizers") or []):
            for pod in self._pods_of(cluster):
                await self._hands.delete(pod)
        return not self._heads(cluster)


def cluster_index(item: Object) -> Key | None:
    """Files pods and Services under their RayCluster's (namespace, name)."""
    labels = item["metadata"].get("labels") or {}
    cluster = labels.get(names.CLUSTER)
    return (item["metadata"]["namespace"], cluster) if cluster else None


def _group_of(pod: Object) -> str:
    return str((pod["metadata"].get("labels") or {}).get(names.GROUP, ""))


def _wish(cluster: Object) -> tuple[Any, ...]:
    """What of a cluster its author changes."""
    metadata = cluster["metadata"]
    fields = ("uid", "generation", "labels", "annotations", "deletionTimestamp", "finalizers")
    return tuple(metadata.get(field) for field in fields)
