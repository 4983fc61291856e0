"""The stand-in kubectl itself: what it logs, which reply it picks, how it hangs and dies."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.kubectl import FakeKubectl, Hold

if TYPE_CHECKING:
    from pathlib import Path


def kubectl(*argv: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run the kubectl on PATH."""
    return subprocess.run(["kubectl", *argv], input=stdin, capture_output=True, text=True, timeout=10, check=False)


def test_replays_stdout_stderr_and_exit_code(fake_kubectl: FakeKubectl) -> None:
    """A reply comes out as scripted."""
    fake_kubectl.reply("get pods", stdout="out", stderr="err", code=3)
    done = kubectl("get", "-A", "pods")
    assert (done.stdout, done.stderr, done.returncode) == ("out", "err", 3)


def test_logs_arguments_and_the_stdin_it_was_told_to_read(fake_kubectl: FakeKubectl) -> None:
    """Manifests go in on stdin, so they can be asserted on."""
    fake_kubectl.reply("create", times=None)
    kubectl("create", "-f", "-", stdin="kind: RayCluster")
    kubectl("create", "--filename=-", stdin="second")
    kubectl("create", "nothing to read")
    assert [(call.argv[1:], call.stdin) for call in fake_kubectl.calls] == [
        (("-f", "-"), "kind: RayCluster"),
        (("--filename=-",), "second"),
        (("nothing to read",), None),
    ]


def test_uses_replies_up_in_order_and_by_match(fake_kubectl: FakeKubectl) -> None:
    """Each reply answers once, the first that matches first."""
    fake_kubectl.reply("get", stdout="first")
    fake_kubectl.reply("delete raycluster*/x", stdout="gone")
    fake_kubectl.reply("get", stdout="second")
    assert [kubectl(*argv).stdout for argv in (("delete", "rayclusters.ray.io/x"), ("get",), ("get",))] == [
        "gone",
        "first",
        "second",
    ]


def test_words_must_come_in_order(tmp_path: Path) -> None:
    """A match is a subsequence of the arguments, not a bag of words."""
    other = FakeKubectl(tmp_path / "other")
    other.reply("get pods")
    done = subprocess.run([other.path, "pods", "get"], capture_output=True, text=True, check=False)
    assert done.returncode == 97
    assert other.unscripted == ["pods get"]
    assert "no reply scripted for: kubectl pods get" in done.stderr


def test_streams_piece_by_piece(fake_kubectl: FakeKubectl) -> None:
    """What comes before a hold can be read while kubectl still runs."""
    fake_kubectl.reply("get -w", stdout=["one\n", Hold("go"), "two\n"])
    with subprocess.Popen(["kubectl", "get", "-w"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "one\n"
        assert process.poll() is None
        fake_kubectl.release("go")
        assert process.stdout.read() == "two\n"
    assert process.returncode == 0


@pytest.mark.parametrize(("stubborn", "ends_with"), [(False, -signal.SIGTERM), (True, -signal.SIGKILL)])
def test_hangs_until_it_is_ended(fake_kubectl: FakeKubectl, stubborn: bool, ends_with: int) -> None:
    """A hanging kubectl ends by SIGTERM, a stubborn one only by SIGKILL."""
    fake_kubectl.reply("get", stdout="on air\n", hangs=True, stubborn=stubborn)
    with subprocess.Popen(["kubectl", "get"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "on air\n"
        process.send_signal(signal.SIGTERM)
        if stubborn:
            process.send_signal(signal.SIGKILL)
        assert process.wait(10) == ends_with


def test_dies_by_a_signal_midway(fake_kubectl: FakeKubectl) -> None:
    """Half an answer, then killed."""
    fake_kubectl.reply("get", stdout='{"items": [', dies_by=signal.SIGKILL)
    done = kubectl("get")
    assert (done.stdout, done.returncode) == ('{"items": [', -signal.SIGKILL)


def test_tells_what_is_not_utf8_as_it_is(fake_kubectl: FakeKubectl) -> None:
    """Bytes come out as bytes."""
    fake_kubectl.reply("get", stdout=b"\xff\n")
    assert subprocess.run(["kubectl", "get"], capture_output=True, check=False).stdout == b"\xff\n"


def test_nothing_of_this_machine_is_seen(tmp_path: Path) -> None:
    """Home, state and PATH are the test's own."""
    assert "KUBECONFIG" not in os.environ
    assert all(os.environ[name].startswith(str(tmp_path)) for name in ("HOME", "XDG_STATE_HOME", "PATH"))


@given(st.text())
def test_hypothesis_and_the_fixtures_get_on(text: str) -> None:
    """The autouse fixture is no obstacle to property tests."""
    assert text == text.encode("utf-8", "surrogatepass").decode("utf-8", "surrogatepass")
