"""Walks a pod through its moves, as the kubelet does, without a cluster or a clock."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

from krayne.sandbox.player.kubelet.containers import move
from krayne.sandbox.player.kubelet.images import full_name
from krayne.sandbox.player.kubelet.moves import Scene
from krayne.sandbox.player.kubelet.podstatus import first_statuses, initialized, pod_status
from krayne.sandbox.player.timing import FAST

NOW = "2026-11-23T12:00:00Z"
HOST, ADDRESS = "10.97.0.1", "10.98.0.5"


def bare(pod: dict[str, Any]) -> dict[str, Any]:
    """A captured pod as the scheduler left it: bound, without a status."""
    return {**copy.deepcopy(pod), "status": {"phase": "Pending"}}


def every_image(pod: dict[str, Any]) -> frozenset[str]:
    """The images of a pod, to have them on the node."""
    containers = [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]
    return frozenset(full_name(container["image"]) for container in containers)


class Walk:
    """One pod on its way."""

    def __init__(self, pod: dict[str, Any], **scene: Any) -> None:
        self.pod = bare(pod)
        scene.setdefault("images", every_image(pod))
        self.scene = Scene(now=NOW, timing=FAST, **scene)
        self.reasons: list[str] = []
        self._write(*first_statuses(self.pod), ip=None)

    def step(self) -> bool:
        """Every container whose turn it is moves once; whether any did."""
        status = copy.deepcopy(self.pod["status"])
        inits, mains = status.get("initContainerStatuses", []), status["containerStatuses"]
        init = not initialized(inits)
        statuses = inits if init else mains
        specs = {c["name"]: c for c in [*self.pod["spec"].get("initContainers", []), *self.pod["spec"]["containers"]]}
        moved = False
        for index, item in enumerate(statuses):
            made = move(self.pod, specs[item["name"]], item, self.scene, init=init)
            if made:
                statuses[index], moved = made.status, True
                self.reasons += [event.reason for event in made.events]
                pulling = {item["name"]} if made.pulling else set()
                self.scene = replace(self.scene, pulling=frozenset(pulling))
            if init and not initialized(statuses[: index + 1]):
                break
        self._write(inits, mains, ip=ADDRESS)
        return moved

    def go(self, steps: int = 50) -> dict[str, Any]:
        """Step until nothing moves, at most so often; the status."""
        for _ in range(steps):
            if not self.step():
                break
        status: dict[str, Any] = self.pod["status"]
        return status

    def _write(self, inits: list[Any], mains: list[Any], ip: str | None) -> None:
        self.pod["status"] = pod_status(self.pod, inits, mains, now=NOW, host=HOST, ip=ip)
