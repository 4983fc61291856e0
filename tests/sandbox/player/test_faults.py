"""The vocabulary of bad states."""

from __future__ import annotations

from typing import Any

import pytest

from krayne.sandbox.player.faults import demand, faults, pod_fault, slow_start


def cluster(**annotations: str) -> dict[str, Any]:
    """A cluster with annotations of the sandbox's."""
    return {"metadata": {"annotations": {f"sandbox.krayne.io/{name}": text for name, text in annotations.items()}}}


def pod(group: str = "headgroup", image: str = "rayproject/ray:2.60.0", **annotations: str) -> dict[str, Any]:
    """A pod of a group."""
    node_type = "head" if group == "headgroup" else "worker"
    labels = {"ray.io/group": group, "ray.io/node-type": node_type}
    metadata = {"labels": labels, **cluster(**annotations)["metadata"]}
    return {"metadata": metadata, "spec": {"containers": [{"image": image}]}}


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("crash", {"head": "crash"}),
        ("head=die, gpu=oom", {"head": "die", "gpu": "oom"}),
        ("operator=absent", {"operator": "absent"}),
        ("", {}),
    ],
)
def test_annotation(text: str, asked: dict[str, str]) -> None:
    """Targets and words; a word alone is the head's."""
    assert faults(cluster(fault=text)) == asked


def test_pod_fault_by_cluster_pod_and_image() -> None:
    """The pod's own annotation wins over its cluster's, that over the image; unknown words mean nothing."""
    assert pod_fault(pod("gpu"), cluster(fault="gpu=oom")) == "oom"
    assert pod_fault(pod("cpu"), cluster(fault="gpu=oom")) is None
    assert pod_fault(pod(fault="hook"), cluster(fault="oom")) == "hook"
    assert pod_fault(pod(image="me/ray:2.60.0-crash"), None) == "crash"
    assert pod_fault(pod(image="me/crash:1"), cluster(fault="oom")) == "oom"
    assert pod_fault(pod(), cluster(fault="head=nonsense")) is None
    assert pod_fault(pod(image="me/crashpad:1"), None) is None


def test_demand_and_slow_start() -> None:
    """Numbers are read, anything else is left aside."""
    assert demand(cluster(demand="gpu=3 cpu=x,io=1")) == {"gpu": 3, "io": 1}
    assert slow_start(pod(), cluster(**{"slow-start": "2.5"})) == 2.5
    assert slow_start(pod(), cluster(**{"slow-start": "long"})) == 0
