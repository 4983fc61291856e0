"""exec and ssh: the real kubectl command line on a stand-in, a real sshd on loopback."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from krayne import private
from krayne.operations.tunnels import ensure_tunnel, list_tunnels
from tests.support.shell import Result, Shell, until
from tests.tunnels.world import NAMESPACE, Service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.tunnels.world import World

ROOT = Path(__file__).parents[2]
OPENSSH = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"))
SSHD = shutil.which("sshd", path=OPENSSH)
SSH = shutil.which("ssh", path=OPENSSH)


@pytest.fixture
def shell(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A shell of the user's, with OpenSSH's client on its PATH."""
    tools = [str(Path(tool).parent) for tool in (SSH, shutil.which("sh", path=OPENSSH)) if tool]
    path = os.pathsep.join((os.environ["PATH"], *tools))
    monkeypatch.setenv("PATH", path)
    return Shell({**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}, NAMESPACE, str(tmp_path))


def krayne(shell: Shell, *args: str, stdin: str | None = None) -> Result:
    """Run the command line."""
    return shell.run(sys.executable, "-m", "krayne", *args, stdin=stdin)


@pytest.mark.parametrize(("script", "code"), [("exit 0", 0), ("exit 42", 42), ("kill -9 $$", 137)])
def test_exec_passes_the_exit_code_through(world: World, shell: Shell, script: str, code: int) -> None:
    """A signal's too, as shells count it."""
    assert krayne(shell, "exec", "demo", "--", "/bin/sh", "-c", script).code == code


def test_exec_passes_streams_and_arguments_through(world: World, shell: Shell) -> None:
    """Unchanged, without a terminal where there is none."""
    said = krayne(shell, "exec", "demo", "--", "/bin/sh", "-c", 'cat; echo "$1" >&2', "x", "a  b;c", stdin="in")
    assert (said.code, said.out, said.err) == (0, "in", "a  b;c\n")
    argv = world.calls[-1]["argv"]
    assert argv[:4] == ["exec", "demo-head-1", "--container=ray-head", "--stdin"]
    assert "--tty" not in argv


def test_exec_has_a_terminal_where_we_have_one(world: World, shell: Shell) -> None:
    """Which is the shell's own to use."""
    with shell.terminal(sys.executable, "-m", "krayne", "exec", "demo") as terminal:
        terminal.send("test -t 0 && echo on a $((1+1))ty; exit 3\n")
        terminal.expect("on a 2ty")
        assert terminal.wait() == 3
    assert "--tty" in world.calls[-1]["argv"]


def test_a_shell_has_the_container_s_path(world: World, shell: Shell) -> None:
    """Debian's /etc/profile, which login shells read, would set another."""
    path = f"/opt/of/the/image:{shell.env['PATH']}:/usr/bin:/bin"
    said = shell.run(sys.executable, "-m", "krayne", "exec", "demo", stdin='echo "$PATH"', PATH=path).ok()
    assert said.out == f"{path}\n"


def test_exec_in_a_group_that_is_not_there_is_said(world: World, shell: Shell) -> None:
    """With those that are."""
    said = krayne(shell, "exec", "demo", "-g", "gpu")
    assert (said.code, said.err) == (
        2,
        "Error: raycluster demo in namespace ml has no worker group 'gpu': it has none\n",
    )


def test_exec_without_a_running_head_is_said(world: World, shell: Shell) -> None:
    """Exit code 3, and what to do next."""
    world.remove_head("demo-head-1")
    said = krayne(shell, "exec", "demo")
    assert (said.code, said.err) == (
        3,
        "Error: no head of raycluster demo in namespace ml runs\nSee why: kubectl krayne describe demo -n ml\n",
    )


def test_ssh_to_a_cluster_without_the_service_is_said(world: World, shell: Shell) -> None:
    """With the way that there is."""
    said = krayne(shell, "ssh", "demo")
    assert said.code == 2
    assert "has no SSH service" in said.err
    assert "kubectl krayne exec demo -n ml" in said.err


def test_ssh_says_why_the_service_failed(world: World, shell: Shell) -> None:
    """In the head's own words."""
    world.make_cluster(ports={"ssh": 22})
    world.write("services", '{"service": "ssh", "state": "failed", "why": "no sshd"}\n{"supervisor": "alive"}\n')
    said = krayne(shell, "ssh", "demo")
    assert (said.code, "failed: no sshd" in said.err) == (1, True)


KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPb2Jw8jbNzoFSJ7yDtKeCQyl0c51q0bHYsZKPuzJ3wG"


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({}, "to be known by, and told none that is one"),
        ({"host_key": f"* {KEY}"}, "to be known by, and told none that is one"),
        ({"host_key": f"{KEY}\n* {KEY}"}, "to be known by, and told none that is one"),
        ({"host_key": KEY, "user": "ray\n  ProxyCommand reboot"}, "to log in as, and told none that is one"),
    ],
)
@pytest.mark.parametrize("args", [("--", "true"), ("--print-config",), ("--stdio",)])
def test_what_a_head_cannot_be_known_by_is_no_login(
    world: World, shell: Shell, told: dict[str, str], words: str, args: tuple[str, ...]
) -> None:
    """Every Ray task can write what it tells: no host is believed at first sight, and nothing of it is written down."""
    world.make_cluster(ports={"ssh": 22})
    state = {"service": "ssh", "state": "running", "port": 2222, "user": "ray", **told}
    world.write("services", json.dumps(state) + '\n{"supervisor": "alive"}\n')
    said = krayne(shell, "ssh", "demo", *args)
    assert (said.code, said.out) == (1, "")
    assert "cannot log in to raycluster demo in namespace ml" in said.err
    assert words in said.err
    assert "kubectl krayne exec demo -n ml" in said.err
    assert not Path(private.state_folder(), "ssh", "known_hosts").exists()
    assert not (world.folder / "kubectl.world" / "authorized_keys").exists()


INSTALLING = '{"service": "ssh", "state": "installing", "why": "unpacking"}\n{"supervisor": "alive"}\n'
RUNNING = json.dumps({"service": "ssh", "state": "running", "port": 2222, "user": "ray", "host_key": KEY})
SHOW = (sys.executable, "-m", "krayne", "ssh", "demo", "--print-config")


def asked(world: World, verb: str) -> int:
    """How many kubectls of a verb there were."""
    return sum(call["argv"][0] == verb for call in world.calls)


@pytest.mark.parametrize("forbidden", [None, "/rayclusters?"])
def test_a_service_that_is_being_installed_is_awaited(world: World, shell: Shell, forbidden: str | None) -> None:
    """Said once; the head is asked now and then, the API server only once, however long it takes.

    It takes no right to list or watch RayClusters.
    """
    world.make_cluster(ports={"ssh": 22})
    if forbidden:
        world.write("forbidden", forbidden)
    world.write("services", INSTALLING)
    with shell.start(*SHOW) as waiting:
        until(lambda: asked(world, "exec") >= 3, timeout=30)
        world.write("services", RUNNING + '\n{"supervisor": "alive"}\n')
        out, err = waiting.communicate()
    assert (waiting.returncode, "Host krayne-demo.ml" in out) == (0, True), err
    assert err == "waiting for the SSH service of raycluster demo in namespace ml: unpacking\n"
    assert (
        forbidden or asked(world, "get") == 5
    )  # the cluster, its pods; then a watch of each, the pods' begun with a list


def test_a_head_that_comes_while_its_service_is_awaited_is_asked(world: World, shell: Shell) -> None:
    """Nobody is asked before there is one."""
    world.make_cluster(ports={"ssh": 22})
    world.remove_head("demo-head-1")
    world.write("services", RUNNING + '\n{"supervisor": "alive"}\n')
    with shell.start(*SHOW) as waiting:
        until(lambda: asked(world, "get") == 5, timeout=20)
        assert asked(world, "exec") == 0
        world.head("demo-head-2")
        out, err = waiting.communicate()
    assert (waiting.returncode, "Host krayne-demo.ml" in out) == (0, True), err
    assert "the head does not run" in err
    assert {call["argv"][1] for call in world.calls if call["argv"][0] == "exec"} == {"demo-head-2"}


def test_waiting_for_a_service_ends_with_its_cluster_or_its_time(world: World, shell: Shell) -> None:
    """In words that say which."""
    world.make_cluster(ports={"ssh": 22})
    world.write("services", INSTALLING)
    said = krayne(shell, "ssh", "demo", "--timeout", "100ms")
    assert (said.code, "is not there after 0.1s: unpacking" in said.err) == (3, True), str(said)
    before = asked(world, "exec")
    with shell.start(*SHOW) as waiting:
        until(lambda: asked(world, "exec") >= before + 2, timeout=20)
        world.remove_cluster()
        _, err = waiting.communicate()
    assert (waiting.returncode, "was deleted while its SSH service was waited for" in err) == (1, True), err


@pytest.fixture
def sshd(world: World, tmp_path: Path) -> Iterator[Path]:
    """A real SSH server as the head's, which takes the keys that are put into the head; its folder."""
    if SSHD is None or SSH is None:
        pytest.skip("no OpenSSH server and client on this machine (Debian: apt-get install openssh-server)")
    folder = tmp_path / "sshd"
    folder.mkdir()
    subprocess.run([_tool("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "host")], check=True)
    keys = world.folder / "kubectl.world" / "authorized_keys"
    settings = {
        "HostKey": folder / "host",
        "AuthorizedKeysFile": keys,
        "PidFile": folder / "pid",
        "StrictModes": "no",
        "UsePAM": "no",
        "PasswordAuthentication": "no",
        "KbdInteractiveAuthentication": "no",
        "PermitRootLogin": "prohibit-password",
    }
    port = _free_port()
    text = "".join(f"{name} {value}\n" for name, value in settings.items())
    (folder / "config").write_text(f"{text}Port {port}\nListenAddress 127.0.0.1\n")
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # its privilege separation wants it
    with subprocess.Popen(
        [SSHD, "-D", "-e", "-f", str(folder / "config")], stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stderr
        first = server.stderr.readline()
        assert "listening" in first, first + server.stderr.read()
        world.make_cluster(ports={"ssh": 22})
        world.route("demo-head-1", 2222, port)
        state = {
            "service": "ssh",
            "state": "running",
            "port": 2222,
            "user": pwd.getpwuid(os.getuid()).pw_name,
            "host_key": " ".join((folder / "host.pub").read_text().split()[:2]),
        }
        world.write("services", json.dumps(state) + '\n{"supervisor": "alive"}\n')
        yield folder
        server.terminate()
        server.stderr.read()


def test_ssh_logs_in_through_a_tunnel_of_its_own(world: World, shell: Shell, sshd: Path) -> None:
    """With a key made for krayne, the host's key known from the head; the exit code is the command's."""
    said = krayne(shell, "ssh", "demo", "--", "cat; echo $((6*7)); exit 9", stdin="in ")
    assert (said.code, said.out, said.err) == (9, "in 42\n", "")
    assert (list_tunnels(), world.supervisors()) == ([], [])
    known = Path(private.state_folder(), "ssh", "known_hosts").read_text().split()
    assert known[1:] == (sshd / "host.pub").read_text().split()[:2]
    assert Path(private.state_folder(), "ssh", "id_ed25519").stat().st_mode & 0o777 == 0o600


def test_ssh_without_a_command_opens_a_shell_that_is_no_login_shell(world: World, shell: Shell, sshd: Path) -> None:
    """On a terminal where we have one, and for a script where we have none."""
    asked = (
        "shopt -q login_shell && echo a login shell || echo its $((1+1))nd; test -t 0 && echo on a $((1+1))ty; exit 3"
    )
    said = krayne(shell, "ssh", "demo", stdin=f"{asked}\n")
    assert (said.code, said.out) == (3, "its 2nd\n"), str(said)
    with shell.terminal(sys.executable, "-m", "krayne", "ssh", "demo") as terminal:
        terminal.send(f"{asked}\n")
        terminal.expect("its 2nd\non a 2ty")
        assert terminal.wait() == 3


def test_ssh_uses_the_open_tunnel_and_leaves_it_open(world: World, shell: Shell, sshd: Path) -> None:
    """What tun-open opened stays as it was."""
    ensure_tunnel("demo", only=("ssh",))
    before = world.forwards()
    assert krayne(shell, "ssh", "demo", "--", "true").code == 0
    assert world.forwards() == before


def test_ssh_refuses_a_host_that_is_not_the_head(world: World, shell: Shell, sshd: Path) -> None:
    """The head's key came through the API server; another server at that port is not believed."""
    other = sshd / "other"
    subprocess.run([_tool("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", str(other)], check=True)
    state = json.loads((world.folder / "kubectl.world" / "services").read_text().splitlines()[0])
    state["host_key"] = " ".join(other.with_suffix(".pub").read_text().split()[:2])
    world.write("services", json.dumps(state) + '\n{"supervisor": "alive"}\n')
    said = krayne(shell, "ssh", "demo", "--", "true")
    assert (said.code, "Host key verification failed" in said.err) == (255, True)


def test_the_users_own_key_is_used(world: World, shell: Shell, sshd: Path) -> None:
    """One of ~/.ssh, and only that one is put into the head."""
    folder = Path(os.environ["HOME"], ".ssh")
    folder.mkdir(mode=0o700)
    subprocess.run(
        [_tool("ssh-keygen"), "-q", "-t", "ecdsa", "-N", "", "-C", "me", "-f", str(folder / "id_ecdsa")], check=True
    )
    assert krayne(shell, "ssh", "demo", "--", "true").code == 0
    keys = (world.folder / "kubectl.world" / "authorized_keys").read_text()
    assert keys == (folder / "id_ecdsa.pub").read_text()


def test_the_printed_config_works_as_it_is(world: World, shell: Shell, sshd: Path) -> None:
    """Pasted, with no tunnel open; the proxy's own tunnel goes with the session."""
    config = sshd / "pasted"
    config.write_text(krayne(shell, "ssh", "demo", "--print-config").ok().out)
    said = shell.run(str(SSH), "-F", str(config), "krayne-demo.ml", "echo over $((1+1))", stdin="")
    assert (said.code, said.out) == (0, "over 2\n"), str(said)
    until(lambda: not world.supervisors(), timeout=10)  # ssh just sends its proxy a hangup
    until(lambda: list_tunnels() == [], timeout=1)


def test_the_printed_config_holds_no_path_of_this_folder(world: World, shell: Shell) -> None:
    """It is read in others."""
    world.make_cluster(ports={"ssh": 22})
    world.write("services", RUNNING + '\n{"supervisor": "alive"}\n')
    Path(shell.cwd, "mine").write_bytes(Path(os.environ["KUBECONFIG"]).read_bytes())
    named = shell.run(*SHOW, "--kubeconfig", "mine").ok().out
    assert f"--kubeconfig={shell.cwd}/mine " in named
    assert f" KUBECONFIG={shell.cwd}/mine " in shell.run(*SHOW, KUBECONFIG="mine").ok().out


def _tool(name: str) -> str:
    return str(shutil.which(name, path=OPENSSH))


def _free_port() -> int:
    service = Service("x")
    service.close()
    return service.port
