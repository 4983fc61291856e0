"""Tunnels that stay up: the real supervisor, real forwards to real services, and everything that can befall them."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from krayne.errors import ClusterTimeoutError, KrayneError, UsageError
from krayne.kubectl import Kubectl
from krayne.kubectl.failures import wants_login
from krayne.operations.tunnels import (
    close_tunnel,
    close_tunnels,
    ensure_tunnel,
    follow_tunnel,
    list_tunnels,
    open_tunnel,
)
from krayne.tunnels import places
from krayne.tunnels.control import sweep
from krayne.tunnels.files import folder_of, forget, read_record, read_wanted, records, write_record, write_wanted
from tests.support.shell import until
from tests.tunnels.world import answer, kill, listening

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from krayne.tunnels.state import Forward, Tunnel
    from tests.tunnels.world import World

RAY = ("dashboard", "client")


def opened(**options: object) -> Tunnel:
    """Open demo's tunnel on ports that no other test has."""
    return ensure_tunnel("demo", **{"only": RAY, "timeout": 20, **options})  # type: ignore[arg-type]


def forward(service: str = "dashboard") -> Forward:
    """How a forward stands now."""
    return next(each for each in list_tunnels()[0].forwards if each.service == service)


def port(service: str = "dashboard") -> int:
    """Its local port."""
    return forward(service).local_port


def test_opens_what_answers(world: World) -> None:
    """Both of Ray's services are reached through local ports when the call returns."""
    tunnel = opened()
    assert tunnel.state == "up"
    assert [answer(each.local_port) for each in tunnel.forwards] == [
        "dashboard of demo-head-1",
        "client of demo-head-1",
    ]


def test_a_forward_that_is_killed_comes_back_on_its_port(world: World) -> None:
    """kubectl dies by itself: the others stay, it is counted, and the port is the same."""
    opened()
    before, pids = port(), world.forwards()
    kill(pids[8265])
    until(lambda: forward().restarts and forward().state == "up", timeout=10)
    assert (port(), answer(port())) == (before, "dashboard of demo-head-1")
    assert world.forwards()[10001] == pids[10001]
    assert world.forwards()[8265] != pids[8265]


def test_a_forward_that_hangs_is_noticed_and_replaced(world: World) -> None:
    """The process is there and the port takes connections, but nothing is carried."""
    opened()
    hung = world.forwards()[8265]
    os.kill(hung, signal.SIGSTOP)
    until(lambda: forward().restarts and forward().state == "up", timeout=40)
    assert answer(port()) == "dashboard of demo-head-1"
    assert hung not in world.forwards().values()


def test_the_dashboard_answers_within_5_seconds_of_a_new_heads_readiness(world: World) -> None:
    """The state that users fear most: the head is replaced; the local port leads to the new one."""
    opened()
    local = port()
    world.remove_head("demo-head-1")
    until(lambda: list_tunnels()[0].state == "no-head", timeout=10)
    world.head("demo-head-2", ready=False, services={})
    world.listen("demo-head-2", 8265, "dashboard of demo-head-2")
    world.listen("demo-head-2", 10001, "client of demo-head-2")
    world.become_ready("demo-head-2")
    began = time.monotonic()
    until(lambda: answer(local) == "dashboard of demo-head-2", timeout=5, pause=0.02)
    until(lambda: list_tunnels()[0].state == "up", timeout=5)
    print(f"answered {time.monotonic() - began:.2f} s after the new head was ready")  # noqa: T201


def test_a_head_that_is_not_ready_long_refuses_without_harm(world: World) -> None:
    """While nothing listens in the new head the tunnel waits; then it is up, without being asked."""
    opened()
    world.remove_head("demo-head-1")
    world.head("demo-head-2", ready=False, services={})
    until(lambda: forward().state == "waiting", timeout=10)
    world.listen("demo-head-2", 8265, "late")
    world.listen("demo-head-2", 10001, "late")
    world.become_ready("demo-head-2")
    until(lambda: answer(port()) == "late", timeout=5)


def test_a_busy_well_known_port_gives_the_same_other_one_each_time(world: World) -> None:
    """Another program has 8265, in all of these tests: the cluster's own other port is chosen, today and tomorrow."""
    first = next(each.local_port for each in opened().forwards if each.service == "dashboard")
    close_tunnels()
    assert first != 8265
    assert next(each.local_port for each in opened().forwards if each.service == "dashboard") == first


def test_a_port_that_was_asked_for_and_is_taken_is_refused(world: World) -> None:
    """An exact wish is not silently changed."""
    with listening() as taken, pytest.raises(UsageError, match=f"local port {taken} is taken"):
        opened(ports={"dashboard": taken})
    assert world.supervisors() == []


def test_a_port_that_is_taken_while_its_forward_is_down_is_told_and_repaired_by_opening_again(world: World) -> None:
    """A program takes the port between two kubectls: said so, and tun-open moves on."""
    opened()
    local = port()
    supervisor = records()[0].supervisor.pid
    os.kill(supervisor, signal.SIGSTOP)
    kill(world.forwards()[8265])
    until(lambda: not _taken(local), timeout=5)
    with listening(local):
        os.kill(supervisor, signal.SIGCONT)
        until(lambda: forward().state == "port-busy", timeout=10)
        opened()
        assert port() != local
        assert answer(port()) == "dashboard of demo-head-1"


def test_two_users_of_one_machine_do_not_meet(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has a supervisor, ports and files of his own; closing ends one's own only."""
    opened()
    first = list_tunnels()[0]
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "other"))
    second = opened()
    assert {each.local_port for each in first.forwards}.isdisjoint(each.local_port for each in second.forwards)
    assert len(world.supervisors()) == 2
    assert close_tunnels() == [second]
    assert answer(first.forwards[0].local_port) == "dashboard of demo-head-1"
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / ".isolated" / "state"))
    assert list_tunnels() == [first]


def test_state_is_readable_by_its_user_only(world: World) -> None:
    """Files 0600, folders 0700."""
    opened()
    folder = Path(places.tunnels_folder())
    modes = {path.stat().st_mode & 0o777 for path in folder.rglob("*") if path.is_file()}
    assert modes == {0o600}
    assert {path.stat().st_mode & 0o777 for path in (folder, *folder.iterdir()) if path.is_dir()} == {0o700}


def test_a_stale_state_file_whose_process_id_is_anothers_harms_nobody(world: World) -> None:
    """The supervisor was killed and its id reused: closing leaves the stranger alone, opening starts anew."""
    opened()
    record = records()[0]
    kill(record.supervisor.pid)
    until(lambda: not records()[0].running, timeout=5)
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True) as stranger:
        path = Path(places.tunnels_folder(), record.place.key, places.STATE)
        path.write_text(path.read_text().replace(f"[{record.supervisor.pid},", f"[{stranger.pid},"))
        assert read_record(str(path.parent)).supervisor.pid == stranger.pid  # type: ignore[union-attr]
        assert list_tunnels()[0].state == "stopped"
        assert opened().state == "up"
        assert len(world.supervisors()) == 1
        assert len(world.forwards()) == 2
        assert close_tunnel("demo")
        assert stranger.poll() is None
        stranger.kill()


def test_closing_ends_the_forwards_of_a_supervisor_that_was_killed(world: World) -> None:
    """Its kubectls are known by their identity."""
    opened()
    kill(records()[0].supervisor.pid)
    until(lambda: not records()[0].running, timeout=5)
    assert len(world.forwards()) == 2
    assert close_tunnel("demo")
    assert world.forwards() == {}


def test_closing_ends_a_supervisor_that_is_stopped(world: World) -> None:
    """It and its kubectls are gone when the call returns."""
    opened()
    os.kill(records()[0].supervisor.pid, signal.SIGSTOP)
    assert close_tunnel("demo")
    assert (world.supervisors(), world.forwards(), list_tunnels()) == ([], {}, [])


def test_ten_opens_at_once_give_one_supervisor(world: World) -> None:
    """Whoever comes second finds the first one's."""
    code = (
        "from krayne.operations.tunnels import ensure_tunnel\n"
        "print(sorted(ensure_tunnel('demo', only=('dashboard', 'client'), timeout=50).urls().items()))"
    )
    root = str(Path(__file__).parents[2])
    openers = [
        subprocess.Popen([sys.executable, "-c", code], cwd=root, stdout=subprocess.PIPE, text=True) for _ in range(10)
    ]
    said = {opener.communicate(timeout=60)[0] for opener in openers}
    assert [opener.returncode for opener in openers] == [0] * 10
    assert len(said) == 1
    assert len(world.supervisors()) == 1
    assert sorted(world.forwards()) == [8265, 10001]


def test_after_a_sleep_of_the_machine_everything_is_looked_at_at_once(world: World) -> None:
    """The supervisor stood still, and its forwards died of it without ending."""
    opened()
    supervisor, hung = records()[0].supervisor.pid, world.forwards()
    os.kill(supervisor, signal.SIGSTOP)
    for pid in hung.values():
        os.kill(pid, signal.SIGSTOP)
    time.sleep(5)  # the sleep itself is what is tested
    os.kill(supervisor, signal.SIGCONT)
    until(lambda: [each.restarts for each in list_tunnels()[0].forwards] == [1, 1], timeout=8)
    until(lambda: list_tunnels()[0].state == "up", timeout=5)
    assert not set(hung.values()) & set(world.forwards().values())
    assert answer(port()) == "dashboard of demo-head-1"
    assert "stood still for" in Path(list_tunnels()[0].log).read_text()


@pytest.mark.parametrize("how", ["fail", "prompt"])
def test_a_login_that_has_run_out_is_told_and_not_hammered(world: World, how: str) -> None:
    """New kubectls are refused, or ask: one tries now and then, the others wait; a new login heals it."""
    opened()
    world.login(how)
    for pid in world.forwards().values():
        kill(pid)
    until(lambda: list_tunnels()[0].state == "needs-login", timeout=15)
    tunnel, calls = list_tunnels()[0], len(world.calls)
    assert ("logged in" if how == "fail" else "https://login.example/device") in (tunnel.why or "")
    time.sleep(3)  # nothing can be waited for: the point is what does not happen
    assert len(world.calls) - calls <= 1
    world.login(None)
    assert opened().state == "up"
    assert answer(port()) == "dashboard of demo-head-1"


def test_a_login_plugin_without_a_network_is_an_outage_and_no_missing_login(world: World) -> None:
    """kubectl is tried again soon, and the tunnel heals by itself once there is a network."""
    opened()
    world.login("offline")
    for child in records()[0].children:
        kill(child.pid)
    until(lambda: "endpoint URL" in (list_tunnels()[0].why or ""), timeout=15)
    assert list_tunnels()[0].state == "unreachable"
    world.login(None)
    until(lambda: list_tunnels()[0].state == "up", timeout=30)
    assert "needs-login" not in Path(list_tunnels()[0].log).read_text()


def test_a_kubectl_that_warns_and_is_slow_does_not_ask_for_a_login(world: World) -> None:
    """Each call takes longer than a question is waited for, and has words on stderr: it comes up all the same."""
    world.login("slow")
    assert opened(only=("dashboard",), timeout=40).state == "up"
    assert "needs-login" not in Path(list_tunnels()[0].log).read_text()


def test_opening_says_that_a_login_is_needed(world: World) -> None:
    """The caller's own kubectl is asked first."""
    world.login("fail")
    with pytest.raises(KrayneError, match="logged in"):
        opened()
    assert world.supervisors() == []


@pytest.mark.parametrize("how", ["--as", "--kubeconfig", "KUBECONFIG", "KUBECTL"])
def test_opening_by_another_way_leads_all_there(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """Another user, kubeconfig or kubectl: a new supervisor, which has them, on the same ports."""
    before, first = opened(), world.supervisors()
    other = tmp_path / "other"
    other.write_bytes(Path(os.environ["KUBECONFIG"]).read_bytes())
    kubectl = Kubectl()
    if how == "--as":
        kubectl = Kubectl(as_user="you")
    elif how == "--kubeconfig":
        kubectl = Kubectl(kubeconfig=str(other))
    elif how == "KUBECONFIG":
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("KUBECONFIG", "other")
    else:
        (tmp_path / "mine").symlink_to(world.kubectl)
        (tmp_path / "mine.world").symlink_to(f"{world.kubectl}.world")
        monkeypatch.setenv("KUBECTL", str(tmp_path / "mine"))
        kubectl = Kubectl()
    calls = len(world.calls)
    assert opened(kubectl=kubectl).urls() == before.urls()
    assert world.supervisors() != first
    assert len(world.supervisors()) == 1
    forwards = [call for call in world.calls[calls:] if "port-forward" in call["argv"]]
    assert len(forwards) == 2
    for call in forwards:
        assert {
            "--as": "--as=you" in call["argv"],
            "--kubeconfig": f"--kubeconfig={other}" in call["argv"],
            "KUBECONFIG": call["kubeconfig"] == str(other),
            "KUBECTL": call["program"] == str(tmp_path / "mine"),
        }[how]
    again = world.supervisors()
    opened(kubectl=kubectl.within("ml"))  # which is where it leads anyway
    assert world.supervisors() == again


def test_a_program_s_other_way_does_not_cut_what_a_user_has_open(world: World) -> None:
    """It works, and others use it; what the user asks for counts."""
    opened()
    before, forwards = world.supervisors(), world.forwards()
    with open_tunnel("demo", only=("dashboard",), timeout=20, kubectl=Kubectl(as_user="you")):
        pass
    assert (world.supervisors(), world.forwards()) == (before, forwards)
    opened()
    assert world.supervisors() == before


def test_opening_where_the_supervisor_finds_no_way_starts_one_that_has_this_shell_s(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy's address in a variable, for example."""
    opened(only=("dashboard",))
    world.login("proxy")
    world.remove_head("demo-head-1")
    world.head("demo-head-2")
    for child in records()[0].children:
        kill(child.pid)
    until(lambda: list_tunnels()[0].state == "unreachable", timeout=15)
    monkeypatch.setenv("MARK", "proxy")
    opened(only=("dashboard",))
    assert answer(port()) == "dashboard of demo-head-2"


def test_a_supervisor_that_cannot_be_told_by_its_file_keeps_its_folder(world: World) -> None:
    """Nobody else is started beside it; what to do is said, and does it."""
    opened()
    record, before = records()[0], world.forwards()
    folder = Path(places.tunnels_folder(), record.place.key)
    (folder / places.STATE).write_text("{}")
    sweep(but="")
    assert folder.exists()
    with pytest.raises(KrayneError, match="rm -r") as said:
        opened(timeout=None)
    assert world.forwards() == before
    command = str(said.value).splitlines()[1].partition(": ")[2]
    subprocess.run(["/bin/sh", "-c", command], check=True, env={"PATH": os.defpath})
    assert opened().state == "up"  # at once: the folder is there again before the old one has noticed
    until(lambda: len(world.supervisors()) == 1 and len(world.forwards()) == 2, timeout=10)
    until(lambda: answer(port()) == "dashboard of demo-head-1", timeout=5)
    assert records()[0].supervisor.pid == world.supervisors()[0] != record.supervisor.pid


@pytest.mark.parametrize("close", [lambda: close_tunnel("demo"), lambda: len(close_tunnels()) == 1])
def test_a_supervisor_whose_state_is_damaged_is_listed_and_can_be_closed(
    world: World, close: Callable[[], bool]
) -> None:
    """It says why; the supervisor and its forwards end."""
    opened()
    record = records()[0]
    folder = Path(places.tunnels_folder(), record.place.key)
    (folder / places.STATE).write_text("{}")
    listed = list_tunnels()
    assert [(each.name, each.namespace, each.state) for each in listed] == [("demo", "ml", "unreadable")]
    assert f"{folder}/state.json is damaged" in (listed[0].why or "")
    assert close()
    until(lambda: not world.leftovers(), timeout=10)
    assert (list_tunnels(), close_tunnel("demo")) == ([], False)


def test_it_gives_up_when_the_cluster_is_gone_and_says_so(world: World) -> None:
    """State and log tell; nothing runs any more; opening the next cluster of that name clears it away."""
    opened()
    world.remove_cluster()
    until(lambda: list_tunnels()[0].state == "gone" and not world.supervisors(), timeout=15)
    assert list_tunnels()[0].why == "the cluster has been deleted"
    assert "gone: the cluster has been deleted" in Path(list_tunnels()[0].log).read_text()
    assert world.forwards() == {}
    world.make_cluster("c0ffee00-0000-4000-8000-000000000002")
    world.head("demo-head-9")
    opened()
    assert [each.state for each in list_tunnels()] == ["up"]
    assert answer(port()) == "dashboard of demo-head-9"


def test_what_is_gone_keeps_no_port(world: World) -> None:
    """It is listed until another tunnel is opened, which may have its ports."""
    first = opened()
    world.remove_cluster()
    until(lambda: list_tunnels()[0].state == "gone" and not world.supervisors(), timeout=15)
    record = records()[0]
    wanted, other = read_wanted(folder_of(record.place.key)), replace(record.place, name="other", uid="other")
    assert wanted
    forget(record.place.key)
    write_wanted(replace(wanted, place=other))
    write_record(folder_of(other.key), replace(record, place=other))
    assert [each.state for each in list_tunnels()] == ["gone"]
    world.make_cluster()
    world.head("demo-head-9")
    assert opened(ports={"dashboard": first.forwards[0].local_port}).urls() == first.urls()
    assert [each.state for each in list_tunnels()] == ["up"]


def test_a_cluster_that_was_made_again_under_the_name_is_not_taken_for_it(world: World) -> None:
    """Another uid is another cluster."""
    opened()
    world.make_cluster("c0ffee00-0000-4000-8000-000000000003")
    world.remove_head("demo-head-1")
    until(lambda: list_tunnels()[0].state == "gone", timeout=15)
    assert "another has its name" in (list_tunnels()[0].why or "")


def test_opening_again_changes_nothing_and_adds_what_is_new(world: World) -> None:
    """What works keeps its process; --only adds; --port moves one."""
    opened(only=("dashboard",))
    before = world.forwards()
    opened(only=("client",))
    assert world.forwards()[8265] == before[8265]
    assert {each.service for each in list_tunnels()[0].forwards} == {"dashboard", "client"}
    with listening() as other:
        pass
    opened(only=("dashboard",), ports={"dashboard": other})
    assert (port(), answer(other)) == (other, "dashboard of demo-head-1")
    assert len(world.supervisors()) == 1
    assert len(world.forwards()) == 2


def test_a_service_that_does_not_listen_yet_is_waiting_and_comes_up_by_itself(world: World) -> None:
    """Serve has no listener until an application is deployed: no error, and no need to open again."""
    tunnel = opened(only=("dashboard", "serve"))
    assert tunnel.state == "up"
    assert next(each.state for each in tunnel.forwards if each.service == "serve") == "waiting"
    world.listen("demo-head-1", 8000, "hello")
    until(lambda: answer(port("serve")) == "hello", timeout=10)
    until(lambda: forward("serve").state == "up", timeout=10)


def test_services_of_the_head_are_found_where_they_listen(world: World) -> None:
    """An SSH server that could not have its port is on another one, which the head tells."""
    world.make_cluster(ports={"ssh": 22})
    world.write("services", "")
    tunnel = opened(only=("dashboard", "ssh"))
    assert next(each.state for each in tunnel.forwards if each.service == "ssh") == "waiting"
    with _greeter() as greeter:
        world.route("demo-head-1", 2222, greeter)
        world.write("services", '{"service": "ssh", "state": "running", "port": 2222}\n{"supervisor": "alive"}\n')
        until(lambda: forward("ssh").state == "up", timeout=30)
        assert forward("ssh").remote_port == 2222


def test_it_survives_the_shell_that_started_it(world: World) -> None:
    """A session of its own, none of the opener's files, and the opener's environment for its kubectls."""
    code = "from krayne.operations.tunnels import ensure_tunnel; ensure_tunnel('demo', only=('dashboard',), timeout=20)"
    with subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        env={**os.environ, "MARK": "mine"},
    ) as shell:
        said = shell.communicate(timeout=30)[0]  # ends only if nobody else has its output open
    assert (shell.returncode, said) == (0, "")
    supervisor = world.supervisors()[0]
    assert os.getsid(supervisor) == supervisor
    assert answer(port()) == "dashboard of demo-head-1"
    kill(world.forwards()[8265])
    until(lambda: forward().restarts and forward().state == "up", timeout=10)
    assert world.calls[-1]["mark"] == "mine"


def test_a_context_manager_holds_it_only_meanwhile(world: World) -> None:
    """After the block nothing runs; what a user has opened stays."""
    with open_tunnel("demo", only=RAY, timeout=20) as urls:
        assert set(urls) == set(RAY)
        assert urls["client"].startswith("ray://127.0.0.1:")
        with open_tunnel("demo", only=("dashboard",), timeout=20):
            pass
        assert answer(port("client")) == "client of demo-head-1"
    assert (world.supervisors(), list_tunnels()) == ([], [])
    opened(only=("dashboard",))
    with open_tunnel("demo", only=("client",), timeout=20):
        assert len(world.forwards()) == 2
    until(lambda: sorted(world.forwards()) == [8265], timeout=5)


def test_it_ends_when_the_process_that_held_it_dies(world: World) -> None:
    """A program that crashes inside the block leaves nothing behind."""
    code = (
        "import os, signal\nfrom krayne.operations.tunnels import open_tunnel\n"
        "with open_tunnel('demo', only=('dashboard',), timeout=20): os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=False, timeout=30)
    until(lambda: not world.supervisors() and not world.forwards(), timeout=10)


def test_it_ends_when_its_folder_is_removed(world: World) -> None:
    """Without its state nobody could find it, or close it."""
    opened(only=("dashboard",))
    shutil.rmtree(places.tunnels_folder())
    until(lambda: not world.leftovers(), timeout=10)


def test_a_tunnel_that_does_not_come_up_in_time_stays_and_goes_on_trying(world: World) -> None:
    """No head runs: the error says so, and the tunnel is there when one does."""
    world.remove_head("demo-head-1")
    with pytest.raises(ClusterTimeoutError, match="no-head"):
        opened(timeout=1)
    world.head("demo-head-3")
    until(lambda: list_tunnels()[0].state == "up", timeout=5)
    assert answer(port()) == "dashboard of demo-head-3"


def test_closing_what_is_not_open_is_no_error(world: World) -> None:
    """False, twice."""
    assert not close_tunnel("demo")
    opened(only=("dashboard",))
    assert close_tunnel("demo")
    assert not close_tunnel("demo")
    assert world.supervisors() == []


def test_every_kubectl_gets_every_connection_flag(world: World) -> None:
    """The inner ones, too."""
    kubectl = Kubectl(context="lab", as_user="me", as_groups=("a", "b"), user="u", request_timeout="30s")
    opened(kubectl=kubectl)
    flags = {"--context=lab", "--as=me", "--as-group=a", "--as-group=b", "--user=u", "--request-timeout=30s"}
    assert [call for call in world.calls if not flags <= set(call["argv"])] == []


def test_another_current_context_does_not_lead_it_elsewhere(world: World) -> None:
    """kubectl config use-context, later on, is not about what is open already."""
    opened(only=("dashboard",))
    kubeconfig = Path(os.environ["KUBECONFIG"])
    kubeconfig.write_text(kubeconfig.read_text().replace('"current-context": "lab"', '"current-context": "elsewhere"'))
    before = len(world.calls)
    kill(world.forwards()[8265])
    until(lambda: forward().restarts and forward().state == "up", timeout=10)
    assert all("--context=lab" in call["argv"] for call in world.calls[before:])


def test_a_login_that_is_only_in_a_name_is_none(world: World) -> None:
    """A forward that fails with such a word is tried again, more and more seldom."""
    assert not wants_login('Error from server (NotFound): pods "login-test-head-x" not found')
    assert wants_login("Please login with: aws sso login")
    assert wants_login("To sign in, use a web browser to open the page")


def test_a_folder_that_cannot_be_written_is_said(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to do."""
    monkeypatch.setenv("XDG_STATE_HOME", "/proc/nowhere")
    with pytest.raises(KrayneError, match=r"cannot keep state in /proc/nowhere/krayne/tunnels: .*\n.*XDG_STATE_HOME"):
        opened()


def test_following_tells_each_change(world: World) -> None:
    """It ends when the tunnel is closed."""
    opened(only=("dashboard",))
    seen = []
    thread = threading.Thread(target=lambda: seen.extend(each.state for each in follow_tunnel("demo")))
    thread.start()
    until(lambda: seen, timeout=5)
    world.remove_head("demo-head-1")
    until(lambda: "no-head" in seen, timeout=10)
    close_tunnel("demo")
    thread.join(10)
    assert not thread.is_alive()


def _taken(number: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", number)) == 0


@contextmanager
def _greeter() -> Iterator[int]:
    """A server that speaks first, as SSH does."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection:
                        connection.sendall(b"SSH-2.0-test\r\n")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_users_who_open_at_once_all_get_it(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both find the same ports free; whoever comes second to bind them gets others, without being asked."""
    code = (
        "from krayne.operations.tunnels import ensure_tunnel\n"
        "print(*(each.local_port for each in ensure_tunnel('demo', only=('dashboard', 'client'), timeout=50).forwards))"
    )
    users = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=Path(__file__).parents[2],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "XDG_STATE_HOME": str(tmp_path / f"user{number}")},
        )
        for number in range(4)
    ]
    ports = [int(word) for user in users for word in user.communicate(timeout=60)[0].split()]
    assert len(set(ports)) == 8
    assert [answer(each) for each in ports] == ["dashboard of demo-head-1", "client of demo-head-1"] * 4
    for number in range(4):
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / f"user{number}"))
        assert len(close_tunnels()) == 1
