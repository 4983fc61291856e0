"""What tun-open prints: a tunnel with what opens it. Here are secrets of the cluster: tokens, passwords."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from krayne.errors import KrayneError
from krayne.text import one_line, printable
from krayne.value import Value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from krayne.kubectl import Kubectl
    from krayne.services import ServiceInfo
    from krayne.tunnels.state import Forward, Tunnel


def show(kubectl: Kubectl, tunnel: Tunnel, form: str, *, closing: str = "") -> None:
    """Print an open tunnel as ``form`` has it: text, json, yaml or env. ``closing``: how to close it."""
    from krayne.cli.output import written
    from krayne.operations.ray_environment import auth_token, variables
    from krayne.operations.reading import read_cluster
    from krayne.operations.tunnels import services
    from krayne.tunnels.targets import TARGETS

    cluster = read_cluster(kubectl, tunnel.name)
    told = {each.service: each for each in services(kubectl, cluster)}
    try:
        token = auth_token(kubectl, cluster)
    except KrayneError as error:
        click.echo(f"Warning: Ray asks for a token, which cannot be read: {one_line(str(error))}", err=True)
        token = None
    urls = tunnel.urls()
    told_to_ray = variables(urls, token) if any(TARGETS[service].ray for service in urls) else {}
    if form == "env":
        click.echo("\n".join(f"export {key}={shlex.quote(value)}" for key, value in told_to_ray.items()))
    elif form == "text":
        close = closing or f"Close it with: kubectl krayne tun-close {kubectl.where(tunnel.name)}"
        click.echo("\n".join([*_lines(kubectl, tunnel, told), *_ray_lines(told_to_ray), close]))
    else:
        value = _Opened(tunnel, told, told_to_ray)
        click.echo(written(value, form), nl=False)


def _lines(kubectl: Kubectl, tunnel: Tunnel, told: dict[str, ServiceInfo]) -> list[str]:
    """A line for each service: what to open, and how it stands."""
    width = max((len(each.service) for each in tunnel.forwards), default=0)
    lines = [f"raycluster {tunnel.name} in namespace {tunnel.namespace} is open on this machine:"]
    for each in tunnel.forwards:
        line = f"  {each.service:<{width}}  {_opening(kubectl, tunnel, each, told.get(each.service))}"
        if note := _note(each, told.get(each.service)):
            line += f"  ({one_line(note)})"
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


def _note(forward: Forward, info: ServiceInfo | None) -> str:
    """What there is to say of a service beside how to open it; nothing where it just works."""
    if forward.state == "up":
        secret = {"notebook": "token", "code-server": "password"}.get(forward.service)
        if secret is None or (info and (info.token or info.password)):
            return ""
        return f"its {secret} cannot be read{f': {info.why}' if info and info.why else ''}"
    state, why = forward.state, forward.why or "not there yet"
    if info and info.state != "running":
        state, why = info.state, info.why or why
    elif forward.service == "serve":
        why = "no Serve application is deployed yet"
    return f"{state}: {why}" + ("" if state == "failed" else "; it comes up by itself")


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
