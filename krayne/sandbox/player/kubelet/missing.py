"""What a pod refers to that is not there: Secrets, ConfigMaps and claims, in the kubelet's words."""

from __future__ import annotations

from typing import Any, NamedTuple

from krayne.sandbox.player import client
from krayne.sandbox.player.client import Api, ApiError, Resource

Object = dict[str, Any]


class Missing(NamedTuple):
    """What cannot be mounted ("" where everything can), and what each container's environment lacks."""

    mount: str
    containers: dict[str, str]


async def missing_references(api: Api, pod: Object) -> Missing:
    """Look up what a pod refers to."""
    seen: dict[tuple[str, str], Object | None] = {}

    async def find(resource: Resource, name: str) -> Object | None:
        if (resource.kind, name) not in seen:
            seen[resource.kind, name] = await _find(api, resource, pod["metadata"]["namespace"], name)
        return seen[resource.kind, name]

    mount = ""
    for volume in pod["spec"].get("volumes") or []:
        for resource, name in _volume_references(volume):
            if not mount and await find(resource, name) is None:
                kind = resource.kind.lower()
                mount = f'MountVolume.SetUp failed for volume "{volume["name"]}" : {kind} "{name}" not found'
    containers: dict[str, str] = {}
    for container in [*(pod["spec"].get("initContainers") or []), *pod["spec"]["containers"]]:
        for resource, name, key in _environment_references(container):
            found = await find(resource, name)
            if found is None:
                containers.setdefault(container["name"], f'{resource.kind.lower()} "{name}" not found')
            elif (
                key
                and not found.get("unseen")
                and key not in {**(found.get("data") or {}), **(found.get("binaryData") or {})}
            ):
                where = f"{resource.kind} {pod['metadata']['namespace']}/{name}"
                containers.setdefault(container["name"], f"couldn't find key {key} in {where}")
    return Missing(mount, containers)


def _volume_references(volume: Object) -> list[tuple[Resource, str]]:
    found = []
    secret, config_map = volume.get("secret"), volume.get("configMap")
    if secret and not secret.get("optional"):
        found.append((client.SECRETS, secret["secretName"]))
    if config_map and not config_map.get("optional"):
        found.append((client.CONFIG_MAPS, config_map["name"]))
    return found


def _environment_references(container: Object) -> list[tuple[Resource, str, str]]:
    found = []
    for source in container.get("envFrom") or []:
        for field, resource in (("secretRef", client.SECRETS), ("configMapRef", client.CONFIG_MAPS)):
            if source.get(field) and not source[field].get("optional"):
                found.append((resource, source[field]["name"], ""))
    for variable in container.get("env") or []:
        value = variable.get("valueFrom") or {}
        for field, resource in (("secretKeyRef", client.SECRETS), ("configMapKeyRef", client.CONFIG_MAPS)):
            if value.get(field) and not value[field].get("optional"):
                found.append((resource, value[field]["name"], value[field]["key"]))
    return found


async def _find(api: Api, resource: Resource, namespace: str, name: str) -> Object | None:
    try:
        return await api.get(resource, namespace, name)
    except ApiError as error:
        if error.status == 404:
            return None
        if error.status == 403:  # not for us to see; a kubelet could
            return {"unseen": True}
        raise
