"""kubectl krayne tun-list."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from krayne.cli.options import Command, connection, output

if TYPE_CHECKING:
    from collections.abc import Sequence

    from krayne.kubectl import Kubectl
    from krayne.tunnels.state import Tunnel

EXAMPLES = """
kubectl krayne tun-list

# Those to clusters of one namespace
kubectl krayne tun-list -n ml-team

# Where each leads, and why what is down is down
kubectl krayne tun-list -o wide

# The local URL of a cluster's dashboard
kubectl krayne tun-list -o json | jq -r '.items[].forwards[] | select(.service == "dashboard").url'
"""


@click.command(cls=Command, examples=EXAMPLES)
@connection
@output("table", "wide", "json", "yaml", default="table")
@click.option("--no-headers", is_flag=True, help="Leave out the line of column titles")
def tun_list(form: str, no_headers: bool, kubectl: Kubectl) -> None:
    """List every tunnel of yours on this machine: a line for each local port.

    Of all namespaces and API servers; -n, --context, --kubeconfig and --cluster pick those of one. None is asked.
    """
    from krayne.operations.tunnels import list_tunnels

    tunnels = list_tunnels(kubectl=kubectl)
    for tunnel in tunnels:
        kubectl.log(f"# no kubectl: what the supervisor wrote; its log: {tunnel.log}")
    if form in ("json", "yaml"):
        from krayne.cli.output import written

        click.echo(written(tunnels, form), nl=False)
    elif not tunnels:
        click.echo(f"No {'such ' if kubectl.flags() else ''}tunnel is open.", err=True)
    else:
        click.echo(table(tunnels, headers=not no_headers, wide=form == "wide"), nl=False)


def table(tunnels: Sequence[Tunnel], *, headers: bool, wide: bool = False, ages: bool = True) -> str:
    """A line for each local port. A tunnel that is not up says so where its ports would say less, or it has none."""
    from datetime import datetime, timezone

    from krayne.cli.tables import NONE, age, cell, columns
    from krayne.text import one_line
    from krayne.tunnels.state import DOWN, REPAIRING, STARTING, UP

    now = datetime.now(timezone.utc)
    titles = ["NAMESPACE", "NAME", "SERVICE", "PORT", "STATE", *(["SINCE"] if ages else []), "RESTARTS"]
    rows = [titles + (["URL", "POD", "SERVER", "WHY"] if wide else [])] if headers else []
    for tunnel in tunnels:
        for each in tunnel.forwards or (None,):
            its_own = each and (tunnel.state in (UP, REPAIRING) or each.state not in (DOWN, STARTING))
            stands = each if each and its_own else tunnel
            row = [tunnel.namespace, tunnel.name, each.service if each else "", str(each.local_port) if each else ""]
            row += [stands.state, *([age(stands.since, now)] if ages else []), str(each.restarts) if each else ""]
            if wide:
                row += [each.url if each else "", tunnel.pod or "", tunnel.server]
            rows.append([cell(text) for text in row] + ([one_line(stands.why or "") or NONE] if wide else []))
    return "".join(f"{line}\n" for line in columns(rows))
