"""The API servers that the end-to-end tests run on: the sandbox, or KUBECONFIG's own with KubeRay's part played."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.shell import Shell, until

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent.parent
OPERATORS = "app.kubernetes.io/name in (kuberay-operator,kuberay)"


@dataclass(frozen=True)
class Server:
    """An API server to test on. ``kubeconfig`` is its admin's, as a value; ``sandbox`` tells which of the two it is."""

    kubeconfig: dict[str, Any]
    sandbox: bool
    shell: Shell


def environment() -> dict[str, str]:
    """This process's environment, with the checkout's kubectl-krayne and this Python's kubectl first on PATH."""
    path = os.pathsep.join((str(ROOT), str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
    mine = {name: value for name, value in os.environ.items() if name not in ("KUBECTL", "NO_COLOR", "FORCE_COLOR")}
    return {**mine, "PATH": path}


@contextlib.contextmanager
def sandbox() -> Iterator[Server]:
    """The built-in sandbox, with a state folder of its own; down again at the end."""
    with tempfile.TemporaryDirectory(prefix="krayne-e2e-") as folder:
        env = {**environment(), "XDG_STATE_HOME": folder, "HOME": folder}
        env.pop("KUBECONFIG", None)
        shell = Shell(env, "default", folder)
        try:
            up = shell.krayne("sandbox", "up", "--speed", "fast").ok()
            kubeconfig = dict(word.split("=", 1) for word in shlex.split(up.out) if "=" in word)["KUBECONFIG"]
            yield _server(replace(shell, env={**env, "KUBECONFIG": kubeconfig}), sandbox=True)
        finally:
            shell.krayne("sandbox", "down")


@contextlib.contextmanager
def own() -> Iterator[Server]:
    """KUBECONFIG's cluster; KubeRay's and the kubelet's parts are played where no operator runs."""
    with tempfile.TemporaryDirectory(prefix="krayne-e2e-") as folder:
        server = _server(Shell({**environment(), "XDG_STATE_HOME": folder}, "default", folder), sandbox=False)
        operators = server.shell.kubectl("get", "deployments", "-A", "-l", OPERATORS, "-o", "name").out
        with contextlib.nullcontext() if operators else player(server.shell):
            yield server


@contextlib.contextmanager
def player(shell: Shell) -> Iterator[None]:
    """The sandbox's player, on another API server."""
    command = (sys.executable, "-m", "krayne.sandbox.player", "--speed", "fast", "--node-only-if-none")
    log = Path(shell.cwd, "player.log")
    with (
        log.open("w") as said,
        subprocess.Popen(
            command, env=dict(shell.env), cwd=ROOT, stdin=subprocess.DEVNULL, stderr=said, start_new_session=True
        ) as process,
    ):
        try:
            until(lambda: "player: ready" in log.read_text(encoding="utf-8") or process.poll() is not None)
            yield
            assert process.poll() is None, f"the player ended by itself:\n{log.read_text(encoding='utf-8')}"
        finally:
            process.terminate()


@contextlib.contextmanager
def namespace(server: Server, folder: Path, *, wait: bool = False) -> Iterator[Shell]:
    """A shell whose context names a fresh namespace; it goes when the shell does."""
    name = f"krayne-e2e-{os.getpid()}-{time.monotonic_ns() % 10**9:09d}"
    config = server.kubeconfig
    contexts = [{**each, "context": {**each["context"], "namespace": name}} for each in config["contexts"]]
    path = folder / f"{name}.kubeconfig"
    write_kubeconfig(path, {**config, "contexts": contexts})
    server.shell.kubectl("create", "namespace", name)
    try:
        yield replace(server.shell, env={**server.shell.env, "KUBECONFIG": str(path)}, namespace=name, cwd=str(folder))
    finally:
        server.shell.kubectl("delete", "namespace", name, f"--wait={str(wait).lower()}")


def write_kubeconfig(path: Path, config: dict[str, Any]) -> None:
    """Write a kubeconfig as JSON, which is YAML too, for its owner's eyes only."""
    path.touch(mode=0o600)
    path.write_text(json.dumps(config), encoding="utf-8")


def _server(shell: Shell, *, sandbox: bool) -> Server:
    config = shell.kubectl("config", "view", "--raw", "--minify", "--flatten", "-o", "json").json
    return Server(config, sandbox, shell)
