"""A release host on loopback that has one code-server archive: the stand-in."""

from __future__ import annotations

import contextlib
import hashlib
import platform
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.support.head import archive, install_code_server

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSION = "4.0.0"
ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]


class Release(NamedTuple):
    """What a head must be told to use the release, the path that it then asks for, and all that was asked."""

    settings: dict[str, object]
    path: str
    asked: list[str]


@contextlib.contextmanager
def serving(python: str = sys.executable) -> Iterator[Release]:
    """Serve the release while in the block."""
    name = f"code-server-{VERSION}-linux-{ARCHITECTURE}"
    with tempfile.TemporaryDirectory() as folder:
        program = install_code_server(Path(folder), python).read_bytes()
    body = archive((f"{name}/bin/code-server", program), (f"{name}/lib/node", b"\0" * 100_000))
    path, asked = f"/mirror/v{VERSION}/{name}.tar.gz", []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200 if self.path == path else 404)
            self.send_header("Content-Length", str(len(body) if self.path == path else 0))
            self.end_headers()
            self.wfile.write(body if self.path == path else b"")

        def log_message(self, *args: object) -> None:
            """Keep the tests' output theirs."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_address[1]}/mirror/"
        digests = {ARCHITECTURE: hashlib.sha256(body).hexdigest().upper()}
        yield Release({"url": url, "version": VERSION, "sha256": digests}, path, asked)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
