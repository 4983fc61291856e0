"""The player on KUBECONFIG's cluster, started and stopped by pid, and a namespace to play in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parent.parent.parent.parent
# The autouse fixture takes KUBECONFIG away from every test; these need the caller's.
ENVIRONMENT = {
    **os.environ,
    "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath))),
}
SECONDS = 30.0


@dataclass(frozen=True)
class Stage:
    """One namespace of the cluster that the player plays on."""

    namespace: str

    def kubectl(self, *arguments: str, given: Any = None, check: bool = True) -> str:
        """Run kubectl in the namespace; its standard output."""
        text = None if given is None else json.dumps(given)
        command = ("kubectl", "-n", self.namespace, *arguments)
        result = subprocess.run(
            command, env=ENVIRONMENT, input=text, capture_output=True, text=True, timeout=60, check=False
        )
        assert not check or result.returncode == 0, result.stderr
        return result.stdout

    def get(self, what: str) -> list[dict[str, Any]]:
        """The objects of a kind."""
        items: list[dict[str, Any]] = json.loads(self.kubectl("get", what, "-o", "json"))["items"]
        return items

    def pods(self, group: str = "") -> list[dict[str, Any]]:
        """The pods, or those of one group."""
        return [pod for pod in self.get("pods") if group in ("", pod["metadata"]["labels"]["ray.io/group"])]

    def status(self, name: str = "demo") -> dict[str, Any]:
        """A cluster's status."""
        cluster = json.loads(self.kubectl("get", "raycluster", name, "-o", "json"))
        status: dict[str, Any] = cluster.get("status", {})
        return status

    def conditions(self, name: str = "demo") -> dict[str, dict[str, Any]]:
        """A cluster's conditions by type."""
        return {condition["type"]: condition for condition in self.status(name).get("conditions", [])}

    def events(self) -> list[tuple[str, str]]:
        """Reason and message of every event."""
        return [(event["reason"], event["message"]) for event in self.get("events")]

    def apply(self, cluster: dict[str, Any]) -> None:
        """Create or change a cluster."""
        self.kubectl("apply", "-f", "-", given=cluster)

    def until(self, seen: Callable[[], Any]) -> Any:
        """Wait for what is to be seen; its value."""
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            value = seen()
            if value:
                return value
            time.sleep(0.1)
        shown = self.kubectl("get", "raycluster,pods,events", "-o", "wide", check=False)
        pytest.fail(f"not seen within {SECONDS:.0f} s:\n{shown}")

    def ready(self, name: str = "demo") -> None:
        """Wait until a cluster's pods are all there and ready."""

        def seen() -> bool:
            status = self.status(name)
            wanted = status.get("desiredWorkerReplicas", 0)
            head = self.conditions(name).get("HeadPodReady", {}).get("status") == "True"
            return head and status.get("readyWorkerReplicas", 0) == wanted == len(self.get("pods")) - 1

        self.until(seen)


def make_cluster(**changes: Any) -> dict[str, Any]:
    """A cluster of a head and one worker: the captured one. Keys that are no metadata go into its spec."""
    captured = json.loads((ROOT / "tests/captured/ready-3-ready.json").read_text())["items"]
    spec = next(item for item in captured if item["kind"] == "RayCluster")["spec"]
    metadata = {"name": changes.pop("name", "demo"), "annotations": changes.pop("annotations", {})}
    return {"apiVersion": "ray.io/v1", "kind": "RayCluster", "metadata": metadata, "spec": {**spec, **changes}}


def _wait_until_ready(process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + SECONDS
    while "player: ready" not in log.read_text():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.1)


@pytest.fixture(scope="session")
def player() -> Iterator[bool]:
    """The player's process, fast, until the session ends; False where one plays already."""
    if not ENVIRONMENT.get("KUBECONFIG"):
        pytest.skip("KUBECONFIG names no cluster to play on")
    nodes = ("kubectl", "get", "nodes", "-l", "krayne.io/sandbox", "-o", "name")
    if subprocess.run(nodes, env=ENVIRONMENT, capture_output=True, check=True, timeout=60).stdout:
        yield False  # the sandbox, which has a player of its own
        return
    command = (sys.executable, "-m", "krayne.sandbox.player", "--speed", "fast", "-v")
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log")
        with log.open("w") as stderr:
            process = subprocess.Popen(command, cwd=ROOT, env=ENVIRONMENT, stderr=stderr, start_new_session=True)
        try:
            _wait_until_ready(process, log)
            yield True
            assert process.poll() is None, "the player ended by itself"
        finally:
            process.terminate()
            code = process.wait(20)
        told = log.read_text()
    assert code == 0, told
    assert "player: ready (krayne-sandbox)" in told
    assert "Traceback" not in told, told
    left = subprocess.run(nodes, env=ENVIRONMENT, capture_output=True, check=True, timeout=60).stdout
    assert left == b"", "the player left its node behind"


@pytest.fixture
def stage(player: bool) -> Iterator[Stage]:
    """A fresh namespace."""
    name = f"player-{uuid.uuid4().hex[:8]}"
    stage = Stage(name)
    stage.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    stage.until(lambda: "default" in stage.kubectl("get", "serviceaccounts", "-o", "name"))
    yield stage
    stage.kubectl("annotate", "raycluster", "--all", "sandbox.krayne.io/fault-", check=False)
    stage.kubectl("delete", "namespace", name, "--wait=false")
