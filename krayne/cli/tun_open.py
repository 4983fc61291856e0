"""kubectl krayne tun-open."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from krayne.cli.options import Command, cluster_name, connection, duration, output
from krayne.cli.progress import UP_AND_CLEAR
from krayne.cluster.values import Value
from krayne.errors import KrayneError
from krayne.kubectl import Kubectl
from krayne.terminal import is_terminal
from krayne.text import one_line, printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from krayne.operations.tunnels import Progress
    from krayne.services import ServiceInfo
    from krayne.tunnels.state import Forward, Tunnel

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
    return tuple(name for value in values for name in value.split(",") if name)


def _ports(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> dict[str, int]:
    found = {}
    for value in values:
        match = re.fullmatch(r"([a-z-]+)=([0-9]{1,5})", value)
        if not match or not 0 < int(match[2]) < 65536:
            raise click.BadParameter(f"{value!r} is not SERVICE=PORT, e.g. dashboard=9000")
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
@click.option(
    "--timeout", type=duration, metavar="DURATION", default="1m", show_default=True, help="How long to wait for it"
)
@output("text", "json", "yaml", "env", default="text")
def tun_open(
    *,
    name: str,
    only: tuple[str, ...],
    ports: dict[str, int],
    foreground: bool,
    timeout: float,
    form: str,
    kubectl: Kubectl,
) -> None:
    """Open a cluster's dashboard, notebook, editor and Ray itself on localhost.

    Returns when they answer, and leaves them open: they survive this shell, a restart of the head and a sleep of the
    machine. Opening again repairs what is down. Prints secrets of the cluster: tokens, passwords.
    """
    from krayne.operations.tunnels import ensure_tunnel, open_tunnel

    if foreground and form != "text":
        raise click.UsageError("--foreground shows text: leave out -o")
    seconds = timeout or None
    if not foreground:
        tunnel = ensure_tunnel(name, only=only, ports=ports, timeout=seconds, progress=_progress(), kubectl=kubectl)
        _show(kubectl, tunnel, form)
        return
    with open_tunnel(name, only=only, ports=ports, timeout=seconds, progress=_progress(), kubectl=kubectl):
        _follow(kubectl, name)


def _follow(kubectl: Kubectl, name: str) -> None:
    """Show the tunnel's state until ^C or its end."""
    from krayne.cli.tun_list import table
    from krayne.operations.tunnels import follow_tunnel
    from krayne.tunnels.state import GONE

    live, written, shown, tunnel = is_terminal(sys.stdout), 0, False, None
    try:
        for tunnel in follow_tunnel(name, kubectl=kubectl):
            if not shown:
                _show(kubectl, tunnel, "text", closing="Close it with ^C")
                shown = True
            text = table([tunnel], headers=True) + (f"{one_line(tunnel.why)}\n" if tunnel.why else "")
            click.echo((UP_AND_CLEAR.format(written) if live and written else "") + f"\n{text}", nl=False)
            width = shutil.get_terminal_size().columns
            written = 1 + sum(max(1, -(-len(line) // width)) for line in text.splitlines())
    except KeyboardInterrupt:
        click.echo("\nclosed", err=True)
        return
    if tunnel and tunnel.state == GONE:
        from krayne.errors import ClusterNotFoundError

        raise ClusterNotFoundError(f"the tunnel to {kubectl.named(name)} has ended: {tunnel.why}")


def _progress() -> Progress:
    """Say on stderr what is being waited for, each thing once."""
    told: set[tuple[str, str, str | None]] = set()

    def tell(tunnel: Tunnel) -> None:
        said = (tunnel.name, tunnel.state, tunnel.why)
        if tunnel.state not in ("up", "repairing") and said not in told:
            told.add(said)
            click.echo(f"{tunnel.name}: {tunnel.state}" + (f": {one_line(tunnel.why)}" if tunnel.why else ""), err=True)

    return tell


def _show(kubectl: Kubectl, tunnel: Tunnel, form: str, *, closing: str = "") -> None:
    from krayne.cli import output as written
    from krayne.operations.reading import read_cluster
    from krayne.operations.tunnels import auth_token, services

    cluster = read_cluster(kubectl, tunnel.name)
    told = {each.service: each for each in services(kubectl, cluster)}
    try:
        token = auth_token(kubectl, cluster)
    except KrayneError as error:
        click.echo(f"Warning: Ray asks for a token, which cannot be read: {one_line(str(error))}", err=True)
        token = None
    variables = _variables(tunnel, token)
    if form == "env":
        click.echo("\n".join(f"export {key}={shlex.quote(value)}" for key, value in variables.items()))
    elif form == "text":
        close = closing or f"Close it with: kubectl krayne tun-close {kubectl.where(tunnel.name)}"
        click.echo("\n".join([*_lines(kubectl, tunnel, told), *_ray_lines(variables), close]))
    else:
        value = _Opened(tunnel, told, variables)
        click.echo(written.to_json(value) if form == "json" else written.to_yaml(value), nl=False)


def _variables(tunnel: Tunnel, token: str | None) -> dict[str, str]:
    """What Ray's own command line and libraries read (Ray 2.52 and later for the token)."""
    urls = tunnel.urls()
    variables = {"RAY_ADDRESS": urls["dashboard"]} if "dashboard" in urls else {}
    if token is not None:
        variables |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token}
    return variables


def _lines(kubectl: Kubectl, tunnel: Tunnel, told: dict[str, ServiceInfo]) -> list[str]:
    """A line for each service: what to open, and how it stands."""
    width = max((len(each.service) for each in tunnel.forwards), default=0)
    lines = [f"raycluster {tunnel.name} in namespace {tunnel.namespace} is open on this machine:"]
    for each in tunnel.forwards:
        line = f"  {each.service:<{width}}  {_opening(kubectl, tunnel, each, told.get(each.service))}"
        if each.state != "up":
            line += f"  ({each.state}: {one_line(_why(each, told.get(each.service)))})"
        lines.append(line)
    return lines


def _opening(kubectl: Kubectl, tunnel: Tunnel, forward: Forward, info: ServiceInfo | None) -> str:
    if forward.service == "ssh":
        return f"kubectl krayne ssh {kubectl.where(tunnel.name)}"
    if forward.service == "client":
        return f'ray.init("{forward.url}")'
    return with_secret(forward.url, info) + (
        f"  password: {printable(info.password)}" if info and info.password else ""
    )


def with_secret(url: str, info: ServiceInfo | None) -> str:
    """A URL with the token that it takes, ready to click."""
    from urllib.parse import quote

    return f"{url}/?token={quote(info.token)}" if info and info.token else url


def _why(forward: Forward, info: ServiceInfo | None) -> str:
    if info and info.state != "running":
        return f"{info.state}{f', {info.why}' if info.why else ''}"
    if forward.service == "serve":
        return "no Serve application is deployed yet; it comes up by itself"
    return f"{forward.why or 'not there yet'}; it comes up by itself"


def _ray_lines(variables: dict[str, str]) -> list[str]:
    if not variables:
        return []
    auth = "; its Ray asks for a token" if "RAY_AUTH_TOKEN" in variables else ""
    lines = [f"For Ray's command line and libraries{auth}:"]
    return lines + [f"  export {key}={shlex.quote(value)}" for key, value in variables.items()]


@dataclass(frozen=True, slots=True)
class _Opened(Value):
    """A tunnel with what opens it: each forward also has its service's token and password, and the URL with it."""

    tunnel: Tunnel
    told: Mapping[str, ServiceInfo]
    variables: Mapping[str, str]

    def as_dict(self) -> dict[str, Any]:
        """The tunnel's fields, and the variables for Ray under ``env``."""
        value = self.tunnel.as_dict()
        for forward in value["forwards"]:
            if info := self.told.get(forward["service"]):
                forward |= {"token": info.token, "password": info.password}
                forward["open"] = with_secret(forward["url"], info)
        return value | {"env": dict(self.variables)}
