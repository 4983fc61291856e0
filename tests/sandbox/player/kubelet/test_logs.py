"""Logs, as the door gives them."""

from __future__ import annotations

from typing import Any

import pytest

from krayne.sandbox.door import LogUnavailableError
from krayne.sandbox.player.kubelet.logs import log_lines
from tests.sandbox.player.captures import capture
from tests.sandbox.player.kubelet.walks import Walk


def texts(pod: dict[str, Any], container: str, *, previous: bool = False, fault: str | None = None) -> str:
    """A container's log as one text."""
    return "\n".join(line.text for line in log_lines(pod, container, previous=previous, fault=fault))


def test_head_says_that_ray_started() -> None:
    """A running head has Ray's start-up lines, in the order of time."""
    pod = capture("ready-3-ready").pod("head")
    lines = log_lines(pod, "ray-head", previous=False, fault=None)
    assert "Ray runtime started." in texts(pod, "ray-head")
    assert [line.time for line in lines] == sorted(line.time for line in lines)
    assert lines[0].time.startswith("2026-11-23T05:38:45.")


def test_crash_loop_shows_the_last_run() -> None:
    """Between restarts there is the log of the run that failed, with Ray's complaint, also as the previous one."""
    pod = capture("crash-loop").pod("head")
    assert "Error: No such option: --no-such-flag" in texts(pod, "ray-head")
    assert "Error: No such option: --no-such-flag" in texts(pod, "ray-head", previous=True)


def test_out_of_memory_is_told() -> None:
    """The last lines of a fault tell of it."""
    walk = Walk(capture("ready-3-ready").pod("head"), fault="oom")
    walk.go(2)
    assert "oom-killer" in texts(walk.pod, "ray-head", fault="oom")


@pytest.mark.parametrize(
    ("name", "node_type", "container", "previous", "words"),
    [
        ("image-pull-error", "head", "ray-head", False, "trying and failing to pull image"),
        ("ready-1-submitted", "head", "ray-head", False, "is waiting to start: ContainerCreating"),
        ("ready-2-starting", "worker", "ray-worker", False, "is waiting to start: PodInitializing"),
        ("ready-3-ready", "head", "ray-head", True, "previous terminated container"),
    ],
)
def test_no_log_yet(name: str, node_type: str, container: str, *, previous: bool, words: str) -> None:
    """Where there is no log, the kubelet's sentence says why."""
    with pytest.raises(LogUnavailableError, match=words):
        log_lines(capture(name).pod(node_type), container, previous=previous, fault=None)
