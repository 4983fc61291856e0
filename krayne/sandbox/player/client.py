"""A small client of the Kubernetes HTTP API: the one thing the player knows of the cluster it plays on."""

from __future__ import annotations

import json
import ssl
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import aiohttp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

Object = dict[str, Any]

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
PAGE = 500


class Resource(NamedTuple):
    """One kind of object: where its API group is served, its plural name, and what its manifests say."""

    prefix: str
    plural: str
    api_version: str
    kind: str

    def path(self, namespace: str | None = None, name: str | None = None, subresource: str | None = None) -> str:
        """The URL path of the collection, of one object, or of its subresource."""
        parts = [self.prefix]
        if namespace:
            parts += ["namespaces", namespace]
        parts += [part for part in (self.plural, name, subresource) if part]
        return "/".join(parts)


PODS = Resource("/api/v1", "pods", "v1", "Pod")
NODES = Resource("/api/v1", "nodes", "v1", "Node")
EVENTS = Resource("/api/v1", "events", "v1", "Event")
SECRETS = Resource("/api/v1", "secrets", "v1", "Secret")
SERVICES = Resource("/api/v1", "services", "v1", "Service")
CONFIG_MAPS = Resource("/api/v1", "configmaps", "v1", "ConfigMap")
CLAIMS = Resource("/api/v1", "persistentvolumeclaims", "v1", "PersistentVolumeClaim")
SERVICE_ACCOUNTS = Resource("/api/v1", "serviceaccounts", "v1", "ServiceAccount")
LEASES = Resource("/apis/coordination.k8s.io/v1", "leases", "coordination.k8s.io/v1", "Lease")
DEPLOYMENTS = Resource("/apis/apps/v1", "deployments", "apps/v1", "Deployment")
ROLES = Resource("/apis/rbac.authorization.k8s.io/v1", "roles", "rbac.authorization.k8s.io/v1", "Role")
ROLE_BINDINGS = Resource(
    "/apis/rbac.authorization.k8s.io/v1", "rolebindings", "rbac.authorization.k8s.io/v1", "RoleBinding"
)
RAY_CLUSTERS = Resource("/apis/ray.io/v1", "rayclusters", "ray.io/v1", "RayCluster")


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach an API server: over TLS with a bearer token, or through a unix socket that `kubectl proxy` serves.

    `ca` is the PEM text of the certificate authority, never a path.
    """

    url: str
    token: str | None = None
    ca: str | None = None
    socket: Path | None = None


class ApiError(Exception):
    """The API server refused: its HTTP status, machine-readable reason, and sentence (the error's text)."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason


class Api:
    """The verbs, spoken in the name of one component (its user agent and field manager)."""

    def __init__(self, session: aiohttp.ClientSession, url: str, component: str) -> None:
        self._session = session
        self._url = url.rstrip("/")
        self.component = component

    def speaking_as(self, component: str) -> Api:
        """The same connection in another component's name."""
        return Api(self._session, self._url, component)

    async def get(self, resource: Resource, namespace: str | None, name: str) -> Object:
        """One object. Raises `ApiError` (404 when there is none)."""
        return await self._send("GET", resource.path(namespace, name))

    async def list(
        self, resource: Resource, namespace: str | None = None, *, selector: str = ""
    ) -> tuple[list[Object], str]:
        """Every object (that a label selector chooses) and the collection's resourceVersion, read in pages."""
        items: list[Object] = []
        query = {"limit": str(PAGE), **({"labelSelector": selector} if selector else {})}
        while True:
            page = await self._send("GET", resource.path(namespace), query=query)
            items += page.get("items") or []
            metadata = page["metadata"]
            if not metadata.get("continue"):
                return items, metadata["resourceVersion"]
            query["continue"] = metadata["continue"]

    async def create(self, resource: Resource, manifest: Object) -> Object:
        """The created object, as the server filled it in."""
        manifest = {"apiVersion": resource.api_version, "kind": resource.kind, **manifest}
        return await self._write("POST", resource.path(manifest["metadata"].get("namespace")), manifest)

    async def create_in(
        self, resource: Resource, namespace: str, name: str, subresource: str, manifest: Object
    ) -> Object:
        """POST to a subresource, such as a pod's binding."""
        return await self._write("POST", resource.path(namespace, name, subresource), manifest)

    async def replace(self, resource: Resource, manifest: Object, subresource: str | None = None) -> Object:
        """Put the whole object back; its resourceVersion guards against a concurrent writer (`ApiError` 409)."""
        metadata = manifest["metadata"]
        path = resource.path(metadata.get("namespace"), metadata["name"], subresource)
        return await self._write("PUT", path, manifest)

    async def patch(
        self,
        resource: Resource,
        namespace: str | None,
        name: str,
        patch: Any,
        *,
        subresource: str | None = None,
        content_type: str = MERGE_PATCH,
    ) -> Object:
        """Change parts of an object by a merge patch or a JSON patch."""
        return await self._write("PATCH", resource.path(namespace, name, subresource), patch, content_type)

    async def delete(
        self, resource: Resource, namespace: str | None, name: str, *, uid: str | None = None, grace: int | None = None
    ) -> Object:
        """Delete one object: only the one with that uid, and within `grace` seconds, where given."""
        options: Object = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"}
        if uid:
            options["preconditions"] = {"uid": uid}
        if grace is not None:
            options["gracePeriodSeconds"] = grace
        return await self._send("DELETE", resource.path(namespace, name), body=options)

    async def watch(self, resource: Resource, version: str, seconds: int) -> AsyncIterator[Object]:
        """What changes after a resourceVersion, for at most that many seconds, bookmarks included."""
        query = {
            "watch": "true",
            "resourceVersion": version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(seconds),
        }
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=seconds + 15)
        async with self._session.get(
            self._url + resource.path(), params=query, timeout=timeout, headers=self._headers()
        ) as answer:
            await _check(answer)
            async for line in _lines(answer.content):
                yield json.loads(line)

    async def _write(self, method: str, path: str, body: Any, content_type: str = "application/json") -> Object:
        return await self._send(
            method, path, body=body, content_type=content_type, query={"fieldManager": self.component}
        )

    async def _send(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        content_type: str = "application/json",
        query: Mapping[str, str] | None = None,
    ) -> Object:
        data = None if body is None else json.dumps(body).encode()
        headers = self._headers() | ({"Content-Type": content_type} if data is not None else {})
        async with self._session.request(method, self._url + path, params=query, data=data, headers=headers) as answer:
            await _check(answer)
            result: Object = await answer.json(content_type=None)
            return result

    def _headers(self) -> dict[str, str]:
        return {"User-Agent": self.component, "Accept": "application/json"}


@asynccontextmanager
async def connect(connection: Connection, component: str) -> AsyncIterator[Api]:
    """An `Api` over one connection, closed at the end."""
    connector: aiohttp.BaseConnector
    if connection.socket:
        connector = aiohttp.UnixConnector(str(connection.socket), limit=0)
    else:
        tls = ssl.create_default_context(cadata=connection.ca) if connection.ca else True
        connector = aiohttp.TCPConnector(ssl=tls, limit=0)
    headers = {"Authorization": f"Bearer {connection.token}"} if connection.token else {}
    timeout = aiohttp.ClientTimeout(total=60, sock_connect=10)
    async with aiohttp.ClientSession(connector=connector, headers=headers, timeout=timeout) as session:
        yield Api(session, connection.url, component)


async def _check(answer: aiohttp.ClientResponse) -> None:
    if answer.status < 400:
        return
    text = await answer.text()
    try:
        status = json.loads(text)
        raise ApiError(answer.status, status.get("reason") or "", status.get("message") or text)
    except (ValueError, AttributeError):
        raise ApiError(answer.status, answer.reason or "", text) from None


async def _lines(stream: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    # StreamReader.readline refuses lines longer than its buffer; an object may be up to 1.5 MiB.
    rest = b""
    async for chunk in stream.iter_any():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if line:
                yield line
