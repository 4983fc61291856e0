"""What an apply takes away from a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from krayne.operations.fields import by_step, configured, told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from krayne.operations.fields import Path

_NOT_CONFIGURED = ".scaleStrategy"  # the autoscaler's part of a group


def loss_warning(before: dict[str, Any], after: dict[str, Any]) -> str | None:
    """What to tell of groups and fields that a cluster had before an apply and no longer has.

    Server-side apply drops what its manager owned and the manifest lacks.
    """
    lost = list(_lost(configured(before), configured(after)))
    own = [path for path in lost if not _is_copy(path, lost)]
    return f"raycluster {before['metadata']['name']} loses: {told(dict.fromkeys(own, ''))}" if own else None


def _is_copy(path: Path, lost: list[Path]) -> bool:
    """Whether it is lost with another: a label of the cluster is one of its pods, too."""
    return ".template" in path and path[path.index(".template") + 1 :] in lost


def _lost(before: Any, after: Any, path: Path = ()) -> Iterator[Path]:
    """The paths of what only ``before`` has, each the highest; list elements by their names, if all have one."""
    had, has = by_step(before), by_step(after)
    if had is None or (has is None and after):  # a value for another
        return
    for step, value in had.items():
        if step not in (has or {}):
            if value and step != _NOT_CONFIGURED:
                yield (*path, step)
        else:
            yield from _lost(value, (has or {})[step], (*path, step))
