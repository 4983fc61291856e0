"""Clusters as text: kubectl's kind of table, JSON, YAML, names; Values in, text out.

Nothing that a cluster says can steer the terminal: every control character is printed as its escape.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from krayne.cli.tables import GAP, age, cell, columns, painted
from krayne.cluster.values import ClusterInfo
from krayne.text import printable
from krayne.value import Value


def cluster_table(
    infos: Iterable[ClusterInfo],
    *,
    now: datetime,
    wide: bool = False,
    namespaces: bool = False,
    headers: bool = True,
    colour: bool = False,
    widths: list[int] | None = None,
) -> str:
    """Write a row for each cluster as ``kubectl get`` does; ``namespaces`` puts NAMESPACE first, as under -A.

    ``widths``: a list kept from call to call, in which the columns' widths only grow, for a table that goes on (-w).
    """
    widths = [] if widths is None else widths
    titles = ["NAME", "STATUS", "WORKERS", "CPUS", "MEMORY", "GPUS", "AGE"]
    titles += ["RAY", "GROUPS", "HEAD-POD", "NODE", "IMAGE"] if wide else []
    infos = list(infos)
    rows = [_row(info, now, wide) for info in infos]
    if namespaces:
        titles = ["NAMESPACE", *titles]
        rows = [[cell(info.namespace), *row] for info, row in zip(infos, rows, strict=True)]
    lines = columns(([titles] if headers else []) + rows, widths)
    if colour:
        place = titles.index("STATUS")
        start = sum(widths[:place]) + len(GAP) * place
        rest = len(lines) - len(infos)
        lines[rest:] = [painted(line, info.status, start) for line, info in zip(lines[rest:], infos, strict=True)]
    return "".join(f"{line}\n" for line in lines)


def _row(info: ClusterInfo, now: datetime, wide: bool) -> list[str]:
    cells = [
        info.name,
        info.status.value,
        f"{info.workers_ready}/{info.workers_desired}",
        info.cpus,
        info.memory,
        str(info.gpus),
        age(info.created, now),
    ]
    if wide:
        groups = ",".join(
            f"{group.name}={group.desired if group.ready is None else group.ready}/{group.desired}"
            for group in info.groups
        )
        cells += [info.ray_version or "", groups, info.head.pod or "", info.head.node or "", info.image or ""]
    return [cell(each) for each in cells]


def names(infos: Iterable[ClusterInfo]) -> str:
    """Write the clusters' names as ``-o name`` does, for piping into kubectl."""
    return "".join(f"raycluster.ray.io/{printable(info.name)}\n" for info in infos)


def dict_of(value: Value | Iterable[Value]) -> dict[str, Any]:
    """Give a value's dict; of several ``{"items": […]}``."""
    return value.as_dict() if isinstance(value, Value) else {"items": [each.as_dict() for each in value]}


def written(value: Value | Iterable[Value], form: str) -> str:
    """Write a value, or several under ``items``, in the form that -o asks for: json or yaml."""
    return to_json(value) if form == "json" else to_yaml(value)


def to_json(value: Value | Iterable[Value]) -> str:
    """Write a value, or several under ``items``, as kubectl writes JSON."""
    import json

    return printable_json(json.dumps(dict_of(value), indent=4, ensure_ascii=False)) + "\n"


def printable_json(text: str) -> str:
    r"""Escape what JSON leaves as it is and a terminal might obey: C1 controls, DEL and the like, as ``\u009b``."""
    if text.isascii() and "\x7f" not in text:
        return text
    return "".join(char if char.isprintable() or char == "\n" else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at] << 8 | units[at + 1]:04x}" for at in range(0, len(units), 2))


def to_yaml(value: Value | Iterable[Value]) -> str:
    """Write a value, or several under ``items``, as YAML."""
    import yaml

    data = dict_of(value)
    try:
        return _dumped(data, getattr(yaml, "CSafeDumper", yaml.SafeDumper))
    except UnicodeEncodeError:  # libyaml, ten times as fast, takes no lone surrogate
        return _dumped(data, yaml.SafeDumper)


def _dumped(data: dict[str, Any], dumper: Any) -> str:
    import yaml

    return str(yaml.dump(data, Dumper=dumper, sort_keys=False, allow_unicode=True, width=2**16))
