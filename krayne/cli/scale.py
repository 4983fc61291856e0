"""kubectl krayne scale."""

from __future__ import annotations

from typing import Any

import click

from krayne.cli.manifests import show_changes
from krayne.cli.notices import warn
from krayne.cli.options import Command, cluster_name, connection, dry_run, output
from krayne.kubectl import Kubectl

EXAMPLES = """
# Four workers in the only group
kubectl krayne scale my-cluster -r 4 --max 4

# Let the autoscaler go up to 20 in the group called gpu
kubectl krayne scale my-cluster -g gpu --max 20
"""


@click.command(cls=Command, examples=EXAMPLES)
@connection
@click.argument("name", metavar="NAME", type=cluster_name)
@click.option("-g", "--group", metavar="NAME", help="Worker group; may be left out where there is one")
@click.option("-r", "--replicas", type=int, metavar="N", help="How many workers it has")
@click.option("--min", "min_replicas", type=int, metavar="N", help="How few the autoscaler may leave")
@click.option("--max", "max_replicas", type=int, metavar="N", help="How many it may have at most")
@dry_run
@output("name", "json", "yaml", help_text="What to print of the changed RayCluster")
def scale(name: str, dry_run: str, form: str | None, kubectl: Kubectl, **wanted: Any) -> None:
    """Change the number of workers in a group, and nothing else.

    What is not given stays as it is. Where the cluster autoscales, it is the bounds that count.
    """
    from krayne.operations.scale import preview_scale, scale_cluster

    if dry_run == "none":
        changed: list[dict[str, Any]] = []
        scale_cluster(name, **wanted, warn=warn, submitted=changed.append, kubectl=kubectl)
    else:
        changed = [preview_scale(name, **wanted, server=dry_run == "server", warn=warn, kubectl=kubectl)]
    show_changes(changed, form, "scaled", dry_run)
