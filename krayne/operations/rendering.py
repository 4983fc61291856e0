"""Rendering on a user's behalf: what is hardly meant is told on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from krayne.config import ClusterConfig
    from krayne.operations.submit import Warn


def rendered(config: ClusterConfig, template: Path | None, warn: Warn) -> dict[str, Any]:
    """The manifest of a configuration (as ``krayne.render.render`` makes it and raises); ``warn`` gets each doubt."""
    from krayne.render import render
    from krayne.render.doubts import doubts

    manifest = render(config, template)
    for doubt in doubts(manifest, config):
        warn(doubt)
    return manifest
