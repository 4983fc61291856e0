"""What the pods of a cluster's groups ask for, and how krayne writes it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from krayne import objects
from krayne.objects import Object
from krayne.quantity import NANO, Quantity, parse


class Resources(NamedTuple):
    """CPUs, bytes of memory and GPUs, in billionths (``Quantity.nano``)."""

    cpu: int = 0
    memory: int = 0
    gpu: int = 0

    def times(self, pods: int) -> Resources:
        """What so many pods ask for."""
        return Resources(self.cpu * pods, self.memory * pods, self.gpu * pods)

    @property
    def cpus(self) -> str:
        """CPUs as kubectl writes few of them: ``2``, ``500m``; thousands are written out."""
        thousandths = Quantity(self.cpu).milli
        return f"{thousandths}m" if thousandths % 1000 else str(thousandths // 1000)

    @property
    def bytes(self) -> str:
        """Memory in the unit that says it exactly and shortest, binary or decimal: ``5Gi``, ``2300Mi``, ``1G``."""
        whole = Quantity(self.memory).value * NANO
        return min(str(Quantity(whole, "BinarySI")), str(Quantity(whole, "DecimalSI")), key=len)

    @property
    def gpus(self) -> int:
        """GPUs, which Kubernetes only counts whole."""
        return Quantity(self.gpu).value


def asked(group: Object) -> Resources:
    """Add up what one pod of a group asks for: each container's requests, else its limits, as KubeRay does.

    What is no quantity, or less than nothing, counts as 0.
    """
    cpu = memory = gpu = 0
    for container in objects.items(group, "template", "spec", "containers"):
        wanted = {
            **objects.mapping(container, "resources", "limits"),
            **objects.mapping(container, "resources", "requests"),
        }
        cpu += _nano(wanted.get("cpu"))
        memory += _nano(wanted.get("memory"))
        gpu += sum(_nano(amount) for key, amount in wanted.items() if _is_gpu(key))
    return Resources(cpu, memory, gpu)


def add_up(parts: Iterable[Resources]) -> Resources:
    """What all of them ask for."""
    cpu = memory = gpu = 0
    for part in parts:
        cpu, memory, gpu = cpu + part.cpu, memory + part.memory, gpu + part.gpu
    return Resources(cpu, memory, gpu)


def _nano(written: object) -> int:
    found = parse(written)
    return max(found.nano, 0) if found else 0


def _is_gpu(resource: object) -> bool:
    """Tell a GPU's resource name as KubeRay does (``sumGPUs``): nvidia.com/gpu, amd.com/gpu, nvidia.com/mig-1g.5gb."""
    return isinstance(resource, str) and (resource.endswith("gpu") or resource.startswith("nvidia.com/mig-"))
