"""Running pods that no longer are what their cluster's template says, and replacing them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from krayne.kubectl import Kubectl, pod_selector
from krayne.objects import HEAD_GROUP as HEAD
from krayne.objects import Object
from krayne.quantity import parse

if TYPE_CHECKING:
    from collections.abc import Iterator


def outdated(kubectl: Kubectl, before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """The groups whose running pods differ from what the cluster now says: the head as "headgroup", workers by name.

    A group counts if its template changed between ``before`` and ``after``, or if a pod of it lacks something that
    the template has (left by an earlier change). Pods that cannot be listed are taken to be as ``before`` said.
    """
    from krayne.operations.reading import items

    old, new = dict(_templates(before)), dict(_templates(after))
    pods = items(kubectl.list_pods([after["metadata"]["name"]])) or []
    running: dict[str, list[Object]] = {}
    for pod in pods:
        if not pod["metadata"].get("deletionTimestamp"):
            running.setdefault((pod["metadata"].get("labels") or {}).get("ray.io/group", ""), []).append(pod)

    def behind(group: str) -> bool:
        changed = group in old and old[group] != new[group]
        spec = (new[group].get("template") or {}).get("spec") or {}
        return group in running and (changed or any(not contains(pod["spec"], spec) for pod in running[group]))

    return [group for group in new if behind(group)]


def recreation_advice(cluster: dict[str, Any], groups: list[str]) -> str:
    """What to tell about groups whose pods keep their old template."""
    named = " and ".join("the head" if group == HEAD else f"group {group}" for group in groups)
    if ((cluster["spec"].get("upgradeStrategy") or {}).get("type")) == "Recreate":
        return f"the pods of {named} have the old template; KubeRay now replaces every pod (upgradeStrategy Recreate)"
    loses = "; a new head forgets what runs on the cluster" if HEAD in groups else ""
    return (
        f"the running pods of {named} keep their old template: KubeRay changes none that runs. "
        f"Add --recreate to replace them{loses}"
    )


def recreate_pods(kubectl: Kubectl, name: str, groups: list[str]) -> None:
    """Delete the pods of these groups, so that KubeRay makes them anew; with the head, all: workers die with it."""
    selector = pod_selector([name])
    if HEAD not in groups:
        selector += f",ray.io/group in ({','.join(groups)})"
    kubectl.delete_pods(selector).text()


def contains(there: Any, wanted: Any) -> bool:
    """Whether all that is wanted is there: each key of a map, each element of a list among the elements, each scalar.

    Quantities count by value: the API server writes "2000m" as "2".
    """
    if isinstance(wanted, dict):
        return isinstance(there, dict) and all(contains(there.get(key), value) for key, value in wanted.items())
    if isinstance(wanted, list):
        return isinstance(there, list) and all(any(contains(one, value) for one in there) for value in wanted)
    return bool(there == wanted) or _same_quantity(there, wanted)


def _same_quantity(there: Any, wanted: Any) -> bool:
    if not (isinstance(there, str | int | float) and isinstance(wanted, str | int | float)):
        return False
    found, meant = parse(there), parse(wanted)
    return found is not None and meant is not None and found.nano == meant.nano


def _templates(cluster: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each group's name and what its pods are made from."""
    spec = cluster["spec"]
    parts = ("template", "rayStartParams", "resources", "labels")
    head = spec.get("headGroupSpec") or {}
    yield HEAD, {part: head.get(part) for part in parts}
    for group in spec.get("workerGroupSpecs") or []:
        yield group.get("groupName", ""), {part: group.get(part) for part in parts}
