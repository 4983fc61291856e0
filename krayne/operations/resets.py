"""What an apply puts back to its default, since the configuration no longer says it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from krayne.operations.fields import by_step, configured, told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from krayne.config import ClusterConfig
    from krayne.operations.fields import Path

_LONGEST = 100  # characters: what is longer is a script, which nobody reads in a line


def reset_warning(config: ClusterConfig, before: dict[str, Any], after: dict[str, Any]) -> str | None:
    """What to tell of values that an apply of ``config``, by krayne's own template, changed with no word of its own.

    Such a value is the same if all else is left out of the configuration, and if all else in it is another.
    """
    changed = dict(_changed(configured(before), configured(after)))
    if not changed:
        return None
    from krayne.render import render

    others = [configured(render(other)) for other in (_bare(config), _contrary(config))]
    reset = {
        path: f" {_text(old)} → {_text(new)}"
        for path, (old, new) in changed.items()
        if all(_at(other, path) == new for other in others)
    }
    own = {path: said for path, said in reset.items() if path == _limit(path) or reset.get(_limit(path)) != said}
    name = config.name
    return f"raycluster {name} goes back to defaults where the configuration says nothing: {told(own)}" if own else None


def _bare(config: ClusterConfig) -> ClusterConfig:
    """The same cluster and groups, by their names alone."""
    groups = [{"name": group.name} for group in config.worker_groups]
    return type(config)(name=config.name, namespace=config.namespace, worker_groups=groups)


def _contrary(config: ClusterConfig) -> ClusterConfig:
    """The same cluster and groups, with another value wherever one was given: for rendering, seldom valid."""
    return type(config)._of_valid(_otherwise(config.given))


def _otherwise(given: Any) -> Any:
    if isinstance(given, dict):
        return {key: value if key in ("name", "namespace") else _otherwise(value) for key, value in given.items()}
    if isinstance(given, list):
        return [_otherwise(value) for value in given]
    if isinstance(given, bool):
        return not given
    if isinstance(given, int | float):
        return given + 1
    return f"{given}0" if isinstance(given, str) else given


def _changed(before: Any, after: Any, path: Path = ()) -> Iterator[tuple[Path, tuple[Any, Any]]]:
    """Each value that is another one now."""
    had, has = by_step(before), by_step(after)
    if had is not None and has is not None:
        for step in (step for step in had if step in has):
            yield from _changed(had[step], has[step], (*path, step))
    elif _is_value(before) and _is_value(after) and before != after:
        yield path, (before, after)


def _is_value(value: Any) -> bool:
    return isinstance(value, str | int | float) and len(str(value)) <= _LONGEST


def _at(value: Any, path: Path) -> Any:
    for step in path:
        value = (by_step(value) or {}).get(step)
    return value


def _limit(path: Path) -> Path:
    """The path of the limit that goes with a request: they are the same in a Ray container."""
    return tuple(".limits" if step == ".requests" else step for step in path)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
