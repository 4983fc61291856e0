"""kubectl krayne delete."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from krayne.cli.manifests import show_change
from krayne.cli.notices import Failures, warn
from krayne.cli.options import Command, cluster_name, connection, output, waiting
from krayne.kubectl import Kubectl
from krayne.terminal import is_terminal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

EXAMPLES = """
# One, after asking; returns when its pods are gone
kubectl krayne delete my-cluster

# From a script: no question, no error if it is gone already
kubectl krayne delete my-cluster -y --ignore-not-found

# All that carry a label
kubectl krayne delete -l team=vision
"""


@click.command(cls=Command, examples=EXAMPLES)
@connection
@click.argument("names", metavar="[NAME]...", nargs=-1, type=cluster_name)
@click.option("-l", "--selector", metavar="SELECTOR", help="Delete the clusters with these labels")
@click.option("--all", "everything", is_flag=True, help="Delete all clusters of the namespace")
@click.option("-y", "--yes", is_flag=True, help="Do not ask")
@click.option("--ignore-not-found", is_flag=True, help="Count a cluster that is not there as deleted")
@click.option(
    "--dry-run", type=click.Choice(("none", "client", "server")), default="none", help="Only show what would go"
)
@waiting(default=True, goal="its pods are gone")
@output("name", help_text="Print the names only")
def delete(
    *,
    names: tuple[str, ...],
    selector: str | None,
    everything: bool,
    yes: bool,
    ignore_not_found: bool,
    dry_run: str,
    wait: bool,
    timeout: float | None,
    form: str | None,
    kubectl: Kubectl,
) -> None:
    """Delete clusters, with all their pods.

    Asks on a terminal; without one, -y must say that it is meant. One that cannot be deleted does not keep the others.
    """
    if (bool(names) + bool(selector) + everything) != 1:
        raise click.UsageError("say what to delete: names, or -l SELECTOR, or --all")
    failures = Failures()
    targets = _targets(kubectl, names, selector, failures, ignore_not_found=ignore_not_found)
    if not targets and not names:
        click.echo(f"No resources found in {kubectl.current_namespace} namespace.", err=True)
    if targets and dry_run == "none" and not yes:
        _confirm(targets, kubectl.current_namespace)
    going: list[str] = []
    with _followed_on_interrupt(kubectl, going):
        for name in targets:
            with failures.told():
                if _deleted(kubectl, name, dry_run, ignore_not_found=ignore_not_found):
                    going += [name] if dry_run == "none" else []
                    if form == "name":
                        click.echo(f"raycluster.ray.io/{name}")
                    else:
                        show_change(name, "deleted", dry_run)
        if wait:
            _wait(kubectl, going, timeout, failures)
    failures.end()


def _deleted(kubectl: Kubectl, name: str, dry_run: str, *, ignore_not_found: bool) -> bool:
    """Delete one that was there a moment ago; False if it has gone since, where that is no error."""
    from krayne.operations.delete import send_delete

    return dry_run == "client" or send_delete(
        kubectl, name, ignore_not_found=ignore_not_found, dry_run=dry_run == "server"
    )


def _wait(kubectl: Kubectl, going: list[str], timeout: float | None, failures: Failures) -> None:
    """Wait until clusters are gone, all within ``timeout`` seconds; each that was waited for is taken out."""
    from krayne.operations.timeouts import end_of, left_until
    from krayne.operations.wait import wait_until_deleted

    until = end_of(timeout)
    while going:
        with failures.told():
            wait_until_deleted(going[0], timeout=left_until(until), kubectl=kubectl)
        going.pop(0)


@contextmanager
def _followed_on_interrupt(kubectl: Kubectl, going: Sequence[str]) -> Iterator[None]:
    """On ^C say that the deletion of those that are ``going`` goes on, and how to follow it."""
    try:
        yield
    except KeyboardInterrupt:
        if going:
            click.echo("\nStopped; what was deleted goes on being so. To wait for its end:", err=True)
        for name in going:
            click.echo(f"  kubectl krayne wait {kubectl.where(name)} --for deleted", err=True)
        raise


def _targets(
    kubectl: Kubectl, names: Sequence[str], selector: str | None, failures: Failures, *, ignore_not_found: bool
) -> list[str]:
    """The clusters meant, which are there; tells of those that are not, and of those that their owner makes again."""
    from krayne.operations.delete import clusters_to_delete, warn_of_owner
    from krayne.operations.reading import missing_cluster

    found = clusters_to_delete(kubectl, names, selector)
    if found.missing and not ignore_not_found:
        with failures.told():
            raise missing_cluster(kubectl, found.missing, found.there)
    for cluster in found.clusters.values():
        warn_of_owner(cluster, warn)
    return list(found.clusters)


def _confirm(targets: Sequence[str], namespace: str) -> None:
    what = f"raycluster {targets[0]}" if len(targets) == 1 else f"{len(targets)} rayclusters ({', '.join(targets)})"
    if not is_terminal(sys.stdin):
        raise click.UsageError(f"there is no terminal to ask on: add -y to delete {what} in namespace {namespace}")
    agreed = False
    try:
        agreed = _agrees(f"Delete {what} in namespace {namespace}?")
    finally:
        if not agreed:
            click.echo("Nothing was deleted.", err=True)
    if not agreed:
        raise click.exceptions.Exit(1)


def _agrees(question: str) -> bool:
    """The user's answer; ^D, the end of the input, is a no. Raises KeyboardInterrupt for ^C."""
    try:
        return click.confirm(question, err=True)
    except click.Abort as abort:  # what click makes of either; its context tells which it was
        click.echo(err=True)
        if isinstance(abort.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from None
        return False
