"""kubectl krayne wait."""

from __future__ import annotations

import click

from krayne.cli.options import Command, cluster_name, connection, timeout
from krayne.kubectl import Kubectl

EXAMPLES = """
# In a script, after create --no-wait
kubectl krayne wait my-cluster --for ready --timeout 15m

# Until its pods are gone
kubectl krayne wait my-cluster --for deleted
"""


@click.command(cls=Command, examples=EXAMPLES)
@connection
@click.argument("name", metavar="NAME", type=cluster_name)
@click.option(
    "--for",
    "goal",
    type=click.Choice(("ready", "deleted", "suspended")),
    default="ready",
    show_default=True,
    help="What to wait for",
)
@timeout
def wait(name: str, goal: str, timeout: float | None, kubectl: Kubectl) -> None:
    """Wait until a cluster is ready, deleted or suspended.

    Exits with 0 as soon as it is, with 3 when the time is up or the cluster cannot get there by itself.
    """
    from krayne.cli.progress import Progress
    from krayne.operations.wait import wait_until_deleted, wait_until_ready, wait_until_suspended

    with Progress() as progress:
        if goal == "ready":
            wait_until_ready(name, timeout=timeout, progress=progress, kubectl=kubectl)
        elif goal == "suspended":
            wait_until_suspended(name, timeout=timeout, progress=progress, kubectl=kubectl)
        else:
            wait_until_deleted(name, timeout=timeout, progress=progress, kubectl=kubectl)
    click.echo(f"raycluster.ray.io/{name} {goal}")
