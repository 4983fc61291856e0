"""tun-open, tun-close, tun-list, exec and delete as typed, against the stand-in kubectl and real forwards."""

from __future__ import annotations

import base64
import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from krayne.operations.get import get_cluster
from krayne.operations.ray_environment import ray_environment
from krayne.operations.tunnels import list_tunnels
from krayne.tunnels import places
from tests.support.shell import Result, Shell, read_until, until
from tests.tunnels.world import NAMESPACE, answer, kill

if TYPE_CHECKING:
    from tests.tunnels.world import World

TOKEN = "the-secret-token"
STATES = (
    '{"service": "notebook", "state": "running", "port": 8888, "token": "abc+/="}\n'
    '{"service": "code-server", "state": "installing", "why": "unpacking"}\n'
    '{"supervisor": "alive"}\n'
)


@pytest.fixture
def shell(world: World, tmp_path: Path) -> Shell:
    """A shell of the user's, whose krayne is this checkout's."""
    return Shell({**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}, NAMESPACE, str(tmp_path))


def krayne(shell: Shell, *args: str) -> Result:
    """Run the command line."""
    return shell.run(sys.executable, "-m", "krayne", *args)


def test_open_prints_what_one_needs_next(world: World, shell: Shell) -> None:
    """URLs, the line for Ray Client, the address, and under token auth the token; a second time the same."""
    assert world.cluster
    world.cluster["spec"]["authOptions"] = {"mode": "token"}
    world.write("cluster.json", world.cluster)
    world.write("secret.json", {"data": {"auth_token": base64.b64encode(TOKEN.encode()).decode()}})
    said = krayne(shell, "tun-open", "demo", "--only", "dashboard,client").ok().out
    dashboard, client = (each.local_port for each in list_tunnels()[0].forwards)
    assert said == (
        f"raycluster demo in namespace ml is open on this machine:\n"
        f"  dashboard  http://127.0.0.1:{dashboard}\n"
        f'  client     ray.init("ray://127.0.0.1:{client}")\n'
        f"For Ray's command line and libraries; its Ray asks for a token:\n"
        f"  export RAY_ADDRESS=http://127.0.0.1:{dashboard}\n"
        f"  export RAY_AUTH_MODE=token\n"
        f"  export RAY_AUTH_TOKEN={TOKEN}\n"
        "Close it with: kubectl krayne tun-close demo -n ml\n"
    )
    assert krayne(shell, "tun-open", "demo", "--only", "dashboard").ok().out == said
    assert answer(dashboard) == "dashboard of demo-head-1"
    auth = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": TOKEN}
    assert ray_environment("demo", NAMESPACE) == {"RAY_ADDRESS": f"http://127.0.0.1:{dashboard}", **auth}
    krayne(shell, "tun-close", "demo").ok()
    assert ray_environment("demo") == auth


def test_a_head_that_has_not_been_looked_for_yet_is_not_said_to_be_missing(world: World, shell: Shell) -> None:
    """Neither on stderr nor in the log: before its first look a tunnel is starting."""
    said = krayne(shell, "tun-open", "demo", "--only", "dashboard").ok()
    assert said.err == ""
    log = Path(list_tunnels()[0].log).read_text()
    assert "no head" not in log
    assert "no-head" not in log


def test_no_secret_reaches_state_logs_or_arguments(world: World, shell: Shell) -> None:
    """Tokens go to the caller's terminal only."""
    test_open_prints_what_one_needs_next(world, shell)
    files = [path for path in Path(places.tunnels_folder()).rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if TOKEN in path.read_text()]
    assert TOKEN not in json.dumps(world.calls)


def test_open_tells_services_that_are_being_installed(world: World, shell: Shell) -> None:
    """They are no error; what runs has its token in the URL."""
    world.make_cluster(ports={"notebook": 8888, "code-server": 8443})
    world.write("services", STATES)
    world.listen("demo-head-1", 8888, "jupyter")
    said = krayne(shell, "tun-open", "demo").ok().out
    ports = {each.service: each.local_port for each in list_tunnels()[0].forwards}
    assert f"notebook     http://127.0.0.1:{ports['notebook']}/?token=abc%2B/%3D\n" in said
    assert "(installing: unpacking; it comes up by itself)" in said
    assert "no Serve application is deployed yet" in said
    value = krayne(shell, "tun-open", "demo", "-o", "json").ok().json
    notebook = next(each for each in value["forwards"] if each["service"] == "notebook")
    assert (notebook["token"], notebook["state"]) == ("abc+/=", "up")
    assert value["env"] == {"RAY_ADDRESS": f"http://127.0.0.1:{ports['dashboard']}"}


def test_list_shows_each_local_port(world: World, shell: Shell) -> None:
    """As a table, and as data."""
    assert krayne(shell, "tun-list").ok().err == "No tunnel is open.\n"
    krayne(shell, "tun-open", "demo", "--only", "dashboard").ok()
    lines = krayne(shell, "tun-list").ok().out.splitlines()
    assert lines[0].split() == ["NAMESPACE", "NAME", "SERVICE", "PORT", "STATE", "SINCE", "RESTARTS"]
    assert lines[1].split()[:5] == ["ml", "demo", "dashboard", str(list_tunnels()[0].forwards[0].local_port), "up"]
    assert krayne(shell, "tun-list", "-o", "json").ok().json["items"][0]["pod"] == "demo-head-1"
    world.remove_head("demo-head-1")
    until(lambda: "no-head" in krayne(shell, "tun-list").out, timeout=10)
    assert "no-head" in krayne(shell, "tun-list", "-o", "wide").ok().out


def test_list_takes_the_flags_of_every_verb(world: World, shell: Shell, tmp_path: Path) -> None:
    """A namespace and an API server pick; the others change nothing. No kubectl is run."""
    krayne(shell, "tun-open", "demo", "--only", "dashboard").ok()
    calls = len(world.calls)
    other = tmp_path / "other"
    other.write_text(Path(os.environ["KUBECONFIG"]).read_text().replace("https://", "https://other."))
    for flags in ((), ("-n", "ml"), ("--context", "lab"), ("--as", "you", "--request-timeout", "5s")):
        assert "dashboard" in krayne(shell, "tun-list", *flags).ok().out
    for flags in (("-n", "elsewhere"), ("--kubeconfig", str(other))):
        said = krayne(shell, "tun-list", *flags).ok()
        assert (said.out, said.err) == ("", "No such tunnel is open.\n")
    said = krayne(shell, "tun-list", "-v").ok()
    assert list_tunnels()[0].log in said.err
    assert len(world.calls) == calls


def test_close_says_where_else_a_tunnel_is_open_to_a_cluster_of_that_name(
    world: World, shell: Shell, tmp_path: Path
) -> None:
    """The current context is another one by now: with the command that closes it."""
    krayne(shell, "tun-open", "demo", "--only", "dashboard").ok()
    config = json.loads(Path(os.environ["KUBECONFIG"]).read_text())
    server = config["clusters"][0]["cluster"]["server"]
    config["contexts"].append({"name": "b", "context": {"cluster": "b", "namespace": "other"}})
    config["clusters"].append({"name": "b", "cluster": {"server": "https://b.example"}})
    config["current-context"] = "b"
    both = tmp_path / "both"
    both.write_text(json.dumps(config))
    for kubeconfig, before in ((os.environ["KUBECONFIG"], ""), (str(both), f"KUBECONFIG={os.environ['KUBECONFIG']} ")):
        Path(os.environ["KUBECONFIG"]).write_text(json.dumps(config))
        said = shell.run(sys.executable, "-m", "krayne", "tun-close", "demo", KUBECONFIG=kubeconfig).ok()
        command = f"{before}kubectl krayne tun-close demo -n ml --context=lab"
        assert said.err == (
            "No tunnel is open to raycluster demo in namespace other at https://b.example.\n"
            f"One is to raycluster demo in namespace ml at {server} (context lab)\n"
            f"Close it: {command}\n"
        )
    Path(os.environ["KUBECONFIG"]).write_text(json.dumps(config).replace('"lab"', '"renamed"'))
    assert krayne(shell, "tun-close", "demo").ok().err.endswith("Close it: kubectl krayne tun-close --all -n ml\n")
    Path(os.environ["KUBECONFIG"]).write_text(json.dumps(config))
    closed = krayne(shell, "tun-close", "demo", "-n", "ml", "--context=lab").ok().out
    assert (closed, list_tunnels()) == ("tunnel to raycluster demo in namespace ml closed\n", [])


def test_close_all_takes_what_list_shows_with_the_same_flags(world: World, shell: Shell, tmp_path: Path) -> None:
    """Tunnels of other namespaces and API servers stay."""
    krayne(shell, "tun-open", "demo", "--only", "dashboard").ok()
    other = tmp_path / "other"
    other.write_text(Path(os.environ["KUBECONFIG"]).read_text().replace("https://", "https://other."))
    for flags in (("-n", "elsewhere"), ("--kubeconfig", str(other))):
        assert krayne(shell, "tun-close", "--all", *flags).ok().err == "No such tunnel is open.\n"
        assert answer(list_tunnels()[0].forwards[0].local_port) == "dashboard of demo-head-1"
    said = krayne(shell, "tun-close", "--all", "-n", "ml", "--context", "lab").ok()
    assert (said.out, list_tunnels()) == ("tunnel to raycluster demo in namespace ml closed\n", [])


def test_open_says_what_failed_and_what_cannot_be_read(world: World, shell: Shell) -> None:
    """What failed does not come up by itself; a notebook that answers and whose token is not known says so."""
    world.make_cluster(ports={"notebook": 8888, "ssh": 22})
    world.write("services", '{"service": "ssh", "state": "failed", "why": "no sshd"}\n{"supervisor": "alive"}\n')
    world.listen("demo-head-1", 8888, "jupyter")
    assert "export" not in krayne(shell, "tun-open", "demo", "--only", "ssh").ok().out
    said = krayne(shell, "tun-open", "demo").ok().out
    assert "kubectl krayne ssh demo -n ml  (failed: no sshd)\n" in said
    port = next(each.local_port for each in list_tunnels()[0].forwards if each.service == "notebook")
    assert f"  notebook   http://127.0.0.1:{port}  (its token cannot be read: " in said


def test_open_says_why_a_secret_cannot_be_read(world: World, shell: Shell) -> None:
    """In the notebook's line, in a warning for Ray's token, and in the data."""
    world.make_cluster(ports={"notebook": 8888})
    assert world.cluster
    world.cluster["spec"]["authOptions"] = {"mode": "token"}
    world.write("cluster.json", world.cluster)
    world.write("secret.json", {"data": {}})
    world.write("forbidden", "pods/exec")
    world.listen("demo-head-1", 8888, "jupyter")
    said = krayne(shell, "tun-open", "demo").ok()
    port = next(each.local_port for each in list_tunnels()[0].forwards if each.service == "notebook")
    refused = "cannot exec demo-head-1: Error from server (Forbidden): "
    assert f"  notebook   http://127.0.0.1:{port}  (its token cannot be read: {refused}" in said.out
    missing = "secret demo in namespace ml has no auth_token"
    assert said.err == f"Warning: Ray asks for a token, which cannot be read: {missing}\n"
    unread = krayne(shell, "tun-open", "demo", "-o", "json").ok().json["unread"]
    assert unread.pop("notebook").startswith(refused)
    assert unread == {"ray": missing}


def test_list_shows_a_tunnel_whose_cluster_is_gone(world: World, shell: Shell) -> None:
    """It has no ports any more, and a line all the same; why is said in words."""
    krayne(shell, "tun-open", "demo", "--only", "dashboard").ok()
    world.remove_cluster()
    until(lambda: list_tunnels()[0].state == "gone", timeout=15)
    lines = krayne(shell, "tun-list", "-o", "wide").ok().out.splitlines()
    assert lines[1].split()[:5] == ["ml", "demo", "<none>", "<none>", "gone"]
    assert lines[1].endswith("   the cluster has been deleted")


def test_close_is_idempotent(world: World, shell: Shell) -> None:
    """Also where the API server is out of reach."""
    krayne(shell, "tun-open", "demo", "--only", "dashboard").ok()
    world.login("fail")
    assert krayne(shell, "tun-close", "demo").ok().out == "tunnel to raycluster demo in namespace ml closed\n"
    assert krayne(shell, "tun-close", "demo").ok().err == ("No tunnel is open to raycluster demo in namespace ml.\n")
    assert krayne(shell, "tun-close", "--all").ok().err == "No tunnel is open.\n"


def test_foreground_shows_the_state_until_interrupted(world: World, shell: Shell) -> None:
    """^C closes it, with exit code 0."""
    argv = (sys.executable, "-m", "krayne", "tun-open", "demo", "--only", "dashboard", "--foreground")
    with shell.terminal(*argv) as terminal:
        terminal.expect("Close it with \\^C")
        terminal.expect("dashboard +[0-9]+ +up")
        world.remove_head("demo-head-1")
        terminal.expect("no-head")
        terminal.send("\x03")
        assert terminal.wait() == 0
    assert world.supervisors() == []


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_foreground_closes_when_its_terminal_goes(world: World, shell: Shell, number: signal.Signals) -> None:
    """It lets go before it ends, as with ^C."""
    argv = (sys.executable, "-m", "krayne", "tun-open", "demo", "--only", "dashboard", "--foreground")
    with shell.start(*argv) as process:
        read_until(process.stdout, "dashboard")
        process.send_signal(number)
        assert process.wait(20) == 128 + number
        assert (world.supervisors(), list_tunnels()) == ([], [])


def test_a_killed_krayne_leaves_no_tunnel_behind(world: World, shell: Shell) -> None:
    """Its supervisor notices, and nothing is listed as stopped."""
    argv = (sys.executable, "-m", "krayne", "tun-open", "demo", "--only", "dashboard", "--foreground")
    with shell.start(*argv) as process:
        read_until(process.stdout, "dashboard")
    until(lambda: not world.supervisors(), timeout=10)
    assert list_tunnels() == []
    assert places.tunnels() == []


def test_what_nobody_wanted_for_a_moment_goes_on(world: World, shell: Shell) -> None:
    """Whether its supervisor hears of the next user in time or has just ended, there is one that forwards."""
    argv = (sys.executable, "-m", "krayne", "tun-open", "demo", "--only", "dashboard", "--foreground")
    with shell.start(*argv) as process:
        read_until(process.stdout, "dashboard")
        with places.locked():  # in which it cannot end
            process.kill()
            process.wait()
            until(lambda: not world.forwards(), timeout=10)
        krayne(shell, "tun-open", "demo", "--only", "dashboard").ok()
    assert answer(list_tunnels()[0].forwards[0].local_port) == "dashboard of demo-head-1"
    assert len(world.supervisors()) == 1


@pytest.mark.parametrize("how", [(), ("--foreground",)])
def test_what_does_not_come_up_in_time_is_said_to_stay_only_where_it_does(
    world: World, shell: Shell, how: tuple[str, ...]
) -> None:
    """With how to close it; --foreground has let go of it."""
    world.remove_head("demo-head-1")
    said = krayne(shell, "tun-open", "demo", "--only", "dashboard", "--timeout", "1s", *how)
    assert said.code == 3
    assert "is not up after 1s" in said.err
    assert "kubectl krayne describe demo -n ml" in said.err
    stays = not how
    assert ("it stays" in said.err, "tun-close" in said.err, len(list_tunnels()) == 1) == (stays, stays, stays)


GOING = {"deletionTimestamp": "2026-11-23T12:00:00Z"}
QUEUED = {"labels": {"kueue.x-k8s.io/queue-name": "gpus"}}
RESUME = (
    "Resume it: kubectl patch raycluster demo --field-manager=krayne --type=merge"
    """ -p '{"spec":{"suspend":false}}' -n ml --context=lab\n"""
)


@pytest.mark.parametrize(
    ("meta", "suspend", "words"),
    [
        ({}, True, f"the cluster is suspended\n{RESUME}"),
        (QUEUED, True, "the cluster is suspended, until Kueue admits it\n"),
        (GOING, False, "the cluster is being deleted\n"),
    ],
)
def test_a_cluster_that_is_to_have_no_head_is_not_waited_for(
    world: World, shell: Shell, meta: dict[str, object], suspend: bool, words: str
) -> None:
    """Why is said, and what resumes it; a tunnel that was open says it too."""
    krayne(shell, "tun-open", "demo", "--only", "dashboard").ok()
    assert world.cluster
    world.cluster["metadata"] |= meta
    world.cluster["spec"]["suspend"] = suspend
    world.write("cluster.json", world.cluster)
    world.remove_head("demo-head-1")
    said = krayne(shell, "tun-open", "demo", "--context", "lab")
    assert (said.code, said.err) == (3, f"Error: no tunnel can be opened to raycluster demo in namespace ml: {words}")
    why = words.partition("\n")[0]
    until(lambda: (list_tunnels()[0].state, list_tunnels()[0].why) == ("no-head", why), timeout=15)


def test_an_interrupted_open_says_that_the_tunnel_stays(world: World, shell: Shell) -> None:
    """With how to close it; exit code 130."""
    world.remove_head("demo-head-1")
    with shell.terminal(sys.executable, "-m", "krayne", "tun-open", "demo", "--only", "dashboard") as terminal:
        terminal.expect("demo: no-head")
        terminal.send("\x03")
        assert terminal.wait() == 130
        assert "Stopped waiting; the tunnel to raycluster demo in namespace ml stays" in terminal.text
        assert "Close: kubectl krayne tun-close demo -n ml\n" in terminal.text
    assert [each.state for each in list_tunnels()] == ["no-head"]


def test_foreground_leaves_open_what_was_open_before(world: World, shell: Shell) -> None:
    """^C lets go of it, and says that it stays."""
    krayne(shell, "tun-open", "demo", "--only", "dashboard").ok()
    argv = (sys.executable, "-m", "krayne", "tun-open", "demo", "--only", "dashboard", "--foreground")
    with shell.terminal(*argv) as terminal:
        terminal.expect("dashboard +[0-9]+ +up")
        terminal.send("\x03")
        assert terminal.wait() == 0
        assert "it stays open for others: kubectl krayne tun-close demo -n ml" in terminal.text
    assert list_tunnels()[0].state == "up"


def test_foreground_says_how_it_ended_otherwise(world: World, shell: Shell) -> None:
    """Closed from another shell is no error; a supervisor that was killed is one, and leaves nothing behind."""
    argv = (sys.executable, "-m", "krayne", "tun-open", "demo", "--only", "dashboard", "--foreground")
    with shell.terminal(*argv) as terminal:
        terminal.expect("dashboard +[0-9]+ +up")
        krayne(shell, "tun-close", "demo").ok()
        assert terminal.wait() == 0
        assert "the tunnel to raycluster demo in namespace ml was closed by somebody else" in terminal.text
    with shell.terminal(*argv) as terminal:
        terminal.expect("dashboard +[0-9]+ +up")
        kill(world.supervisors()[0])
        assert terminal.wait() == 1
        assert "has ended: its supervisor has ended: see" in terminal.text.replace("\n", " ")
    until(lambda: not world.leftovers(), timeout=5)


def test_delete_closes_the_tunnel_of_what_it_deletes(world: World, shell: Shell) -> None:
    """Nothing is left to close."""
    krayne(shell, "tun-open", "demo", "--only", "dashboard").ok()
    krayne(shell, "delete", "demo", "-y", "--no-wait").ok()
    assert list_tunnels() == []


def test_a_cluster_has_local_urls_while_its_tunnel_is_open(world: World, shell: Shell) -> None:
    """And its own ones otherwise."""
    before = get_cluster("demo", NAMESPACE)
    assert before.dashboard_url is None
    krayne(shell, "tun-open", "demo", "--only", "dashboard").ok()
    port = list_tunnels()[0].forwards[0].local_port
    assert get_cluster("demo", NAMESPACE).dashboard_url == f"http://127.0.0.1:{port}"
    assert get_cluster("demo", NAMESPACE).client_url is None
    krayne(shell, "tun-close", "demo").ok()
    assert get_cluster("demo", NAMESPACE) == before


def test_a_token_that_may_not_be_read_is_a_warning(world: World, shell: Shell) -> None:
    """The tunnel is up all the same."""
    assert world.cluster
    world.cluster["spec"]["authOptions"] = {"mode": "token"}
    world.write("cluster.json", world.cluster)
    world.write("secret.json", {"data": {}})
    said = krayne(shell, "tun-open", "demo", "--only", "dashboard").ok()
    assert "Warning: Ray asks for a token, which cannot be read: secret demo" in said.err


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--only", "dashbord"), "'dashbord' is no service: those are dashboard, client"),
        (("--only", "notebook"), "has no notebook: it was made without that service"),
        (("--only", ""), "Invalid value for '--only': '' names no service"),
        (("--only", "client", "--only", ","), "Invalid value for '--only': ',' names no service"),
        (("--port", "dashboard"), "is not SERVICE=PORT"),
        (("--port", "dashboard=20001", "--port", "dashboard=20002"), "two local ports for dashboard: choose one"),
        (("--foreground", "-o", "json"), "leave out -o"),
    ],
)
def test_wrong_usage_is_said(world: World, shell: Shell, args: tuple[str, ...], words: str) -> None:
    """Exit code 2, and no supervisor."""
    said = krayne(shell, "tun-open", "demo", *args)
    assert (said.code, world.supervisors()) == (2, [])
    assert words in said.err
