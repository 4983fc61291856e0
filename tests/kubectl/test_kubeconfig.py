"""The namespace that kubectl would use, as the real kubectl tells it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from krayne.kubectl import kubeconfig
from krayne.kubectl.kubeconfig import context_namespace, current_context, server_address

FIRST = """
contexts:
- {name: a, context: {cluster: c, user: u, namespace: team-a}}
- {name: none, context: {cluster: c, user: u}}
"""
SECOND = """
current-context: b
contexts:
- {name: a, context: {cluster: c, user: u, namespace: overruled}}
- {name: b, context: {cluster: c, user: u, namespace: team-b}}
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: u, user: {}}]
"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    """Two files that say different things."""
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text(FIRST)
    two.write_text(SECOND)
    return str(one), str(two)


def namespace(context: str | None = None, kubeconfig_: str | None = None, **environ: str) -> str:
    """What krayne takes it to be."""
    return context_namespace(kubeconfig=kubeconfig_, context=context, environ=environ)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("context", [None, "a", "b", "none"])
def test_is_what_the_real_kubectl_says(
    files: tuple[str, str], order: tuple[int, int], context: str | None, real_kubectl: str
) -> None:
    """Over the files of $KUBECONFIG in either order, the first that says a thing wins."""
    listed = os.pathsep.join(files[index] for index in order)
    chosen = [f"--context={context}"] if context else []
    args = [real_kubectl, "config", "view", "--minify", *chosen, "-o", "jsonpath={..namespace}"]
    told = subprocess.run(args, env={"KUBECONFIG": listed}, capture_output=True, text=True, check=True).stdout
    assert namespace(context, KUBECONFIG=listed) == (told or "default")


def test_a_named_file_stands_alone(files: tuple[str, str]) -> None:
    """--kubeconfig takes the place of $KUBECONFIG."""
    assert namespace("a", files[1], KUBECONFIG=files[0]) == "overruled"


def test_reads_the_home_folder_s_file_by_default(tmp_path: Path) -> None:
    """~/.kube/config."""
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube" / "config").write_text(SECOND)
    assert namespace(HOME=str(tmp_path)) == "team-b"


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b"namespace: [", b"\xff\xfe namespace", b"- namespace", b"contexts: namespace", b"namespace: !!int ''"),
        *(b"namespace: !!timestamp x", b"namespace: !!bool x", b"namespace: " + b"[" * 5000),
        *(SECOND.replace("team-b", odd).encode() for odd in ("123", "[a]", "{a: b}", "''", "null")),
    ],
)
def test_leaves_broken_files_to_kubectl(tmp_path: Path, text: bytes) -> None:
    """It says what is wrong with them better."""
    broken = tmp_path / "broken"
    broken.write_bytes(text)
    assert namespace(KUBECONFIG=str(broken)) == "default"
    server_address(kubeconfig=str(broken), context=None, cluster=None)


@pytest.mark.parametrize("name", ["2024-01-01", "2024-02-30"])
def test_a_name_that_looks_like_a_date_is_a_name(tmp_path: Path, real_kubectl: str, name: str) -> None:
    """As it is to kubectl, also where there is no such day."""
    file = tmp_path / "config"
    file.write_text(SECOND.replace("team-b", name).replace(" b", f" {name}"))
    args = [real_kubectl, "config", "view", "--minify", "-o", "jsonpath={..namespace}"]
    told = subprocess.run(args, env={"KUBECONFIG": str(file)}, capture_output=True, text=True, check=True).stdout
    assert namespace(KUBECONFIG=str(file)) == told == name


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "context", "namespace", "cluster", "server"]), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(contexts=JSON, clusters=JSON, chosen=JSON)
def test_whatever_a_kubeconfig_holds_text_comes_out(
    tmp_path_factory: pytest.TempPathFactory, contexts: object, clusters: object, chosen: object
) -> None:
    """What is not of its kind reads as nothing said."""
    file = tmp_path_factory.mktemp("odd") / "config"
    file.write_text(json.dumps({"contexts": contexts, "clusters": clusters, "current-context": chosen, "namespace": 1}))
    assert isinstance(namespace(KUBECONFIG=str(file)), str)
    assert isinstance(server_address(kubeconfig=str(file), context=None, cluster=None), str)
    assert isinstance(current_context(kubeconfig=str(file)), str | None)


def test_in_a_pod_without_kubeconfig_it_is_the_pod_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As client-go does in a cluster."""
    mounted = tmp_path / "namespace"
    mounted.write_text("team-pod\n")
    monkeypatch.setattr(kubeconfig, "_IN_CLUSTER", str(mounted))
    assert namespace(HOME="/nowhere") == "default"
    assert namespace(HOME="/nowhere", KUBERNETES_SERVICE_HOST="10.0.0.1") == "team-pod"


def test_the_first_entry_of_a_name_counts_even_if_it_holds_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in the real kubectl: a later file's is not looked at."""
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("clusters: [{name: c, cluster: null}]\n")
    two.write_text("clusters: [{name: c, cluster: {server: 'https://h:1'}}]\n")
    monkeypatch.setenv("KUBECONFIG", f"{one}{os.pathsep}{two}")
    assert server_address(kubeconfig=None, context=None, cluster="c") == ""
