"""What is said before one changes a cluster that another object owns."""

from __future__ import annotations

from typing import Any

import pytest

from krayne.cluster import Owner
from krayne.cluster.info import owner_of
from krayne.operations.owners import owner_warning

LABELLED = {"labels": {"ray.io/originated-from-crd": "RayJob", "ray.io/originated-from-cr-name": "train"}}
REFERRED = {"ownerReferences": [{"kind": "Odd", "name": "x"}, {"kind": "RayJob", "name": "train"}]}
NONE: list[dict[str, Any]] = [
    {},
    {"labels": None, "ownerReferences": None},
    {"labels": {"ray.io/originated-from-crd": "RayJob"}},
    {"labels": {"ray.io/originated-from-crd": "Other", "ray.io/originated-from-cr-name": "x"}},
    {"ownerReferences": [{"kind": "Deployment", "name": "x"}, "odd"]},
]


@pytest.mark.parametrize("meta", [LABELLED, REFERRED, {**NONE[2], **REFERRED}], ids=["labels", "references", "both"])
def test_an_owner_is_told_from_labels_and_from_owner_references(meta: dict[str, Any]) -> None:
    """The same rule as describe's: who is shown there is warned of here."""
    cluster = {"metadata": {"name": "x", **meta}}
    warning = owner_warning(cluster, "delete")
    assert warning == "raycluster x belongs to the RayJob train, which may undo this: delete the RayJob instead"
    assert owner_of(cluster) == Owner("RayJob", "train")


@pytest.mark.parametrize("meta", NONE)
def test_what_manages_no_cluster_is_no_owner(meta: dict[str, Any]) -> None:
    """Nor is half a label."""
    assert owner_warning({"metadata": {"name": "x", **meta}}, "delete") is None
