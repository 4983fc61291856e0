"""kubectl krayne apply."""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from krayne.cli.fields import configuration
from krayne.cli.manifests import Sent
from krayne.cli.notices import Failures, notice, warn
from krayne.cli.options import Command, connection, dry_run, output, waiting
from krayne.cli.progress import interruptible, wait_for

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from krayne.config import ClusterConfig
    from krayne.kubectl import Kubectl
    from krayne.operations.apply import Applied

EXAMPLES = """
# Make the clusters of a file what it says, creating those that are not there
kubectl krayne apply -f clusters.yaml

# Change one field, and replace the pods that would keep the old one
kubectl krayne apply -f cluster.yaml --image rayproject/ray:2.60.0-py312 --recreate

# See what the server would make of it
kubectl krayne apply -f cluster.yaml --dry-run=server -o yaml
"""


@click.command(cls=Command, examples=EXAMPLES)
@connection
@configuration
@click.option("--force-conflicts", is_flag=True, help="Take over fields that others manage")
@click.option(
    "--recreate", is_flag=True, help="Replace running pods of an old template; delete those of groups that are gone"
)
@dry_run
@waiting(default=False, goal="it is ready (--suspend: suspended)")
@output("name", "json", "yaml", help_text="What to print of the RayCluster")
def apply(
    *,
    configs: Sequence[ClusterConfig],
    template: Path | None,
    force_conflicts: bool,
    recreate: bool,
    dry_run: str,
    wait: bool,
    timeout: float | None,
    form: str | None,
    kubectl: Kubectl,
) -> None:
    """Create a cluster, or change it to what the configuration says.

    Uses server-side apply as field manager krayne. The replicas of a cluster that autoscales stay as they are.
    """
    from krayne.operations.apply import apply_cluster, preview_apply

    failures, sent, earnest = Failures(), Sent(form, dry_run), dry_run == "none"
    options: dict[str, Any] = {
        "force_conflicts": force_conflicts,
        "recreate": recreate,
        "template": template,
        "warn": warn,
        "recreated": notice,
        "kubectl": kubectl,
    }
    do = apply_cluster if earnest else partial(preview_apply, server=dry_run == "server")

    def submitted(config: ClusterConfig, applied: Applied) -> None:
        sent.add(applied.verb, applied.cluster, config)

    with interruptible(kubectl, sent) if earnest else nullcontext():
        with sent.shown():
            for config in configs:
                with failures.told():
                    do(config, submitted=partial(submitted, config), **options)
        if wait and earnest:
            wait_for(kubectl, sent, timeout, failures)
    failures.end()
