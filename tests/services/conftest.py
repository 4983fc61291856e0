"""The modules that run in the head, importable as they are there."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

import pytest

from krayne.paths import TEMPLATES

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """``module("ssh")``: templates/services/ssh.py."""
    monkeypatch.syspath_prepend(str(TEMPLATES / "services"))
    return importlib.import_module
