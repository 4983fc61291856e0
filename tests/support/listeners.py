"""Servers that are not a working cluster: silent, bare of KubeRay, refusing the login, of unknown authority."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import trustme

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSION = {"major": "1", "minor": "33", "gitVersion": "v1.33.0"}


@contextlib.contextmanager
def silent() -> Iterator[str]:
    """Takes connections and never answers, as an API server that hangs."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def nobody() -> str:
    """An address where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextlib.contextmanager
def bare() -> Iterator[str]:
    """An API server that has the core API and nothing else: no KubeRay."""
    core = {"kind": "APIResourceList", "groupVersion": "v1", "resources": [_NAMESPACES, _PODS]}
    answers: dict[str, Any] = {
        "/version": VERSION,
        "/api": {"kind": "APIVersions", "versions": ["v1"]},
        "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": []},
        "/api/v1": core,
        "/api/v1/namespaces/default": {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "default"}},
    }
    missing = _status(404, "NotFound", "the server could not find the requested resource")
    with _serving(lambda path: (200, answers[path]) if path in answers else (404, missing)) as url:
        yield url


@contextlib.contextmanager
def refusing() -> Iterator[str]:
    """An API server that takes nobody's login."""
    with _serving(lambda path: (401, _status(401, "Unauthorized", "Unauthorized"))) as url:
        yield url


@contextlib.contextmanager
def untrusted() -> Iterator[str]:
    """An API server whose certificate no authority that the client knows has signed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with _serving(lambda path: (200, VERSION), context) as url:
        yield url


def kubeconfig(url: str) -> str:
    """A kubeconfig whose only context leads to ``url``; JSON is YAML too."""
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "odd", "cluster": {"server": url}}],
            "users": [{"name": "me", "user": {"token": "t"}}],
            "contexts": [{"name": "odd", "context": {"cluster": "odd", "user": "me"}}],
            "current-context": "odd",
        }
    )


_NAMESPACES = {"name": "namespaces", "singularName": "", "namespaced": False, "kind": "Namespace", "verbs": ["get"]}
_PODS = {"name": "pods", "singularName": "", "namespaced": True, "kind": "Pod", "verbs": ["get", "list"]}


def _status(code: int, reason: str, message: str) -> dict[str, Any]:
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "code": code,
        "reason": reason,
        "message": message,
    }


@contextlib.contextmanager
def _serving(answer: Any, context: ssl.SSLContext | None = None) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def reply(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            code, value = answer(self.path.partition("?")[0])
            body = json.dumps(value).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = reply  # noqa: N815 (http.server looks for these)

        def log_message(self, *args: object) -> None:
            """Keep the tests' output theirs."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"{'https' if context else 'http'}://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
