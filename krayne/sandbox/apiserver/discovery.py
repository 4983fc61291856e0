"""Discovery: which groups, versions and resources are served, in the legacy and the aggregated form."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from krayne.sandbox.apiserver.registry import Registry
from krayne.sandbox.apiserver.resources import Resource

# What each subresource is asked with, and the kind that it speaks where that is not the resource's own.
_SUBRESOURCES: dict[str, tuple[tuple[str, ...], str]] = {
    "status": (("get", "patch", "update"), ""),
    "scale": (("get", "patch", "update"), "Scale"),
    "log": (("get",), ""),
    "binding": (("create",), "Binding"),
    "finalize": (("update",), ""),
}
VERSION = {
    "major": "1",
    "minor": "33",
    "gitVersion": "v1.33.0+krayne-sandbox",
    "gitCommit": "",
    "gitTreeState": "clean",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "",
    "compiler": "",
    "platform": "linux/amd64",
}


def versions(address: str) -> dict[str, Any]:
    """What /api answers."""
    addresses = [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}]
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": addresses}


def groups(registry: Registry) -> dict[str, Any]:
    """What /apis answers."""
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(name, registry) for name in _names(registry)]}


def group(registry: Registry, name: str) -> dict[str, Any] | None:
    """What /apis/GROUP answers; None for a group that is not served."""
    if name not in _names(registry):
        return None
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(name, registry)}


def resources(registry: Registry, group_name: str, version: str) -> dict[str, Any] | None:
    """What /api/v1 or /apis/GROUP/VERSION answers; None for one that is not served."""
    found = [item for item in registry if (item.group, item.version) == (group_name, version)]
    if not found:
        return None
    entries = [entry for item in found for entry in _entries(item)]
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": found[0].group_version,
        "resources": entries,
    }


def aggregated(registry: Registry, *, core: bool, api: str) -> dict[str, Any]:
    """Everything of /api or /apis in one answer, in the discovery API's version `api`."""
    names = [""] if core else _names(registry)
    items = [_aggregated_group(name, registry) for name in names]
    return {"kind": "APIGroupDiscoveryList", "apiVersion": f"apidiscovery.k8s.io/{api}", "metadata": {}, "items": items}


def _names(registry: Registry) -> list[str]:
    return [name for name in dict.fromkeys(item.group for item in registry) if name]


def group_versions(registry: Registry, name: str) -> list[str]:
    """The versions of a group, the best first: v1 before v1beta1 before v1alpha1."""
    found = dict.fromkeys(item.version for item in registry if item.group == name)
    return sorted(found, key=lambda version: ("alpha" in version, "beta" in version, version))


def _group(name: str, registry: Registry) -> dict[str, Any]:
    found = [{"groupVersion": f"{name}/{version}", "version": version} for version in group_versions(registry, name)]
    return {"name": name, "versions": found, "preferredVersion": found[0]}


def _entries(resource: Resource) -> Iterable[dict[str, Any]]:
    entry: dict[str, Any] = {
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    yield entry
    for name in sorted(resource.subresources & _SUBRESOURCES.keys()):
        verbs, kind = _SUBRESOURCES[name]
        yield {
            "name": f"{resource.plural}/{name}",
            "singularName": "",
            "namespaced": resource.namespaced,
            **({"group": "autoscaling", "version": "v1"} if kind == "Scale" else {}),
            "kind": kind or resource.kind,
            "verbs": list(verbs),
        }


def _aggregated_group(name: str, registry: Registry) -> dict[str, Any]:
    listed = [
        {
            "version": version,
            "resources": [_aggregated(item) for item in registry if (item.group, item.version) == (name, version)],
            "freshness": "Current",
        }
        for version in group_versions(registry, name)
    ]
    return {"metadata": {"name": name} if name else {}, "versions": listed}


def _aggregated(resource: Resource) -> dict[str, Any]:
    kind = {"group": resource.group, "version": resource.version, "kind": resource.kind}
    found: dict[str, Any] = {
        "resource": resource.plural,
        "responseKind": kind,
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.singular,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        found["shortNames"] = list(resource.short_names)
    if resource.categories:
        found["categories"] = list(resource.categories)
    below = [
        {
            "subresource": name,
            "responseKind": {"group": "autoscaling", "version": "v1", "kind": "Scale"}
            if _SUBRESOURCES[name][1] == "Scale"
            else kind | ({"kind": _SUBRESOURCES[name][1]} if _SUBRESOURCES[name][1] else {}),
            "verbs": list(_SUBRESOURCES[name][0]),
        }
        for name in sorted(resource.subresources & _SUBRESOURCES.keys())
    ]
    return found | ({"subresources": below} if below else {})
