"""The command lines that reach kubectl, and what comes of their answers."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest

from krayne.errors import ClusterNotFoundError, KubectlError, KubectlNotFoundError, UsageError
from krayne.kubectl import Kubectl

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.kubectl import FakeKubectl

EVERYTHING = {
    "context": "c",
    "kubeconfig": "/k",
    "cluster": "l",
    "user": "u",
    "as_user": "bob",
    "as_groups": ("g1", "g2"),
    "request_timeout": "5s",
    "namespace": "ml",
}


def test_every_connection_flag_reaches_every_call(fake_kubectl: FakeKubectl) -> None:
    """Also before the -- of exec."""
    fake_kubectl.reply(json={}, times=None)
    kubectl = Kubectl(**EVERYTHING)  # type: ignore[arg-type]  # one dict for all fields
    calls = (
        kubectl.get_cluster("x"),
        kubectl.list_clusters(),
        kubectl.list_pods(["x"]),
        kubectl.list_events(),
        kubectl.logs("p", "c"),
        kubectl.exec("p", "c", "true"),
        kubectl.version(),
        kubectl.operators(),
        kubectl.create(b"{}", "x"),
        kubectl.apply(b"{}", "x"),
        kubectl.patch("x", "[]"),
        kubectl.delete("x"),
        kubectl.delete_pods("a=b"),
    )
    for call in calls:
        call.bytes()
    flags = "--context=c --kubeconfig=/k --cluster=l --user=u --as=bob --request-timeout=5s --as-group=g1 --as-group=g2"
    assert len(fake_kubectl.calls) == len(calls)
    assert all(call.line.startswith(f"{flags} ") for call in fake_kubectl.calls)
    assert all(
        "ml" in call.line or "version" in call.line or "/deployments" in call.line for call in fake_kubectl.calls
    )


def test_what_a_message_tells_to_run_leads_to_the_same_place() -> None:
    """Pasted, it is about the same cluster, as the same user; the namespace is always said."""
    kubectl = Kubectl(**{**EVERYTHING, "kubeconfig": "/my config"})  # type: ignore[arg-type]  # as above
    way = "--context=c '--kubeconfig=/my config' --cluster=l --user=u --as=bob --as-group=g1 --as-group=g2"
    assert kubectl.where("a") == f"a -n ml {way}"
    assert kubectl.where(everywhere=True) == f"-A {way}"
    assert Kubectl(namespace="ml").where("a; rm -rf /") == "'a; rm -rf /' -n ml"


def test_kubectl_is_named_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """$KUBECTL."""
    monkeypatch.setenv("KUBECTL", "/opt/kubectl")
    assert Kubectl().command("version") == ("/opt/kubectl", "version")


def test_a_missing_kubectl_says_what_to_do(fake_kubectl: FakeKubectl) -> None:
    """Install it, or name one."""
    fake_kubectl.remove()
    with pytest.raises(KubectlNotFoundError, match=r"kubectl was not found(.|\n)*Install kubectl(.|\n)*KUBECTL="):
        Kubectl(namespace="ml").list_clusters()


def test_a_kubectl_that_is_none_cannot_be_run(tmp_path: Path) -> None:
    """It is there, so installing it would not help by itself."""
    with pytest.raises(KubectlNotFoundError, match=f"^{tmp_path} cannot be run"):
        Kubectl(binary=str(tmp_path), namespace="ml").list_clusters()


def test_verbose_logs_each_command_line_as_it_can_be_typed(fake_kubectl: FakeKubectl) -> None:
    """Quoted for a shell."""
    fake_kubectl.reply(json={"items": []})
    lines: list[str] = []
    Kubectl(namespace="ml", log=lines.append).list_clusters(selector="team in (a, b)").json()
    assert [tuple(shlex.split(line)[1:]) for line in lines] == [call.argv for call in fake_kubectl.calls]


@pytest.mark.parametrize("name", ["-o", "../x", "a/b", "A", "x?y", "", "a" * 254])
def test_no_name_can_become_a_flag_or_another_path(name: str) -> None:
    """Refused before kubectl runs."""
    with pytest.raises(UsageError, match="is not a name that Kubernetes knows"):
        Kubectl(namespace="ml").get_cluster(name)
    with pytest.raises(UsageError):
        Kubectl(namespace=name or "-").list_clusters()


def test_selectors_are_quoted_into_the_path(fake_kubectl: FakeKubectl) -> None:
    """A selector cannot add parameters."""
    fake_kubectl.reply(json={})
    Kubectl(namespace="ml").list_clusters(selector="a=b&limit=1").json()
    path = "/apis/ray.io/v1/namespaces/ml/rayclusters?labelSelector=a%3Db%26limit%3D1"
    assert fake_kubectl.calls[0].argv == ("get", "--raw", path)


def test_a_failure_becomes_its_error(fake_kubectl: FakeKubectl) -> None:
    """With what was being done, and kubectl's words."""
    fake_kubectl.reply(stderr='Error from server (NotFound): rayclusters.ray.io "x" not found\n', code=1)
    with pytest.raises(ClusterNotFoundError, match="cannot get raycluster x in namespace ml: Error from server"):
        Kubectl(namespace="ml").get_cluster("x").json()


def test_an_answer_that_is_no_json_is_shown(fake_kubectl: FakeKubectl) -> None:
    """A proxy's login page, say."""
    fake_kubectl.reply(stdout="<html>")
    with pytest.raises(KubectlError, match="answered with no JSON: '<html>'"):
        Kubectl(namespace="ml").get_cluster("x").json()


def test_a_kubectl_that_does_not_know_a_flag_is_too_old(fake_kubectl: FakeKubectl) -> None:
    """Its version is asked for only then."""
    fake_kubectl.reply("create", stderr="error: unknown flag: --validate\nSee 'kubectl create --help'", code=1)
    old = {"clientVersion": {"major": "1", "minor": "19+", "gitVersion": "v1.19.3"}}
    fake_kubectl.reply("version --client", json=old)
    with pytest.raises(KubectlError, match=r"is v1\.19\.3, too old for krayne, which needs 1\.30 or newer"):
        Kubectl(namespace="ml").create(b"{}", "x").json()


def test_within_keeps_the_connection() -> None:
    """Only the namespace changes."""
    kubectl = Kubectl(context="c", namespace="a")
    assert kubectl.within(None) is kubectl
    assert (kubectl.within("b").context, kubectl.within("b").current_namespace) == ("c", "b")


@pytest.mark.parametrize(
    ("given", "seconds"), [(None, 5), ("0", 5), ("30s", 5), ("1m", 5), ("2s", 2), ("500ms", 0.5), ("3", 3), ("x", 5)]
)
def test_a_shorter_request_timeout_shortens_krayne_s_own(given: str | None, seconds: float) -> None:
    """A longer one, none, or one that kubectl will refuse does not lengthen it."""
    assert Kubectl(namespace="ml", request_timeout=given).patience(5) == seconds
