"""What `ray start` itself would refuse."""

from __future__ import annotations

import re
from typing import Any

# The options of `ray start` in Ray 2.60.
_FLAGS = frozenset(
    [
        "address",
        "autoscaling-config",
        "block",
        "cgroup-path",
        "dashboard-agent-grpc-port",
        "dashboard-agent-listen-port",
        "dashboard-grpc-port",
        "dashboard-host",
        "dashboard-port",
        "disable-usage-stats",
        "enable-object-reconstruction",
        "enable-resource-isolation",
        "gcs-server-port",
        "head",
        "include-dashboard",
        "include-log-monitor",
        "labels",
        "labels-file",
        "log-color",
        "log-style",
        "max-worker-port",
        "memory",
        "metrics-export-port",
        "min-worker-port",
        "no-monitor",
        "no-redirect-output",
        "node-ip-address",
        "node-manager-port",
        "node-name",
        "num-cpus",
        "num-gpus",
        "object-manager-port",
        "object-spilling-directory",
        "object-store-memory",
        "plasma-directory",
        "plasma-store-socket-name",
        "port",
        "ray-client-server-port",
        "ray-debugger-external",
        "raylet-socket-name",
        "redis-password",
        "redis-shard-ports",
        "redis-username",
        "resources",
        "runtime-env-agent-port",
        "storage",
        "system-config",
        "system-reserved-cpu",
        "system-reserved-memory",
        "temp-dir",
        "tracing-startup-hook",
        "verbose",
        "worker-port-list",
    ]
)


def bad_start(container: dict[str, Any]) -> str | None:
    """The first option of a container's `ray start` that Ray does not know."""
    command = " ".join([*(container.get("command") or []), *(container.get("args") or [])])
    _, found, options = command.partition("ray start ")
    if not found:
        return None
    flags = re.findall(r"(?:^|\s)--([A-Za-z][\w-]*)", options)
    return next((flag for flag in flags if flag not in _FLAGS), None)
