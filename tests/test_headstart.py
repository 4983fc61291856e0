"""The call that a plain `get` makes is begun early, and is the only one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.kubectl import FakeKubectl

KRAYNE = (sys.executable, "-m", "krayne")
LIST = {"items": []}


def krayne(*args: str) -> subprocess.CompletedProcess[str]:
    """The command, in a process of its own: only there it takes a head start."""
    return subprocess.run((*KRAYNE, *args), capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


@pytest.mark.parametrize(
    ("args", "path"),
    [
        ((), "/apis/ray.io/v1/namespaces/default/rayclusters"),
        (("-n", "ml", "-o", "wide", "--no-headers"), "/apis/ray.io/v1/namespaces/ml/rayclusters"),
        (("--all-namespaces", "--output", "json"), "/apis/ray.io/v1/rayclusters"),
        (("a", "b", "--namespace", "ml"), "/apis/ray.io/v1/namespaces/ml/rayclusters"),
        (("-n=ml", "-o=json", "--no-headers=true"), "/apis/ray.io/v1/namespaces/ml/rayclusters"),
        (("-A=true",), "/apis/ray.io/v1/rayclusters"),
        (("-A=false",), "/apis/ray.io/v1/namespaces/default/rayclusters"),
    ],
)
def test_it_is_the_call_that_the_verb_asks_for(fake_kubectl: FakeKubectl, args: tuple[str, ...], path: str) -> None:
    """A second call would be the verb's own, and have no answer here; a namespace where all is missing is looked at."""
    fake_kubectl.reply(f"get --raw {path}", json=LIST)
    fake_kubectl.reply("get --raw /api/v1/namespaces/ml", json={})
    krayne("get", *args)
    assert [call.argv for call in fake_kubectl.calls if "ray.io" in call.line] == [("get", "--raw", path)]


def test_it_begins_before_the_command_line_is_read(fake_kubectl: FakeKubectl) -> None:
    """By then click is not even loaded."""
    fake_kubectl.reply("get --raw", json=LIST)
    code = (
        "import sys; from krayne import headstart; headstart.begin([]); print('click' in sys.modules); headstart.end()"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


@pytest.mark.parametrize(
    "args",
    [
        *(("-l", "a=b"), ("-w",), ("--help",), ("a", "-A"), ("--context=x",), ("Bad_Name",), ("-n", "Bad_Name")),
        *(("-n=ml",), ("-o=json",), ("--all-namespaces=true",), ("--no-headers=false",)),
    ],
)
def test_nothing_begins_where_the_call_is_not_plain(fake_kubectl: FakeKubectl, args: tuple[str, ...]) -> None:
    """The verb then does all by itself."""
    code = "import sys; from krayne import headstart; headstart.begin(sys.argv[1:]); headstart.end()"
    subprocess.run([sys.executable, "-c", code, *args], check=True)
    assert not fake_kubectl.calls


def test_what_the_verb_does_not_ask_for_is_ended(fake_kubectl: FakeKubectl) -> None:
    """A wrong option is told at once, whatever the server does."""
    fake_kubectl.reply("get --raw", hangs=True)
    done = krayne("get", "-o", "nonsense")
    assert done.returncode == 2
    assert "'nonsense' is not one of" in done.stderr
    assert not any(map(runs, pids(fake_kubectl)))


def test_a_connection_flag_is_the_verb_s_alone_to_read(fake_kubectl: FakeKubectl) -> None:
    """No call goes to a server that was not meant."""
    fake_kubectl.reply("--context=other", json=LIST)
    krayne("get", "--context", "other", "-n", "ml")
    assert [call.argv[0] for call in fake_kubectl.calls] == ["--context=other"]


def test_an_interrupt_while_the_rest_is_loaded_ends_both_in_silence(fake_kubectl: FakeKubectl) -> None:
    """Nothing has been done yet that could be told of."""
    fake_kubectl.reply("get --raw", hangs=True)
    code = "import signal, time; from krayne import headstart; headstart.begin([]); signal.raise_signal(signal.SIGINT)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, b"", b"")
    assert not any(map(runs, pids(fake_kubectl)))


def pids(fake_kubectl: FakeKubectl) -> list[int]:
    """Every kubectl that got as far as logging its call."""
    return [call.pid for call in fake_kubectl.calls]


def runs(pid: int) -> bool:
    """Whether that process is there."""
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False
