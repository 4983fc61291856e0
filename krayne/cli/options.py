"""Options and kinds of arguments that several verbs share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import click

from krayne import text
from krayne.kubectl import Kubectl
from krayne.operations import timeouts
from krayne.text import seconds_of

Function = TypeVar("Function", bound=Callable[..., Any])

CONNECTION = "Connection"  # the section that every verb has, and so the last


class Option(click.Option):
    """An option with its place in the help."""

    def __init__(self, *args: Any, section: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.section = section


class Command(click.Command):
    """A verb whose help shows examples first, then its own options, then those that it shares with others."""

    def __init__(self, *args: Any, examples: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.examples = examples.strip("\n")

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """What is left when the options are read, in click's spelling of them or in kubectl's."""
        if any(arg.startswith("-") and "=" in arg for arg in args):
            from krayne.cli.pflag import as_click_reads

            args = as_click_reads(args, (param for param in self.get_params(ctx) if isinstance(param, click.Option)))
        return super().parse_args(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The examples as they are typed, then the options."""
        if self.examples:
            with formatter.section("Examples"):
                formatter.write("\n".join(f"  {line}".rstrip() for line in self.examples.split("\n")) + "\n")
        sections: dict[str, list[tuple[str, str]]] = {"Options": []}
        for param in self.get_params(ctx):
            if isinstance(param, click.Option) and (record := param.get_help_record(ctx)):
                sections.setdefault(getattr(param, "section", "Options"), []).append(record)
        for title, records in sorted(sections.items(), key=lambda section: section[0] == CONNECTION):
            with formatter.section(title):
                formatter.write_dl(records)


def cluster_name(text: str) -> str:
    """A cluster's bare name; also from what kubectl prints with its type (raycluster.ray.io/NAME)."""
    kind, slash, name = text.rpartition("/")
    if slash and kind not in ("raycluster", "rayclusters", "raycluster.ray.io", "rayclusters.ray.io"):
        raise click.BadParameter(f"{text!r} is no RayCluster")
    return name


def duration(text: str) -> float:
    """Seconds, of a span of time as Go and kubectl write it: 30s, 10m, 1h30m; a bare number counts seconds."""
    seconds = seconds_of(text)
    if seconds is None:
        raise click.BadParameter(f"{text!r} is no duration: write one such as 30s, 10m or 1h30m")
    return seconds


def connection(function: Function) -> Function:
    """kubectl's connection flags; the verb gets them as one ``kubectl``."""

    @wraps(function)
    def connected(*args: Any, verbose: int, as_groups: tuple[str, ...], **values: Any) -> Any:
        chosen = {name: values.pop(name) for name in ("context", "kubeconfig", "cluster", "user", "as_user")}
        chosen |= {name: values.pop(name) for name in ("namespace", "request_timeout")}
        log = _log if verbose else _ignore
        return function(*args, kubectl=Kubectl(**chosen, as_groups=as_groups, log=log, tell=_tell), **values)

    def option(*names: str, **attributes: Any) -> Callable[[Function], Function]:
        return click.option(*names, cls=Option, section=CONNECTION, **attributes)

    options = (
        option("-n", "--namespace", metavar="NAME", help="Namespace  [default: the context's]"),
        option("--context", metavar="NAME", help="Context of the kubeconfig to use"),
        option("--kubeconfig", metavar="FILE", help="Kubeconfig file to use"),
        option("--cluster", metavar="NAME", help="Cluster of the kubeconfig to use"),
        option("--user", metavar="NAME", help="User of the kubeconfig to use"),
        option("--as", "as_user", metavar="USER", help="User to act as"),
        option("--as-group", "as_groups", metavar="GROUP", multiple=True, help="Group to act as; may be repeated"),
        option("--request-timeout", metavar="DURATION", help="How long one call to the server may take, e.g. 30s"),
        option("-v", "--verbose", count=True, help="Show each kubectl command that is run"),
    )
    for each in reversed(options):
        connected = each(connected)
    return connected  # type: ignore[return-value]  # click's options leave the function's type as it is


def output(
    *formats: str, default: str | None = None, help_text: str = "Output format"
) -> Callable[[Function], Function]:
    """The -o option of a verb that can print these formats."""
    return click.option(
        "-o",
        "--output",
        "form",
        type=click.Choice(formats),
        default=default,
        show_default=bool(default),
        help=help_text,
    )


def dry_run(function: Function) -> Function:
    """The --dry-run of a verb that changes something."""
    return click.option(
        "--dry-run",
        type=click.Choice(("none", "client", "server")),
        default="none",
        help="Only show what would be done: worked out here (client), or checked by the server too (server)",
    )(function)


def timeout(limit: float) -> Callable[[Function], Function]:
    """How long a verb may wait, in seconds; None is for ever. ``limit``: where nobody says."""
    return click.option(
        "--timeout",
        type=duration,
        metavar="DURATION",
        default=text.duration(limit),
        show_default=True,
        callback=_forever,
        help="How long to wait, e.g. 90s or 1h; 0 waits for ever",
    )


def waiting(*, default: bool, goal: str) -> Callable[[Function], Function]:
    """The --wait and --timeout of a verb that may wait for ``goal``."""

    def add(function: Function) -> Function:
        wait = click.option("--wait/--no-wait", default=default, show_default=True, help=f"Wait until {goal}")
        return wait(timeout(timeouts.CLUSTER)(function))

    return add


def _forever(_ctx: click.Context, _param: click.Parameter, seconds: float) -> float | None:
    return seconds or None


def _log(line: str) -> None:
    from krayne.cli.notices import log

    log(line)


def _tell(text: str) -> None:
    from krayne.cli.notices import tell

    tell(text)


def _ignore(_line: str) -> None:
    """Without -v, no command line is shown."""
