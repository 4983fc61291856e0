"""Pods that run on although their group is gone from the cluster: KubeRay (1.4 to 1.7) deletes none of them."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Mapping, Sequence

from krayne import objects
from krayne.objects import HEAD_GROUP, Object
from krayne.status.pods import is_over
from krayne.text import count, one_line


def left_over(cluster: Object, pods: Sequence[Object]) -> Mapping[str, int]:
    """How many pods run on of each group that the cluster no longer has."""
    known = {HEAD_GROUP, *(objects.string(group, "groupName") for group in objects.worker_groups(cluster))}
    stay = (pod for pod in pods if not objects.is_going(pod) and not is_over(pod))
    return Counter(group for pod in stay if (group := objects.group_of(pod)) and group not in known)


def removal(name: str, group: str, pods: int, where: str) -> str:
    """Say of such pods of a cluster that nobody removes them, and how to; ``where``: flags that lead to them."""
    selector = shlex.quote(f"ray.io/cluster={name},ray.io/group={group}")
    left = f"{count(pods, 'pod')} of group {one_line(group)}, which is gone, {'runs' if pods == 1 else 'run'} on"
    return f"{left}: kubectl delete pods -l {selector} {where}".rstrip()
