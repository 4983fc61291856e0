"""kubectl krayne describe."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from krayne.cli.notices import Failures
from krayne.cli.options import Command, cluster_name, connection, output
from krayne.kubectl import Kubectl
from krayne.terminal import takes_colour

if TYPE_CHECKING:
    from collections.abc import Sequence

    from krayne.cluster import ClusterDetails

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
    from krayne.operations.describe import describe_cluster

    failures = Failures(later=True)  # below the descriptions
    described = []
    for name in dict.fromkeys(names):
        with failures.told():
            described.append(describe_cluster(name, kubectl=kubectl))
    if described:
        _show(described, form, several=len(names) > 1)
    failures.end()


def _show(described: Sequence[ClusterDetails], form: str, *, several: bool) -> None:
    from datetime import datetime, timezone

    from krayne.cli.description import details_text
    from krayne.cli.output import written

    if form == "text":
        now, colour = datetime.now(timezone.utc), takes_colour(sys.stdout)
        texts = [details_text(details, now=now, colour=colour).rstrip("\n") for details in described]
        click.echo("\n\n".join(texts))
        return
    value = described if several else described[0]
    click.echo(written(value, form), nl=False)
