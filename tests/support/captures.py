"""Cluster states for tests: captured from a real KubeRay, and made from a captured one by a few changes."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "captured"
NOW_AFTER = timedelta(seconds=5)  # a capture is looked at so long after its last time
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
AGO = re.compile(r"@-(\d+)")
KEYS = ("type", "groupName", "name")  # what tells the items of a list apart, as in Kubernetes' strategic merge


@dataclass(frozen=True)
class Capture:
    """A namespace's objects at one time, with what krayne is to say of them."""

    name: str
    items: list[dict[str, Any]]
    now: datetime
    expect: dict[str, Any]
    unit_only: str | None = None  # why an API server cannot hold it

    @property
    def cluster(self) -> dict[str, Any]:
        """The RayCluster."""
        return self.of("RayCluster")[0]

    @property
    def pods(self) -> list[dict[str, Any]]:
        """Its pods."""
        return self.of("Pod")

    @property
    def events(self) -> list[dict[str, Any]]:
        """The namespace's events."""
        return self.of("Event")

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The objects of a kind."""
        return [item for item in self.items if item["kind"] == kind]


def captured() -> list[Capture]:
    """Every state that a real KubeRay and kubelet wrote; captured/expected.json says what is to be said of them."""
    expected = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))
    return [_read(path.stem, expected[path.stem]) for path in sorted(FOLDER.glob("*.json")) if path.stem != "expected"]


def made() -> list[Capture]:
    """Every state of captured/made: a captured one, changed as the file says."""
    return [_made(path) for path in sorted((FOLDER / "made").glob("*.json"))]


def _read(name: str, expect: dict[str, Any]) -> Capture:
    items = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))["items"]
    times = [parse(found[0]) for found in TIME.finditer(json.dumps(items))]
    return Capture(name, items, max(times) + NOW_AFTER, expect)


def parse(text: str) -> datetime:
    """Read an RFC 3339 time."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _made(path: Path) -> Capture:
    recipe = json.loads(path.read_text(encoding="utf-8"))
    base = _read(recipe["base"], {})
    recipe = _timed(recipe, base.now)
    cluster = merge(base.cluster, recipe.get("cluster", {}))
    items = [cluster, *base.of("Service")]
    for pod in base.pods:
        role = pod["metadata"]["labels"]["ray.io/node-type"]
        changes = recipe.get(role, {})
        for number, change in enumerate(changes if isinstance(changes, list) else [changes]):
            if change is not None:
                copy = merge(deepcopy(pod), change)
                copy["metadata"]["name"] += f"-{number}" if number else ""
                items.append(copy)
    items += base.events if recipe.get("keep_events", True) else []
    items += [_event(event, number, cluster, items, base.now) for number, event in enumerate(recipe.get("events", []))]
    return Capture(path.stem, items, base.now, recipe["expect"], recipe.get("unit_only"))


def _event(
    event: dict[str, Any], number: int, cluster: dict[str, Any], items: list[Any], now: datetime
) -> dict[str, Any]:
    role = event.pop("about")
    thing = cluster
    if role != "cluster":
        thing = next(
            item
            for item in items
            if item["metadata"].get("labels", {}).get("ray.io/node-type") == role and item["kind"] == "Pod"
        )
    time = write(now - timedelta(seconds=event.pop("ago", 10)))
    about = {
        "kind": thing["kind"],
        "apiVersion": thing["apiVersion"],
        **{key: thing["metadata"][key] for key in ("name", "namespace", "uid")},
    }
    if container := event.pop("container", None):
        about["fieldPath"] = f"spec.containers{{{container}}}"
    meta = {"name": f"{about['name']}.made-{number}", "namespace": about["namespace"], "creationTimestamp": time}
    times = {"firstTimestamp": time, "lastTimestamp": time, "eventTime": None, "count": 1}
    source = {"component": "made", "reportingComponent": "made", "reportingInstance": ""}
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": meta,
        "involvedObject": about,
        "source": {"component": source["component"]},
        **times,
        **event,
    }


def _timed(value: Any, now: datetime) -> Any:
    """Read ``@-30`` as the time 30 seconds before the state is looked at."""
    if isinstance(value, dict):
        return {key: _timed(each, now) for key, each in value.items()}
    if isinstance(value, list):
        return [_timed(each, now) for each in value]
    found = AGO.fullmatch(value) if isinstance(value, str) else None
    return write(now - timedelta(seconds=int(found[1]))) if found else value


def write(time: datetime) -> str:
    """Write an RFC 3339 time as Kubernetes does."""
    return time.astimezone(timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")


def merge(old: Any, new: Any) -> Any:
    """Merge as a JSON merge patch does, but lists of named things item by item, as kubectl does."""
    if isinstance(old, dict) and isinstance(new, dict):
        merged = {
            key: merge(old[key], new[key]) if key in new else old[key] for key in old if new.get(key, "") is not None
        }
        return merged | {key: value for key, value in new.items() if key not in old and value is not None}
    if isinstance(old, list) and isinstance(new, list):
        key = next((key for key in KEYS if all(isinstance(item, dict) and key in item for item in [*old, *new])), None)
        if key and new:
            changes = {item[key]: item for item in new}
            kept = [
                merge(item, changes.pop(item[key], {})) for item in old if not changes.get(item[key], {}).get("$delete")
            ]
            return kept + [item for item in changes.values() if not item.get("$delete")]
    return json.loads(json.dumps(new))
