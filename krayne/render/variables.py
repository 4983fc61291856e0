"""What a template sees of a configuration: plain values only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from krayne.config import schema

if TYPE_CHECKING:
    from krayne.config import ClusterConfig


def variables(config: ClusterConfig) -> dict[str, Any]:
    """Every field of the configuration by its name, defaults filled in, None where it has no value; a fresh copy."""
    values: dict[str, Any] = _complete(config.as_dict(), schema.root())
    return values


def _complete(value: Any, node: schema.Schema) -> Any:
    if isinstance(value, dict):
        if "title" in node:
            return {name: _complete(value.get(name), field) for name, field in schema.fields(node).items()}
        return {key: _complete(item, schema.child(node, key) or {}) for key, item in value.items()}
    if isinstance(value, list):
        return [_complete(item, schema.child(node, index) or {}) for index, item in enumerate(value)]
    return value
