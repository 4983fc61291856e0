"""The three services for real: PyPI's notebook, the system's sshd, a release of a stand-in for code-server.

In a mount namespace of its own where that works (root, util-linux), as an unprivileged user; else as this one.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path
from subprocess import PIPE
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from krayne.services import add_key, public_key
from krayne.ssh import SHELL
from tests.support.head import SYSTEM_PATH, Head
from tests.support.release import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from krayne.services import ServiceInfo

pytestmark = pytest.mark.services
USER, USER_ID = "ray", 12345
SECRETS = {"RAY_ADDRESS": "127.0.0.1:6379", "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": 'a "quoted" \\ token'}
NAMES = ("notebook", "code-server", "ssh")
INSTALL_SECONDS = 600


def found(*tools: str) -> bool:
    """Whether the system has these programs."""
    return all(shutil.which(tool, path=SYSTEM_PATH) for tool in tools)


def namespaced(folder: Path, *namespaces: str) -> list[str]:
    """The command before a command that makes it a container's: its own /etc/passwd, an unprivileged user."""
    home = folder / "home"
    home.mkdir()
    os.chown(home, USER_ID, USER_ID)
    lines = Path("/etc/passwd").read_text().splitlines(keepends=True)
    others = "".join(line for line in lines if line.startswith(("root:", "sshd:")))
    passwd = folder / "passwd"
    passwd.write_text(f"{others}{USER}:x:{USER_ID}:{USER_ID}::{home}:/bin/bash\n")
    # Terminals as runc mounts them: they belong to group tty (5), which sshd cannot give them without root.
    terminals = "mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts /dev/pts"
    mounts = f"mount --bind '{passwd}' /etc/passwd && {terminals} && mount --bind /dev/pts/ptmx /dev/ptmx"
    setup = f'{mounts} && exec setpriv --reuid={USER_ID} --regid={USER_ID} --clear-groups "$@"'
    return ["/usr/bin/unshare", "--mount", *namespaces, "/bin/bash", "-c", setup, "setup"]


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A folder that the unprivileged user may reach: pytest's own are its user's alone."""
    folder = Path(tempfile.mkdtemp(prefix="krayne-services-"))
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


def made(folder: Path, *namespaces: str, services: tuple[str, ...] = NAMES, **settings: object) -> Head:
    """A head with services, and in the Ray environment a module that says that it is one."""
    folder.mkdir()
    folder.chmod(0o777)
    unprivileged = os.geteuid() == 0 and found("unshare", "setpriv", "mount")
    wrapper = namespaced(folder, *namespaces) if unprivileged else []
    head = Head(folder / "services", *services, wrapper=wrapper, **settings)
    (folder / "site").mkdir()
    (folder / "site" / "ray.py").write_text("here = True\n")
    pip = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_"))}
    head.env |= {**pip, **SECRETS, "PYTHONPATH": str(folder / "site"), "HOME": str(folder / "home")}
    # A PATH of the image's own, which no file of this machine tells; the unprivileged may not look into this user's.
    head.env["PATH"] = f"{folder}/tools:{SYSTEM_PATH if unprivileged else head.env['PATH']}"
    if not unprivileged:
        (folder / "home").mkdir()
    return head


@pytest.fixture(scope="module")
def head(place: Path) -> Iterator[Head]:
    """A head whose services have all come up. What this machine lacks for them is named."""
    if not found("sshd"):
        pytest.skip("no sshd here: install openssh-server")
    with serving("/usr/bin/env python3") as release:
        release_settings = release.settings
        with made(place / "up", code_server=release_settings) as head:
            took = head.start()
            assert took < 1, f"the container's start was held up for {took:.2f} s"
            for name in NAMES:
                head.until(name, "running", INSTALL_SECONDS)
            yield head


@pytest.fixture(scope="module")
def states(head: Head) -> dict[str, ServiceInfo]:
    """The states once all run."""
    return head.states()


def status(port: int | None, path: str, **headers: str) -> int:
    """What an HTTP server on the loopback answers to a GET."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("GET", path, headers=headers)
        return connection.getresponse().status


def log_in(port: int | None, password: str) -> str | None:
    """The cookie that code-server's login page gives for a password."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("POST", "/login", urlencode({"password": password}), form)
        return connection.getresponse().getheader("Set-Cookie")


def test_the_notebook_takes_its_token_alone(states: dict[str, ServiceInfo]) -> None:
    """No token and a wrong one are refused."""
    info = states["notebook"]
    assert status(info.port, "/api/contents") == 403
    assert status(info.port, "/api/contents", Authorization="token wrong") == 403
    assert status(info.port, "/api/contents", Authorization=f"token {info.token}") == 200


def test_an_image_s_own_jupyter_is_used_as_it_is(head: Head, place: Path) -> None:
    """Nothing is installed, and it asks for its token."""
    with made(place / "own", services=("notebook",)) as other:
        other.env["PATH"] = f"{head.folder}/jupyter/venv/bin:{other.env['PATH']}"
        other.start()
        info = other.until("notebook", "running", 120)
        assert not (other.folder / "jupyter" / "venv").exists()
        assert status(info.port, "/api/contents") == 403
        assert status(info.port, "/api/contents", Authorization=f"token {info.token}") == 200


def test_its_kernel_runs_in_the_ray_environment(head: Head) -> None:
    """With that Python, its modules and the container's variables; and Jupyter stays out of that environment."""
    venv = head.folder / "jupyter" / "venv" / "bin" / "python"
    asked = (
        "import sys, os, ray, ipykernel; print(sys.prefix, os.environ['RAY_AUTH_TOKEN'], ray.here, ipykernel.__file__)"
    )
    run = (
        "from jupyter_client.manager import start_new_kernel as start\n"
        "manager, client = start(kernel_name='python3', startup_timeout=120)\n"
        f"client.execute_interactive({asked!r}, timeout=120)\n"
        "client.stop_channels(); manager.shutdown_kernel(now=True)\n"
    )
    env = head.env | {"JUPYTER_PATH": str(head.folder / "jupyter" / "data")}
    written = subprocess.check_output([*head.wrapper_of_user, venv, "-c", run], env=env, text=True, timeout=300)
    prefix, *token, there, kernel = written.split()
    ray_python = head.ask("python3", "-c", "import sys; print(sys.prefix)")
    assert (prefix, " ".join(token), there) == (ray_python, SECRETS["RAY_AUTH_TOKEN"], "True")
    assert kernel.startswith(str(head.folder / "jupyter" / "kernel"))


def test_code_server_takes_its_password_alone(states: dict[str, ServiceInfo]) -> None:
    """Without one there is only the login page."""
    info = states["code-server"]
    assert status(info.port, "/") == 302
    assert log_in(info.port, "wrong") is None
    assert status(info.port, "/", Cookie=log_in(info.port, info.password or "") or "") == 200


@pytest.fixture(scope="module")
def ssh(head: Head, states: dict[str, ServiceInfo], place: Path) -> list[str]:
    """The command that logs in with a key that krayne's command has put there, knowing the host's."""
    info = states["ssh"]
    subprocess.run(["/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", place / "key"], check=True)
    key = public_key((place / "key.pub").read_text())
    for _ in range(2):
        command = [*head.wrapper_of_user, *add_key()[:-1], str(head.folder)]
        subprocess.run(command, input=key, text=True, check=True, env=head.env)
    assert (head.folder / "ssh" / "authorized_keys").read_text() == key
    (place / "known_hosts").write_text(f"[127.0.0.1]:{info.port} {info.host_key}\n")
    return ["/usr/bin/ssh", "-F", "none", "-i", str(place / "key"), *options(place, info), f"{info.user}@127.0.0.1"]


def options(place: Path, info: ServiceInfo) -> list[str]:
    """ssh's options: only the key given, only the host known, no questions."""
    said = (
        "IdentitiesOnly=yes",
        "BatchMode=yes",
        "StrictHostKeyChecking=yes",
        f"UserKnownHostsFile={place}/known_hosts",
    )
    return [f"-p{info.port}", *(f"-o{option}" for option in said)]


def said(command: list[str], *words: str, stdin: str = "") -> str:
    """What a program prints."""
    return subprocess.check_output([*command, *words], input=stdin, text=True, timeout=60)


def test_ssh_sessions_see_the_container_s_environment(ssh: list[str], head: Head) -> None:
    """Commands, and the shell that `krayne ssh` opens: PATH, Ray's address and its token, whatever is in them."""
    ask = 'printf "%s\\n" "$PATH" "$RAY_ADDRESS" "$RAY_AUTH_MODE" "$RAY_AUTH_TOKEN"'
    for written in (said(ssh, ask), said([*ssh, SHELL], stdin=ask)):
        path, *others = written.splitlines()
        assert path.endswith(head.env["PATH"])  # this machine's .bashrc may put something before it
        assert others == list(SECRETS.values())
    on_a_terminal = said([*ssh[:1], "-tt", *ssh[1:]], SHELL, stdin=f"{ask}; exit\n")
    assert f"{head.env['PATH']}\n{SECRETS['RAY_ADDRESS']}\n" in on_a_terminal


# Opens a terminal of Jupyter's as its page does, and says what a command there prints.
TERMINAL = """
import asyncio, json, sys, urllib.request
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect
port, token = sys.argv[1], json.load(sys.stdin)
auth = {"Authorization": "token " + token}
url = f"http://127.0.0.1:{port}/api/terminals"
name = json.load(urllib.request.urlopen(urllib.request.Request(url, b"", auth)))["name"]
async def main():
    socket = await websocket_connect(HTTPRequest(f"ws://127.0.0.1:{port}/terminals/websocket/{name}", headers=auth))
    await socket.write_message(json.dumps(["stdin", "echo $((6*7))=$PATH=$RAY_ADDRESS=\\r"]))
    shown = ""
    while "42=" not in shown or shown.count("=") < 5:
        kind, *text = json.loads(await socket.read_message())
        shown += "".join(text) if kind == "stdout" else ""
    print(shown)
asyncio.run(asyncio.wait_for(main(), 60))
"""


def test_jupyter_s_terminals_see_the_container_s_environment(head: Head, states: dict[str, ServiceInfo]) -> None:
    """PATH with what the image has put there, too."""
    info, python = states["notebook"], head.folder / "jupyter" / "venv" / "bin" / "python"
    command = [*head.wrapper_of_user, str(python), "-c", TERMINAL, str(info.port)]
    shown = subprocess.check_output(command, input=json.dumps(info.token), text=True, env=head.env, timeout=90)
    assert f"{head.env['PATH']}={SECRETS['RAY_ADDRESS']}=" in shown


def test_ssh_gives_a_terminal(ssh: list[str]) -> None:
    """What a person's shell and VS Code's terminals need."""
    assert "/dev/pts/" in said([*ssh[:1], "-tt", *ssh[1:]], "tty")


def test_ssh_refuses_another_key_and_any_password(ssh: list[str], place: Path) -> None:
    """Keys are all that is offered."""
    subprocess.run(["/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", place / "other"], check=True)
    wrong = [word.replace(f"{place}/key", f"{place}/other") for word in ssh]
    done = subprocess.run([*wrong, "true"], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 255
    assert "Permission denied (publickey)." in done.stderr
    nobody = [*ssh[:-1], "root@127.0.0.1" if not ssh[-1].startswith("root@") else "nobody@127.0.0.1"]
    assert subprocess.run([*nobody, "true"], capture_output=True, timeout=60, check=False).returncode == 255


def test_sftp_and_forwarding_work(ssh: list[str], states: dict[str, ServiceInfo], tmp_path: Path) -> None:
    """What file copies and VS Code Remote are made of; and nobody can open a port of the pod to others."""
    there = said([*ssh], "mktemp").strip()
    batch = f"put /etc/hostname {there}\nget {there} {tmp_path}/back\nrm {there}\n"
    port = next(word[2:] for word in ssh if word.startswith("-p"))
    flags = [word for word in ssh[1:-1] if not word.startswith("-p")]
    sftp = ["/usr/bin/sftp", *flags, f"-oPort={port}", "-b", "-", ssh[-1]]
    subprocess.run(sftp, input=batch, text=True, check=True, timeout=60)
    assert (tmp_path / "back").read_bytes() == Path("/etc/hostname").read_bytes()
    through = [*ssh[:-1], "-W", f"127.0.0.1:{states['notebook'].port}", ssh[-1]]
    with subprocess.Popen(through, stdin=PIPE, stdout=PIPE, text=True, bufsize=1) as tunnel:
        assert tunnel.stdin
        assert tunnel.stdout
        tunnel.stdin.write("GET /api/status HTTP/1.0\r\n\r\n")
        assert "403" in tunnel.stdout.readline()
    done = subprocess.run([*ssh[:-1], "-oExitOnForwardFailure=yes", "-R0:127.0.0.1:1", ssh[-1], "true"], check=False)
    assert done.returncode == 255


def test_a_second_call_changes_nothing(head: Head, states: dict[str, ServiceInfo]) -> None:
    """All three go on as they were."""
    pids = [head.pid(name) for name in NAMES]
    assert head.start() < 1
    head.wait(lambda: head.supervisors() == 1)
    assert (head.states(), [head.pid(name) for name in NAMES]) == (states, pids)


def test_no_secret_is_in_an_argument(head: Head, states: dict[str, ServiceInfo]) -> None:
    """Everybody in the pod can read those."""
    secrets = [states["notebook"].token or "", states["code-server"].password or "", SECRETS["RAY_AUTH_TOKEN"]]
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        if path.parent.name != str(os.getpid()):
            try:
                line = path.read_bytes().decode(errors="replace")
            except OSError:
                continue
            assert not [secret for secret in secrets if secret in line]


@pytest.mark.parametrize("name", NAMES)
def test_each_comes_back_when_killed(head: Head, name: str) -> None:
    """On the same port."""
    before = head.states()[name]
    os.kill(head.pid(name), signal.SIGKILL)
    head.wait(lambda: head.states()[name].restarts > before.restarts)
    assert head.until(name, "running", 60).port == before.port


def test_without_a_network_what_is_missing_has_failed(place: Path) -> None:
    """In bounded time, with reasons; and the start was not held up."""
    if os.geteuid() != 0 or not found("unshare", "setpriv", "mount"):
        pytest.skip("needs root, unshare, setpriv and mount, to be without a network")
    with made(place / "alone", "--net", code_server={"url": "http://mirror.example.com"}) as head:
        head.env |= {"PIP_NO_INDEX": "", "PIP_FIND_LINKS": ""}
        assert head.start() < 1
        for name, why in (
            ("notebook", "No matching distribution"),
            ("code-server", "cannot download http://mirror.example.com"),
        ):
            assert why in (head.until(name, "failed", INSTALL_SECONDS).why or "")
