"""Running pods that no longer are what their cluster's template says, and replacing them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from krayne.kubectl import Kubectl, pod_selector
from krayne.objects import HEAD_GROUP as HEAD
from krayne.objects import Object
from krayne.quantity import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


class Outdated(NamedTuple):
    """Running pods that are not what their cluster says.

    ``groups``: those with an old template, the head as "headgroup", workers by name. ``left_over``: how many run of
    each group that is gone.
    """

    groups: list[str]
    left_over: Mapping[str, int]

    def __bool__(self) -> bool:
        return bool(self.groups or self.left_over)


def outdated(kubectl: Kubectl, before: dict[str, Any], after: dict[str, Any]) -> Outdated:
    """The running pods that differ from what the cluster now says.

    A group counts if its template changed between ``before`` and ``after``, or if a pod of it lacks something that
    the template has (left by an earlier change). Pods that cannot be listed are taken to be as ``before`` said.
    """
    from krayne.cluster.left_over import left_over
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

    return Outdated([group for group in new if behind(group)], left_over(after, pods))


def recreation_advice(kubectl: Kubectl, cluster: dict[str, Any], pods: Outdated) -> Iterator[str]:
    """What to tell about pods that run on as they are."""
    from krayne.cluster.left_over import removal

    if pods.groups:
        yield _keep_old_template(cluster, pods.groups)
    for group, number in pods.left_over.items():
        yield removal(cluster["metadata"]["name"], group, number, kubectl.where())


def _keep_old_template(cluster: dict[str, Any], groups: list[str]) -> str:
    named = _named(groups)
    if ((cluster["spec"].get("upgradeStrategy") or {}).get("type")) == "Recreate":
        return f"the pods of {named} have the old template; KubeRay now replaces every pod (upgradeStrategy Recreate)"
    loses = "; a new head forgets what runs on the cluster" if HEAD in groups else ""
    return (
        f"the running pods of {named} keep their old template: KubeRay changes none that runs. "
        f"Add --recreate to replace them{loses}"
    )


def recreate_pods(kubectl: Kubectl, name: str, pods: Outdated) -> str:
    """Delete these pods, so that KubeRay makes anew what it shall; with the head, all: workers die with it.

    Returns what to tell of it.
    """
    selector = pod_selector([name])
    if HEAD not in pods.groups:
        selector += f",ray.io/group in ({','.join([*pods.groups, *pods.left_over])})"
    kubectl.delete_pods(selector).text()
    which = "all pods" if HEAD in pods.groups else f"the pods of {_named([*pods.groups, *pods.left_over])}"
    anew = "; KubeRay makes them anew" if pods.groups else ""
    return f"Deleted {which} of {kubectl.named(name)}{anew}"


def _named(groups: Iterable[str]) -> str:
    return " and ".join("the head" if group == HEAD else f"group {group}" for group in groups)


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
