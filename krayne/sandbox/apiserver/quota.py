"""ResourceQuota: what a namespace's pods and objects use, what is refused above it, and the status that tells it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from krayne.quantity import Amounts, Quantity, add_up, quantity
from krayne.sandbox.apiserver.resources import Resource
from krayne.sandbox.apiserver.statuses import forbidden
from krayne.sandbox.apiserver.store import Key, Object, Store

_PLAIN = ("cpu", "memory", "ephemeral-storage")
_COUNTED = ("configmaps", "persistentvolumeclaims", "secrets", "services", "resourcequotas")
_ONE = quantity(1)


def check(store: Store, resource: Resource, item: Object) -> None:
    """Refuse an object that some quota of its namespace has no room for (403)."""
    asked = _usage_of(resource.qualified, item)
    for stored in store.list("resourcequotas", item["metadata"].get("namespace", "")) if asked else ():
        hard = stored.object["spec"].get("hard") or {}
        concerned = {name: asked[name] for name in hard if asked.get(name, Quantity()).nano}
        used = usage(store, stored.object)
        over = sorted(name for name in concerned if used[name].plus(concerned[name]).nano > quantity(hard[name]).nano)
        _require_named(resource, stored.object, item, hard)
        if over:
            limits = {name: quantity(hard[name]) for name in over}
            parts = (
                f"requested: {_told({name: concerned[name] for name in over})}",
                f"used: {_told({name: used[name] for name in over})}",
                f"limited: {_told(limits)}",
            )
            why = f"exceeded quota: {stored.object['metadata']['name']}, {', '.join(parts)}"
            raise forbidden(resource, item["metadata"]["name"], why)


def _require_named(resource: Resource, quota: Object, item: Object, hard: Mapping[str, Any]) -> None:
    """A pod must say how much it takes of what a quota limits."""
    if resource.qualified != "pods":
        return
    containers = [*item["spec"].get("initContainers", ()), *item["spec"].get("containers", ())]
    missing: dict[str, list[str]] = {}
    for name in sorted(hard):
        kind, _, what = name.rpartition(".") if name.startswith(("requests.", "limits.")) else ("requests", "", name)
        if what not in ("cpu", "memory"):
            continue
        without = [entry["name"] for entry in containers if what not in entry.get("resources", {}).get(kind, {})]
        if without:
            missing[name] = without
    if missing:
        told = "; ".join(f"{name} for: {','.join(sorted(names))}" for name, names in missing.items())
        why = f"failed quota: {quota['metadata']['name']}: must specify {told}"
        raise forbidden(resource, item["metadata"]["name"], why)


def usage(store: Store, quota: Object) -> Amounts:
    """How much of what the quota limits is used now."""
    hard = quota["spec"].get("hard") or {}
    used: Amounts = dict.fromkeys(hard, Quantity())
    namespace = quota["metadata"]["namespace"]
    for resource in ("pods", *_COUNTED):
        for stored in store.list(resource, namespace):
            for name, amount in _usage_of(resource, stored.object).items():
                if name in used:
                    used[name] = used[name].plus(amount)
    return used


def status(store: Store, quota: Object) -> dict[str, Any]:
    """The quota's status: its limits and what is used of them."""
    hard = dict(quota["spec"].get("hard") or {})
    used = usage(store, quota)
    return {"hard": hard, "used": {name: str(amount) for name, amount in used.items()}} if hard else {}


def refresh(store: Store, namespace: str) -> None:
    """Write the status of the namespace's quotas where it is no longer true."""
    for stored in store.list("resourcequotas", namespace):
        told = status(store, stored.object)
        if stored.object.get("status") != told:
            key = Key("resourcequotas", namespace, stored.object["metadata"]["name"])
            metadata = dict(stored.object["metadata"])
            store.put(key, {**stored.object, "metadata": metadata, "status": told})


def concerns(resource: str) -> bool:
    """Whether a change of that resource can change what quotas tell."""
    return resource == "pods" or resource in _COUNTED


def _usage_of(resource: str, item: Object) -> Amounts:
    if resource != "pods":
        return {resource: _ONE, f"count/{resource}": _ONE} if resource in _COUNTED else {}
    if item.get("status", {}).get("phase") in ("Succeeded", "Failed"):
        return {}
    found: Amounts = {"pods": _ONE, "count/pods": _ONE}
    for kind in ("requests", "limits"):
        for name, amount in _pod_total(item["spec"], kind).items():
            found[f"{kind}.{name}"] = amount
            if kind == "requests" and name in _PLAIN:
                found[name] = amount
    return found


def _pod_total(spec: Mapping[str, Any], kind: str) -> Amounts:
    """What the pod takes: its containers together, or its largest init container."""
    total = add_up(*_amounts(spec.get("containers", ()), kind))
    for amounts in _amounts(spec.get("initContainers", ()), kind):
        for name, amount in amounts.items():
            total[name] = max(total.get(name, Quantity()), amount)
    return total


def _amounts(containers: Iterable[Mapping[str, Any]], kind: str) -> Iterable[Amounts]:
    for container in containers:
        found = container.get("resources", {}).get(kind) or {}
        yield {name: quantity(text) for name, text in found.items()}


def _told(amounts: Amounts) -> str:
    return ",".join(f"{name}={amounts[name]}" for name in sorted(amounts))
