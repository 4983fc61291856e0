"""The door between the sandbox's two rooms: what the API server asks of whoever runs the pods.

The API server knows nothing of its player: it is handed a `PodRuntime` and asks it. A step that runs pods as real
processes adds exec and port-forward here and nowhere else.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class LogQuery:
    """What `GET …/pods/NAME/log` asks for, as the API server has checked it.

    `container` always names a container of the pod, never "". The API server itself cuts the answer to `tailLines`,
    `sinceSeconds` and `limitBytes`, and adds `timestamps`.
    """

    container: str
    previous: bool = False
    follow: bool = False


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a container's log: when it was written (RFC 3339, UTC) and its text without the newline."""

    time: str
    text: str


class LogUnavailableError(Exception):
    """The runtime has no such log; the text is the kubelet's sentence, which the user sees as a 400 BadRequest."""


class PodRuntime(Protocol):
    """Whoever runs the pods: the kubelet's part, as the API server reaches it."""

    def logs(self, pod: Mapping[str, Any], query: LogQuery) -> AsyncIterator[LogLine]:
        """The lines of one container's log, oldest first; with `follow` until the container ends.

        `pod` is the stored Pod object, never changed by the runtime. Raises `LogUnavailableError` at the first step
        where there is no log to give (a container that waits, no previous run).
        """
        ...


class NoRuntime:
    """The runtime of a server that runs no pods: every log is unavailable."""

    async def logs(self, pod: Mapping[str, Any], query: LogQuery) -> AsyncIterator[LogLine]:
        """Always raises `LogUnavailableError`."""
        name = pod["metadata"]["name"]
        raise LogUnavailableError(f'container "{query.container}" in pod "{name}" is not running here')
        yield LogLine("", "")  # makes this an async generator
