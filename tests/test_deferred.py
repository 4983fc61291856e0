"""A module that stands in for another until something of it is used."""

from __future__ import annotations

import subprocess
import sys

import pytest

BEGIN = "import sys; from krayne import deferred; from krayne.deferred import Deferred; deferred.allowed = True\n"


def run(code: str) -> str:
    """What the code prints in a Python of its own."""
    return subprocess.run([sys.executable, "-c", BEGIN + code], capture_output=True, text=True, check=True).stdout


def test_it_is_loaded_when_something_of_it_is_used_and_only_then() -> None:
    """Also through the name that was bound in the block."""
    code = "with Deferred('uuid'): import uuid as theirs\n"
    code += "print('uuid' in sys.modules, theirs.UUID(int=1), 'uuid' in sys.modules)"
    assert run(code) == "False 00000000-0000-0000-0000-000000000001 True\n"


def test_whoever_imports_it_after_the_block_has_the_real_one() -> None:
    """Nothing known of the stand-in is left over."""
    code = (
        "with Deferred('importlib.metadata', version=lambda _: 'unknown'): from importlib.metadata import version\n"
        "import importlib.metadata; print(version('sh'), importlib.metadata.version('sh') != 'unknown')"
    )
    assert run(code) == "unknown True\n"


@pytest.mark.parametrize("before", ["import uuid", "deferred.allowed = False"])
def test_what_is_loaded_or_not_ours_to_leave_out_is_left_alone(before: str) -> None:
    """A program that uses the SDK has its packages whole."""
    assert run(f"{before}\nwith Deferred('uuid'): import uuid\nprint(type(uuid).__name__)") == "module\n"
