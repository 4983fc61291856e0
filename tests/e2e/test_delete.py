"""`kubectl krayne delete`: asks, or is told; waits until it is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.shell import Shell


@pytest.fixture
def three(shell: Shell) -> Shell:
    """Clusters a, b (both team=red) and c."""
    text = "---\n".join(
        f"name: {name}\nlabels: {{team: {team}}}\n" for name, team in (("a", "red"), ("b", "red"), ("c", "blue"))
    )
    shell.krayne("create", "-f", "-", "--no-wait", stdin=text).ok()
    return shell


def left(shell: Shell) -> list[str]:
    """The names of the clusters that are there."""
    return shell.kubectl("get", "rayclusters", "-o", "jsonpath={.items[*].metadata.name}").out.split()


def test_deletes_and_waits_until_it_is_gone(shell: Shell) -> None:
    """When it returns, the name is free and the pods are gone or going."""
    shell.krayne("create", "x").ok()
    done = shell.krayne("delete", "x", "-y").ok()
    assert "raycluster.ray.io/x deleted" in done.out
    assert left(shell) == []
    shell.krayne("create", "x", "--no-wait").ok()


def test_without_a_terminal_it_refuses_unless_told(three: Shell) -> None:
    """Never a prompt that nobody can answer: exit 2, and what to add."""
    done = three.krayne("delete", "a")
    assert done.code == 2, str(done)
    assert "-y" in done.err
    assert left(three) == ["a", "b", "c"]


def test_deletes_several_by_name(three: Shell) -> None:
    """Each is told."""
    done = three.krayne("delete", "a", "raycluster/c", "-y").ok()
    assert done.out.splitlines() == ["raycluster.ray.io/a deleted", "raycluster.ray.io/c deleted"]
    assert left(three) == ["b"]


def test_deletes_by_label_and_all(three: Shell) -> None:
    """-l and --all, in this namespace only."""
    three.krayne("delete", "-l", "team=red", "-y").ok()
    assert left(three) == ["c"]
    three.krayne("delete", "--all", "-y").ok()
    assert left(three) == []


@pytest.mark.parametrize(
    "args", [(), ("a", "--all"), ("a", "-l", "team=red")], ids=["nothing", "name+all", "name+label"]
)
def test_which_clusters_must_be_said_once(three: Shell, args: tuple[str, ...]) -> None:
    """Names, a selector or --all: exit 2 for none of them, or for two."""
    assert three.krayne("delete", *args, "-y").code == 2
    assert left(three) == ["a", "b", "c"]


def test_a_missing_name_is_an_error_unless_ignored(three: Shell) -> None:
    """Exit 1 with near names, the others deleted all the same; --ignore-not-found makes it fine."""
    done = three.krayne("delete", "nobody", "-y")
    assert done.code == 1, str(done)
    assert "nobody" in done.err
    three.krayne("delete", "nobody", "-y", "--ignore-not-found").ok()
    assert left(three) == ["a", "b", "c"]
    done = three.krayne("delete", "a", "bb", "c", "-y")
    assert done.code == 1, str(done)
    assert "bb" in done.err
    assert "did you mean b" in done.err
    assert left(three) == ["b"]


def test_the_time_is_that_of_all_together(three: Shell) -> None:
    """Not of each in turn; those that are gone by then are not told of."""
    hold = '{"metadata": {"finalizers": ["example.com/hold"]}}'
    three.kubectl("patch", "raycluster", "a", "--type=merge", "-p", hold)
    three.kubectl("patch", "raycluster", "b", "--type=merge", "-p", hold)
    try:
        done = three.krayne("delete", "--all", "-y", "--timeout", "4s")
        assert done.code == 3, str(done)
        assert [done.err.count(f"raycluster {name} in") for name in "abc"] == [1, 1, 0], str(done)
        assert left(three) == ["a", "b"]
    finally:
        for name in "ab":
            three.kubectl("patch", "raycluster", name, "--type=merge", "-p", '{"metadata": {"finalizers": null}}')


def test_no_wait_returns_while_it_goes(three: Shell) -> None:
    """A finalizer holds it: --no-wait does not care."""
    hold = '{"metadata": {"finalizers": ["example.com/hold"]}}'
    three.kubectl("patch", "raycluster", "a", "--type=merge", "-p", hold)
    try:
        three.krayne("delete", "a", "-y", "--no-wait").ok()
        assert "a" in left(three)
        waited = three.krayne("delete", "a", "-y", "--timeout", "1s")
        assert waited.code == 3, str(waited)
    finally:
        three.kubectl("patch", "raycluster", "a", "--type=merge", "-p", '{"metadata": {"finalizers": null}}')


def test_warns_of_a_cluster_that_a_rayservice_owns(three: Shell) -> None:
    """Its owner would make another."""
    labels = ("ray.io/originated-from-crd=RayService", "ray.io/originated-from-cr-name=web")
    three.kubectl("label", "raycluster", "a", *labels)
    done = three.krayne("delete", "a", "-y").ok()
    assert "RayService" in done.err
    assert "web" in done.err
