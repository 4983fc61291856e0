"""What an argument may look like, and where options stand in the help."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from krayne.cli.options import Command, cluster_name, connection, duration, timeout
from krayne.kubectl import Kubectl


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("10m", 600), ("1h30m", 5400), ("1.5h", 5400), ("500ms", 0.5), ("90", 90), ("0", 0)],
)
def test_durations_are_read_as_go_writes_them(text: str, seconds: float) -> None:
    """A bare number counts seconds."""
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "m", "10x", "1h 30m", "-1s", "1e3s", "\u0661s"])
def test_other_durations_are_refused(text: str) -> None:
    """Saying how to write one."""
    with pytest.raises(click.BadParameter, match="write one such as 30s, 10m or 1h30m"):
        duration(text)


@pytest.mark.parametrize("text", ["x", "raycluster/x", "rayclusters/x", "raycluster.ray.io/x", "rayclusters.ray.io/x"])
def test_names_are_taken_as_kubectl_prints_them(text: str) -> None:
    """So that -o name can be piped."""
    assert cluster_name(text) == "x"


def test_another_kind_is_no_cluster() -> None:
    """pod/x is not."""
    with pytest.raises(click.BadParameter, match="'pod/x' is no RayCluster"):
        cluster_name("pod/x")


def test_a_verb_gets_its_connection_as_one_kubectl() -> None:
    """With every flag."""
    seen: list[Kubectl] = []

    @click.command(cls=Command)
    @connection
    def verb(kubectl: Kubectl) -> None:
        seen.append(kubectl)

    args = "-n a --context b --kubeconfig c --cluster d --user e --as f --as-group g --as-group h --request-timeout 1s"
    assert CliRunner().invoke(verb, args.split()).exit_code == 0
    assert seen[0].command("get") == (
        *("kubectl", "--context=b", "--kubeconfig=c", "--cluster=d", "--user=e", "--as=f", "--request-timeout=1s"),
        *("--as-group=g", "--as-group=h", "get"),
    )
    assert seen[0].namespace == "a"


def test_no_time_is_for_ever() -> None:
    """--timeout 0."""
    seen: list[float | None] = []

    @click.command(cls=Command)
    @timeout(600)
    def verb(timeout: float | None) -> None:
        seen.append(timeout)

    for args in ([], ["--timeout", "0"], ["--timeout", "5s"]):
        CliRunner().invoke(verb, args, catch_exceptions=False)
    assert seen == [600, None, 5]


def test_help_shows_examples_first_and_the_connection_last() -> None:
    """As kubectl's own help does."""

    @click.command(cls=Command, examples="\n# Do it\nkubectl krayne verb\n")
    @connection
    @click.option("--own", help="Its own")
    def verb() -> None:
        """Do it."""

    shown = CliRunner().invoke(verb, ["--help"]).output
    places = [
        shown.index(part) for part in ("  # Do it\n  kubectl krayne verb\n", "--own", "Connection:", "--as-group")
    ]
    assert places == sorted(places)
