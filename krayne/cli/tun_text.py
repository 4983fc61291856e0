"""What tun-open prints: a tunnel with what opens it. Here are secrets of the cluster: tokens, passwords."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from krayne.text import one_line, printable
from krayne.tunnels.state import UP

if TYPE_CHECKING:
    from collections.abc import Mapping

    from krayne.kubectl import Kubectl
    from krayne.operations.opening import Opening
    from krayne.services import ServiceInfo
    from krayne.tunnels.state import Forward, Tunnel


def show(kubectl: Kubectl, tunnel: Tunnel, form: str, *, closing: str = "") -> None:
    """Print an open tunnel as ``form`` has it: text, json, yaml or env. ``closing``: how to close it."""
    from krayne.cli.output import written
    from krayne.operations.opening import RAY, opening

    opens = opening(kubectl, tunnel)
    if RAY in opens.unread:
        click.echo(f"Warning: Ray asks for a token, which cannot be read: {one_line(opens.unread[RAY])}", err=True)
    if form == "env":
        click.echo("\n".join(_exports(opens.variables)))
    elif form == "text":
        close = closing or f"Close it with: kubectl krayne tun-close {kubectl.where(tunnel.name)}"
        click.echo("\n".join([*_lines(kubectl, opens), *_ray_lines(opens.variables), close]))
    else:
        click.echo(written(opens, form), nl=False)


def _lines(kubectl: Kubectl, opens: Opening) -> list[str]:
    """A line for each service: what to open, and how it stands."""
    tunnel = opens.tunnel
    width = max((len(each.service) for each in tunnel.forwards), default=0)
    lines = [f"raycluster {tunnel.name} in namespace {tunnel.namespace} is open on this machine:"]
    for each in tunnel.forwards:
        line = f"  {each.service:<{width}}  {_opening(kubectl, opens, each)}"
        if note := _note(each, opens.services.get(each.service)):
            line += f"  ({one_line(note)})"
        lines.append(line)
    return lines


def _opening(kubectl: Kubectl, opens: Opening, forward: Forward) -> str:
    if forward.service == "ssh":
        return f"kubectl krayne ssh {kubectl.where(opens.tunnel.name)}"
    if forward.service == "client":
        return f'ray.init("{forward.url}")'
    info = opens.services.get(forward.service)
    return opens.url(forward) + (f"  password: {printable(info.password)}" if info and info.password else "")


def _note(forward: Forward, info: ServiceInfo | None) -> str:
    """What there is to say of a service beside how to open it; nothing where it just works."""
    if forward.state == UP:
        secret = {"notebook": "token", "code-server": "password"}.get(forward.service)
        if secret is None or (info and (info.token or info.password)):
            return ""
        return f"its {secret} cannot be read{f': {info.why}' if info and info.why else ''}"
    state, why = forward.state, forward.why or "not there yet"
    if info and info.state not in ("running", "unknown"):
        state, why = info.state, info.why or why
    elif forward.service == "serve":
        why = "no Serve application is deployed yet"
    return f"{state}: {why}" + ("" if state == "failed" else "; it comes up by itself")


def _ray_lines(variables: Mapping[str, str]) -> list[str]:
    if not variables:
        return []
    auth = "; its Ray asks for a token" if "RAY_AUTH_TOKEN" in variables else ""
    return [f"For Ray's command line and libraries{auth}:", *(f"  {line}" for line in _exports(variables))]


def _exports(variables: Mapping[str, str]) -> list[str]:
    return [f"export {key}={shlex.quote(value)}" for key, value in variables.items()]
