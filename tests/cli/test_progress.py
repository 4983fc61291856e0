"""How a cluster's coming up is shown."""

from __future__ import annotations

import io
import sys
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from krayne.cli.progress import Progress, lines_after, live_lines, plain_line
from krayne.cluster import cluster_info
from krayne.kubectl import Kubectl
from tests.operations.conftest import captured

if TYPE_CHECKING:
    import pytest

    from krayne.cluster import ClusterInfo

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=timezone.utc)


def info(state: str) -> ClusterInfo:
    """A captured cluster, summed up."""
    return cluster_info(captured(state, "RayCluster")[0], captured(state, "Pod"), now=NOW)


def test_a_plain_line_tells_status_workers_and_why() -> None:
    """For a log."""
    assert plain_line(info("ready-3-ready")) == "demo: ready 1/1 workers"
    assert plain_line(info("unschedulable")).startswith(
        "demo: unschedulable 0/2 workers: worker group gpu: 2 of 2 pods"
    )


def test_live_lines_have_one_for_each_group_and_fit_the_terminal() -> None:
    """However long the cause."""
    lines = live_lines(replace(info("unschedulable"), cause="much to say " * 50), 40)
    assert [line.split()[0] for line in (lines[0], *lines[-2:])] == ["demo", "head", "gpu"]
    assert max(map(len, lines)) < 40


def test_off_a_terminal_each_change_is_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without escapes."""
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with Progress() as progress:
        progress(info("ready-2-starting"))
        progress(info("ready-3-ready"))
    written = sys.stderr.getvalue()  # type: ignore[attr-defined]  # the StringIO from above
    assert (len(written.splitlines()), "\x1b" in written) == (2, False)


class Terminal(io.StringIO):
    """Keeps what is written to it, and counts as a terminal."""

    def isatty(self) -> bool:
        """It is one."""
        return True


def test_what_is_told_meanwhile_stands_above_the_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of it is overwritten, and no line stands twice."""
    monkeypatch.setattr(sys, "stderr", Terminal())
    with Progress() as progress:
        kubectl = progress.beside(Kubectl(tell=sys.stderr.write))  # type: ignore[arg-type]  # it gives a number, too
        progress(info("ready-3-ready"))
        kubectl.tell("no answer; trying again")
    first, then = sys.stderr.getvalue().split("F\x1b[J")  # type: ignore[attr-defined]  # the Terminal
    lines = first.splitlines()[:-1]
    assert then.splitlines() == ["no answer; trying again", *lines]


def test_on_a_terminal_the_lines_are_written_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the last ones stay."""
    monkeypatch.setattr(sys, "stderr", Terminal())
    with Progress() as progress:
        progress(info("ready-2-starting"))
        progress(info("ready-3-ready"))
    first, second = sys.stderr.getvalue().split("F\x1b[J")  # type: ignore[attr-defined]  # the Terminal
    assert first.startswith("demo  ")
    assert second.startswith("demo  ready\n  head  ready")


def test_a_ready_cluster_says_what_to_open() -> None:
    """Lines that can be pasted."""
    lines = "\n".join(lines_after(info("ready-3-ready"), Kubectl(namespace="lab-ready", context="prod")))
    assert "kubectl krayne tun-open demo -n lab-ready --context=prod" in lines


def test_a_suspended_cluster_says_how_to_resume_it() -> None:
    """By what changes nothing else, at the same server."""
    lines = lines_after(info("suspended"), Kubectl(namespace="lab-suspended", context="prod"))
    assert lines == [
        "raycluster demo in namespace lab-suspended is suspended.",
        "Resume it: kubectl patch raycluster demo --field-manager=krayne --type=merge "
        """-p '{"spec":{"suspend":false}}' """
        "-n lab-suspended --context=prod",
    ]
