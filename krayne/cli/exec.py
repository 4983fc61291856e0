"""kubectl krayne exec."""

from __future__ import annotations

import click

from krayne.cli.options import Command, cluster_name, connection
from krayne.kubectl import Kubectl

EXAMPLES = """
# A shell in the head
kubectl krayne exec my-cluster

# A command in a worker of the group gpu
kubectl krayne exec my-cluster -g gpu -- nvidia-smi

# Its input and output are yours
kubectl krayne exec my-cluster -- tar cz /tmp/ray/session_latest/logs > logs.tgz
"""


@click.command("exec", cls=Command, examples=EXAMPLES)
@connection
@click.argument("name", type=cluster_name)
@click.argument("command", metavar="[-- COMMAND...]", nargs=-1, type=click.UNPROCESSED)
@click.option("-g", "--group", metavar="NAME", help="In a worker of this group  [default: in the head]")
def exec_(name: str, command: tuple[str, ...], group: str | None, kubectl: Kubectl) -> None:
    """Run a command or a shell in a cluster's head, or in a worker.

    On a terminal where you have one. Exits as the command does.
    """
    from krayne.operations.shell import exec_in_cluster

    raise click.exceptions.Exit(exec_in_cluster(name, command, group=group, kubectl=kubectl))
