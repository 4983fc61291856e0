"""What a caller may give as a cluster's configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from krayne.config import ClusterConfig


def configured(config: ClusterConfig | Mapping[str, Any]) -> ClusterConfig:
    """The configuration itself, or what a mapping of its fields says.

    Raises ConfigValidationError with every problem of the mapping, TypeError for what is neither.
    """
    from krayne.config import ClusterConfig

    if isinstance(config, ClusterConfig):
        return config
    if isinstance(config, Mapping):
        return ClusterConfig(**config)
    raise TypeError(
        f"a cluster is described by a ClusterConfig or a mapping of its fields, not by {config!r}: "
        'say ClusterConfig(name="my-cluster") or {"name": "my-cluster"}'
    )
