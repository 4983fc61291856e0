"""kubectl krayne describe."""

from __future__ import annotations

import sys

import click

from krayne.cli.options import Command, cluster_name, connection, output
from krayne.kubectl import Kubectl
from krayne.terminal import takes_colour

EXAMPLES = """
# What state it is in and why, its pods, events and addresses
kubectl krayne describe my-cluster

# The same for scripts
kubectl krayne describe my-cluster -o json | jq '.pods[] | select(.ready | not)'
"""


@click.command(cls=Command, examples=EXAMPLES)
@connection
@click.argument("names", metavar="NAME...", nargs=-1, required=True, type=cluster_name)
@output("text", "json", "yaml", default="text")
def describe(names: tuple[str, ...], form: str, kubectl: Kubectl) -> None:
    """Show everything about clusters, and why they are not ready.

    The versions of Ray and Python are asked of the running head where you may exec into it.
    """
    from datetime import datetime, timezone

    from krayne.operations.describe import describe_cluster

    described = [describe_cluster(name, kubectl=kubectl) for name in dict.fromkeys(names)]
    from krayne.cli import output as written
    from krayne.cli.description import details_text

    if form == "text":
        now, colour = datetime.now(timezone.utc), takes_colour(sys.stdout)
        texts = [details_text(details, now=now, colour=colour).rstrip("\n") for details in described]
        click.echo("\n\n".join(texts))
        return
    value = described[0] if len(described) == 1 else described
    click.echo(written.to_json(value) if form == "json" else written.to_yaml(value), nl=False)
