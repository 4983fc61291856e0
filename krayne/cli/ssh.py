"""kubectl krayne ssh."""

from __future__ import annotations

import os
import shutil
import sys

import click

from krayne.cli.endings import in_order
from krayne.cli.options import Command, cluster_name, connection, timeout
from krayne.kubectl import Kubectl
from krayne.operations import timeouts

EXAMPLES = """
# A shell in the head
kubectl krayne ssh my-cluster

# One command, as the shell there reads it
kubectl krayne ssh my-cluster -- nvidia-smi

# For VS Code Remote and other editors: then connect to krayne-my-cluster.NAMESPACE
kubectl krayne ssh my-cluster --print-config >> ~/.ssh/config
"""


@click.command(cls=Command, examples=EXAMPLES)
@connection
@click.argument("name", type=cluster_name)
@click.argument("command", metavar="[-- COMMAND...]", nargs=-1, type=click.UNPROCESSED)
@click.option("--print-config", is_flag=True, help="Print the head as a section for ~/.ssh/config")
@click.option("--stdio", is_flag=True, help="Connect stdin and stdout to the SSH server: for ssh's ProxyCommand")
@timeout(timeouts.SSH)
def ssh(
    *, name: str, command: tuple[str, ...], print_config: bool, stdio: bool, timeout: float | None, kubectl: Kubectl
) -> None:
    """Log in to a cluster's head by SSH.

    Uses the tunnel of tun-open, or one of its own while it lasts. Your public key (the agent's, one of ~/.ssh, or one
    made for krayne) is put into the head through kubectl exec. Exits as the command there does; 255: ssh failed.
    """
    from krayne.operations.shell import relay_ssh, ssh_config, ssh_to_cluster

    if (bool(command) + print_config + stdio) > 1:
        raise click.UsageError("a command, --print-config and --stdio exclude each other")
    if print_config:
        click.echo(ssh_config(name, program=_program(), timeout=timeout, kubectl=kubectl), nl=False)
        return
    with in_order():
        if stdio:
            relay_ssh(name, timeout=timeout, kubectl=kubectl)
        else:
            raise click.exceptions.Exit(ssh_to_cluster(name, command, timeout=timeout, kubectl=kubectl))


def _program() -> list[str]:
    """How this command line was called, from anywhere."""
    called = sys.argv[0]
    if os.path.basename(called) == "__main__.py":  # noqa: PTH119 - of text
        return [sys.executable, "-m", "krayne"]
    return [os.path.abspath(shutil.which(called) or called)]  # noqa: PTH100 - of text
