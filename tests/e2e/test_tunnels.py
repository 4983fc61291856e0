"""Tunnels and shells where pods run nothing: what cannot be reached is said, and left tidy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.shell import Shell

PLAYED = pytest.mark.only_sandbox("a real cluster's pods can be reached")


@pytest.fixture
def cluster(shell: Shell) -> Iterator[Shell]:
    """A shell with a ready cluster x, whose tunnel is closed at the end."""
    shell.krayne("create", "x").ok()
    yield shell
    shell.krayne("tun-close", "x").ok()


@PLAYED
def test_a_tunnel_that_cannot_come_up_says_why_and_goes_with_its_cluster(cluster: Shell) -> None:
    """Exit code 3, kubectl's words; it goes on trying, and delete closes it."""
    said = cluster.krayne("tun-open", "x", "--only", "dashboard", "--timeout", "3")
    assert said.code == 3, str(said)
    assert "is not up after 3s; it stays, and goes on trying" in said.err
    assert "dashboard: down" in said.err
    listed = cluster.krayne("tun-list", "-o", "json").ok().json["items"]
    mine = [each for each in listed if each["namespace"] == cluster.namespace]
    assert [(each["name"], each["forwards"][0]["state"]) for each in mine] == [("x", "down")]
    cluster.krayne("delete", "x", "-y").ok()
    assert cluster.namespace not in cluster.krayne("tun-list").ok().out


def test_a_cluster_that_is_not_there_has_no_tunnel(shell: Shell) -> None:
    """The error of every other verb."""
    said = shell.krayne("tun-open", "nope")
    assert (said.code, "not found" in said.err) == (1, True), str(said)


def test_a_suspended_cluster_has_no_tunnel_and_what_resumes_it_does(shell: Shell) -> None:
    """Exit code 3, at once; the command that is told lets it run."""
    shell.krayne("create", "x", "--suspend").ok()
    said = shell.krayne("tun-open", "x")
    assert (said.code, "the cluster is suspended" in said.err) == (3, True), str(said)
    shell.run("/bin/bash", "-c", said.err.partition("Resume it: ")[2]).ok()
    shell.krayne("wait", "x", "--for", "ready").ok()
    assert "No tunnel is open" in shell.krayne("tun-close", "x").ok().err


def test_closing_needs_no_cluster(shell: Shell) -> None:
    """No error, also the second time."""
    assert "No tunnel is open" in shell.krayne("tun-close", "nope").ok().err


@PLAYED
@pytest.mark.parametrize("args", [("exec", "x", "--", "true"), ("ssh", "x", "--timeout", "2")])
def test_a_pod_that_cannot_be_entered_is_said(cluster: Shell, args: tuple[str, ...]) -> None:
    """In kubectl's words, without a traceback."""
    said = cluster.krayne(*args)
    assert said.code != 0, str(said)
    assert said.err.strip()
    assert "Traceback" not in said.err
