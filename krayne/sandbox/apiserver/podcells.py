"""A pod's cells in `kubectl get pods`: the one word for its state, its ready and restart counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from krayne.sandbox.apiserver import durations


def ready(pod: Mapping[str, Any], _: datetime) -> str:
    """How many containers are ready, of how many (restartable init containers count)."""
    spec, status = pod["spec"], pod.get("status", {})
    lasting = {entry["name"] for entry in spec.get("initContainers", ()) if entry.get("restartPolicy") == "Always"}
    states = [
        *status.get("containerStatuses", ()),
        *(entry for entry in status.get("initContainerStatuses", ()) if entry["name"] in lasting),
    ]
    count = sum(bool(entry.get("ready") and ("running" in entry.get("state", {}))) for entry in states)
    return f"{count}/{len(spec.get('containers', ())) + len(lasting)}"


def restarts(pod: Mapping[str, Any], now: datetime) -> str:
    """How often its containers were restarted, and when last."""
    status = pod.get("status", {})
    entries = status.get("containerStatuses", ())
    if _initialising(pod) is not None:
        entries = status.get("initContainerStatuses", ())
    count = sum(entry.get("restartCount", 0) for entry in entries)
    ends = [
        entry["lastState"]["terminated"]["finishedAt"]
        for entry in entries
        if entry.get("lastState", {}).get("terminated", {}).get("finishedAt")
    ]
    return f"{count} ({durations.since(max(ends), now)} ago)" if count and ends else str(count)


def state(pod: Mapping[str, Any], _: datetime) -> str:
    """The pod's state in one word, the worst thing about it first."""
    status = pod.get("status", {})
    found = _initialising(pod)
    if found is None:
        word = status.get("reason") or status.get("phase", "Unknown")
        found = _containers_word(status.get("containerStatuses", ()), status, word)
    if "deletionTimestamp" in pod["metadata"]:
        return "Unknown" if status.get("reason") == "NodeLost" else "Terminating"
    return found


def _initialising(pod: Mapping[str, Any]) -> str | None:
    """The word while init containers have not done their part."""
    spec, status = pod["spec"], pod.get("status", {})
    lasting = {entry["name"] for entry in spec.get("initContainers", ()) if entry.get("restartPolicy") == "Always"}
    for index, entry in enumerate(status.get("initContainerStatuses", ())):
        held = entry.get("state", {})
        ended, waiting = held.get("terminated"), held.get("waiting", {})
        if ended is not None and ended.get("exitCode", 0) == 0:
            continue
        if entry["name"] in lasting and entry.get("started"):
            continue
        if ended is not None:
            return f"Init:{_ended(ended)}"
        reason = waiting.get("reason")
        if reason and reason != "PodInitializing":
            return f"Init:{reason}"
        return f"Init:{index}/{len(spec.get('initContainers', ()))}"
    return None


def _containers_word(entries: Sequence[Mapping[str, Any]], status: Mapping[str, Any], word: str) -> str:
    """The last container's problem is told first, as kubectl does; a running one is Completed's way out."""
    runs = False
    for entry in reversed(entries):
        held = entry.get("state", {})
        if held.get("waiting", {}).get("reason"):
            word = held["waiting"]["reason"]
        elif "terminated" in held:
            word = _ended(held["terminated"])
        elif entry.get("ready") and "running" in held:
            runs = True
    if word == "Completed" and runs:
        conditions = status.get("conditions", ())
        is_ready = any(entry.get("type") == "Ready" and entry.get("status") == "True" for entry in conditions)
        return "Running" if is_ready else "NotReady"
    return word


def _ended(ended: Mapping[str, Any]) -> str:
    if ended.get("reason"):
        return str(ended["reason"])
    return f"Signal:{ended['signal']}" if ended.get("signal") else f"ExitCode:{ended.get('exitCode', 0)}"


def gates(pod: Mapping[str, Any], _: datetime) -> str:
    """How many readiness gates are passed."""
    wanted = [gate["conditionType"] for gate in pod["spec"].get("readinessGates", ())]
    if not wanted:
        return "<none>"
    conditions = {entry["type"]: entry["status"] for entry in pod.get("status", {}).get("conditions", ())}
    return f"{sum(conditions.get(name) == 'True' for name in wanted)}/{len(wanted)}"
