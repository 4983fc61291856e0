"""kubectl krayne tun-close."""

from __future__ import annotations

import click

from krayne.cli.options import Command, cluster_name, connection
from krayne.kubectl import Kubectl

EXAMPLES = """
kubectl krayne tun-close my-cluster

# Every tunnel of yours on this machine, whatever its cluster
kubectl krayne tun-close --all

# Those to clusters of one namespace
kubectl krayne tun-close --all -n ml-team
"""


@click.command(cls=Command, examples=EXAMPLES)
@connection
@click.argument("names", metavar="[NAME]...", nargs=-1, type=cluster_name)
@click.option("--all", "everything", is_flag=True, help="Close every tunnel that tun-list shows with the same flags")
def tun_close(names: tuple[str, ...], everything: bool, kubectl: Kubectl) -> None:
    """Close what tun-open has opened. Asks no API server; what is closed already is no error."""
    from krayne.operations.tunnels import close_tunnel, close_tunnels

    if bool(names) == everything:
        raise click.UsageError("say what to close: names, or --all")
    if everything:
        closed = close_tunnels(kubectl=kubectl)
        for tunnel in closed:
            click.echo(f"tunnel to raycluster {tunnel.name} in namespace {tunnel.namespace} closed")
        if not closed:
            click.echo(f"No {'such ' if kubectl.flags() else ''}tunnel is open.", err=True)
    for name in names:
        if close_tunnel(name, kubectl=kubectl):
            click.echo(f"tunnel to {kubectl.named(name)} closed")
        else:
            click.echo(_none_open(kubectl, name), err=True)


def _none_open(kubectl: Kubectl, name: str) -> str:
    """That there is none, and those that one may have meant: the kubeconfig's context may be another one by now."""
    from krayne.operations.tunnel_namesakes import namesakes
    from krayne.text import printable_lines

    others = namesakes(name)
    at = f" at {kubectl.server or 'any API server: the kubeconfig names none'}" if others else ""
    lines = [f"No tunnel is open to {kubectl.named(name)}{at}."]
    for tunnel, command in others:
        context = f" (context {tunnel.context})" if tunnel.context else ""
        lines.append(f"One is to raycluster {name} in namespace {tunnel.namespace} at {tunnel.server}{context}")
        lines.append(f"Close it: {command}")
    return printable_lines("\n".join(lines))
