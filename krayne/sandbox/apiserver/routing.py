"""Paths of the Kubernetes API: which resource, namespace, object and subresource one leads to."""

from __future__ import annotations

from typing import NamedTuple


class Target(NamedTuple):
    """Where a path below /api/v1 or /apis/GROUP/VERSION leads; `plural` is "" for the version itself."""

    group: str
    version: str
    namespace: str
    plural: str
    name: str
    subresource: str


def target(path: str) -> Target | None:
    """The target of a path, None for one of another form."""
    parts = path.strip("/").split("/")
    if parts[0] == "api" and len(parts) >= 2:
        group, version, rest = "", parts[1], parts[2:]
    elif parts[0] == "apis" and len(parts) >= 3:
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        return None
    namespace = ""
    # /namespaces/NAME and its subresources are the namespace itself; anything else below it is in it.
    if len(rest) >= 3 and rest[0] == "namespaces" and rest[2] not in ("status", "finalize"):
        namespace, rest = rest[1], rest[2:]
    if len(rest) > 3:
        return None
    plural, name, subresource = (*rest, "", "", "")[:3]
    return Target(group, version, namespace, plural, name, subresource)
