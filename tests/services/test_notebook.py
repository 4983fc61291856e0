"""templates/services/notebook.py: what its pip is told of the Ray environment."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.version import InvalidVersion, Version

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

VERSIONS = [
    *("1", "1.2.3", "2!1.0", "v1.0", "1.0a1", "1.0.RC-2", "1.0-1", "1.0.post4", "1.0.dev5", "2.1.0+cu118", "1+a.b-C_1"),
    *("1.0b2.post3.dev4+x", "1.2-custom", "abc", "1.0_", "1.0+", "1..2", "2024a-1x", "1.0 beta", "\u0661.0", "dev", ""),
]


def test_only_versions_that_pip_can_read_are_constraints(module: Callable[[str], ModuleType], tmp_path: Path) -> None:
    """One that it cannot would make it refuse them all."""
    for number, version in enumerate(VERSIONS):
        folder = tmp_path / f"p{number}-{number}.dist-info"
        folder.mkdir()
        said = f"Version: {version}\n" if version else ""
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: p{number}\n{said}", encoding="utf-8")
    command = [sys.executable, "-c", module("notebook").FREEZE]
    asked = subprocess.run(command, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=True)
    lines = asked.stdout.splitlines()
    assert [str(Requirement(line)) for line in lines]
    told = {line for line in lines if line.partition("==")[0] in {f"p{number}" for number in range(len(VERSIONS))}}
    assert told == {f"p{number}=={version}" for number, version in enumerate(VERSIONS) if _is_one(version)}


def _is_one(version: str) -> bool:
    try:
        Version(version)
    except InvalidVersion:
        return False
    return True
