"""Write requirements/dev.txt: the version of each package of a checkout's .venv, on every Python krayne runs on.

Asks pip for wheels only, so that one Python can resolve for all of them. Run by `make lock`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from importlib.metadata import requires
from pathlib import Path

PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
LOCK = Path(__file__).parent.parent / "requirements" / "dev.txt"
HEADER = "# What a checkout's .venv holds, on every Python krayne runs on. Written by `make lock`; don't edit.\n"


def wanted() -> list[str]:
    """What pyproject.toml asks for, extras included, and what builds it."""
    stated = [line.partition(";")[0].strip() for line in requires("kubectl-krayne") or ()]
    return ["hatchling", "editables", *(line for line in stated if not line.startswith("kubectl-krayne"))]


def resolve(python: str) -> dict[str, str]:
    """The name and version of each package for one version of Python, as pip chooses them today."""
    options = ("--quiet", "--dry-run", "--report=-", "--ignore-installed", "--only-binary=:all:", "--target=unused")
    command = (sys.executable, "-m", "pip", "install", *options, f"--python-version={python}", *wanted())
    report = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return {entry["metadata"]["name"].lower(): entry["metadata"]["version"] for entry in report["install"]}


def pins(chosen: dict[str, dict[str, str]]) -> list[str]:
    """A line per package and version; with a marker where not every Python takes that version."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for python, packages in chosen.items():
        for package in packages.items():
            found[package].append(python)
    return sorted(
        f"{name}=={version}" + ("" if len(pythons) == len(chosen) else f" ; {_marker(pythons)}")
        for (name, version), pythons in found.items()
    )


def _marker(pythons: list[str]) -> str:
    """The Pythons are neighbours: a version is taken up, or given up, with one of them."""
    since, until = f'python_version >= "{pythons[0]}"', f'python_version <= "{pythons[-1]}"'
    return since if pythons[-1] == PYTHONS[-1] else until if pythons[0] == PYTHONS[0] else f"{since} and {until}"


if __name__ == "__main__":
    LOCK.write_text(HEADER + "\n".join(pins({python: resolve(python) for python in PYTHONS})) + "\n", encoding="utf-8")
