"""What a person can do next about a cluster that is not ready, as commands and fields of krayne's configuration."""

from __future__ import annotations

from krayne.cluster.values import ClusterInfo
from krayne.status import Status, Verdict

_GENERAL = {
    Status.UNSCHEDULABLE: "ask for less (cpus, memory, gpus), add nodes, or let a node selector or toleration match:"
    " kubectl get nodes -o wide",
    Status.IMAGE_PULL_ERROR: "check the image's name and tag, the registry's login (image_pull_secrets) and the nodes'"
    " way to it",
    Status.FAILED: "correct what was refused, then: kubectl krayne apply -f FILE",
}


def next_steps(info: ClusterInfo, verdict: Verdict) -> tuple[str, ...]:
    """Say what to look at or to do next, the most useful first; nothing for a cluster that is ready."""
    steps = []
    where = f" -n {info.namespace}" if info.namespace else ""
    if verdict.pod and verdict.container:
        earlier = " --previous" if verdict.status is Status.CRASH_LOOP else ""
        steps.append(f"kubectl logs {verdict.pod} -c {verdict.container}{earlier}{where}")
    if verdict.status in _GENERAL:
        steps.append(_GENERAL[verdict.status])
    if verdict.status is Status.SUSPENDED and "queue" not in (verdict.cause or ""):
        steps.append(f"kubectl krayne apply {info.name} --set suspend=false{where}")
    if verdict.status is Status.CREATING and "KubeRay has not answered for" in (verdict.cause or ""):
        steps.append("kubectl get pods -A -l app.kubernetes.io/name=kuberay-operator")
    return tuple(steps)
