"""Running pods that no longer are what their cluster's template says, and replacing them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from krayne.kubectl import Kubectl, pod_selector
from krayne.objects import HEAD_GROUP as HEAD
from krayne.objects import (
    Object,
    at,
    group_of,
    group_spec,
    is_going,
    items,
    mapping,
    ray_container,
    string,
    worker_groups,
)
from krayne.operations.fields import named_groups
from krayne.quantity import parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# What Ray's autoscaler reads from the RayCluster itself, round by round (Ray's kuberay/autoscaling_config.py).
_READ_LIVE = ("idleTimeoutSeconds", "upscalingMode")
# By these a pod shows what KubeRay (1.4 to 1.7, common/pod.go) built into it: a container and variables of Ray's.
_SIGNS = {"autoscaler", "RAY_enable_autoscaler_v2", "RAY_AUTH_MODE", "RAY_REDIS_ADDRESS"}


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

    A group counts if what its pods are made from changed between ``before`` and ``after``, or if a pod of it lacks
    something that the template has, or shows another authentication, autoscaler or Redis than the cluster has (left by
    an earlier change). Pods that cannot be listed are taken to be as ``before`` said.
    """
    from krayne.cluster.left_over import left_over
    from krayne.operations.reading import items as listed

    old, new = dict(_sources(before)), dict(_sources(after))
    pods = listed(kubectl.list_pods([after["metadata"]["name"]])) or []
    running: dict[str, list[Object]] = {}
    for pod in pods:
        if not is_going(pod):
            running.setdefault(group_of(pod), []).append(pod)

    def behind(group: str) -> bool:
        changed = group in old and old[group] != new[group]
        return group in running and (changed or any(_is_behind(pod, after, group) for pod in running[group]))

    return Outdated([group for group in new if behind(group)], left_over(after, pods))


def _is_behind(pod: Object, cluster: Object, group: str) -> bool:
    """Whether a pod was made from something else than its cluster says now, as far as it shows."""
    template = mapping(group_spec(cluster, group), "template")
    shown = _signs(template) | set(_built_in(mapping(cluster, "spec"), group))
    return not contains(pod["spec"], mapping(template, "spec")) or _signs(pod) != shown


def _signs(pod: Object) -> set[str]:
    named = (*items(pod, "spec", "containers"), *items(ray_container(pod), "env"))
    return {string(each, "name") for each in named} & _SIGNS


def _built_in(spec: Object, group: str) -> Iterator[str]:
    """The signs that KubeRay gives to the pods of a group."""
    if at(spec, "authOptions", "mode") == "token":
        yield "RAY_AUTH_MODE"
    if group == HEAD and at(spec, "gcsFaultToleranceOptions", "redisAddress"):
        yield "RAY_REDIS_ADDRESS"
    if group == HEAD and (autoscaler := _autoscaler(spec)) is not None:
        yield "autoscaler"
        if autoscaler.get("version") == "v2":
            yield "RAY_enable_autoscaler_v2"


def _autoscaler(spec: Object) -> Object | None:
    """What the autoscaler's container is made from; None where there is none."""
    if spec.get("enableInTreeAutoscaling") is not True:
        return None
    return {field: value for field, value in mapping(spec, "autoscalerOptions").items() if field not in _READ_LIVE}


def recreation_advice(kubectl: Kubectl, cluster: dict[str, Any], pods: Outdated) -> Iterator[str]:
    """What to tell about pods that run on as they are."""
    from krayne.cluster.left_over import removal

    if pods.groups:
        yield _keep_old_template(cluster, pods.groups)
    for group, number in pods.left_over.items():
        yield removal(cluster["metadata"]["name"], group, number, kubectl.where())


def _keep_old_template(cluster: dict[str, Any], groups: list[str]) -> str:
    named = named_groups(groups)
    if at(cluster, "spec", "upgradeStrategy", "type") == "Recreate":
        return f"the pods of {named} have the old template; KubeRay replaces every pod (upgradeStrategy Recreate)"
    loses = "; a new head forgets what runs on the cluster" if HEAD in groups else ""
    return (
        f"the running pods of {named} keep their old template: KubeRay changes none that runs. "
        f"Add --recreate to replace them{loses}"
    )


def recreate_pods(kubectl: Kubectl, name: str, pods: Outdated, *, dry_run: bool = False) -> str:
    """Delete these pods, so that KubeRay makes anew what it shall; with the head, all: workers die with it.

    Returns what to tell of it. ``dry_run`` asks the server and deletes nothing.
    """
    selector = pod_selector([name])
    if HEAD not in pods.groups:
        selector += f",ray.io/group in ({','.join([*pods.groups, *pods.left_over])})"
    kubectl.delete_pods(selector, dry_run=dry_run).text()
    which = "all pods" if HEAD in pods.groups else f"the pods of {named_groups([*pods.groups, *pods.left_over])}"
    anew = "; KubeRay makes them anew" if pods.groups else ""
    return f"{'Would delete' if dry_run else 'Deleted'} {which} of {kubectl.named(name)}{anew}"


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


def _sources(cluster: Object) -> Iterator[tuple[str, Object]]:
    """Each group's name and what its pods are made from: its own part, and what KubeRay builds in by other fields.

    What else those fields change in workers is not looked at: with the head, all pods are made anew.
    """
    spec = mapping(cluster, "spec")
    auth = {"auth": spec.get("authOptions") if at(spec, "authOptions", "mode") == "token" else None}
    redis = {"redis": spec.get("gcsFaultToleranceOptions")}
    yield HEAD, {**_own(mapping(spec, "headGroupSpec")), **auth, **redis, "autoscaler": _autoscaler(spec)}
    for group in worker_groups(cluster):
        yield string(group, "groupName"), {**_own(group), **auth}


def _own(group: Object) -> Object:
    return {part: group.get(part) for part in ("template", "rayStartParams", "resources", "labels")}
