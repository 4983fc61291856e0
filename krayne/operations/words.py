"""What a container wrote before it failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from krayne import objects
from krayne.errors import KrayneError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from krayne.kubectl import Kubectl
    from krayne.kubectl.tail import Tail
    from krayne.status import Verdict


_REST = 0.5  # seconds: the end of a log may come a little after the news of its pod's end


class LastWords:
    """The end of the log of what failed last.

    A pod that is not restarted (restartPolicy Never, which autoscaler v2 needs) is deleted by KubeRay as soon as it
    has failed, and its log with it: such logs are followed while the container runs. Others are read when needed.
    """

    def __init__(self, kubectl: Kubectl) -> None:
        self._kubectl = kubectl
        self._tails: dict[tuple[str, str], Tail] = {}  # by group and pod
        self._of: tuple[str, str | None] | None = None
        self._lines: list[str] = []

    def follow(self, pods: Sequence[dict[str, Any]]) -> list[Tail]:
        """Begin to follow the logs of Ray containers that have begun to run and are not ready: one a group."""
        from krayne.kubectl.tail import Tail

        begun = []
        for pod in pods:
            key = (objects.group_of(pod), objects.name(pod))
            if any(group == key[0] and (name == key[1] or tail.fd) for (group, name), tail in self._tails.items()):
                continue
            if container := _starting(pod):
                self._tails[key] = Tail(self._kubectl, key[1], container)
                begun.append(self._tails[key])
        return begun

    def keep(self, verdict: Verdict) -> None:
        """Keep the log of what a verdict blames: what was followed of it, else read now, of the run before if any."""
        for tail in self._tails.values():
            if verdict.pod in (None, tail.pod):
                tail.finish(_REST)
            if tail.lines and verdict.pod in (None, tail.pod):
                self._of, self._lines = (tail.pod, tail.container), tail.lines
        if verdict.pod is None or (self._of and verdict.pod == self._of[0]):
            return
        for previous in (True, False):
            try:
                lines = self._kubectl.logs(verdict.pod, verdict.container, previous=previous).text().splitlines()
            except KrayneError:
                continue
            if lines:
                self._of, self._lines = (verdict.pod, verdict.container), lines
                return

    def __str__(self) -> str:
        """As it stands in a message; nothing where there was no log to read."""
        if self._of is None:
            return ""
        quoted = "\n".join(f"  | {line}" for line in self._lines)
        return f"\nThe last lines that {self._of[1] or 'it'} in pod {self._of[0]} wrote:\n{quoted}"


def _starting(pod: dict[str, Any]) -> str | None:
    """The Ray container of a pod that is not restarted, if it runs and is not ready yet."""
    if objects.string(pod, "spec", "restartPolicy") != "Never":
        return None
    for status in objects.items(pod, "status", "containerStatuses"):
        name = objects.string(status, "name")
        if name.startswith("ray-") and objects.at(status, "state", "running") and status.get("ready") is not True:
            return name
    return None
