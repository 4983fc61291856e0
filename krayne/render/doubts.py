"""What is allowed but hardly meant: a manifest at odds with its images, or a cluster in which nothing can run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from krayne import objects
from krayne.config.defaults import ray_version
from krayne.text import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from krayne.config import ClusterConfig
    from krayne.objects import Object

# Ray's own images, also by way of a mirror: 2.60.0, 2.60.0-py312-gpu, 2.60.0.1a2b3c-py311-cu128 (Ray's documentation,
# "Ray Docker Images").
_RAY_IMAGE = re.compile(r"(?:.*/)?rayproject/ray(?:-ml|-llm)?:(\d+\.\d+\.\d+)[^-@]*(?:-py(\d)(\d+))?(?:[-@].*)?")


def doubts(manifest: dict[str, Any], config: ClusterConfig) -> tuple[str, ...]:
    """Sentences for the author of ``config``, each with what to change; ``manifest`` is what was rendered of it."""
    return (*_images(manifest, config), *_idle(manifest, config))


def _images(manifest: Object, config: ClusterConfig) -> Iterator[str]:
    """Images of Ray that hold another Ray or Python than the configuration says."""
    spec = objects.mapping(manifest, "spec")
    groups = (objects.mapping(spec, "headGroupSpec"), *objects.worker_groups(manifest))
    told = objects.string(spec, "rayVersion")
    for image in dict.fromkeys(_image(group) for group in groups):
        found = _RAY_IMAGE.fullmatch(image)
        if not found:
            continue
        ray, python = found[1], f"{found[2]}.{found[3]}" if found[2] else None
        if told and ray_version(ray) != ray_version(told):
            yield (
                f"image {image} holds Ray {ray}, but ray_version is {told}, by which authentication, autoscaler and "
                f"probes are chosen: say what the image holds (--ray-version {ray})"
            )
        if python and config.python_version not in (None, python):
            yield (
                f"image {image} holds Python {python}, but python_version is {config.python_version}, which changes no "
                f"image that is given: leave it out, or take the image of that Python"
            )


def _image(group: Object) -> str:
    """The image of a group's Ray container."""
    return objects.string(objects.ray_container(objects.mapping(group, "template")), "image")


def _idle(manifest: Object, config: ClusterConfig) -> Iterator[str]:
    """A cluster, or GPUs, that nothing can run on."""
    if objects.string(manifest, "spec", "headGroupSpec", "rayStartParams", "num-cpus") != "0":
        return
    groups = objects.worker_groups(manifest)
    if config.head.gpus:
        gpus = count(config.head.gpus, "GPU")
        yield f"the head has {gpus}, but runs no tasks that could use them: let it run tasks (--head-runs-tasks)"
    if any(objects.desired_pods(group) for group in groups):
        return
    why, cure = "no autoscaler that would add some", "give it workers (--workers 1)"
    if objects.at(manifest, "spec", "enableInTreeAutoscaling") is True:
        if any(objects.integer(group.get("maxReplicas"), 1) > 0 for group in groups):
            return
        why, cure = "no worker group that may grow", "let a group grow (--max-workers 1)"
    yield (
        f"no task that takes a CPU can run in this cluster: its head runs none, and it has no workers and {why}: "
        f"{cure}, or let the head run tasks (--head-runs-tasks)"
    )
