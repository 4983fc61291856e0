"""Files in tests/configs: a case is added by adding a file; what an invalid one must say stands beside it in .txt."""

from __future__ import annotations

from pathlib import Path

import pytest

from krayne.config import ClusterConfig, load_configs, schema
from krayne.errors import ConfigValidationError

CONFIGS = Path(__file__).parent.parent / "configs"
VALID = sorted((CONFIGS / "valid").iterdir())
INVALID = sorted(file for file in (CONFIGS / "invalid").iterdir() if file.suffix != ".txt")


@pytest.mark.parametrize("file", VALID, ids=lambda file: file.name)
def test_valid_file_loads_and_its_complete_form_loads_again(file: Path) -> None:
    """What a config says about itself is a config of the same meaning."""
    for config in load_configs(str(file)):
        assert ClusterConfig(**config.as_dict()).as_dict() == config.as_dict()
        assert ClusterConfig(**config.given) == config


@pytest.mark.parametrize("file", INVALID, ids=lambda file: file.name)
def test_invalid_file_is_refused_with_every_problem(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every problem at once, in the file's order, with its line."""
    monkeypatch.chdir(file.parent)
    with pytest.raises(ConfigValidationError) as refused:
        load_configs(file.name)
    assert str(refused.value) + "\n" == Path(f"{file.name}.txt").read_text(encoding="utf-8")
    assert list(refused.value.problems) == str(refused.value).split("\n")


def test_every_expectation_has_its_file() -> None:
    """No .txt is left behind by a case that went away."""
    expectations = {file.name for file in (CONFIGS / "invalid").glob("*.txt")}
    assert expectations == {f"{file.name}.txt" for file in INVALID}


def test_full_example_uses_every_field() -> None:
    """full.yaml shows each field of ours, but image and tpu, which exclude others that it shows."""
    (config,) = load_configs(str(CONFIGS / "valid" / "full.yaml"))

    def said(value: object, path: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
        if isinstance(value, dict):
            below = (said(item, (*path, key)) for key, item in value.items())
            return {path}.union(*below)
        items = value if isinstance(value, list) else []
        return {path}.union(*(said(item, path) for item in items))

    kubernetes = {"tpu", "tolerations", "affinity"}
    known = {path for path, _ in schema.walk() if path != ("image",) and not kubernetes & set(path)}
    assert known <= said(config.given)
