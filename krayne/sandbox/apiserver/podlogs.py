"""A pod's log: which container is meant, and the runtime's lines cut to what was asked for."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from krayne.sandbox.apiserver import durations
from krayne.sandbox.apiserver.cluster import Cluster
from krayne.sandbox.apiserver.listing import get
from krayne.sandbox.apiserver.requests import Request
from krayne.sandbox.apiserver.statuses import bad_request
from krayne.sandbox.door import LogLine, LogQuery, LogUnavailableError


async def log(cluster: Cluster, request: Request) -> AsyncIterator[bytes]:
    """The log as bytes, a line at a time. Raises ApiError before the first."""
    pod = get(cluster, request).object
    container = _container(pod, request.query.get("container", ""))
    if not pod["spec"].get("nodeName"):
        return  # no kubelet has it yet: the real server answers with nothing
    query = LogQuery(container, request.flag("previous"), request.flag("follow"))
    stamped = request.flag("timestamps")
    left = request.integer("limitBytes")
    try:
        async for line in _chosen(cluster, pod, query, request):
            text = f"{line.time} {line.text}\n" if stamped else f"{line.text}\n"
            data = text.encode()[:left]
            yield data
            if left is not None:
                left -= len(data)
                if left <= 0:
                    return
    except LogUnavailableError as error:
        raise bad_request(str(error)) from error


def _container(pod: Mapping[str, Any], asked: str) -> str:
    spec, name = pod["spec"], pod["metadata"]["name"]
    groups = ("containers", "initContainers", "ephemeralContainers")
    names = {group: [entry["name"] for entry in spec.get(group, ())] for group in groups}
    if asked:
        if not any(asked in found for found in names.values()):
            raise bad_request(f"container {asked} is not valid for pod {name}")
        return asked
    if len(names["containers"]) == 1:
        return str(names["containers"][0])
    message = f"a container name must be specified for pod {name}, choose one of: [{' '.join(names['containers'])}]"
    if names["initContainers"]:
        message += f" or one of the init containers: [{' '.join(names['initContainers'])}]"
    raise bad_request(message)


async def _chosen(
    cluster: Cluster, pod: Mapping[str, Any], query: LogQuery, request: Request
) -> AsyncIterator[LogLine]:
    """The lines since the time asked for, and of those that are there now the last so many."""
    lines = _since(cluster.runtime.logs(pod, query), request)
    tail = request.integer("tailLines")
    if tail is None:
        async for line in lines:
            yield line
        return
    if not query.follow:
        for line in await _last(lines, tail):
            yield line
        return
    now = LogQuery(query.container, query.previous, follow=False)
    written = [line async for line in _since(cluster.runtime.logs(pod, now), request)]
    skipped = max(len(written) - tail, 0)
    async for line in lines:
        if skipped:
            skipped -= 1
        else:
            yield line


async def _since(lines: AsyncIterator[LogLine], request: Request) -> AsyncIterator[LogLine]:
    seconds, time = request.integer("sinceSeconds"), request.query.get("sinceTime")
    bound = durations.parse(time) if time else None
    if seconds is not None:
        bound = datetime.now(timezone.utc) - timedelta(seconds=seconds)
    async for line in lines:
        if bound is None or durations.parse(line.time) >= bound:
            yield line


async def _last(lines: AsyncIterator[LogLine], count: int) -> deque[LogLine]:
    kept: deque[LogLine] = deque(maxlen=max(count, 0))
    async for line in lines:
        kept.append(line)
    return kept
