"""From what the user said to the complete configuration: the schema's defaults, and the few that depend on others."""

from __future__ import annotations

import copy
import re
from typing import Any

from krayne.config import schema

# The first Ray that has it: KubeRay 1.7 validation.go (token), Ray's documentation (autoscaler v2).
TOKEN_AUTH_RAY = (2, 52)
AUTOSCALER_V2_RAY = (2, 10)


def complete(given: dict[str, Any]) -> dict[str, Any]:
    """What the user said, with defaults filled in; a fresh copy. ``given`` is valid, but may lack its name.

    What depends on other fields, all of it here:

    - ``replicas`` is at least ``min_replicas``, and ``max_replicas`` at least both, where they are left out;
      two that are both given and contradict each other stay so, for validation to refuse.
    - ``auth`` is ``none`` where left out and Ray is older than 2.52.
    - ``autoscaler.version`` is ``v1`` where left out and Ray is older than 2.10.
    """
    config: dict[str, Any] = _fill(given, schema.root())
    version = ray_version(config["ray_version"])
    if "auth" not in given and version < TOKEN_AUTH_RAY:
        config["auth"] = "none"
    if "version" not in given.get("autoscaler", {}) and version < AUTOSCALER_V2_RAY:
        config["autoscaler"]["version"] = "v1"
    for said, group in zip(given.get("worker_groups", ()), config["worker_groups"], strict=False):
        _order_replicas(said, group)
    return config


def ray_version(text: str) -> tuple[int, ...]:
    """The numbers of a Ray version, for comparing: ``2.52.0rc1`` gives (2, 52, 0)."""
    return tuple(int(number) for number in re.findall(r"\d+", text)[:3])


def _order_replicas(said: dict[str, Any], group: dict[str, Any]) -> None:
    if "replicas" not in said:
        group["replicas"] = max(group["replicas"], group["min_replicas"])
    if "max_replicas" not in said:
        group["max_replicas"] = max(group["max_replicas"], group["replicas"], group["min_replicas"])


def _fill(value: Any, node: schema.Schema) -> Any:
    if isinstance(value, dict):
        filled = {key: _fill(item, schema.child(node, key) or {}) for key, item in value.items()}
        for name, field in schema.fields(node).items():
            if name not in value and "default" in field:
                filled[name] = _fill(field["default"], field)
        return filled
    if isinstance(value, list):
        return [_fill(item, schema.child(node, index) or {}) for index, item in enumerate(value)]
    return copy.copy(value)
