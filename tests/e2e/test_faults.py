"""Bad input and faults of the world: a clear sentence, an exit code, nothing half done, no traceback."""

from __future__ import annotations

import re
import shlex
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from tests.support import listeners

if TYPE_CHECKING:
    from tests.support.shell import Result, Shell

VERBS = {
    "create": ("create", "x", "--no-wait"),
    "apply": ("apply", "x"),
    "get": ("get",),
    "describe": ("describe", "x"),
    "scale": ("scale", "x", "-r", "1"),
    "delete": ("delete", "x", "-y"),
    "wait": ("wait", "x", "--for", "ready", "--timeout", "20s"),
    "tun-open": ("tun-open", "x", "--timeout", "20s"),
    "ssh": ("ssh", "x", "--timeout", "20s"),
    "exec": ("exec", "x"),
}
every_verb = pytest.mark.parametrize("verb", VERBS)
# These ask no server, which may be out of reach when they are wanted, nor kubectl.
LOCAL = {"tun-close": ("tun-close", "x"), "tun-list": ("tun-list",)}
every_local_verb = pytest.mark.parametrize("verb", LOCAL)


def failed(done: Result, code: int, *words: str) -> None:
    """It said so in a sentence: the exit code, the words, nothing on stdout, no traceback."""
    assert done.code == code, str(done)
    assert "Traceback" not in done.err, str(done)
    assert not done.out, str(done)
    for word in words:
        assert word.lower() in done.err.lower(), f"no {word!r} in\n{done}"


@every_verb
def test_nobody_listens(offline: Shell, verb: str) -> None:
    """Connection refused: the server that was tried is named."""
    url = listeners.nobody()
    offline.write("config", listeners.kubeconfig(url))
    failed(offline.krayne(*VERBS[verb], "--kubeconfig", "config"), 1, url.removeprefix("http://"))


@every_verb
def test_a_server_that_hangs(offline: Shell, verb: str) -> None:
    """--request-timeout ends it."""
    with listeners.silent() as url:
        offline.write("config", listeners.kubeconfig(url))
        done = offline.krayne(*VERBS[verb], "--kubeconfig", "config", "--request-timeout", "1s", timeout=30)
        failed(done, 1, "exceeded")  # kubectl says it in two ways


@every_verb
def test_a_cluster_without_kuberay(offline: Shell, verb: str) -> None:
    """KubeRay is named, and how to get it."""
    with listeners.bare() as url:
        offline.write("config", listeners.kubeconfig(url))
        said = ("KubeRay is not installed in this cluster (context ", "install")
        failed(offline.krayne(*VERBS[verb], "--kubeconfig", "config"), 1, *said)


@every_local_verb
def test_what_asks_no_server_needs_none(offline: Shell, verb: str) -> None:
    """With nobody, a server that hangs, or no kubectl at the other end: there is no tunnel, which is no error."""
    with listeners.silent() as silent:
        for url in (listeners.nobody(), silent):
            offline.write("config", listeners.kubeconfig(url))
            for kubectl in ("kubectl", "/nonexistent/kubectl"):
                args = ("kubectl-krayne", *LOCAL[verb])
                done = offline.run(*args, timeout=20, KUBECONFIG="config", KUBECTL=kubectl).ok()
                assert done.out == ""
                assert done.err.startswith("No tunnel is open")


CLOSED = ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"]


@pytest.mark.parametrize("closed", CLOSED)
@pytest.mark.parametrize("verb", [*VERBS, *LOCAL, "version"])
def test_closed_standard_streams(offline: Shell, verb: str, closed: str) -> None:
    """What cannot be said is not said; the exit code is what it would be."""
    url = listeners.nobody()
    offline.write("config", listeners.kubeconfig(url))
    args = {**VERBS, **LOCAL, "version": ("version",)}[verb]
    # Not through kubectl, which opens what is closed.
    done = offline.run("sh", "-c", f"exec kubectl-krayne {shlex.join(args)} {closed}", KUBECONFIG="config")
    assert done.code == (1 if verb in VERBS else 0), str(done)
    assert "Traceback" not in done.err, str(done)
    if verb in VERBS and "2>" not in closed:
        assert url.removeprefix("http://") in done.err, str(done)


@pytest.mark.parametrize("closed", CLOSED)
def test_closed_standard_streams_where_all_is_well(demo: Shell, closed: str) -> None:
    """Also what prints, asks or reads: a configuration from a closed stdin is an error, and so is a question."""
    for line, code in {
        "get": 0,
        "get -o json": 0,
        "describe demo": 0,
        "wait demo": 0,
        "delete demo": 2,
        "create -f - --dry-run=client": 2,
        "exec demo": 1,  # nothing runs in the sandbox, and elsewhere nothing in this pod
    }.items():
        fed = "" if "<" in closed else "</dev/null"
        done = demo.run("sh", "-c", f"exec kubectl-krayne {line} {fed} {closed}")
        assert done.code == code, str(done)
        assert "Traceback" not in done.err, str(done)
    if closed == "<&-":
        said = demo.run("sh", "-c", "exec kubectl-krayne create -f - <&-").err
        assert said == "Error: stdin: is closed, so there is no configuration to read from it\n"


def test_a_login_that_is_refused(offline: Shell) -> None:
    """401 is about the login, not about a right."""
    with listeners.refusing() as url:
        offline.write("config", listeners.kubeconfig(url))
        failed(offline.krayne("get", "--kubeconfig", "config"), 1, "logged in")
        told = offline.krayne("version", "--kubeconfig", "config").ok().out
        assert re.search(r"^kubectl: +v1\.", told, re.MULTILINE), told


def test_the_version_of_a_server_that_hangs(offline: Shell) -> None:
    """`--version` gives it some seconds, and tells what it knows."""
    with listeners.silent() as url:
        offline.write("config", listeners.kubeconfig(url))
        told = offline.krayne("--version", KUBECONFIG="config", timeout=30).ok().out
        assert "Kubernetes: <unknown>" in told


def test_a_certificate_that_nobody_knows(offline: Shell) -> None:
    """TLS: kubectl's own words are kept."""
    with listeners.untrusted() as url:
        offline.write("config", listeners.kubeconfig(url))
        failed(offline.krayne("get", "--kubeconfig", "config"), 1, "certificate")


def test_a_context_that_is_not_there(offline: Shell) -> None:
    """Named as given."""
    failed(offline.krayne("get", "--context", "no-such-context"), 1, "no-such-context")


def test_a_kubeconfig_that_is_not_there_or_no_kubeconfig(offline: Shell) -> None:
    """The path as given."""
    failed(offline.krayne("get", "--kubeconfig", "no-such-file"), 1, "no-such-file")


@every_verb
def test_a_namespace_that_is_not_there(shell: Shell, verb: str) -> None:
    """Where a cluster is named that cannot be there; a list of none is none, as with kubectl."""
    args = ("get", "x") if verb == "get" else VERBS[verb]
    failed(shell.krayne(*args, "-n", "nowhere-to-be"), 1, 'namespaces "nowhere-to-be" not found', "create namespace")


@pytest.mark.only_cluster("the sandbox lets everybody do everything")
@every_verb
def test_what_the_user_may_not_do(shell: Shell, verb: str) -> None:
    """Forbidden: who, which verb, on which resource."""
    asked = {"create": "create", "get": "list"}.get(verb, "get")
    done = shell.krayne(*VERBS[verb], "--as", "nobody")
    failed(done, 1, f'"nobody" cannot {asked} resource "rayclusters"', f"kubectl auth can-i {asked} rayclusters.ray.io")


@pytest.mark.only_cluster("the sandbox lets everybody do everything")
def test_a_reader_can_read(shell: Shell) -> None:
    """Who may read rayclusters and pods needs no more: no right on nodes, namespaces, deployments or CRDs."""
    shell.kubectl("create", "role", "reader", "--verb=get,list,watch", "--resource=rayclusters.ray.io,pods,events")
    shell.kubectl("create", "rolebinding", "reader", "--role=reader", "--user=reader")
    shell.krayne("create", "x", "--no-wait").ok()
    for args in (("get",), ("get", "x", "-o", "json"), ("describe", "x"), ("wait", "x", "--for", "ready")):
        shell.krayne(*args, "--as", "reader").ok()
    failed(shell.krayne("scale", "x", "--max", "3", "--as", "reader"), 1, "patch", "reader")


@pytest.mark.only_cluster("the sandbox lets everybody do everything")
def test_what_is_named_takes_no_right_to_list_and_what_is_forbidden_is_not_absent(shell: Shell) -> None:
    """Rights on RayClusters one by one are enough for one; pods and events that may not be read are not <none>."""
    shell.kubectl("create", "role", "owner", "--verb=get,delete,watch", "--resource=rayclusters.ray.io")
    shell.kubectl("create", "rolebinding", "owner", "--role=owner", "--user=owner")
    shell.krayne("create", "x").ok()
    said = shell.krayne("describe", "x", "--as", "owner").ok().out
    for what in ("Pods", "Events"):
        assert f"\n{what}:  <forbidden>: owner needs the right to list {what.lower()}: ask for it" in said
    assert "its pods may not be listed" in said
    for verb in ("get", "describe", "delete"):
        done = shell.krayne(verb, "nope", *(["-y"] if verb == "delete" else []), "--as", "owner")
        failed(done, 1, "raycluster nope in namespace", "not found")
        assert "forbidden" not in done.err.lower(), str(done)
    shell.krayne("delete", "x", "-y", "--as", "owner").ok()


@every_verb
def test_no_kubectl(offline: Shell, verb: str) -> None:
    """Told by name, with where to get it."""
    failed(offline.krayne(*VERBS[verb], KUBECTL="/nonexistent/kubectl"), 1, "/nonexistent/kubectl")


@pytest.mark.parametrize("path", ["/etc/passwd", "/tmp"])
def test_a_kubectl_that_is_none(offline: Shell, path: str) -> None:
    """A file that is no program, or a folder: it is there."""
    failed(offline.krayne("get", KUBECTL=path), 1, f"{path} cannot be run")


def test_a_kubectl_that_is_too_old(offline: Shell) -> None:
    """An old kubectl says `unknown flag`: krayne says that it is too old."""
    says = '{"clientVersion": {"major": "1", "minor": "18", "gitVersion": "v1.18.0"}}'
    old = offline.write(
        "old-kubectl",
        f"#!/bin/sh\ncase $* in *version*) echo '{says}';;\n"
        "*) echo 'Error: unknown flag: --validate' >&2; exit 1;; esac\n",
    )
    offline.run("chmod", "+x", old)
    failed(offline.krayne("create", "x", "--no-wait", KUBECTL=f"{offline.cwd}/{old}"), 1, "1.18", "1.30")


HOSTILE = {
    "wrong": "name: [x\n",
    "empty": "",
    "scalar": "just words\n",
    "list": "- name: x\n",
    "alias bomb": "a: &a [x, x, x, x, x, x, x, x, x]\n"
    + "".join(f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in pairwise("abcdefghi"))
    + "name: *i\n",
    "tag": "name: !!python/object/apply:os.system ['touch owned']\n",
    "twice": "name: x\nname: y\n",
    "not UTF-8": b"name: caf\xe9\n",
    "deep": "name: " + "[" * 20_000 + "\n",
    "huge": "name: x\nannotations:\n" + "".join(f"  a{i}: {'y' * 1000}\n" for i in range(4000)),
    "a control character": 'name: "x\\x00"\n',
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_files(offline: Shell, text: str | bytes) -> None:
    """Exit 2, the file by name, quickly, and nothing run or made."""
    offline.write("odd.yaml", text)
    done = offline.krayne("create", "-f", "odd.yaml", "--dry-run=client", "-o", "yaml", timeout=20)
    failed(done, 2, "odd.yaml")
    assert offline.run("test", "-e", "owned").code == 1


def test_a_file_that_cannot_be_read(offline: Shell) -> None:
    """A folder, and nothing."""
    failed(offline.krayne("create", "-f", "missing.yaml"), 2, "missing.yaml")
    failed(offline.krayne("create", "-f", "/"), 2, "/")


def test_names_that_kuberay_would_refuse_are_refused_here(offline: Shell) -> None:
    """≤ 50 characters, DNS-1035."""
    for name in ("1x", "x.y", "X", "x" * 51, "x_", "-x-"):
        done = offline.krayne("create", "--dry-run=client", "--", name)
        failed(done, 2, "name")
    offline.krayne("create", "x" * 50, "--dry-run=client").ok()


def test_full_stdout_and_closed_stdout(offline: Shell) -> None:
    """A full disk under stdout is told; a pipe that nobody reads any more is silence."""
    full = offline.run("bash", "-c", "kubectl krayne create x --dry-run=client -o yaml > /dev/full")
    failed(full, 1, "cannot write the output: No space left on device")
    closed = offline.run("bash", "-c", "kubectl krayne create x --dry-run=client -o yaml | true; exit ${PIPESTATUS[0]}")
    assert (closed.code, closed.err) in ((1, ""), (0, "")), str(closed)


def test_usage_errors_show_where_help_is(offline: Shell) -> None:
    """Exit 2, in the words a user types."""
    failed(offline.krayne("get", "--no-such-option"), 2, "--no-such-option", "kubectl krayne get")
    failed(offline.krayne("gett"), 2, "gett")


def test_secrets_never_show(shell: Shell) -> None:
    """-v shows each kubectl command, and no token of the kubeconfig."""
    (user,) = shell.kubectl("config", "view", "--raw", "--minify", "-o", "json").json["users"]
    secrets = [user["user"][name] for name in ("token", "password", "client-key-data") if user["user"].get(name)]
    if not secrets:
        pytest.skip("this kubeconfig holds no secret: its login comes from a plugin or from files")
    done = shell.krayne("get", "-v").ok()
    assert "+ kubectl" in done.err
    assert not any(secret in done.err + done.out for secret in secrets)
