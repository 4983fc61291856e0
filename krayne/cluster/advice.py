"""What a person can do next about a cluster that is not ready: commands, and fields of krayne's configuration."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from krayne.cluster.left_over import removal
from krayne.cluster.values import ClusterInfo
from krayne.status import Reason, Status, Verdict

_NOTHING: Mapping[str, int] = {}
# Changes nothing else, where apply would need the whole configuration again; as krayne, so that a later apply --suspend
# takes the field from nobody.
_RESUME = (
    'kubectl patch raycluster {name} --field-manager=krayne --type=merge -p \'{{"spec":{{"suspend":false}}}}\'{where}'
)
_CORRECT = "correct the configuration, then: kubectl krayne apply -f FILE --recreate{where}"

# {name}, {where} (flags to the namespace and its server) and {way} (flags to the server) are filled in.
_ADVICE: dict[Status, tuple[str, ...]] = {
    Status.CREATING: ("kubectl get pods -A -l app.kubernetes.io/name=kuberay-operator{way}",),
    Status.PODS_PENDING: ("kubectl krayne wait {name} --for ready{where}",),
    Status.UNSCHEDULABLE: (
        "ask for less (cpus, memory, gpus), add nodes, or let node_selector and tolerations match one",
        "kubectl describe nodes{way}",
    ),
    Status.CONTAINERS_CREATING: ("kubectl krayne wait {name} --for ready{where}",),
    Status.IMAGE_PULL_ERROR: (
        "check the image's name and tag, the registry's login (image_pull_secrets) and the nodes' way to it",
        _CORRECT,
    ),
    Status.CRASH_LOOP: (_CORRECT,),
    Status.RUNNING: ("kubectl krayne wait {name} --for ready{where}",),
    Status.FAILED: ("correct the configuration, then: kubectl krayne apply -f FILE{where}",),
    Status.DELETING: ("kubectl krayne wait {name} --for deleted{where}",),
    Status.SUSPENDED: (_RESUME,),
}


def next_steps(
    info: ClusterInfo, verdict: Verdict, way: Sequence[str] = (), left_over: Mapping[str, int] = _NOTHING
) -> tuple[str, ...]:
    """Say what to look at or to do next, the most useful first; nothing for a cluster that is ready.

    ``way``: kubectl's flags that lead to the cluster's API server, for the commands. ``left_over``: how many pods run
    on, by the groups that they were of and the cluster no longer has.
    """
    to_server, where = _to_server(way), _where(info, way)
    steps = list(_first(info, verdict, where))
    steps += [step.format(name=info.name, where=where, way=to_server) for step in _general(verdict)]
    steps += [removal(info.name, group, pods, where.lstrip()) for group, pods in left_over.items()]
    return tuple(steps)


def resume(info: ClusterInfo, way: Sequence[str] = ()) -> str:
    """The command that lets a suspended cluster run. ``way`` as for next_steps."""
    return _RESUME.format(name=info.name, where=_where(info, way))


def _to_server(way: Sequence[str]) -> str:
    return "".join(f" {shlex.quote(flag)}" for flag in way)


def _where(info: ClusterInfo, way: Sequence[str]) -> str:
    return (f" -n {info.namespace}" if info.namespace else "") + _to_server(way)


def _general(verdict: Verdict) -> tuple[str, ...]:
    if verdict.status is Status.SUSPENDED and not verdict.hopeless:  # Kueue resumes it
        return ()
    if verdict.status is Status.CREATING and verdict.reason is not Reason.UNANSWERED:
        return ()
    if verdict.status is Status.CONTAINERS_CREATING and verdict.hopeless:  # waiting is of no use
        return ()
    return _ADVICE.get(verdict.status, ())


def _first(info: ClusterInfo, verdict: Verdict, where: str) -> tuple[str, ...]:
    """Say what the general advice for the word does not know: whose logs, which quota or queue, which finalizer."""
    if verdict.pod and verdict.container:
        earlier = " --previous" if verdict.reason is Reason.RESTARTED else ""
        return (f"kubectl logs {verdict.pod} -c {verdict.container}{earlier}{where}",)
    if verdict.reason is Reason.QUOTA:
        return (f"kubectl describe resourcequota{where}",)
    if verdict.status is Status.SUSPENDED and not verdict.hopeless:
        return (f"kubectl get workloads.kueue.x-k8s.io{where}",)
    if verdict.status is Status.CONTAINERS_CREATING and verdict.hopeless:
        return ("make what is missing, or " + _CORRECT.format(where=where),)
    if verdict.reason is Reason.FINALIZER:
        return (f"kubectl get raycluster {info.name} -o jsonpath='{{.metadata.finalizers}}'{where}",)
    return ()
