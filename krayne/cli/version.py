"""kubectl krayne version."""

from __future__ import annotations

import click

from krayne.cli.options import Command, connection, output
from krayne.kubectl import Kubectl

EXAMPLES = """
kubectl krayne version
kubectl krayne version -o json --context staging
"""


@click.command(cls=Command, examples=EXAMPLES)
@connection
@output("text", "json", "yaml", default="text")
def version(form: str, kubectl: Kubectl) -> None:
    """Show the versions of krayne, kubectl, Kubernetes and KubeRay."""
    show_versions(kubectl, form)


def show_versions(kubectl: Kubectl, form: str) -> None:
    """Print them; what cannot be told is <unknown>, and stderr says why."""
    from krayne.cli.notices import notice
    from krayne.operations.version import versions

    told = versions(failed=lambda error: notice(str(error).splitlines()[0]), kubectl=kubectl)
    if form != "text":
        from krayne.cli.output import written

        click.echo(written(told, form), nl=False)
        return
    kuberay = "<unknown>" if told.kuberay is None else ", ".join(told.kuberay) or "<none>"
    click.echo(f"krayne:     {told.krayne}")
    click.echo(f"kubectl:    {told.kubectl or '<unknown>'}")
    click.echo(f"Kubernetes: {told.kubernetes or '<unknown>'}")
    click.echo(f"KubeRay:    {kuberay}")
