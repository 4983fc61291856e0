"""kubectl krayne tun-list."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from krayne.cli.options import Command, output

if TYPE_CHECKING:
    from collections.abc import Sequence

    from krayne.tunnels.state import Tunnel

EXAMPLES = """
kubectl krayne tun-list

# Where each leads, and why what is down is down
kubectl krayne tun-list -o wide

# The local URL of a cluster's dashboard
kubectl krayne tun-list -o json | jq -r '.items[].forwards[] | select(.service == "dashboard").url'
"""


@click.command(cls=Command, examples=EXAMPLES)
@output("table", "wide", "json", "yaml", default="table")
@click.option("--no-headers", is_flag=True, help="Leave out the line of column titles")
def tun_list(form: str, no_headers: bool) -> None:
    """List every tunnel of yours on this machine: a line for each local port."""
    from krayne.operations.tunnels import list_tunnels

    tunnels = list_tunnels()
    if form in ("json", "yaml"):
        from krayne.cli.output import written

        click.echo(written(tunnels, form), nl=False)
    elif not tunnels:
        click.echo("No tunnel is open.", err=True)
    else:
        click.echo(table(tunnels, headers=not no_headers, wide=form == "wide"), nl=False)


def table(tunnels: Sequence[Tunnel], *, headers: bool, wide: bool = False, ages: bool = True) -> str:
    """A line for each local port. A tunnel that is not up says so where its ports would say less, or it has none."""
    from datetime import datetime, timezone

    from krayne.cli.tables import NONE, age, cell, columns
    from krayne.text import one_line
    from krayne.tunnels.state import DOWN, STARTING

    now = datetime.now(timezone.utc)
    titles = ["NAMESPACE", "NAME", "SERVICE", "PORT", "STATE", *(["SINCE"] if ages else []), "RESTARTS"]
    rows = [titles + (["URL", "POD", "SERVER", "WHY"] if wide else [])] if headers else []
    for tunnel in tunnels:
        for each in tunnel.forwards or (None,):
            its_own = each and (tunnel.state in ("up", "repairing") or each.state not in (DOWN, STARTING))
            stands = each if each and its_own else tunnel
            row = [tunnel.namespace, tunnel.name, each.service if each else "", str(each.local_port) if each else ""]
            row += [stands.state, *([age(stands.since, now)] if ages else []), str(each.restarts) if each else ""]
            if wide:
                row += [each.url if each else "", tunnel.pod or "", tunnel.server]
            rows.append([cell(text) for text in row] + ([one_line(stands.why or "") or NONE] if wide else []))
    return "".join(f"{line}\n" for line in columns(rows))
