"""kubectl krayne create."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from krayne.cli.fields import configuration
from krayne.cli.manifests import Sent, show_changes
from krayne.cli.notices import Failures, warn
from krayne.cli.options import Command, connection, dry_run, output, waiting
from krayne.cli.progress import interruptible, wait_for

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from krayne.config import ClusterConfig
    from krayne.kubectl import Kubectl

EXAMPLES = """
# A head and one group of workers that grows with the load
kubectl krayne create my-cluster

# Four workers with a GPU each
kubectl krayne create my-cluster --workers 4 --worker-gpus 1 --worker-memory 16Gi

# From a file, with one field changed
kubectl krayne create -f cluster.yaml --set worker_groups.gpu.replicas=4

# See what would be sent, without a cluster; compare it with what is there
kubectl krayne create my-cluster --dry-run=client -o yaml
kubectl krayne create my-cluster --dry-run=client -o yaml | kubectl diff -f -
"""


@click.command(cls=Command, examples=EXAMPLES)
@connection
@configuration
@dry_run
@waiting(default=True, goal="it is ready (--suspend: suspended)")
@output("name", "json", "yaml", help_text="What to print of the RayCluster")
def create(
    *,
    configs: Sequence[ClusterConfig],
    template: Path | None,
    dry_run: str,
    wait: bool,
    timeout: float | None,
    form: str | None,
    kubectl: Kubectl,
) -> None:
    """Create a cluster and wait until it is ready.

    Flags go before the file's fields, and those before the defaults. Gives up early on what cannot heal by itself,
    with the cause. ^C stops the waiting and leaves the cluster. Of several, one that fails does not stop the others.
    """
    from krayne.operations.create import create_cluster, preview_create

    failures, server = Failures(), dry_run == "server"
    if dry_run != "none":
        manifests: list[dict[str, Any]] = []
        for config in configs:
            with failures.told():
                manifests.append(preview_create(config, server=server, template=template, warn=warn, kubectl=kubectl))
        show_changes(manifests, form, "created", dry_run)
        failures.end()
        return

    sent = Sent(form)

    def submitted(config: ClusterConfig, cluster: dict[str, Any]) -> None:
        sent.add("created", cluster, config)

    with interruptible(kubectl, sent):
        with sent.shown():
            for config in configs:
                with failures.told():
                    taken = partial(submitted, config)
                    create_cluster(config, wait=False, template=template, warn=warn, submitted=taken, kubectl=kubectl)
        if wait:
            wait_for(kubectl, sent, timeout, failures)
    failures.end()
