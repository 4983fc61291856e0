"""Making a cluster what a configuration says: creating it, or changing it in place."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from krayne.errors import ClusterNotFoundError, ConflictError, UsageError
from krayne.kubectl import FIELD_MANAGER, Kubectl
from krayne.objects import at, group_spec, integer, string, worker_groups
from krayne.operations import timeouts
from krayne.operations.configured import configured
from krayne.operations.submit import submit, warn_caller

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from krayne.cluster import ClusterInfo
    from krayne.config import ClusterConfig
    from krayne.kubectl import Reply
    from krayne.operations.submit import Warn
    from krayne.operations.wait import Progress

_CONTROLS = re.compile("[\x7f-\x9f\ufffe\uffff]")
_AUTOSCALER = "python-requests"  # Ray's autoscaler patches with Python's requests, and names no field manager
_TRIES = 5  # KubeRay writes the status often while a cluster starts; each write moves the resourceVersion


class Applied(NamedTuple):
    """What apply did: ``verb`` is created, configured or unchanged (applied, where no server was asked); ``cluster``
    the RayCluster as it is now."""

    verb: str
    cluster: dict[str, Any]


def apply_cluster(
    config: ClusterConfig | Mapping[str, Any],
    *,
    force_conflicts: bool = False,
    recreate: bool = False,
    wait: bool = False,
    timeout: float | None = timeouts.CLUSTER,
    progress: Progress | None = None,
    template: Path | None = None,
    warn: Warn = warn_caller,
    submitted: Callable[[Applied], None] | None = None,
    recreated: Callable[[str], None] | None = None,
    kubectl: Kubectl | None = None,
) -> ClusterInfo:
    """Create the cluster, or change it to what ``config`` says, by server-side apply as field manager "krayne".

    ``config``: as create_cluster takes it.

    Replicas of a cluster that autoscales stay what the autoscaler made them. Fields that others manage are not taken
    from them unless ``force_conflicts``: ConflictError names each and its owner. Running pods keep their old template
    (KubeRay changes none), and those of a group that is gone run on: ``warn`` tells which, and ``recreate`` deletes
    them, so that KubeRay makes new ones; ``recreated`` then gets a sentence on what was deleted.
    """
    from krayne.operations.get import judged
    from krayne.operations.wait import wait_until_as_configured

    config = configured(config)
    kubectl = (kubectl or Kubectl()).within(config.namespace)
    sending = _Sending(kubectl, config, template, warn, force_conflicts)
    cluster = _carry_out(sending, submitted, recreate=recreate, recreated=recreated)
    if wait:
        return wait_until_as_configured(config, timeout=timeout, progress=progress, kubectl=kubectl)
    return judged(kubectl, [cluster])[0]


def preview_apply(
    config: ClusterConfig | Mapping[str, Any],
    *,
    server: bool = False,
    force_conflicts: bool = False,
    recreate: bool = False,
    template: Path | None = None,
    warn: Warn = warn_caller,
    submitted: Callable[[Applied], None] | None = None,
    recreated: Callable[[str], None] | None = None,
    kubectl: Kubectl | None = None,
) -> dict[str, Any]:
    """The RayCluster that apply_cluster would send; with ``server``, as the API server would leave it.

    The callbacks get what they would get of apply_cluster; without ``server``, nobody knows of pods.
    """
    config = configured(config)
    if server:
        kubectl = (kubectl or Kubectl()).within(config.namespace)
        sending = _Sending(kubectl, config, template, warn, force_conflicts, dry_run=True)
        return _carry_out(sending, submitted, recreate=recreate, recreated=recreated)
    from krayne.operations.rendering import rendered

    manifest = rendered(config, template, warn)
    if submitted:
        submitted(Applied("applied", manifest))
    return manifest


class _Sending(NamedTuple):
    """What stays the same from try to try."""

    kubectl: Kubectl
    config: ClusterConfig
    template: Path | None
    warn: Warn
    force: bool
    dry_run: bool = False


def _carry_out(
    sending: _Sending,
    submitted: Callable[[Applied], None] | None,
    *,
    recreate: bool,
    recreated: Callable[[str], None] | None,
) -> dict[str, Any]:
    """Apply, then see to the pods that are behind; the cluster as it is then."""
    before, applied = _apply(sending)
    if submitted:
        submitted(applied)
    if before is not None and (text := _see_to_pods(sending, before, applied.cluster, recreate)) and recreated:
        recreated(text)
    return applied.cluster


def _see_to_pods(sending: _Sending, before: dict[str, Any], after: dict[str, Any], recreate: bool) -> str | None:
    """Delete the pods that are behind, and return what to tell of it; or else warn of them."""
    from krayne.operations.recreate import Outdated, outdated, recreate_pods, recreation_advice

    kubectl, dry_run = sending.kubectl, sending.dry_run
    pods = outdated(kubectl, before, after)
    if pods and recreate:
        return recreate_pods(kubectl, sending.config.name, pods, dry_run=dry_run)
    if dry_run:
        pods = Outdated(pods.groups, {})  # the groups of the rest are still there
    for text in recreation_advice(kubectl, after, pods):
        sending.warn(text)
    return None


def _apply(sending: _Sending) -> tuple[dict[str, Any] | None, Applied]:
    """The cluster as it was (None if there was none) and what became of it."""
    from krayne.kubectl.failures import StaleError
    from krayne.operations.managed_fields import adopt_own_fields, as_if_adopted
    from krayne.operations.owners import owner_warning
    from krayne.operations.rendering import rendered

    kubectl, config, template, warn, _, dry_run = sending
    desired = rendered(config, template, warn)
    _refuse_controls(config.name, desired)
    for attempt in range(_TRIES):
        live = _read(kubectl, config.name)
        if live is not None and attempt == 0 and (text := owner_warning(live, "change")):
            warn(text)
        try:
            if live is not None and not dry_run:
                live = adopt_own_fields(kubectl, live)
            manifest = desired if live is None else _onto(desired, live)
            resets = _resets(sending, live, manifest)
            after = _send(sending, manifest, sending.force, autoscales=_autoscales(live, manifest))
        except StaleError:
            continue
        if live is not None and dry_run:
            after = as_if_adopted(after, manifest, live)
        for text in (*_side_effects(kubectl, live, after), *resets, *_overruled(config, desired, manifest)):
            warn(text)
        return live, Applied(_verb(live, after), after)
    raise ConflictError(
        f"cannot apply {kubectl.named(config.name)}: something else changes it all the time; try again in a moment"
    )


def _resets(of: _Sending, live: dict[str, Any] | None, manifest: dict[str, Any]) -> tuple[str, ...]:
    """What to tell of values that sending this changes with no word of the user's; looked at before it is sent."""
    from krayne.operations.resets import reset_warning

    text = reset_warning(of.config, live, manifest) if live and of.template is None else None
    return (text,) if text else ()


def _side_effects(kubectl: Kubectl, before: dict[str, Any] | None, after: dict[str, Any]) -> Iterator[str]:
    """What to tell of what an apply took away, and of what it could not change."""
    from krayne.operations.head_service import service_warning
    from krayne.operations.losses import loss_warning

    if before and (text := loss_warning(before, after)):
        yield text
    if before and (text := service_warning(kubectl, before, after)):
        yield text


def _overruled(config: ClusterConfig, desired: dict[str, Any], sent: dict[str, Any]) -> Iterator[str]:
    """What to tell of replicas that the user asks for and that stay what the autoscaler made them."""
    asked = {group["name"] for group in config.given.get("worker_groups", []) if "replicas" in group}
    for wanted, kept in zip(worker_groups(desired), worker_groups(sent), strict=True):
        name, number = kept.get("groupName"), kept.get("replicas")
        if name in asked and number != wanted.get("replicas"):
            yield (
                f"replicas of group {name} stay {number}, not {wanted.get('replicas')}: the autoscaler sets them, "
                "between min_replicas and max_replicas"
            )


def _send(to: _Sending, manifest: dict[str, Any], force: bool, *, autoscales: bool) -> dict[str, Any]:
    """Apply a manifest, taking over what is ours to take. Raises ConflictError about what is not."""
    from krayne.kubectl.failures import ApplyConflictError

    def apply(text: bytes) -> Reply:
        return to.kubectl.apply(text, to.config.name, force=force, dry_run=to.dry_run)

    try:
        return submit(manifest, to.config, apply, to.warn, own_template=to.template is not None)
    except ApplyConflictError as error:
        theirs = [(owner, field) for owner, field in error.conflicts if not _may_take(owner, field, autoscales)]
        if theirs:
            raise _conflict(to.kubectl, to.config.name, theirs) from error
        return _send(to, manifest, True, autoscales=autoscales)


def _refuse_controls(name: str, manifest: dict[str, Any]) -> None:
    """Raise UsageError for text that a server-side apply would change or be refused for: the API server reads it as
    YAML, in which these characters cannot stand as they are (Kubernetes 1.33). A create carries them."""
    if found := _CONTROLS.search(json.dumps(manifest, ensure_ascii=False)):
        raise UsageError(
            f"cannot apply raycluster {name}: its configuration holds the character U+{ord(found[0]):04X}, "
            "which server-side apply does not carry; take it out"
        )


def _read(kubectl: Kubectl, name: str) -> dict[str, Any] | None:
    try:
        cluster: dict[str, Any] = kubectl.get_cluster(name).json()
    except ClusterNotFoundError:
        return None
    return cluster


def _onto(desired: dict[str, Any], live: dict[str, Any]) -> dict[str, Any]:
    """What to send over a live cluster: only if it is still the one read, and with what its autoscaler decided.

    Ray's autoscaler writes replicas and scaleStrategy into workerGroupSpecs, a list that server-side apply can only
    take whole (KubeRay's CRD gives it no list type).
    """
    metadata = {**desired["metadata"], "resourceVersion": live["metadata"]["resourceVersion"]}
    sent = {**desired, "metadata": metadata}
    groups = at(desired, "spec", "workerGroupSpecs")
    if _autoscales(desired) and isinstance(groups, list):
        sent["spec"] = {**desired["spec"], "workerGroupSpecs": [_scaled(group, live) for group in groups]}
    return sent


def _scaled(group: Any, live: dict[str, Any]) -> Any:
    """A worker group to send with the live one's replicas; what is no group stays so, for the server to refuse."""
    there = group_spec(live, string(group, "groupName"))
    if not there:
        return group
    replicas = max(integer(group.get("minReplicas")), integer(there.get("replicas")))
    replicas = min(replicas, integer(group.get("maxReplicas"), replicas))
    strategy = {"scaleStrategy": there["scaleStrategy"]} if "scaleStrategy" in there else {}
    return {**group, "replicas": replicas, **strategy}


def _autoscales(*clusters: dict[str, Any] | None) -> bool:
    return any(at(cluster, "spec", "enableInTreeAutoscaling") for cluster in clusters)


def _may_take(owner: str, field: str, autoscales: bool) -> bool:
    """Whether a field is ours to take without asking: our own (scale writes it too), or the worker groups of a cluster
    that autoscales, or did until now: the autoscaler owns them for the replicas."""
    return owner == FIELD_MANAGER or (autoscales and owner == _AUTOSCALER and field == ".spec.workerGroupSpecs")


def _conflict(kubectl: Kubectl, name: str, conflicts: list[tuple[str, str]]) -> ConflictError:
    owned = "\n".join(
        f"  {field} is managed by {owner}" + (" (as Ray's autoscaler is called)" if owner == _AUTOSCALER else "")
        for owner, field in conflicts
    )
    return ConflictError(
        f"cannot apply {kubectl.named(name)}: others manage what this would change, so nothing was:\n{owned}\n"
        "Take these fields over with --force-conflicts, or configure the values that they have"
    )


def _verb(live: dict[str, Any] | None, after: dict[str, Any]) -> str:
    from krayne.operations.fields import configured

    if live is None:
        return "created"
    return "unchanged" if configured(live) == configured(after) else "configured"
