"""The JSONPaths of printer columns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from krayne.sandbox.apiserver import jsonpaths

ITEM = {
    "metadata": {"labels": {"ray.io/cluster": "x"}},
    "status": {"conditions": [{"type": "A", "status": "True"}, {"type": "B", "status": "False"}], "n": 0},
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (".status.n", [0]),
        (".status.nope.deeper", []),
        (r".metadata.labels.ray\.io/cluster", ["x"]),
        (".metadata.labels['ray.io/cluster']", ["x"]),
        (".status.conditions[1].type", ["B"]),
        (".status.conditions[-1].type", ["B"]),
        (".status.conditions[9].type", []),
        (".status.conditions[*].type", ["A", "B"]),
        ('.status.conditions[?(@.type=="B")].status', ["False"]),
        (".status.conditions[?(@.type!='B')].status", ["True"]),
        (".status[", []),
    ],
)
def test_a_path_reads_what_it_leads_to(path: str, expected: list[object]) -> None:
    """Nothing, where it leads nowhere."""
    assert jsonpaths.compiled(path)(ITEM) == expected


@given(st.text())
def test_any_path_can_be_asked(path: str) -> None:
    """A CRD may hold anything."""
    assert isinstance(jsonpaths.compiled(path)(ITEM), list)
