"""A head's container as far as its postStart hook needs one: a folder, an environment, a user, processes that end."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from krayne.config import ClusterConfig
from krayne.render import render
from krayne.services import READ_STATES, SERVICES, read_states

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from krayne.services import ServiceInfo

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CODE_SERVER = Path(__file__).with_name("stand_in_code_server")


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def hook(**services: bool) -> list[str]:
    """The hook's command for these services, all others off."""
    every = dict.fromkeys(SERVICES.values(), False) | services
    manifest = render(ClusterConfig(name="x", services=every))
    container = manifest["spec"]["headGroupSpec"]["template"]["spec"]["containers"][0]
    command: list[str] = container["lifecycle"]["postStart"]["exec"]["command"]
    return command


class Head:
    """Runs the hook of a cluster with some services, and reads what comes of it."""

    def __init__(self, folder: Path, *services: str, wrapper: Sequence[str] = (), **settings: Any) -> None:
        """``settings``: by service (code_server={"url": …}), and ``limits``; what is not said is as in a cluster."""
        self.folder, self.wrapper = folder, tuple(wrapper)
        self.env = {"PATH": f"{Path(sys.executable).parent}:{SYSTEM_PATH}", "HOME": str(folder.parent)}
        command = hook(**dict.fromkeys((SERVICES[name] for name in services), True))
        at = command.index("settings.json") + 1
        told = json.loads(command[at])
        for name in services:
            told["services"][name] |= {"port": free_port()} | settings.get(SERVICES[name], {})
        told["limits"] |= {"install_pauses": [], "restart_pause": 0.05} | settings.get("limits", {})
        self.ports = {name: told["services"][name]["port"] for name in services}
        command[at] = json.dumps(told)
        command[command.index("/tmp/krayne-services")] = str(folder)
        self.command, self.enabled = command, {name: name in services for name in SERVICES}

    def __enter__(self) -> Head:
        return self

    def __exit__(self, *_: object) -> None:
        """End what runs for this folder: also a hook that was called a moment ago, which must not take over."""
        self.wait(lambda: not self._ended())

    def _ended(self) -> list[int]:
        """The processes of this folder's hooks and supervisors, which have been told to end."""
        hook, supervisor = f"krayne\0{self.folder}\0", f"\0{self.folder}/bin/supervisor.py\0"
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            line = _read(path).decode(errors="replace")
            if hook in line or supervisor in line:
                found.append(int(path.parent.name))
                with contextlib.suppress(ProcessLookupError):
                    os.kill(found[-1], signal.SIGTERM)
        return found

    def start(self) -> float:
        """Call the hook as the kubelet does, and see that it succeeds and is quiet; the seconds that it took."""
        begun = time.monotonic()
        done = subprocess.run(
            [*self.wrapper, *self.command], env=self.env, capture_output=True, timeout=60, check=False
        )
        took = time.monotonic() - begun
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
        return took

    @property
    def wrapper_of_user(self) -> tuple[str, ...]:
        """The command before a command that runs as ``kubectl exec`` would: the same user and files."""
        return tuple(word for word in self.wrapper if word != "--net")

    def ask(self, *command: str) -> str:
        """What a command prints in the container."""
        return subprocess.check_output([*self.wrapper_of_user, *command], env=self.env, text=True).strip()

    def supervisor(self) -> int | None:
        """The process id of the supervisor that runs; None where none does."""
        file = self.folder / "supervisor.pid"
        pid = int(file.read_text()) if file.exists() else 0
        try:
            line = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return None
        return pid if str(self.folder).encode() in line else None

    def supervisors(self) -> int:
        """How many supervisors run for this folder."""
        mine = f"{self.folder}/bin/supervisor.py".encode()
        return sum(1 for process in Path("/proc").glob("[0-9]*/cmdline") if mine in _read(process).split(b"\0"))

    def states(self) -> dict[str, ServiceInfo]:
        """What krayne reads of the services."""
        written = subprocess.check_output([*READ_STATES[:-1], str(self.folder)], env=self.env, text=True)
        return {info.service: info for info in read_states(written, self.enabled, fresh=True)}

    def until(self, service: str, state: str, seconds: float = 30) -> ServiceInfo:
        """Wait until a service is in a state."""
        self.wait(lambda: self.states()[service].state == state, seconds, lambda: f"{self.states()}\n{self.logs()}")
        return self.states()[service]

    def pid(self, service: str) -> int:
        """The process id that a service's state tells."""
        return int(json.loads((self.folder / f"{service}.json").read_text())["pid"])

    def logs(self) -> str:
        """All logs, for a failed test to show."""
        return "\n".join(f"{path.name}: {path.read_text()[-2000:]}" for path in self.folder.glob("*.log"))

    @staticmethod
    def wait(condition: Callable[[], object], seconds: float = 30, said: Callable[[], str] = str) -> None:
        """Wait for a condition; AssertionError where it takes too long."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, said()
            time.sleep(0.05)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""  # the process has ended


def install_code_server(folder: Path, python: str = sys.executable) -> Path:
    """Put the stand-in for code-server into a folder, run by this Python."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "code-server"
    shutil.copy(CODE_SERVER, target)
    target.write_text(f"#!{python}\n" + target.read_text().partition("\n")[2])
    target.chmod(0o755)
    return target


def archive(*members: tarfile.TarInfo | tuple[str, bytes]) -> bytes:
    """A .tar.gz of files (name and content, all executable) and of members made to order."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                tar.addfile(member)
                continue
            info = tarfile.TarInfo(member[0])
            info.size, info.mode = len(member[1]), 0o755
            tar.addfile(info, io.BytesIO(member[1]))
    return made.getvalue()
