"""What an apply takes away from a cluster."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHOWN = 6
_GROUP = re.compile(r"spec\.workerGroupSpecs\[(.*?)\]$")
_NOT_CONFIGURED = "scaleStrategy"  # the autoscaler's part of a group


def loss_warning(before: dict[str, Any], after: dict[str, Any]) -> str | None:
    """What to tell of groups and fields that a cluster had before an apply and no longer has.

    Server-side apply drops what its manager owned and the manifest lacks.
    """
    lost = [path.lstrip(".") for path in _lost(_configured(before), _configured(after))]
    # A label of the cluster is one of its pods, too.
    told = [_GROUP.sub(r"worker group \1", path) for path in lost if path.partition(".template.")[2] not in lost]
    if not told:
        return None
    more = [f"{len(told) - _SHOWN} more"] if len(told) > _SHOWN else []
    named = ", ".join(told[:_SHOWN] + more)
    return f"raycluster {before['metadata']['name']} loses what the configuration does not say: {named}"


def _configured(cluster: dict[str, Any]) -> dict[str, Any]:
    """What a configuration makes, the groups first."""
    spec, metadata = cluster["spec"], cluster["metadata"]
    groups = {"workerGroupSpecs": spec.get("workerGroupSpecs") or []}
    return {"spec": {**groups, **spec}, "metadata": {part: metadata.get(part) for part in ("labels", "annotations")}}


def _lost(before: Any, after: Any, path: str = "") -> Iterator[str]:
    """The paths of what only ``before`` has, each the highest; list elements by their names, if all have one."""
    had, has = _by_key(before), _by_key(after)
    if had is None or (has is None and after):  # a value for another
        return
    for key, value in had.items():
        if key not in (has or {}):
            if value and key.lstrip(".") != _NOT_CONFIGURED:
                yield path + key
        else:
            yield from _lost(value, (has or {})[key], path + key)


def _by_key(value: Any) -> dict[str, Any] | None:
    if isinstance(value, dict):
        return {f".{key}": each for key, each in value.items()}
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        return None
    names = [each.get("groupName") or each.get("name") for each in value]
    if None in names or len(set(names)) < len(names):
        return None
    return {f"[{name}]": each for name, each in zip(names, value, strict=True)}
