"""Clusters that belong to another object, which goes on managing them."""

from __future__ import annotations

from typing import Any


def owner_warning(cluster: dict[str, Any], doing: str) -> str | None:
    """What to know before one changes a cluster that another object owns; ``doing``: what one is about to do to it."""
    from krayne.cluster.info import owner_of

    owner = owner_of(cluster)
    if owner is None:
        return None
    name, kind = cluster["metadata"]["name"], owner.kind
    return f"raycluster {name} belongs to the {kind} {owner.name}, which may undo this: {doing} the {kind} instead"
