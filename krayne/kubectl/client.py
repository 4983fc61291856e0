"""Kubectl: the questions krayne asks a cluster, each one kubectl command."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from krayne.kubectl import ahead
from krayne.kubectl.paths import checked, pod_selector, query, spoken
from krayne.kubectl.reply import Reply

if TYPE_CHECKING:
    from krayne.errors import KrayneError
    from krayne.process import Completed, Process

RESOURCE = "rayclusters.ray.io"  # in full: no other group's rayclusters, no short name of another kind
FIELD_MANAGER = "krayne"


def _quiet(_text: str) -> None:
    """Where nobody wants to be told."""


@dataclass(frozen=True)
class Kubectl:
    """How to run kubectl: which binary, and the connection flags that go with every call.

    ``namespace`` None means the context's own. ``request_timeout`` is kubectl's duration ("30s"). ``log`` gets each
    command line before it runs, ``tell`` what kubectl or a login plugin says while it waits for the user.
    """

    binary: str = field(default_factory=lambda: os.environ.get("KUBECTL") or "kubectl")
    context: str | None = None
    kubeconfig: str | None = None
    namespace: str | None = None
    request_timeout: str | None = None
    cluster: str | None = None
    user: str | None = None
    as_user: str | None = None
    as_groups: tuple[str, ...] = ()
    log: Callable[[str], None] = _quiet
    tell: Callable[[str], None] = _quiet

    @cached_property
    def current_namespace(self) -> str:
        """The namespace that calls are about: the one given, else the context's."""
        if self.namespace:
            return self.namespace
        from krayne.kubectl.kubeconfig import context_namespace

        return context_namespace(kubeconfig=self.kubeconfig, context=self.context, environ=os.environ)

    @cached_property
    def server(self) -> str:
        """The API server's address, as the kubeconfig has it."""
        from krayne.kubectl.kubeconfig import server_address

        return server_address(kubeconfig=self.kubeconfig, context=self.context, cluster=self.cluster)

    def within(self, namespace: str | None) -> Kubectl:
        """The same connection in another namespace; None leaves it as it is."""
        return replace(self, namespace=namespace) if namespace and namespace != self.namespace else self

    def patience(self, seconds: float) -> float:
        """So many seconds, or those of --request-timeout where they are fewer (0 is kubectl's word for no limit)."""
        from krayne.text import seconds_of

        return min(seconds, seconds_of(self.request_timeout or "") or seconds)

    def pinned(self) -> Kubectl:
        """The same connection, also when the kubeconfig's current context becomes another one."""
        from krayne.kubectl.kubeconfig import current_context

        return self if self.context else replace(self, context=current_context(kubeconfig=self.kubeconfig))

    def connection(self) -> dict[str, Any]:
        """What another process needs to make the same Kubectl of it: JSON, paths made absolute."""
        binary = os.path.abspath(self.binary) if os.sep in self.binary else self.binary  # noqa: PTH100 - as below
        flags = ("context", "namespace", "request_timeout", "cluster", "user", "as_user")
        return {
            "binary": binary,
            "kubeconfig": os.path.abspath(self.kubeconfig) if self.kubeconfig else None,  # noqa: PTH100 - pathlib costs get 3 ms
            **{name: getattr(self, name) for name in flags},
            "as_groups": list(self.as_groups),
        }

    @property
    def _connection(self) -> tuple[str, ...]:
        named = {
            "--context": self.context,
            "--kubeconfig": self.kubeconfig,
            "--cluster": self.cluster,
            "--user": self.user,
            "--as": self.as_user,
            "--request-timeout": self.request_timeout,
        }
        flags = [f"{flag}={value}" for flag, value in named.items() if value is not None]
        return (*flags, *(f"--as-group={group}" for group in self.as_groups))

    def flags(self) -> tuple[str, ...]:
        """The connection as flags, the namespace included."""
        return (*self._connection, *((f"--namespace={self.namespace}",) if self.namespace else ()))

    def command(self, *args: str) -> tuple[str, ...]:
        """The whole command line for ``args``."""
        return (self.binary, *self._connection, *args)

    def start(self, *args: str, stdin: bytes | None = None) -> Process:
        """Start kubectl with ``args``. Raises KubectlNotFoundError."""
        from krayne.process import Process

        argv = self.command(*args)
        if self.log is not _quiet:
            import shlex

            self.log(shlex.join(argv))
        if running := ahead.take(argv):
            running.tell = self.tell
            return running
        try:
            return Process(argv, stdin=stdin, tell=self.tell)
        except OSError as error:
            from krayne.kubectl.failures import not_found

            raise not_found(self.binary, error) from error

    def ask(self, *args: str, doing: str, stdin: bytes | None = None) -> Reply:
        """Start a call whose answer is read later; ``doing`` completes "cannot …" if it fails."""
        return Reply(self.start(*args, stdin=stdin), doing, self.failure)

    def failure(self, doing: str, done: Completed) -> KrayneError:
        """What the failure of a call amounts to."""
        from krayne.kubectl.failures import failure, outdated

        old = outdated(self.binary, done.stderr, lambda: self.start("version", "--client", "--output=json"))
        return old or failure(
            doing,
            done.stderr,
            done.code,
            namespace=self.current_namespace,
            way=self.way,
            context=lambda: self.pinned().context,
        )

    # --- reading: straight from the API's paths, which spares discovery and kubectl's own decoding ---

    def get_cluster(self, name: str) -> Reply:
        """One RayCluster. Raises ClusterNotFoundError when its answer is read."""
        return self.ask("get", "--raw", f"{self.clusters_path()}/{checked(name)}", doing=f"get {self.named(name)}")

    def get_namespace(self) -> Reply:
        """The namespace itself. Raises NamespaceNotFoundError when its answer is read."""
        namespace = self.current_namespace
        return self.ask("get", "--raw", f"/api/v1/namespaces/{checked(namespace)}", doing=f"get namespace {namespace}")

    def list_clusters(self, *, everywhere: bool = False, selector: str | None = None) -> Reply:
        """All RayClusters of the namespace, or of all namespaces, that a label selector picks."""
        path = query(self.clusters_path(everywhere), labelSelector=selector)
        return self.ask("get", "--raw", path, doing=f"list RayClusters {self._where(everywhere)}")

    def list_pods(self, names: Sequence[str] = (), *, everywhere: bool = False, heads: bool = False) -> Reply:
        """The Ray pods, or the ``heads`` alone, of the named clusters; of all clusters where none is named."""
        path = query(self.core_path("pods", everywhere), labelSelector=pod_selector(names, heads=heads))
        return self.ask("get", "--raw", path, doing=f"list pods {self._where(everywhere)}")

    def list_events(self, *, about: str | None = None, everywhere: bool = False) -> Reply:
        """The namespace's events, or those that a field selector picks."""
        path = query(self.core_path("events", everywhere), fieldSelector=about)
        return self.ask("get", "--raw", path, doing=f"list events {self._where(everywhere)}")

    def watch(self, path: str, version: str | None, **selectors: str | None) -> Process:
        """Stream the changes of a list at an API path since a resourceVersion, a JSON line each; without one, first
        all there is as additions (Kubernetes API concepts, "Semantics for watch")."""
        asked = query(path, watch="true", allowWatchBookmarks="true", resourceVersion=version, **selectors)
        return self.start("get", "--raw", asked)

    def list_path(self, path: str, **selectors: str | None) -> Reply:
        """What an API path lists."""
        return self.ask("get", "--raw", query(path, **selectors), doing=f"list {spoken(path)}")

    def clusters_path(self, everywhere: bool = False) -> str:
        """The API path of RayClusters, in the namespace or in all."""
        return f"/apis/ray.io/v1{self._scope(everywhere)}/rayclusters"

    def core_path(self, plural: str, everywhere: bool = False) -> str:
        """The API path of pods, events…, in the namespace or in all."""
        return f"/api/v1{self._scope(everywhere)}/{plural}"

    def logs(self, pod: str, container: str | None, *, previous: bool = False, tail: int = 10) -> Reply:
        """The last lines that a container (or the run before it) wrote."""
        which = (f"--container={container}",) if container else ()
        before = ("--previous",) if previous else ()
        args = ("logs", pod, *which, f"--tail={tail}", *before, self._in_namespace)
        return self.ask(*args, doing=f"read the logs of pod {pod}")

    def follow_logs(self, pod: str, container: str, *, tail: int) -> Process:
        """Stream what a container writes, from its last lines on, until it ends."""
        return self.start("logs", pod, f"--container={container}", "--follow", f"--tail={tail}", self._in_namespace)

    def exec(self, pod: str, container: str, *command: str, stdin: bytes | None = None) -> Reply:
        """What a command prints in a container."""
        fed = ("--stdin",) if stdin is not None else ()
        args = ("exec", pod, f"--container={container}", *fed, self._in_namespace, "--", *command)
        return self.ask(*args, stdin=stdin, doing=f"exec {pod}")

    def shell(self, pod: str, container: str, *command: str, terminal: bool) -> tuple[str, ...]:
        """The command line that runs a command in a container with our stdin, on a terminal of its own if so."""
        tty = ("--tty",) if terminal else ()
        args = ("exec", pod, f"--container={container}", "--stdin", *tty, self._in_namespace, "--", *command)
        return self.command(*args)

    def port_forward(self, pod: str, local: int, remote: int) -> Process:
        """Forward a port of 127.0.0.1 to a port in a pod, until it ends or is ended."""
        ports = f"{local}:{remote}"
        return self.start("port-forward", "--address=127.0.0.1", self._in_namespace, f"pod/{checked(pod)}", ports)

    def get_secret(self, name: str) -> Reply:
        """One Secret, its data in base64."""
        path = f"{self.core_path('secrets')}/{checked(name)}"
        return self.ask("get", "--raw", path, doing=f"read secret {name} {self._where()}")

    def version(self) -> Reply:
        """kubectl's own version and the server's; the answer has no server part where none can be reached."""
        return self.ask("version", "--output=json", doing="ask for the server's version")

    def operators(self) -> Reply:
        """The Deployments that run KubeRay operators, in all namespaces (label: KubeRay's Helm chart and kustomize)."""
        path = query("/apis/apps/v1/deployments", labelSelector="app.kubernetes.io/name in (kuberay-operator,kuberay)")
        return self.ask("get", "--raw", path, doing="look for the KubeRay operator")

    # --- changing ---

    def create(self, manifest: bytes, name: str, *, dry_run: bool = False) -> Reply:
        """Create a RayCluster, strictly validated. Raises ClusterAlreadyExistsError when its answer is read."""
        args = ("create", "--filename=-", "--validate=strict", *self._changing(dry_run))
        return self.ask(*args, stdin=manifest, doing=f"create {self.named(name)}")

    def apply(self, manifest: bytes, name: str, *, force: bool = False, dry_run: bool = False) -> Reply:
        """Server-side apply, strictly validated. Raises ConflictError when its answer is read."""
        forced = ("--force-conflicts",) if force else ()
        args = ("apply", "--server-side", "--filename=-", "--validate=strict", *forced, *self._changing(dry_run))
        return self.ask(*args, stdin=manifest, doing=f"apply {self.named(name)}")

    def patch(self, name: str, operations: str, *, dry_run: bool = False) -> Reply:
        """Apply a JSON patch (RFC 6902, a JSON text) to a RayCluster."""
        args = ("patch", RESOURCE, checked(name), "--type=json", f"--patch={operations}", *self._changing(dry_run))
        return self.ask(*args, doing=f"change {self.named(name)}")

    def delete(self, name: str, *, dry_run: bool = False) -> Reply:
        """Delete a RayCluster; it stays, deleting, until its pods are gone (foreground deletion)."""
        server = ("--dry-run=server",) if dry_run else ()
        args = ("delete", RESOURCE, checked(name), "--cascade=foreground", "--wait=false", "--output=name", *server)
        return self.ask(*args, self._in_namespace, doing=f"delete {self.named(name)}")

    def delete_pods(self, selector: str, *, dry_run: bool = False) -> Reply:
        """Delete the pods that a label selector picks, without waiting for their end."""
        server = ("--dry-run=server",) if dry_run else ()
        args = ("delete", "pods", f"--selector={selector}", "--wait=false", "--output=name", *server)
        return self.ask(*args, self._in_namespace, doing=f"delete the pods {selector} {self._where()}")

    # --- words and paths ---

    def named(self, name: str) -> str:
        """How messages call one cluster."""
        return f"raycluster {name} in namespace {self.current_namespace}"

    def where(self, *names: str, everywhere: bool = False) -> str:
        """Names, and the flags that lead where this connection leads: for a command that a message tells to run."""
        import shlex

        return shlex.join((*names, *(("-A",) if everywhere else ("-n", self.current_namespace)), *self.way))

    @property
    def way(self) -> tuple[str, ...]:
        """The flags that lead to the same API server as the same user, where any were given."""
        return tuple(flag for flag in self._connection if not flag.startswith("--request-timeout="))

    @property
    def _in_namespace(self) -> str:
        return f"--namespace={checked(self.current_namespace)}"

    def _changing(self, dry_run: bool) -> tuple[str, ...]:
        server = ("--dry-run=server",) if dry_run else ()
        return (f"--field-manager={FIELD_MANAGER}", "--output=json", self._in_namespace, *server)

    def _scope(self, everywhere: bool) -> str:
        return "" if everywhere else f"/namespaces/{checked(self.current_namespace)}"

    def _where(self, everywhere: bool = False) -> str:
        return "in all namespaces" if everywhere else f"in namespace {self.current_namespace}"
