"""kubectl krayne sandbox up | status | down."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from krayne.cli.options import Command

if TYPE_CHECKING:
    from krayne.cli.options import Function

_UP = """
eval "$(kubectl krayne sandbox up)"
kubectl krayne create my-cluster
"""
_STATUS = """
kubectl krayne sandbox status
kubectl krayne sandbox status -o json
"""
_DOWN = """
kubectl krayne sandbox down
"""


def _verbose(function: Function) -> Function:
    """The -v of a verb that runs no kubectl: what it works with instead."""
    return click.option(
        *("-v", "--verbose"),
        count=True,
        expose_value=False,
        callback=_show_places,
        help="Show its state folder and log",
    )(function)


def _show_places(ctx: click.Context, _param: click.Parameter, verbose: int) -> None:
    if verbose and not ctx.resilient_parsing:
        from krayne.sandbox import state

        folder = state.default_folder()
        click.echo(f"state folder: {folder}\nlog: {state.log_path(folder)}", err=True)


@click.group()
def sandbox() -> None:
    """Try krayne without a cluster.

    The sandbox is one local process that stands in for a Kubernetes cluster with KubeRay, for kubectl and so for
    krayne. Clusters there get pods, states and events as real ones do, but no Ray runs in it.
    """


@sandbox.command(cls=Command, examples=_UP)
@click.option(
    "--speed",
    type=click.Choice(["demo", "fast"]),
    help="How long pods take to start: demo (the default) to be watched, fast for tests",
)
@_verbose
def up(speed: str | None) -> None:
    """Start the sandbox, and print the line that points kubectl at it."""
    from krayne.sandbox import lifecycle

    before = lifecycle.status().running
    found = lifecycle.up(speed=speed)
    click.echo(f"export KUBECONFIG={shlex.quote(found.kubeconfig)}")
    click.echo(f"the sandbox {'runs already' if before else 'runs'} at {found.url} (process {found.pid})", err=True)
    if speed and speed != found.speed:
        click.echo(f"Its pods stay at {found.speed} speed: for another, end it first (sandbox down)", err=True)
    click.echo("No Ray runs in it: KubeRay's and the kubelet's parts are played, and so are the pods.", err=True)
    click.echo('Point kubectl at it: eval "$(kubectl krayne sandbox up)"', err=True)
    click.echo("Stop it and drop what is in it: kubectl krayne sandbox down", err=True)


@sandbox.command(cls=Command, examples=_STATUS)
@click.option("-o", "--output", "form", type=click.Choice(["text", "json"]), default="text", help="Output format")
@_verbose
@click.pass_context
def status(ctx: click.Context, form: str) -> None:
    """Tell whether the sandbox runs; exit code 1 if it does not."""
    from krayne.sandbox import lifecycle

    found = lifecycle.status()
    if form == "json":
        import json

        click.echo(json.dumps(found.as_dict(), indent=2))
    elif found.running:
        click.echo(f"running at {found.url} since {found.since} (process {found.pid}, {found.speed} speed)")
        click.echo(f"kubeconfig: {found.kubeconfig}")
    else:
        click.echo("not running (start it: kubectl krayne sandbox up)")
    ctx.exit(0 if found.running else 1)


@sandbox.command(cls=Command, examples=_DOWN)
@_verbose
def down() -> None:
    """Stop the sandbox; everything in it is gone."""
    from krayne.sandbox import lifecycle

    click.echo("the sandbox is down" if lifecycle.down() else "no sandbox was running", err=True)
