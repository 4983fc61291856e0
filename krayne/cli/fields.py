"""The configuration on the command line: -f, --set, and the flags that the schema gives its common fields."""

from __future__ import annotations

from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from krayne.cli.options import Option, cluster_name
from krayne.config import Flag, flags, load_configs, nest

if TYPE_CHECKING:
    from krayne.cli.options import Function
    from krayne.kubectl import Kubectl

_SECTION = "Configuration (any other field: --set)"
_METAVARS = {"integer": "INTEGER", "map": "NAME=VALUE"}


def configuration(function: Function) -> Function:
    """The options of a verb that takes a configuration; it gets ``configs`` and ``template``."""

    @wraps(function)
    def configured(
        name: str | None, files: tuple[str, ...], assignments: tuple[str, ...], kubectl: Kubectl, **values: Any
    ) -> Any:
        given, malformed = nest((flag, values.pop(_variable(flag))) for flag in flags())
        if kubectl.namespace:
            given["namespace"] = kubectl.namespace
        if name is None and not files:
            raise click.UsageError("name the cluster, or give a file with -f")
        configs = load_configs(*files, flags=given, malformed=malformed, assignments=assignments, name=name)
        return function(configs=configs, kubectl=kubectl, **values)

    for option in reversed((*_COMMON, *map(_option, flags()))):
        configured = option(configured)
    return configured  # type: ignore[return-value]  # click's options leave the function's type as it is


_COMMON = (
    click.argument("name", metavar="[NAME]", required=False, type=cluster_name),
    click.option(
        "-f",
        "--file",
        "files",
        metavar="FILE",
        multiple=True,
        help="YAML or JSON configuration, one cluster or several; - reads stdin; may be repeated",
    ),
    click.option(
        "--set",
        "assignments",
        metavar="PATH=VALUE",
        multiple=True,
        help="Set any field, e.g. worker_groups.gpu.replicas=4; may be repeated",
    ),
    click.option(
        "--template",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Jinja2 template to make the manifest with, instead of krayne's own",
    ),
)


def _option(flag: Flag) -> Any:
    help_text = flag.description.rstrip(".")
    if flag.default is not None and not isinstance(flag.default, list | dict | bool):
        help_text += f"  [default: {flag.default}]"
    if flag.type == "boolean":
        return click.option(flag.option, _variable(flag), cls=Option, section=_SECTION, default=None, help=help_text)
    repeated = flag.type in ("list", "map")
    # Every value is taken as text: the schema judges it, together with all else.
    return click.option(
        flag.option,
        _variable(flag),
        cls=Option,
        section=_SECTION,
        multiple=repeated,
        metavar=f"[{'|'.join(flag.choices)}]" if flag.choices else _METAVARS.get(flag.type),
        shell_complete=partial(_choices, flag),
        help=help_text + ("; may be repeated" if repeated else ""),
    )


def _choices(flag: Flag, _ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    return [choice for choice in flag.choices if choice.startswith(incomplete)]


def _variable(flag: Flag) -> str:
    return "field_" + "_".join(flag.path)
