"""A cluster described as ``kubectl describe`` would: its status and why first, then all there is to know."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from krayne.cli.tables import NONE, age, cell, columns, painted
from krayne.cluster.details import ClusterDetails, Event, Pod
from krayne.cluster.values import ClusterInfo, Head
from krayne.text import count, one_line, printable

_UNKNOWN, _FORBIDDEN = "<unknown>", "<forbidden>"
_READ_FROM = {"head": "the running head", "spec": "the spec"}
_LONG = 1000  # characters of a message; that of a hook that failed may hold a whole program, twice


def details_text(details: ClusterDetails, *, now: datetime, colour: bool = False) -> str:
    """Describe a cluster as ``kubectl describe`` would, its status and why first."""
    info = details.info
    top = [
        ("Name", [info.name]),
        ("Namespace", [info.namespace]),
        ("Status", [info.status.value]),
        ("Why", [info.cause] if info.cause else []),
        ("Next", details.next_steps),
        ("Created", [f"{info.created} ({age(info.created, now)} ago)"] if info.created else []),
        ("Owner", [f"{info.owner.kind}/{info.owner.name}"] if info.owner else []),
        ("Labels", [f"{key}={value}" for key, value in info.labels.items()]),
        ("Autoscaling", ["on" if info.autoscaling else "off"]),
        ("Workers", [f"{info.workers_ready} of {info.workers_desired} ready"]),
        ("Asks for", [f"{_resources(info)} in all"]),
    ]
    lines = _fields(top)
    if colour:
        lines[2] = painted(lines[2], info.status, lines[2].rindex(info.status.value))
    for title, section in _sections(details, now):
        said = "" if section else f"  {NONE}" if section is not None else f"  {_FORBIDDEN}{_why(details, title)}"
        lines += [f"{title}:{said}", *(f"  {line}" for line in section or ())]
    return "".join(f"{line}\n" for line in lines)


def _why(details: ClusterDetails, title: str) -> str:
    """Why the section of that title could not be read."""
    why = details.unread.get(title.lower())
    return f": {one_line(why, _LONG)}" if why else ""


def _sections(details: ClusterDetails, now: datetime) -> list[tuple[str, list[str] | None]]:
    """Each section's title and lines, None where it could not be read."""
    info, head = details.info, details.info.head
    urls = [
        ("Dashboard", info.dashboard_url),
        ("Client", info.client_url),
        ("Notebook", info.notebook_url),
        ("Code server", info.code_server_url),
        ("SSH", info.ssh_url),
    ]
    versions = [
        ("Ray", details.versions.ray),
        ("Python", details.versions.python),
        ("Read from", _READ_FROM[details.versions.source]),
        ("KubeRay", info.kuberay_version),
    ]
    nothing = _UNKNOWN if details.pods is None else NONE
    about_head = [
        ("Pod", head.pod),
        ("Ready", "yes" if head.ready else "no"),
        ("Node", head.node),
        ("IP", head.ip),
        ("Service", head.service),
        ("Image", head.image),
        ("Asks for", _resources(head)),
    ]
    return [
        ("Head", _fields((key, [value or nothing]) for key, value in about_head)),
        ("Worker groups", _groups(info)),
        ("Versions", _fields((key, [value or _UNKNOWN]) for key, value in versions)),
        ("Pods", None if details.pods is None else _pods(details.pods, now)),
        ("Conditions", _conditions(details, now)),
        ("Services", _services(details, now)),
        ("URLs", _fields((key, [value]) for key, value in urls if value)),
        ("Events", None if details.events is None else _events(details.events, now)),
    ]


def _resources(asked: ClusterInfo | Head) -> str:
    """``2 CPUs, 7Gi memory, 1 GPU``."""
    cpus = "CPU" if asked.cpus == "1" else "CPUs"
    return f"{asked.cpus} {cpus}, {asked.memory} memory, {count(asked.gpus, 'GPU')}"


def _fields(pairs: Iterable[tuple[str, Iterable[str]]]) -> list[str]:
    """Write ``Key:  value`` lines with the values in a column; a key without values is left out."""
    shown = [(key, [printable(value) for value in values]) for key, values in pairs]
    width = max((len(key) for key, values in shown if values), default=0) + 3
    return [
        f"{f'{key}:' if at == 0 else '':<{width}}{value}" for key, values in shown for at, value in enumerate(values)
    ]


def _groups(info: ClusterInfo) -> list[str]:
    titles = ["NAME", "READY", "REPLICAS", "MIN", "MAX", "HOSTS", "CPUS", "MEMORY", "GPUS", "IMAGE"]
    rows = [
        [
            group.name,
            f"{'?' if group.ready is None else group.ready}/{group.desired}",
            str(group.replicas),
            str(group.min_replicas),
            "unbounded" if group.max_replicas is None else str(group.max_replicas),
            str(group.num_of_hosts),
            group.cpus,
            group.memory,
            str(group.gpus),
            group.image or "",
        ]
        for group in info.groups
    ]
    return _table(titles, rows)


def _pods(pods: Sequence[Pod], now: datetime) -> list[str]:
    titles = ["NAME", "GROUP", "READY", "STATUS", "RESTARTS", "AGE", "NODE"]
    lines = _table(
        titles,
        [
            [
                pod.name,
                pod.group,
                f"{pod.containers_ready}/{pod.containers}",
                pod.status,
                str(pod.restarts),
                age(pod.created, now),
                pod.node or "",
            ]
            for pod in pods
        ],
    )
    notes = [f"{printable(pod.name)} {printable(pod.problem)}" for pod in pods if pod.problem]
    return [*lines, *notes]


def _services(details: ClusterDetails, now: datetime) -> list[str]:
    rows = [
        [
            each.service,
            each.state,
            str(each.port or ""),
            str(each.restarts),
            age(each.since, now),
            printable(each.why or ""),
        ]
        for each in details.services
    ]
    return _table(["NAME", "STATE", "PORT", "RESTARTS", "SINCE", "MESSAGE"], rows)


def _conditions(details: ClusterDetails, now: datetime) -> list[str]:
    rows = [
        [each.type, each.status, age(each.since, now), each.reason, one_line(each.message, _LONG)]
        for each in details.conditions
    ]
    return _table(["TYPE", "STATUS", "SINCE", "REASON", "MESSAGE"], rows)


def _events(events: Sequence[Event], now: datetime) -> list[str]:
    rows = [
        [
            each.type,
            each.reason,
            age(each.last, now) + (f"(x{each.count})" if each.count > 1 else ""),
            each.object,
            one_line(each.message, _LONG),
        ]
        for each in events
    ]
    return _table(["TYPE", "REASON", "AGE", "OBJECT", "MESSAGE"], rows)


def _table(titles: list[str], rows: list[list[str]]) -> list[str]:
    """Write a table under its titles; only a last column called MESSAGE may hold blanks."""
    free = titles[-1] == "MESSAGE"
    clean = [[cell(each) for each in row[:-1]] + [row[-1] if free else cell(row[-1])] for row in rows]
    return columns([titles, *clean]) if rows else []
