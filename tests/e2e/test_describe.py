"""`kubectl krayne describe`: all there is to know of a cluster, and why it is not ready."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.shell import Shell


def test_tells_what_a_user_looks_for(demo: Shell) -> None:
    """Head, groups, versions, pods, conditions, events, URLs."""
    text = demo.krayne("describe", "demo").ok().out
    pods = demo.kubectl("get", "pods", "-l", "ray.io/cluster=demo", "-o", "jsonpath={.items[*].metadata.name}").out
    for pod in pods.split():
        assert pod in text
    for part in ("Head", "Workers", "Ray", "Python", "Conditions", "HeadPodReady", "Events", "8265", "10001"):
        assert part.lower() in text.lower(), f"no {part} in:\n{text}"


def test_is_data_too(demo: Shell) -> None:
    """-o json for one name; more than `get` tells."""
    details = demo.krayne("describe", "demo", "-o", "json").ok().json
    info = demo.krayne("get", "demo", "-o", "json").ok().json
    assert details["name"] == "demo"
    assert details["status"] == "ready"
    assert set(info) < set(details)


def test_several_names_are_several_descriptions(shell: Shell) -> None:
    """One after the other, and one list as JSON."""
    for name in ("one", "two"):
        shell.krayne("create", name, "--no-wait").ok()
    text = shell.krayne("describe", "one", "two").ok().out
    assert text.index("one") < text.index("two")
    many = shell.krayne("describe", "one", "two", "-o", "json").ok().json
    assert [item["name"] for item in many["items"]] == ["one", "two"]


def test_says_why_a_cluster_is_not_ready(shell: Shell) -> None:
    """The word, its cause, and the pod it is about."""
    shell.krayne("create", "broken", "--image", "registry.invalid/no-such-image:1")
    text = shell.krayne("describe", "broken").ok().out
    assert "image-pull-error" in text
    assert "registry.invalid/no-such-image:1" in text


def test_a_missing_name_is_an_error(shell: Shell) -> None:
    """Exit 1, with the name and the namespace looked into."""
    done = shell.krayne("describe", "nobody")
    assert done.code == 1, str(done)
    assert "nobody" in done.err
    assert shell.namespace in done.err


def test_of_several_those_that_are_there_are_shown(demo: Shell) -> None:
    """And the missing one is told, below them; in JSON several stay a list."""
    for names in (("demo", "nobody"), ("nobody", "demo")):
        done = demo.krayne("describe", *names)
        assert (done.code, done.err.count("nobody")) == (1, 1), str(done)
        assert "Name:" in done.out
        assert demo.krayne("describe", *names, "-o", "json").json["items"][0]["name"] == "demo"


def test_the_events_of_the_cluster_are_there(demo: Shell) -> None:
    """What KubeRay and the kubelet said, as kubectl describe would show it."""
    assert "CreatedHeadPod" in demo.krayne("describe", "demo").ok().out


@pytest.mark.parametrize("verb", ["get", "describe"])
def test_looking_changes_nothing(demo: Shell, verb: str) -> None:
    """Reading is reading: the object's version is the same before and after."""
    before = demo.get("raycluster", "demo")["metadata"]["generation"]
    demo.krayne(verb, "demo").ok()
    assert demo.get("raycluster", "demo")["metadata"]["generation"] == before
