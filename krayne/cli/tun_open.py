"""kubectl krayne tun-open."""

from __future__ import annotations

import re
import shutil
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from krayne.cli.endings import in_order
from krayne.cli.options import Command, cluster_name, connection, output, timeout
from krayne.cli.progress import UP_AND_CLEAR
from krayne.cli.tun_text import show
from krayne.kubectl import Kubectl
from krayne.operations import timeouts
from krayne.terminal import is_terminal
from krayne.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from krayne.operations.tunnel_wait import Progress
    from krayne.tunnels.state import Tunnel

EXAMPLES = """
# Everything that the cluster has, on localhost; stays open until tun-close
kubectl krayne tun-open my-cluster

# Only these, the dashboard on a port of one's own
kubectl krayne tun-open my-cluster --only dashboard,notebook --port dashboard=9000

# Until ^C, with its state shown
kubectl krayne tun-open my-cluster --foreground

# In a script
eval "$(kubectl krayne tun-open my-cluster -o env)"; ray job submit -- python main.py
"""


def _names(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    names = []
    for value in values:
        named = [name.strip() for name in value.split(",") if name.strip()]
        if not named:
            raise click.BadParameter(f"{value!r} names no service, as dashboard,notebook does")
        names += named
    return tuple(names)


def _ports(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> dict[str, int]:
    found = {}
    for value in values:
        match = re.fullmatch(r"([a-z-]+)=([0-9]{1,5})", value)
        if not match or not 0 < int(match[2]) < 65536:
            raise click.BadParameter(f"{value!r} is not SERVICE=PORT, e.g. dashboard=9000")
        if match[1] in found:
            raise click.BadParameter(f"two local ports for {match[1]}: choose one")
        found[match[1]] = int(match[2])
    return found


@click.command(cls=Command, examples=EXAMPLES)
@connection
@click.argument("name", type=cluster_name)
@click.option(
    "--only",
    metavar="SERVICES",
    multiple=True,
    callback=_names,
    help="Only these: dashboard, client, serve, notebook, code-server, ssh",
)
@click.option(
    "--port",
    "ports",
    metavar="SERVICE=PORT",
    multiple=True,
    callback=_ports,
    help="The local port of a service; may be repeated",
)
@click.option("--foreground", is_flag=True, help="Stay, show the state, and close it on ^C")
@timeout(timeouts.TUNNEL)
@output("text", "json", "yaml", "env", default="text")
def tun_open(
    *,
    name: str,
    only: tuple[str, ...],
    ports: dict[str, int],
    foreground: bool,
    timeout: float | None,
    form: str,
    kubectl: Kubectl,
) -> None:
    """Open a cluster's dashboard, notebook, editor and Ray itself on localhost.

    Returns when they answer, and leaves them open: they survive this shell, a restart of the head and a sleep of the
    machine. Opening again repairs what is down. Prints secrets of the cluster: tokens, passwords.
    """
    from krayne.operations.tunnels import ensure_tunnel, find_tunnel, open_tunnel

    if foreground and form != "text":
        raise click.UsageError("--foreground shows text: leave out -o")
    if not foreground:
        with _interruptible(kubectl, name):
            tunnel = ensure_tunnel(name, only=only, ports=ports, timeout=timeout, progress=_progress(), kubectl=kubectl)
        show(kubectl, tunnel, form)
        return
    with in_order(), open_tunnel(name, only=only, ports=ports, timeout=timeout, progress=_progress(), kubectl=kubectl):
        interrupted = _follow(kubectl, name)
    if interrupted:
        stays = find_tunnel(name, kubectl=kubectl) is not None
        others = f"it stays open for others: kubectl krayne tun-close {kubectl.where(name)} closes it for all"
        click.echo(f"\n{others if stays else 'closed'}", err=True)


@contextmanager
def _interruptible(kubectl: Kubectl, name: str) -> Iterator[None]:
    """On ^C say that the tunnel stays, where it was begun, and how to close it."""
    from krayne.operations.tunnels import find_tunnel

    try:
        yield
    except KeyboardInterrupt:
        if find_tunnel(name, kubectl=kubectl):
            where = kubectl.where(name)
            lines = ("", f"Stopped waiting; the tunnel to {kubectl.named(name)} stays, and goes on trying.")
            click.echo("\n".join((*lines, f"Close: kubectl krayne tun-close {where}")), err=True)
        raise


def _follow(kubectl: Kubectl, name: str) -> bool:
    """Show the tunnel's state until ^C (True) or its end."""
    from datetime import datetime

    from krayne.cli.tun_list import table
    from krayne.errors import ClusterNotFoundError, KrayneError
    from krayne.operations.tunnels import follow_tunnel
    from krayne.tunnels.state import GONE, STOPPED

    live, written, shown, tunnel = is_terminal(sys.stdout), 0, False, None
    try:
        for tunnel in follow_tunnel(name, kubectl=kubectl):
            if not shown:
                show(kubectl, tunnel, "text", closing="Close it with ^C")
                shown = True
            text = f"\n{datetime.now():%H:%M:%S}  {tunnel.state}{f': {one_line(tunnel.why)}' if tunnel.why else ''}\n"
            text += table([tunnel], headers=True, ages=False)  # they would stand still until the next change
            click.echo((UP_AND_CLEAR.format(written) if live and written else "") + text, nl=False)
            width = shutil.get_terminal_size().columns
            written = sum(max(1, -(-len(line) // width)) for line in text.splitlines())
    except KeyboardInterrupt:
        return True
    if tunnel and tunnel.state == GONE:
        raise ClusterNotFoundError(f"the tunnel to {kubectl.named(name)} has ended: {tunnel.why}")
    if tunnel and tunnel.state == STOPPED:
        raise KrayneError(f"the tunnel to {kubectl.named(name)} has ended: {tunnel.why}")
    click.echo(f"the tunnel to {kubectl.named(name)} was closed by somebody else", err=True)
    return False


def _progress() -> Progress:
    """Say on stderr what is being waited for, each thing once."""
    from krayne.tunnels.state import REPAIRING, STARTING, UP

    told: set[tuple[str, str, str | None]] = set()

    def tell(tunnel: Tunnel) -> None:
        said = (tunnel.name, tunnel.state, tunnel.why)
        if tunnel.state not in (UP, STARTING, REPAIRING) and said not in told:
            told.add(said)
            click.echo(f"{tunnel.name}: {tunnel.state}" + (f": {one_line(tunnel.why)}" if tunnel.why else ""), err=True)

    return tell
