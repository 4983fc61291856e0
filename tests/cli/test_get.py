"""kubectl krayne get: what it prints of clusters as they change."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from krayne.cli import cli
from krayne.cluster import cluster_info
from krayne.operations import get
from tests.operations.conftest import captured

if TYPE_CHECKING:
    from click.testing import Result

    from krayne.cluster import ClusterInfo

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=timezone.utc)
LINES = {"json": '\n    "name": "demo"', "yaml": "\nname: demo\n", "name": "raycluster.ray.io/demo"}


@pytest.mark.parametrize(("form", "times"), [("table", 3), ("wide", 4), ("name", 5), ("json", 5), ("yaml", 5)])
def test_a_row_comes_again_only_if_it_looks_different(monkeypatch: pytest.MonkeyPatch, form: str, times: int) -> None:
    """Labels are in no column but in the object; a cluster that was made anew looks the same, and is another. A bare
    name stands for any change.
    """
    ready = cluster_info(captured("ready-3-ready", "RayCluster")[0], captured("ready-3-ready", "Pod"), now=NOW)
    labelled = replace(ready, labels={"team": "vision"})
    other_image = replace(labelled, image="ray:2")
    waiting = replace(other_image, workers_ready=0)
    anew = replace(waiting, created="2026-11-23T06:00:00Z")

    done = watched(monkeypatch, form, [ready], [labelled], [other_image], [waiting], [anew])
    assert done.stdout.count(LINES.get(form, "demo   ready")) == times, done.output
    assert done.stdout.count("STATUS") == (form in ("table", "wide"))


def watched(monkeypatch: pytest.MonkeyPatch, form: str, *moments: list[ClusterInfo]) -> Result:
    """What `get -w` prints of changes that come at these moments."""

    def changes(*_: object, **_how: object) -> list[list[ClusterInfo]]:
        return [*moments]

    monkeypatch.setattr(get, "watch_changes", changes)
    args = ["get", "-w", "-n", "ml", "-o", form]
    return CliRunner(catch_exceptions=False).invoke(cli, args, prog_name="kubectl krayne")


def test_what_is_there_at_first_is_one_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its columns are as wide as the longest of all; later rows keep to them."""
    short = cluster_info(captured("ready-3-ready", "RayCluster")[0], captured("ready-3-ready", "Pod"), now=NOW)
    long = replace(short, name="a-rather-long-name")
    lines = watched(monkeypatch, "table", [short, long], [replace(short, gpus=1)]).stdout.splitlines()
    assert [line.index(word) for line, word in zip(lines, ("STATUS", *["ready"] * 3), strict=True)] == [21] * 4
