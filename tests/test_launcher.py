"""`kubectl-krayne` from a checkout that nobody installed: through symlinks, with whichever Python has what it needs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.servers import ROOT

READLINK = shutil.which("readlink", path=os.defpath)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The launcher's place in a checkout without .venv, whose krayne only tells how it was started."""
    package = tmp_path / "with space" / "krayne"
    package.mkdir(parents=True)
    shutil.copy2(ROOT / "kubectl-krayne", package.parent)
    (package / "__init__.py").touch()
    told = "import sys\ndef main(): print(*sys.argv, sys.prefix, sep='|')\n"
    (package / "__main__.py").write_text(told, encoding="utf-8")
    return package.parent


def run(launcher: Path, path: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """Run it with a PATH of readlink and what the test put there."""
    path.mkdir(exist_ok=True)
    assert READLINK
    (path / "readlink").symlink_to(READLINK)
    env = {"PATH": str(path)}
    return subprocess.run([launcher, *args], env=env, cwd=path, capture_output=True, text=True, check=False)


def python(path: Path, name: str, text: str = "") -> None:
    """Put a Python on that PATH: this one, or a script of that text."""
    path.mkdir(parents=True, exist_ok=True)
    (path / name).write_text(text or f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    (path / name).chmod(0o755)


def test_takes_a_python_that_has_what_it_imports(checkout: Path, tmp_path: Path) -> None:
    """A python3 that lacks something is passed over; arguments come through as they are."""
    python(tmp_path / "bin", "python3", "#!/bin/sh\nexit 1\n")
    python(tmp_path / "bin", "python3.12")
    done = run(checkout / "kubectl-krayne", tmp_path / "bin", "a b", "", "--c=*")
    assert done.stdout.split("|")[:4] == [f"{checkout}/kubectl-krayne", "a b", "", "--c=*"], done.stderr


def test_works_through_symlinks(checkout: Path, tmp_path: Path) -> None:
    """A link to a link leads to the checkout's own krayne."""
    python(tmp_path / "bin", "python3")
    (tmp_path / "one").symlink_to(checkout / "kubectl-krayne")
    (tmp_path / "two").symlink_to("one")
    assert run(tmp_path / "two", tmp_path / "bin").stdout.startswith(f"{checkout}/kubectl-krayne|")


def test_the_checkout_s_own_venv_comes_first(checkout: Path, tmp_path: Path) -> None:
    """What `make` built is what runs, whatever is on PATH."""
    python(tmp_path / "bin", "python3", "#!/bin/sh\nexit 1\n")
    python(checkout / ".venv" / "bin", "python")
    assert run(checkout / "kubectl-krayne", tmp_path / "bin").stdout.startswith(f"{checkout}/kubectl-krayne|")


def test_nothing_in_the_current_folder_is_imported(checkout: Path, tmp_path: Path) -> None:
    """A krayne or yaml that happens to lie where the user is stays out."""
    python(tmp_path / "bin", "python3")
    (tmp_path / "bin" / "krayne.py").write_text("raise SystemExit('imported from the current folder')")
    assert run(checkout / "kubectl-krayne", tmp_path / "bin").stdout.startswith(f"{checkout}/kubectl-krayne|")


def test_says_what_is_missing_where_no_python_will_do(checkout: Path, tmp_path: Path) -> None:
    """Exit 1: the packages, and what to run."""
    done = run(checkout / "kubectl-krayne", tmp_path / "bin", "get")
    assert done.returncode == 1
    assert done.stdout == ""
    for word in ("Python 3.10", "click, jinja2, jsonschema, pyyaml and sh", f"make venv' in {checkout}"):
        assert word in done.stderr
