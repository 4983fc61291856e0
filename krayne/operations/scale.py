"""Changing how many workers a group has, and nothing else."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any, NamedTuple

from krayne import objects
from krayne.errors import ConflictError, UsageError
from krayne.kubectl import Kubectl
from krayne.operations.submit import warn_caller

if TYPE_CHECKING:
    from collections.abc import Callable

    from krayne.cluster import ClusterInfo
    from krayne.operations.submit import Warn

_TRIES = 5  # a writer that is faster than us five times in a row is at war with us


class _Bounds(NamedTuple):
    """A group's replicas, minReplicas and maxReplicas; as a request, None leaves one as it is."""

    replicas: int | None
    min_replicas: int | None
    max_replicas: int | None


_FIELDS = ("replicas", "minReplicas", "maxReplicas")  # the manifest's name of each, in the same order


def scale_cluster(
    name: str,
    namespace: str | None = None,
    *,
    group: str | None = None,
    replicas: int | None = None,
    min_replicas: int | None = None,
    max_replicas: int | None = None,
    warn: Warn = warn_caller,
    submitted: Callable[[dict[str, Any]], None] | None = None,
    kubectl: Kubectl | None = None,
) -> ClusterInfo:
    """Set a worker group's replicas and their bounds; what is left out stays as it is.

    ``group`` may be left out where there is one. Only the fields given are sent, and only if the group still stands
    where it was read, so other writers (the autoscaler, another user) are neither undone nor hit by mistake. Raises
    UsageError before anything is sent if the numbers contradict each other.
    """
    from krayne.operations.get import judged

    kubectl = (kubectl or Kubectl()).within(namespace)
    cluster = _scale(kubectl, name, group, _Bounds(replicas, min_replicas, max_replicas), warn, server=None)
    if submitted:
        submitted(cluster)
    return judged(kubectl, [cluster])[0]


def preview_scale(
    name: str,
    namespace: str | None = None,
    *,
    group: str | None = None,
    replicas: int | None = None,
    min_replicas: int | None = None,
    max_replicas: int | None = None,
    server: bool = False,
    warn: Warn = warn_caller,
    kubectl: Kubectl | None = None,
) -> dict[str, Any]:
    """The RayCluster as scale_cluster would leave it, worked out here or, with ``server``, by the API server."""
    kubectl = (kubectl or Kubectl()).within(namespace)
    return _scale(kubectl, name, group, _Bounds(replicas, min_replicas, max_replicas), warn, server=server)


def _scale(
    kubectl: Kubectl, name: str, group: str | None, wanted: _Bounds, warn: Warn, *, server: bool | None
) -> dict[str, Any]:
    """Scale; ``server`` None means in earnest, True and False are the two dry runs."""
    from krayne.kubectl.failures import StaleError
    from krayne.operations.reading import read_cluster

    if all(number is None for number in wanted):
        raise UsageError("nothing to change: give at least one of --replicas, --min and --max")
    for attempt in range(_TRIES):
        cluster = read_cluster(kubectl, name)
        index = _find_group(cluster, group)
        current = cluster["spec"]["workerGroupSpecs"][index]
        _check(current, wanted)
        if attempt == 0:
            _warn_of_undoing(cluster, current, wanted, warn)
        if server is False:
            return _changed(cluster, index, wanted)
        operations = json.dumps(_operations(index, current, wanted), separators=(",", ":"))
        try:
            patched: dict[str, Any] = kubectl.patch(name, operations, dry_run=bool(server)).json()
        except StaleError:  # the group moved, or its bounds changed
            continue
        return patched
    raise ConflictError(
        f"cannot scale {kubectl.named(name)}: something else changes its worker groups all the time\n"
        f"See who: kubectl get rayclusters.ray.io {kubectl.where(name)} --show-managed-fields -o yaml"
    )


def _find_group(cluster: dict[str, Any], group: str | None) -> int:
    groups = [each.get("groupName") for each in objects.worker_groups(cluster)]
    if group is None and len(groups) == 1:
        return 0
    if group in groups:
        return groups.index(group)
    there = ", ".join(map(str, groups)) or "none"
    if group is None:
        problem = "has several worker groups: name one with --group" if groups else "has no worker group to scale"
        raise UsageError(f"raycluster {cluster['metadata']['name']} {problem} (its groups: {there})")
    from difflib import get_close_matches

    near = get_close_matches(group, [str(each) for each in groups], n=1)
    hint = f"did you mean {near[0]}?" if near else f"its groups: {there}"
    raise UsageError(f"raycluster {cluster['metadata']['name']} has no worker group {group} ({hint})")


def _check(current: dict[str, Any], wanted: _Bounds) -> None:
    """Raise UsageError if the group would contradict itself: KubeRay clamps such numbers silently."""
    for number, field in zip(wanted, _FIELDS, strict=True):
        if number is not None and (type(number) is not int or number < 0):
            raise UsageError(f"{field} cannot be {number!r}: it is a whole number, 0 or more")
    after = _after(current, wanted)
    low, high = after.min_replicas or 0, after.max_replicas
    group = current.get("groupName")
    if high is not None and low > high:
        raise UsageError(
            f"group {group} would have minReplicas {low} above maxReplicas {high}: set both --min and --max"
        )
    if wanted.replicas is not None and high is not None and wanted.replicas > high:
        raise UsageError(f"group {group} may have at most {high} replicas: add --max {wanted.replicas} to allow more")
    if wanted.replicas is not None and wanted.replicas < low:
        raise UsageError(f"group {group} must have at least {low} replicas: add --min {wanted.replicas} to allow fewer")


def _after(current: dict[str, Any], wanted: _Bounds) -> _Bounds:
    return _Bounds(*(current.get(field) if new is None else new for new, field in zip(wanted, _FIELDS, strict=True)))


def _operations(index: int, current: dict[str, Any], wanted: _Bounds) -> list[dict[str, Any]]:
    """A JSON patch that sets what is wanted, on condition that what was decided upon still holds."""
    at = f"/spec/workerGroupSpecs/{index}"
    tests = [{"op": "test", "path": f"{at}/groupName", "value": current["groupName"]}]
    changes = []
    for new, field in zip(wanted, _FIELDS, strict=True):
        if new is not None:
            changes.append({"op": "add", "path": f"{at}/{field}", "value": new})
        elif field != "replicas" and field in current:
            tests.append({"op": "test", "path": f"{at}/{field}", "value": current[field]})
    return tests + changes


def _changed(cluster: dict[str, Any], index: int, wanted: _Bounds) -> dict[str, Any]:
    changed = deepcopy(cluster)
    changed["metadata"].pop("managedFields", None)
    group = changed["spec"]["workerGroupSpecs"][index]
    group.update({field: new for new, field in zip(wanted, _FIELDS, strict=True) if new is not None})
    return changed


def _warn_of_undoing(cluster: dict[str, Any], current: dict[str, Any], wanted: _Bounds, warn: Warn) -> None:
    """Tell what will undo the change: the cluster's end, its owner, or its autoscaler."""
    from krayne.operations.owners import owner_warning

    if objects.is_going(cluster):
        warn(f"raycluster {cluster['metadata']['name']} is being deleted: its workers go, whatever is set here")
        return
    if text := owner_warning(cluster, "scale"):
        warn(text)
    if wanted.replicas is None or not cluster["spec"].get("enableInTreeAutoscaling"):
        return
    after, number = _after(current, wanted), wanted.replicas
    low, high = after.min_replicas or 0, objects.UNBOUNDED if after.max_replicas is None else after.max_replicas
    bounds = (f"--min {number}" if low < number else "", f"--max {number}" if number < high else "")
    if missing := " ".join(filter(None, bounds)):
        between = f"between {low} and {high}" if high < objects.UNBOUNDED else f"from {low} on"
        warn(
            f"the autoscaler sets the replicas of group {current['groupName']}, {between} as the load asks for, and "
            f"may override {number}; to keep just that many: {missing}"
        )
