"""The API server over HTTPS: checks the token, finds what a path leads to, and sends what the verbs answer."""

from __future__ import annotations

import asyncio
import hmac
import logging
import ssl
from typing import Any

from aiohttp import web

from krayne.sandbox.apiserver import changing, creating, deleting, discovery, listing, openapi, podlogs, scaling
from krayne.sandbox.apiserver.answers import JSON, as_json, event_lines, found_or_404, stream, table, wants_table
from krayne.sandbox.apiserver.choosing import chosen_by
from krayne.sandbox.apiserver.cluster import Cluster
from krayne.sandbox.apiserver.requests import Request
from krayne.sandbox.apiserver.reviews import bind, review
from krayne.sandbox.apiserver.routing import target
from krayne.sandbox.apiserver.statuses import (
    ApiError,
    method_not_allowed,
    no_container,
    not_found,
    unauthorized,
    unknown_path,
)

# As the real server's own bound on one request.
_LARGEST_BODY = 3 * 1024 * 1024
_LOG = logging.getLogger(__name__)

_INTO_CONTAINERS = {"exec": "exec into", "attach": "attach to", "portforward": "forward to"}


class Server:
    """Serves one cluster on one loopback port to whoever has the token."""

    def __init__(self, cluster: Cluster, token: str) -> None:
        self._cluster = cluster
        self._token = token
        self._runner: web.AppRunner | None = None
        self.port = 0

    async def start(self, port: int, context: ssl.SSLContext) -> None:
        """Listen on 127.0.0.1; port 0 takes any free one, and `port` tells which."""
        app = web.Application(client_max_size=_LARGEST_BODY)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port, ssl_context=context)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop listening, and end what is still being answered."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _handle(self, http: web.Request) -> web.StreamResponse:
        try:
            given = http.headers.get("Authorization", "")
            if not hmac.compare_digest(given.encode(), f"Bearer {self._token}".encode()):
                raise unauthorized()
            return await self._route(http)
        except ApiError as error:
            return as_json(error.as_dict(), error.code)
        except web.HTTPRequestEntityTooLarge:
            refusal = ApiError(413, "RequestEntityTooLarge", f"Request entity too large: limit is {_LARGEST_BODY}")
            return as_json(refusal.as_dict(), 413)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 (a server's outermost edge: one request's bug is not the others')
            _LOG.exception("%s %s", http.method, http.path)
            failure = ApiError(500, "InternalError", f"Internal error occurred: {error}")
            return as_json(failure.as_dict(), 500)

    async def _route(self, http: web.Request) -> web.StreamResponse:
        path = http.path.rstrip("/")
        document = self._document(path, http.headers.get("Accept", ""))
        if document is not None:
            return document
        found = target(path)
        if found is None:
            raise unknown_path()
        resource = self._cluster.registry.find(found.group, found.version, found.plural)
        if resource is None or (bool(found.namespace) and not resource.namespaced):
            raise unknown_path()
        request = Request(
            method=http.method,
            resource=resource,
            namespace=found.namespace,
            name=found.name,
            subresource=found.subresource,
            query=dict(http.query),
            body=await http.read(),
            content_type=http.headers.get("Content-Type", JSON),
            user_agent=http.headers.get("User-Agent", ""),
        )
        return await self._answer(http, request)

    def _document(self, path: str, accept: str) -> web.Response | None:
        """Discovery, OpenAPI and health: what is not about objects."""
        if path in ("/readyz", "/livez", "/healthz"):
            return web.Response(text="ok")
        if path.startswith("/openapi/v3"):
            return self._openapi(path[len("/openapi/v3") :])
        if path == "/version":
            return as_json(discovery.VERSION)
        if path in ("/api", "/apis"):
            return self._roots(path, accept)
        return self._group(path)

    def _group(self, path: str) -> web.Response | None:
        """A group's versions, or a version's resources; None where the path leads further."""
        registry, parts, found = self._cluster.registry, path.split("/"), target(path)
        if len(parts) == 3 and parts[1] == "apis":
            return found_or_404(discovery.group(registry, parts[2]))
        if found is not None and not found.plural:
            return found_or_404(discovery.resources(registry, found.group, found.version))
        return None

    def _roots(self, path: str, accept: str) -> web.Response:
        """/api and /apis, in the form that the client likes best."""
        registry = self._cluster.registry
        for version in ("v2", "v2beta1"):
            if f"g=apidiscovery.k8s.io;v={version}" in accept:
                body = discovery.aggregated(registry, core=path == "/api", api=version)
                return as_json(body, kind=f"{JSON};g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList")
        return as_json(discovery.versions(f"127.0.0.1:{self.port}") if path == "/api" else discovery.groups(registry))

    def _openapi(self, path: str) -> web.Response:
        if not path:
            return as_json(openapi.index(self._cluster.registry))
        found = target(path)
        body = openapi.document(self._cluster.registry, found.group, found.version) if found is not None else None
        if body is None:
            raise unknown_path()
        return web.Response(body=body, content_type=JSON)

    async def _answer(self, http: web.Request, request: Request) -> web.StreamResponse:
        if request.subresource and request.subresource not in request.resource.subresources:
            if request.subresource == "scale" and request.resource.custom:
                raise not_found(request.resource, request.name)
            if request.resource.kind == "Pod" and request.subresource in _INTO_CONTAINERS:
                raise no_container(_INTO_CONTAINERS[request.subresource])
            raise unknown_path()
        if request.subresource == "log":
            return await stream(http, podlogs.log(self._cluster, request), "text/plain", eager=False)
        if request.method == "GET":
            return await self._read(http, request)
        return self._write(request)

    async def _read(self, http: web.Request, request: Request) -> web.StreamResponse:
        as_table = wants_table(http.headers.get("Accept", ""))
        verb = "get" if request.name else "list"
        if verb not in request.resource.verbs:
            raise method_not_allowed()
        if request.flag("watch"):
            events = event_lines(self._cluster, request, as_table=as_table)
            return await stream(http, events, JSON, eager=True)
        if request.subresource == "scale":
            return as_json(scaling.read(self._cluster, request))
        if request.name:
            stored = listing.get(self._cluster, request)
            if as_table:
                return as_json(table(request, [stored], {"resourceVersion": str(stored.version)}))
            return web.Response(body=stored.text, content_type=JSON)
        page = listing.page(self._cluster, request)
        if as_table:
            meta: dict[str, Any] = {"resourceVersion": str(page.version)}
            meta |= {"continue": page.next} if page.next else {}
            meta |= {"remainingItemCount": page.remaining} if page.remaining is not None else {}
            return as_json(table(request, page.items, meta))
        return web.Response(body=listing.render(request, page), content_type=JSON)

    def _write(self, request: Request) -> web.Response:
        if request.subresource == "scale" and request.method in ("PUT", "PATCH"):
            return as_json(scaling.write(self._cluster, request))
        if request.subresource == "binding" and request.method == "POST":
            return as_json(bind(self._cluster, request), 201)
        if not request.name and "list" not in request.resource.verbs and request.method == "POST":
            return as_json(review(request), 201)
        if request.method == "DELETE" and not request.subresource:
            return self._delete(request)
        if not request.name and request.method == "POST":
            written = creating.create(self._cluster, request)
        elif request.name and request.method == "PUT":
            written = changing.update(self._cluster, request)
        elif request.name and request.method == "PATCH":
            written = changing.patch(self._cluster, request)
        else:
            raise method_not_allowed()
        return as_json(written.object, written.code, warnings=request.warnings)

    def _delete(self, request: Request) -> web.Response:
        if request.name:
            return as_json(deleting.delete(self._cluster, request))
        if "deletecollection" not in request.resource.verbs or request.resource.kind == "Namespace":
            raise method_not_allowed()
        items = deleting.delete_collection(self._cluster, request, chosen_by(request))
        resource = request.resource
        meta = {"resourceVersion": str(self._cluster.store.version)}
        head = {"kind": resource.list_kind, "apiVersion": resource.group_version, "metadata": meta}
        return as_json({**head, "items": items})
