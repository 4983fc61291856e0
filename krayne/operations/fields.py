"""The fields of a RayCluster that a configuration makes, and how messages call them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from krayne.objects import HEAD_GROUP as HEAD
from krayne.objects import worker_groups

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Path = tuple[str, ...]  # ".name" is a step into a map, "[name]" one into a list

_SHOWN = 6


def configured(cluster: dict[str, Any]) -> dict[str, Any]:
    """What a configuration makes, the groups first."""
    spec, metadata = cluster.get("spec") or {}, cluster["metadata"]
    groups = {"workerGroupSpecs": worker_groups(cluster)}
    return {"spec": {**groups, **spec}, "metadata": {part: metadata.get(part) for part in ("labels", "annotations")}}


def by_step(value: Any) -> dict[str, Any] | None:
    """What is one step below a map, or a list whose elements all have names of their own; None for anything else."""
    if isinstance(value, dict):
        return {f".{key}": each for key, each in value.items()}
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        return None
    names = [each.get("groupName") or each.get("name") for each in value]
    if None in names or len(set(names)) < len(names):
        return None
    return {f"[{name}]": each for name, each in zip(names, value, strict=True)}


def told(fields: Mapping[Path, str]) -> str:
    """Fields, each with what is said of it, in one line; the first few of many."""
    groups: dict[tuple[str, str], list[str]] = {}
    for path, said in fields.items():
        what, group = _spoken(path)
        groups.setdefault((what, said), []).extend(group)
    texts = [f"{what}{_of(those)}{said}" for (what, said), those in groups.items()]
    more = [f"{len(texts) - _SHOWN} more"] if len(texts) > _SHOWN else []
    return ", ".join(texts[:_SHOWN] + more)


def _spoken(path: Path) -> tuple[str, list[str]]:
    """A field as people call it, and the group that it is of, if any."""
    match path:
        case (".spec", ".workerGroupSpecs", group):
            return f"worker group {group[1:-1]}", []
        case (".spec", ".workerGroupSpecs", group, *steps):
            return _short(steps), [group[1:-1]]
        case (".spec", ".headGroupSpec", *steps) if steps:
            return _short(steps), [HEAD]
        case _:
            return "".join(path).lstrip("."), []


def _short(steps: Sequence[str]) -> str:
    """A field of a group, without the way to its pods and their Ray container."""
    match steps:
        case (".template", ".spec", ".containers", container, *rest) if container.startswith("[ray-") and rest:
            steps = rest
        case (".template", ".spec", *rest) if rest:
            steps = rest
    return "".join(steps).lstrip(".")


def _of(groups: Iterable[str]) -> str:
    named = named_groups(sorted(groups, key=lambda group: group != HEAD))
    return f" of {named}" if named else ""


def named_groups(groups: Iterable[str]) -> str:
    """Groups as a sentence calls them."""
    return " and ".join("the head" if group == HEAD else f"group {group}" for group in groups)
