"""Events, in the form each component writes them, counted up when one repeats."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, NamedTuple

import aiohttp

from krayne.sandbox.player.client import EVENTS, Api, ApiError, Object
from krayne.sandbox.player.clock import micro_time, rfc3339
from krayne.sandbox.player.spam import SpamFilter

if TYPE_CHECKING:
    from collections.abc import Iterator

log = logging.getLogger(__name__)

REMEMBERED = 4096


class Event(NamedTuple):
    """Something worth telling about an object: `field_path` names a container, `kind` is Normal or Warning."""

    kind: str
    reason: str
    message: str
    field_path: str = ""


class Recorder:
    """Writes events in the background, in order, and never fails what it reports on."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._queue: asyncio.Queue[tuple[str, Object, tuple[Any, ...] | None]] = asyncio.Queue()
        self._written: OrderedDict[tuple[Any, ...], tuple[str, int]] = OrderedDict()
        self._names = _unique_suffixes()
        self._spam = SpamFilter()

    def tell(self, about: Object, event: Event, *, component: str, host: str = "") -> None:
        """Record an event as client-go's classic recorder does (KubeRay, the kubelet): what is too much is left out."""
        if not self._spam.lets_pass((component, host, about["metadata"].get("uid")), time.monotonic()):
            return
        now = rfc3339()
        source = {"component": component, **({"host": host} if host else {})}
        body = self._body(about, event) | {
            "source": source,
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
            "eventTime": None,
            "reportingComponent": component,
            "reportingInstance": host,
        }
        same = (component, about["metadata"].get("uid"), *event)
        self._queue.put_nowait((component, body, same))

    def announce(self, about: Object, event: Event, *, component: str, instance: str, action: str) -> None:
        """Record an event as the events.k8s.io recorder does (the scheduler)."""
        body = self._body(about, event) | {
            "action": action,
            "eventTime": micro_time(),
            "firstTimestamp": None,
            "lastTimestamp": None,
            "source": {},
            "reportingComponent": component,
            "reportingInstance": instance,
        }
        self._queue.put_nowait((component, body, None))

    def _body(self, about: Object, event: Event) -> Object:
        metadata = about["metadata"]
        # Objects of no namespace, such as nodes, have their events in "default".
        namespace = metadata.get("namespace", "default")
        involved = {
            "apiVersion": about.get("apiVersion", "v1"),
            "kind": about.get("kind", "Pod"),
            "name": metadata["name"],
            "uid": metadata.get("uid", ""),
            "resourceVersion": metadata.get("resourceVersion", ""),
            **({"namespace": metadata["namespace"]} if "namespace" in metadata else {}),
            **({"fieldPath": event.field_path} if event.field_path else {}),
        }
        return {
            "metadata": {"name": f"{metadata['name']}.{next(self._names)}", "namespace": namespace},
            "involvedObject": involved,
            "type": event.kind,
            "reason": event.reason,
            "message": event.message[:1024],
        }

    async def run(self) -> None:
        """Write what was recorded, forever."""
        while True:
            component, body, same = await self._queue.get()
            try:
                await self._write(self._api.speaking_as(component), body, same)
            except (ApiError, aiohttp.ClientError, OSError, asyncio.TimeoutError) as error:
                log.info("event lost: %s %s: %s", body["involvedObject"]["name"], body["reason"], error)

    async def _write(self, api: Api, body: Object, same: tuple[Any, ...] | None) -> None:
        namespace = body["metadata"]["namespace"]
        if same is not None and same in self._written:
            name, count = self._written[same]
            try:
                change = {"count": count + 1, "lastTimestamp": body["lastTimestamp"]}
                await api.patch(EVENTS, namespace, name, change)
            except ApiError as error:
                if error.status != 404:
                    raise
            else:
                self._written[same] = (name, count + 1)
                return
        await api.create(EVENTS, body)
        if same is not None:
            self._written[same] = (body["metadata"]["name"], 1)
            if len(self._written) > REMEMBERED:
                self._written.popitem(last=False)


def _unique_suffixes() -> Iterator[str]:
    """Event names end in a hexadecimal time in ns, as client-go's do; never twice the same."""
    last = 0
    while True:
        last = max(last + 1, time.time_ns())
        yield f"{last:x}"
