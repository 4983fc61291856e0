"""kubectl krayne wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from krayne.cli.options import Command, cluster_name, connection, output, timeout
from krayne.kubectl import Kubectl
from krayne.operations import timeouts

if TYPE_CHECKING:
    from krayne.cluster import ClusterInfo

EXAMPLES = """
# In a script, after create --no-wait
kubectl krayne wait my-cluster --for ready --timeout 15m

# Until its pods are gone
kubectl krayne wait my-cluster --for deleted

# The dashboard's URL in the cluster, once there is one
kubectl krayne wait my-cluster -o json | jq -r .dashboard_url
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
@timeout(timeouts.CLUSTER)
@output("name", "json", "yaml", help_text="What to print of the cluster, as get does")
def wait(name: str, goal: str, timeout: float | None, form: str | None, kubectl: Kubectl) -> None:
    """Wait until a cluster is ready, deleted or suspended.

    Exits with 0 as soon as it is, with 3 when the time is up or the cluster cannot get there by itself.
    """
    if goal == "deleted" and form in ("json", "yaml"):
        raise click.UsageError(f"nothing is left of a deleted cluster to print: leave out -o {form}, or take -o name")
    from krayne.cli.progress import Progress
    from krayne.operations.wait import wait_until_deleted, wait_until_ready, wait_until_suspended

    info: ClusterInfo | None = None
    with Progress() as progress:
        kubectl = progress.beside(kubectl)
        if goal == "ready":
            info = wait_until_ready(name, timeout=timeout, progress=progress, kubectl=kubectl)
        elif goal == "suspended":
            info = wait_until_suspended(name, timeout=timeout, progress=progress, kubectl=kubectl)
        else:
            wait_until_deleted(name, timeout=timeout, progress=progress, kubectl=kubectl)
    if form in ("json", "yaml") and info:
        from krayne.cli.output import written

        click.echo(written(info, form), nl=False)
    else:
        click.echo(f"raycluster.ray.io/{name}" + ("" if form == "name" else f" {goal}"))
