"""tests/golden/manifests: each NAME.config.yaml makes NAME.yaml. A new case is a new file, then `make golden`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from krayne.config import load_configs
from krayne.config import schema as config_schema
from krayne.paths import TEMPLATES
from krayne.render import render, to_yaml
from krayne.render.sources import bare

if TYPE_CHECKING:
    from collections.abc import Callable

MANIFESTS = Path(__file__).parent.parent / "golden" / "manifests"
SERVICES = TEMPLATES / "services"
SOURCES = {bare(path.read_text()): f"<{path.name}>" for path in SERVICES.glob("*.py")}
SOURCES |= {path.read_text(): f"<{path.name}>" for path in SERVICES.glob("*.sh")}
CASES = sorted(path.name.removesuffix(".config.yaml") for path in MANIFESTS.glob("*.config.yaml"))


@pytest.mark.parametrize("case", CASES)
def test_config_makes_the_golden_manifest(case: str, golden: Callable[[str, str], None]) -> None:
    """The manifest is, byte for byte, the one that was looked at and committed; reading it back gives the values."""
    (config,) = load_configs(str(MANIFESTS / f"{case}.config.yaml"))
    manifest = render(config)
    golden(f"manifests/{case}.yaml", to_yaml(without_sources(manifest)))
    assert yaml.safe_load(to_yaml(manifest)) == manifest


def test_the_cases_use_every_field() -> None:
    """Together they set every field that the schema knows."""
    used = {path for case in CASES for path in paths(yaml.safe_load(read(case)))}
    assert {path for path, _ in config_schema.walk()} - used == set()


def without_sources(manifest: Any) -> Any:
    """The manifest with names in place of the texts of templates/services, which are the same in each."""
    if isinstance(manifest, dict):
        return {key: without_sources(item) for key, item in manifest.items()}
    if isinstance(manifest, list):
        return [without_sources(item) for item in manifest]
    return SOURCES.get(manifest, manifest) if isinstance(manifest, str) else manifest


def read(case: str) -> str:
    """The configuration of a case."""
    return (MANIFESTS / f"{case}.config.yaml").read_text(encoding="utf-8")


def paths(value: object, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every path of keys in ``value``, through lists without an index, as the schema's walk has them."""
    if isinstance(value, dict):
        return [each for key, item in value.items() for each in [(*path, key), *paths(item, (*path, key))]]
    if isinstance(value, list):
        return [each for item in value for each in paths(item, path)]
    return []
