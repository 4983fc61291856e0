"""Measure bytes through a krayne tunnel beside the same kubectl port-forward run bare: `make bench-tunnel`.

The kubectl is the stand-in of tests/tunnels, which really forwards: what krayne adds to the path would show.
"""

from __future__ import annotations

import json
import os
import re
import socket
import statistics
import subprocess
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from krayne.kubectl import Kubectl
from krayne.operations.tunnels import open_tunnel
from tests.tunnels.world import NAMESPACE, World

if TYPE_CHECKING:
    from collections.abc import Iterator

ROUNDS = 9
BYTES = 512 << 20
QUESTIONS = 500
CHUNK = bytes(1 << 20)


def main() -> None:
    """Measure by turns, print medians."""
    with tempfile.TemporaryDirectory() as folder, _source() as source:
        root = Path(folder).resolve()
        world = _world(root)
        world.route("demo-head-1", 8265, source)
        try:
            with open_tunnel("demo", NAMESPACE, only=("dashboard",)) as urls, _bare(world) as bare:
                ours = int(urls["dashboard"].rpartition(":")[2])
                moved: dict[str, list[float]] = {"bare": [], "krayne": []}
                asked: dict[str, list[float]] = {"bare": [], "krayne": []}
                for _ in range(ROUNDS):
                    for name, port in (("bare", bare), ("krayne", ours)):
                        moved[name].append(_megabytes_a_second(port))
                        asked[name].append(_milliseconds(port))
        finally:
            world.close()
    for what, unit, figures in (("one connection", "MB/s", moved), ("connect, ask, answer", "ms", asked)):
        bare_median, krayne_median = (statistics.median(figures[name]) for name in ("bare", "krayne"))
        ratio = krayne_median / bare_median
        print(f"{what}: bare {bare_median:.4g} {unit}, krayne {krayne_median:.4g} {unit} ({ratio:.2f} of bare)")


def _world(root: Path) -> World:
    kubeconfig = root / "kubeconfig"
    lab = {"name": "lab", "cluster": {"server": "https://lab.example:6443"}}
    context = {"name": "lab", "context": {"cluster": "lab", "namespace": NAMESPACE}}
    kubeconfig.write_text(json.dumps({"clusters": [lab], "contexts": [context], "current-context": "lab"}))
    world = World(root / "world")
    os.environ |= {"KUBECTL": str(world.kubectl), "KUBECONFIG": str(kubeconfig), "XDG_STATE_HOME": str(root / "state")}
    world.head("demo-head-1", services={})
    return world


@contextmanager
def _bare(world: World) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    argv = Kubectl(namespace=NAMESPACE).command(
        "port-forward", "--address=127.0.0.1", f"--namespace={NAMESPACE}", "pod/demo-head-1", f"{port}:8265"
    )
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert re.match("Forwarding from", process.stdout.readline())
        threading.Thread(target=process.stdout.read, daemon=True).start()
        yield port
        process.terminate()


@contextmanager
def _source() -> Iterator[int]:
    """A server that answers GETs with a line, and b"all" with BYTES."""

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            if connection.recv(4096).startswith(b"all"):
                for _ in range(BYTES // len(CHUNK)):
                    connection.sendall(CHUNK)
            else:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0), backlog=128) as server:
        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


def _megabytes_a_second(port: int) -> float:
    buffer, read, began = bytearray(1 << 20), 0, time.perf_counter()
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"all")
        while count := connection.recv_into(buffer):
            read += count
    assert read == BYTES
    return read / (time.perf_counter() - began) / 1e6


def _milliseconds(port: int) -> float:
    times = []
    for _ in range(QUESTIONS):
        began = time.perf_counter()
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert connection.recv(4096)
        times.append(1000 * (time.perf_counter() - began))
    return statistics.median(times)


if __name__ == "__main__":
    main()
