"""What a control plane does by itself: garbage collection, namespaces' end, service accounts, quotas' status, and
events' end."""

from __future__ import annotations

import asyncio
import copy
import time
from collections import defaultdict, deque
from typing import Any

from krayne.sandbox.apiserver import deleting, quota
from krayne.sandbox.apiserver.cluster import Cluster
from krayne.sandbox.apiserver.creating import create_own
from krayne.sandbox.apiserver.registry import CRDS
from krayne.sandbox.apiserver.requests import DeleteOptions
from krayne.sandbox.apiserver.resources import Resource
from krayne.sandbox.apiserver.store import Change, Key, Object

EVENT_SECONDS = 3600.0  # kube-apiserver's --event-ttl: so long an event stays after it was last written
_BACKGROUND = DeleteOptions(None, "Background", None, None, dry_run=False)


class Controllers:
    """Follows the store's changes and acts on them, each in a step of its own after the change."""

    def __init__(self, cluster: Cluster, root_certificate: str = "") -> None:
        self._cluster = cluster
        self._certificate = root_certificate
        self._uids: dict[str, Key] = {}
        self._dependents: defaultdict[str, set[Key]] = defaultdict(set)
        self._changes: asyncio.Queue[Change] = asyncio.Queue()
        self._events: deque[tuple[float, Key, int]] = deque()  # when each was written, and its version
        cluster.store.listen(self._note)

    def _note(self, change: Change) -> None:
        for stored, present in ((change.old, False), (change.new, True)):
            if stored is not None:
                self._index(change.key, stored.object, present=present)
        self._changes.put_nowait(change)

    def _index(self, key: Key, item: Object, *, present: bool) -> None:
        if present:
            self._uids[item["metadata"]["uid"]] = key
        else:
            self._uids.pop(item["metadata"]["uid"], None)
        for owner in item["metadata"].get("ownerReferences", ()):
            (self._dependents[owner["uid"]].add if present else self._dependents[owner["uid"]].discard)(key)

    async def run(self) -> None:
        """Act on changes, for ever."""
        while True:
            self.settle(await self._changes.get())

    def settle_all(self) -> None:
        """Act at once on everything that has changed so far."""
        while not self._changes.empty():
            self.settle(self._changes.get_nowait())

    def settle(self, change: Change) -> None:
        """Do what the change calls for."""
        if change.key.resource == "namespaces" and change.new is not None:
            self._serve_namespace(change.key.name)
        if change.key.resource == CRDS and change.new is None and change.old is not None:
            self._drop_custom(change.old.object)
        if quota.concerns(change.key.resource):
            quota.refresh(self._cluster.store, change.key.namespace)
        if change.key.resource == "events" and change.new is not None:
            self._events.append((time.monotonic(), change.key, change.version))
            self.expire_events(time.monotonic() - EVENT_SECONDS)
        if change.new is None:
            self._settle_deleted(change)
        else:
            self._settle_present(change.key, change.new.object)

    def expire_events(self, before: float) -> None:
        """Drop the events last written before a time (time.monotonic)."""
        while self._events and self._events[0][0] < before:
            _, key, version = self._events.popleft()
            stored = self._cluster.store.get(key)
            if stored is not None and stored.version == version:
                self._cluster.store.delete(key)

    def _settle_deleted(self, change: Change) -> None:
        assert change.old is not None  # noqa: S101 (a change has at least one side)
        uid = change.old.object["metadata"]["uid"]
        for key in tuple(self._dependents.get(uid, ())):
            self._collect(key)
        if not self._dependents.get(uid):
            self._dependents.pop(uid, None)
        for owner in change.old.object["metadata"].get("ownerReferences", ()):
            self._finish_foreground(owner["uid"])
        if change.key.namespace:
            self._finish_namespace(change.key.namespace)

    def _settle_present(self, key: Key, item: Object) -> None:
        current = self._cluster.store.get(key)
        if current is None or current.object is not item:
            return
        finalizers = item["metadata"].get("finalizers", ())
        uid = item["metadata"]["uid"]
        if "deletionTimestamp" in item["metadata"]:
            if deleting.ORPHAN in finalizers:
                self._orphan(uid)
                self._release(key, deleting.ORPHAN)
            elif deleting.FOREGROUND in finalizers:
                for dependent in tuple(self._dependents.get(uid, ())):
                    self._collect(dependent, doomed=uid)
                self._finish_foreground(uid)
        self._collect(key)

    def _collect(self, key: Key, doomed: str = "") -> None:
        """Delete an object all of whose owners are gone (or are the `doomed` one)."""
        stored = self._cluster.store.get(key)
        owners = stored.object["metadata"].get("ownerReferences") if stored is not None else None
        if stored is None or not owners or "deletionTimestamp" in stored.object["metadata"]:
            return
        if any(owner["uid"] in self._uids and owner["uid"] != doomed for owner in owners):
            return
        resource = self._resource(key)
        if resource is not None:
            deleting.remove(self._cluster, resource, stored.object, _BACKGROUND)

    def _finish_foreground(self, uid: str) -> None:
        """Let an owner go once nothing that blocks its deletion is left."""
        key = self._uids.get(uid)
        stored = self._cluster.store.get(key) if key is not None else None
        if key is None or stored is None or deleting.FOREGROUND not in stored.object["metadata"].get("finalizers", ()):
            return
        if not any(self._blocks(dependent, uid) for dependent in self._dependents.get(uid, ())):
            self._release(key, deleting.FOREGROUND)

    def _blocks(self, key: Key, uid: str) -> bool:
        stored = self._cluster.store.get(key)
        owners = stored.object["metadata"].get("ownerReferences", ()) if stored is not None else ()
        return any(owner["uid"] == uid and owner.get("blockOwnerDeletion") for owner in owners)

    def _orphan(self, uid: str) -> None:
        for key in tuple(self._dependents.get(uid, ())):
            stored = self._cluster.store.get(key)
            if stored is not None:
                item = copy.deepcopy(dict(stored.object))
                left = [owner for owner in item["metadata"]["ownerReferences"] if owner["uid"] != uid]
                item["metadata"]["ownerReferences"] = left
                if not left:
                    del item["metadata"]["ownerReferences"]
                self._cluster.store.put(key, item)

    def _release(self, key: Key, finalizer: str) -> None:
        """Take one finalizer away; the object goes with its last."""
        stored = self._cluster.store.get(key)
        if stored is None:
            return
        item: dict[str, Any] = copy.deepcopy(dict(stored.object))
        left = [name for name in item["metadata"].get("finalizers", ()) if name != finalizer]
        if left:
            item["metadata"]["finalizers"] = left
            self._cluster.store.put(key, item)
        elif item["metadata"].get("deletionGracePeriodSeconds"):
            del item["metadata"]["finalizers"]
            self._cluster.store.put(key, item)
        else:
            self._cluster.store.delete(key)

    def _serve_namespace(self, name: str) -> None:
        """A service account and the CA for a namespace that lives; an end for one that does not."""
        stored = self._cluster.store.get(Key("namespaces", "", name))
        if stored is None:
            return
        if "deletionTimestamp" in stored.object["metadata"]:
            for resource, item in self._cluster.namespace_contents(name):
                if "deletionTimestamp" not in item["metadata"]:
                    deleting.remove(self._cluster, resource, item, _BACKGROUND)
            self._finish_namespace(name)
            return
        root = {"metadata": {"name": "kube-root-ca.crt", "namespace": name}, "data": {"ca.crt": self._certificate}}
        account = {"metadata": {"name": "default", "namespace": name}}
        for plural, item in (("serviceaccounts", account), ("configmaps", root)):
            if self._cluster.store.get(Key(plural, name, item["metadata"]["name"])) is None:
                create_own(self._cluster, plural, item)

    def _finish_namespace(self, name: str) -> None:
        key = Key("namespaces", "", name)
        stored = self._cluster.store.get(key)
        if stored is None or "deletionTimestamp" not in stored.object["metadata"]:
            return
        if not self._cluster.namespace_contents(name) and not stored.object["metadata"].get("finalizers"):
            self._cluster.store.delete(key)

    def _drop_custom(self, crd: Object) -> None:
        """A definition takes its objects with it."""
        name = crd["metadata"]["name"]
        for stored in self._cluster.store.list(name):
            metadata = stored.object["metadata"]
            self._cluster.store.delete(Key(name, metadata.get("namespace", ""), metadata["name"]))

    def _resource(self, key: Key) -> Resource | None:
        return next((item for item in self._cluster.registry.stored() if item.qualified == key.resource), None)
