"""A KubeRay whose RayCluster lacks fields that krayne knows: 1.4 to 1.5.0 have no token authentication."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.shell import Shell

CRD = ("crd", "rayclusters.ray.io")
AUTH = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/authOptions"

pytestmark = pytest.mark.only_sandbox("it changes the CRD, which belongs to all on a cluster")


@pytest.fixture
def older(shell: Shell) -> Iterator[Shell]:
    """A shell on a server whose RayCluster has no authOptions."""
    schema = shell.get(*CRD)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    shell.kubectl("patch", *CRD, "--type=json", "-p", f'[{{"op": "remove", "path": "{AUTH}"}}]')
    yield shell
    field = json.dumps(schema["properties"]["spec"]["properties"]["authOptions"])
    shell.kubectl("patch", *CRD, "--type=json", "-p", f'[{{"op": "add", "path": "{AUTH}", "value": {field}}}]')


@pytest.mark.parametrize("verb", [("create", "--no-wait"), ("apply",), ("apply", "--dry-run=server")], ids=" ".join)
def test_a_default_that_it_lacks_is_left_out_with_a_warning(older: Shell, verb: tuple[str, ...]) -> None:
    """Whoever sends it, and however the server words it."""
    done = older.krayne(*verb, "x").ok()
    assert "does not know spec.authOptions, which came with KubeRay 1.5.1: left out" in done.err


def test_what_was_asked_for_is_an_error(older: Shell) -> None:
    """And nothing is made."""
    done = older.krayne("apply", "x", "--auth", "token")
    assert done.code == 1, str(done)
    assert "spec.authOptions (asked for by auth), which came with KubeRay 1.5.1" in done.err
    assert not older.kubectl("get", "rayclusters", "-o", "name").out


def test_apply_changes_what_create_made(older: Shell) -> None:
    """Each leaves the field out."""
    older.krayne("create", "x", "--no-wait").ok()
    older.krayne("apply", "x", "--set", "head.memory=6Gi").ok()
