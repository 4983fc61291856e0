"""Shells in a cluster: through kubectl exec in any of its pods, through SSH in its head."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from krayne.errors import ClusterNotReadyError, KrayneError, UsageError
from krayne.kubectl import Kubectl
from krayne.operations import timeouts
from krayne.terminal import is_terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from krayne.objects import Object
    from krayne.ssh import Login

# No login shell: that reads /etc/profile, and Debian's sets PATH anew, without what the image has added to it.
_SHELL = ("/bin/sh", "-c", "if command -v bash >/dev/null; then exec bash; else exec sh; fi")


def exec_in_cluster(
    name: str,
    command: Sequence[str] = (),
    namespace: str | None = None,
    *,
    group: str | None = None,
    kubectl: Kubectl | None = None,
) -> int:
    """Run a command (without one, a shell) in the head, or in the first ready worker of a group.

    Our stdin, stdout and stderr are its own; it has a terminal where we have one. Gives its exit code. Raises
    UsageError for a group that the cluster does not have, ClusterNotReadyError where no pod of it runs,
    ClusterNotFoundError or another KrayneError.
    """
    import shlex

    from krayne import objects
    from krayne.process import run_attached

    kubectl = (kubectl or Kubectl()).within(namespace)
    pod = _pod_for(kubectl, name, group)
    container = objects.string(objects.ray_container(pod), "name")
    terminal = is_terminal(sys.stdin) and is_terminal(sys.stdout)
    argv = kubectl.shell(objects.name(pod), container, *(command or _SHELL), terminal=terminal)
    kubectl.log(shlex.join(argv))
    try:
        return run_attached(argv)
    except OSError as error:
        from krayne.kubectl.failures import not_found

        raise not_found(kubectl.binary, error) from error


def _pod_for(kubectl: Kubectl, name: str, group: str | None) -> Object:
    """The pod to run something in: the head's, or a worker's of a group. Raises where there is none."""
    from krayne import objects
    from krayne.operations.hints import see_why
    from krayne.operations.reading import read_with_pods

    cluster, pods = read_with_pods(kubectl, name)
    groups = [objects.string(each, "groupName") for each in objects.worker_groups(cluster)]
    if group is not None and group not in groups:
        raise UsageError(f"{kubectl.named(name)} has no worker group {group!r}: it has {', '.join(groups) or 'none'}")
    wanted = objects.HEAD_GROUP if group is None else group
    pod = _first_running([each for each in pods if objects.group_of(each) == wanted])
    if pod is None:
        what = "head" if group is None else f"worker of group {group}"
        raise ClusterNotReadyError(f"no {what} of {kubectl.named(name)} runs\n{see_why(kubectl, name)}")
    return pod


def ssh_to_cluster(
    name: str,
    command: Sequence[str] = (),
    namespace: str | None = None,
    *,
    timeout: float | None = timeouts.SSH,
    kubectl: Kubectl | None = None,
) -> int:
    """Log in to the head by SSH, through its tunnel or one for this login only; the exit code.

    As ssh does, the command's words are joined by blanks and given to the user's shell in the head. The user's public
    key is put into the head, and the head's own is taken from there, both through kubectl exec. Raises UsageError
    where the cluster has no SSH service, KrayneError where it failed or is not there in ``timeout`` seconds.
    """
    from krayne import ssh
    from krayne.operations.tunnels import open_tunnel

    kubectl = (kubectl or Kubectl()).within(namespace)
    login = _prepare(kubectl, name, timeout)
    with open_tunnel(name, only=("ssh",), must=("ssh",), timeout=timeout, kubectl=kubectl) as urls:
        return ssh.log_in(login, int(urls["ssh"].rpartition(":")[2]), command)


def relay_ssh(
    name: str, namespace: str | None = None, *, timeout: float | None = timeouts.SSH, kubectl: Kubectl | None = None
) -> None:
    """Connect stdin and stdout to the head's SSH server: what ssh_config has as its ProxyCommand."""
    from krayne import ssh
    from krayne.operations.tunnels import open_tunnel

    kubectl = (kubectl or Kubectl()).within(namespace)
    ssh.remember(_prepare(kubectl, name, timeout))
    with open_tunnel(name, only=("ssh",), must=("ssh",), timeout=timeout, kubectl=kubectl) as urls:
        ssh.relay(int(urls["ssh"].rpartition(":")[2]))


def ssh_config(
    name: str,
    namespace: str | None = None,
    *,
    program: Sequence[str],
    timeout: float | None = timeouts.SSH,
    kubectl: Kubectl | None = None,
) -> str:
    """The head as a section of ~/.ssh/config, for VS Code Remote and others; no tunnel has to be open for it.

    ``program`` is how krayne's command line is called.
    """
    import os
    import shutil

    from krayne import ssh
    from krayne.tunnels.control import kubeconfig_variable

    kubectl = (kubectl or Kubectl()).within(namespace)
    login = _prepare(kubectl, name, timeout)
    binary = shutil.which(kubectl.binary) or kubectl.binary
    # An editor's environment and folder are not this shell's.
    variables = {"KUBECTL": os.path.abspath(binary), "KUBECONFIG": kubeconfig_variable()}  # noqa: PTH100 - of text
    variables["XDG_STATE_HOME"] = os.environ.get("XDG_STATE_HOME")
    env = [f"{key}={value}" for key, value in variables.items() if value]
    pinned = replace(kubectl.pinned(), kubeconfig=kubectl.connection()["kubeconfig"])
    flags = pinned.within(kubectl.current_namespace).flags()
    proxy = ["/usr/bin/env", *env, *program, "ssh", name, *flags, "--stdio"]
    return ssh.config(login, f"krayne-{name}.{kubectl.current_namespace}", proxy)


def _prepare(kubectl: Kubectl, name: str, timeout: float | None) -> Login:
    """Put the user's key into the head; where and as whom to log in then."""
    from krayne import objects, ssh
    from krayne.operations.ssh_service import await_ssh, other_way
    from krayne.services import add_key
    from krayne.tunnels.state import Place

    cluster, head, told = await_ssh(kubectl, name, timeout)
    place = Place(name, kubectl.current_namespace, objects.string(cluster, "metadata", "uid"), kubectl.server)
    try:
        login = ssh.Login(place.host, told.user or "", ssh.own_key(), told.host_key or "")
    except KrayneError as error:
        raise KrayneError(f"cannot log in to {kubectl.named(name)}: {error}\n{other_way(kubectl, name)}") from error
    added = kubectl.exec(head.pod, head.container, *add_key(), stdin=login.key.public.encode())
    added.bytes()
    return login


def _first_running(pods: Sequence[Object]) -> Object | None:
    """The first pod by name that is ready, else that runs."""
    from krayne import objects

    alive = [pod for pod in pods if not objects.is_going(pod) and objects.at(pod, "status", "phase") == "Running"]
    return min(alive, key=lambda pod: (not objects.is_true(pod, "Ready"), objects.name(pod)), default=None)
