"""A cluster as a stand-in kubectl shows it, with real services behind its forwards; and what is left running."""

from __future__ import annotations

import json
import os
import signal
import socket
import socketserver
import subprocess
import sys
import threading
from contextlib import ExitStack, contextmanager, suppress
from itertools import count, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from krayne.tunnels.ports import candidates
from krayne.tunnels.state import Place
from krayne.tunnels.targets import TARGETS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

STANDIN = Path(__file__).with_name("kubectl_standin.py")
NAMESPACE = "ml"


class Service:
    """A TCP service that answers whatever it is told with its name; HTTP clients find it in the body."""

    def __init__(self, name: str) -> None:
        body = name.encode()
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(body), body)

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with suppress(OSError):
                    if self.request.recv(65536):
                        self.request.sendall(answer)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class World:
    """One cluster, its head pods and their services, as files that the stand-in reads."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.kubectl = folder / "kubectl"
        self.folder = folder
        self._files = folder / "kubectl.world"
        self._files.mkdir()
        body = STANDIN.read_text(encoding="utf-8").partition("\n")[2]
        self.kubectl.write_text(f"#!{sys.executable} -IS\n{body}", encoding="utf-8")
        self.kubectl.chmod(0o755)
        self._pods: dict[str, dict[str, Any]] = {}
        self._routes: dict[str, dict[str, int]] = {}
        self._exit = ExitStack()
        self.cluster: dict[str, Any] | None = None
        self.make_cluster()

    def make_cluster(self, uid: str = "c0ffee00-0000-4000-8000-000000000001", *, ports: Mapping[str, int] = {}) -> None:
        """Put a RayCluster demo there, with these named ports beside Ray's, and krayne's hook."""
        named = {"dashboard": 8265, "client": 10001, "serve": 8000, **ports}
        container = {
            "name": "ray-head",
            "image": "rayproject/ray:2.60.0",
            "ports": [{"name": name, "containerPort": port} for name, port in named.items()],
            "lifecycle": {"postStart": {"exec": {"command": ["/bin/bash", "-c", "/tmp/krayne-services"]}}},
        }
        self.cluster = {
            "apiVersion": "ray.io/v1",
            "kind": "RayCluster",
            "metadata": {"name": "demo", "namespace": NAMESPACE, "uid": uid, "resourceVersion": "1"},
            "spec": {"rayVersion": "2.60.0", "headGroupSpec": {"template": {"spec": {"containers": [container]}}}},
        }
        self.write("cluster.json", self.cluster)

    def head(self, pod: str, *, ready: bool = True, services: Mapping[int, str] | None = None) -> dict[int, Service]:
        """Put a head pod there, with services by port; it takes the place of none."""
        started = {8265: f"dashboard of {pod}", 10001: f"client of {pod}"} if services is None else services
        found = {port: Service(name) for port, name in started.items()}
        for service in found.values():
            self._exit.callback(service.close)
        self._routes[pod] = {str(port): service.port for port, service in found.items()}
        self.write("routes.json", self._routes)
        self._pods[pod] = _pod(pod, ready=ready)
        self.write("pods.json", list(self._pods.values()))
        return found

    def listen(self, pod: str, port: int, name: str) -> Service:
        """A service begins to listen in a head."""
        service = Service(name)
        self._exit.callback(service.close)
        self.route(pod, port, service.port)
        return service

    def route(self, pod: str, port: int, local: int) -> None:
        """A head's port is a port of this machine."""
        self._routes.setdefault(pod, {})[str(port)] = local
        self.write("routes.json", self._routes)

    def become_ready(self, pod: str) -> None:
        """A head becomes ready."""
        self._pods[pod] = _pod(pod, ready=True)
        self.write("pods.json", list(self._pods.values()))

    def remove_head(self, pod: str) -> None:
        """A head goes, and with it what listened in it."""
        del self._pods[pod]
        self._routes.pop(pod)
        self.write("routes.json", self._routes)
        self.write("pods.json", list(self._pods.values()))

    def remove_cluster(self) -> None:
        """The cluster is deleted, its head with it."""
        (self._files / "cluster.json").unlink()
        for pod in list(self._pods):
            self.remove_head(pod)

    def write(self, name: str, value: Any) -> None:
        """Put a file in place in one step."""
        draft = self._files / f"{name}.draft"
        draft.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
        draft.replace(self._files / name)

    def login(self, how: str | None) -> None:
        """From now on kubectl works (None), is refused ("fail"), waits for a login ("prompt"), …: see the stand-in."""
        if how is None:
            (self._files / "login").unlink(missing_ok=True)
        else:
            self.write("login", how)

    @property
    def calls(self) -> list[dict[str, Any]]:
        """Every kubectl so far."""
        path = self._files / "calls"
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []

    def forwards(self) -> dict[int, int]:
        """The process ids of the forwards that run, by port in the head."""
        found = {}
        for pid, words in processes(str(self.folder)):
            if "port-forward" in words:
                found[int(words.rsplit(":", 1)[1])] = pid
        return found

    def supervisors(self) -> list[int]:
        """The process ids of the supervisors that run: leaders of sessions, as a kubectl before its exec is not."""
        found = [pid for pid, words in processes("krayne.tunnels.daemon") if f"{self.folder.parent}/" in words]
        return [pid for pid in found if _leads(pid)]

    def leftovers(self) -> list[str]:
        """What still runs of all that was started for this world."""
        return [words for _, words in processes(str(self.folder.parent))]

    def close(self) -> None:
        """Stop the services."""
        self._exit.close()


def processes(having: str) -> list[tuple[int, str]]:
    """The processes whose command line holds a text, with it, on one line; not this one, and no zombies."""
    listed = subprocess.run(["/bin/ps", "-axwwo", "pid=,stat=,command="], capture_output=True, text=True, check=True)
    found = []
    for line in "".join(c if c.isprintable() or c == "\n" else " " for c in listed.stdout).splitlines():
        match line.split(maxsplit=2):
            case [pid, stat, *words] if words and having in words[0] and not stat.startswith("Z"):
                if int(pid) != os.getpid():
                    found.append((int(pid), words[0]))
    return found


def _leads(pid: int) -> bool:
    with suppress(ProcessLookupError):
        return os.getsid(pid) == pid
    return False


def answer(port: int) -> str:
    """What is said at a local port; nothing where nobody answers."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
        connection.settimeout(2)
        connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
        return connection.recv(65536).decode().rpartition("\r\n\r\n")[2]
    return ""


@contextmanager
def ports_of_its_own(name: str) -> Iterator[str]:
    """The address of an API server whose cluster demo gets local ports that no other test on this machine gets.

    A forward that is being restarted leaves its port for a moment, in which another test, perhaps of another checkout,
    would take it. So the well-known ports are taken here, as by another program, and the cluster's other ones are
    claimed: a UDP socket on the same number keeps tests apart and harms no TCP.
    """
    with ExitStack() as stack:
        for target in TARGETS.values():
            known = stack.enter_context(socket.socket())
            known.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)  # tests side by side all have it
            with suppress(OSError):  # somebody else has it indeed, or it takes privileges
                known.bind(("127.0.0.1", target.port))
                known.listen()
        for number in count():
            server = f"https://{name}-{number}.example:6443"
            with ExitStack() as claims, suppress(OSError):
                for port in _other_ports(Place("demo", NAMESPACE, "", server).ports_of):
                    claims.enter_context(socket.socket(type=socket.SOCK_DGRAM)).bind(("127.0.0.1", port))
                stack.push(claims.pop_all())
                break
        yield server


def _other_ports(identity: str) -> set[int]:
    """The first of those that each service may get where the well-known one is taken: a few users' worth."""
    return {port for service in TARGETS for port in islice(candidates(identity, service, 0), 5)}


@contextmanager
def listening(port: int = 0) -> Iterator[int]:
    """Another program that has a local port."""
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        yield taken.getsockname()[1]


def kill(pid: int) -> None:
    """End a process as a crash would."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _pod(name: str, *, ready: bool) -> dict[str, Any]:
    return {
        "metadata": {
            "name": name,
            "namespace": NAMESPACE,
            "uid": f"uid-of-{name}",
            "creationTimestamp": "2026-11-23T12:00:00Z",
            "labels": {"ray.io/cluster": "demo", "ray.io/node-type": "head", "ray.io/is-ray-node": "yes"},
        },
        "spec": {"containers": [{"name": "ray-head"}]},
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": str(ready)}],
            "containerStatuses": [
                {"name": "ray-head", "ready": ready, "state": {"running": {"startedAt": "2026-11-23T12:00:05Z"}}}
            ],
        },
    }
