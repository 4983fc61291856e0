"""The spellings of options that kubectl takes (Go's pflag) and click does not."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# What Go's strconv.ParseBool reads.
_BOOLEANS = dict.fromkeys(("1", "t", "T", "TRUE", "true", "True"), True)
_BOOLEANS |= dict.fromkeys(("0", "f", "F", "FALSE", "false", "False"), False)


def as_click_reads(args: Sequence[str], options: Iterable[click.Option]) -> list[str]:
    """The same arguments as click reads them: ``-n=a`` is ``-n a``, ``--wait=false`` ``--no-wait``, ``--v=6`` ``-v``.

    The values of options, and all after ``--``, stay as they are. Raises BadOptionUsage for a flag's value that is
    neither true nor false.
    """
    known = {name: option for option in options for name in (*option.opts, *option.secondary_opts)}
    if "-v" in known:
        known["--v"] = known["-v"]  # kubectl's (klog's) other name of it
    read: list[str] = []
    rest = iter(args)
    for arg in rest:
        if arg == "--":
            return [*read, arg, *rest]
        before, name, attached = _last_option(arg, known)
        option = known.get(name)
        if option is not None and attached.startswith("="):
            last = [name, attached[1:]] if _takes_value(option) else _switched(option, name, attached[1:])
            read += [*before, *last]
        else:
            read.append(arg)
            if option is not None and _takes_value(option) and not attached:
                read += islice(rest, 1)
    return read


def _last_option(arg: str, known: Mapping[str, click.Option]) -> tuple[list[str], str, str]:
    """The last option of an argument, with the short flags before it (``-Aw``) and what is attached to it."""
    if arg.startswith("--") or not arg.startswith("-"):
        name, equals, value = arg.partition("=")
        return [], name, equals + value
    for index in range(1, len(arg)):
        name, attached = f"-{arg[index]}", arg[index + 1 :]
        if name not in known or _takes_value(known[name]) or attached.startswith("="):
            return [arg[:index]] if index > 1 else [], name, attached
    return [], arg, ""


def _takes_value(option: click.Option) -> bool:
    return not (option.is_flag or option.count)


def _switched(option: click.Option, name: str, value: str) -> list[str]:
    """A flag that is given a value (a count: a number), by the name that means the same; off may be no name at all."""
    on = value.strip("0") != "" if option.count and value.isdecimal() else _BOOLEANS.get(value)
    if on is None:
        raise click.BadOptionUsage(name, f"{name} takes true or false, not {value!r}")
    meant = on == (name not in option.secondary_opts)
    return (option.opts if meant else option.secondary_opts)[:1]
