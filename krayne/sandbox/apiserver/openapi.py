"""OpenAPI v3: what kubectl validates, explains and merges by, a document for each group and version."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from krayne.sandbox.apiserver.registry import Registry
from krayne.sandbox.apiserver.resources import Resource
from krayne.sandbox.apiserver.types import NUMBERS, TYPE_NAME, Schema, builtin_types

_DOMAINS = {
    "core": "io.k8s.api.core",
    "meta": "io.k8s.apimachinery.pkg.apis.meta",
    "apiextensions": "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions",
}
# Each verb's operation: the HTTP method, and whether the query takes the options of a write.
_VERBS = {"get": "get", "create": "post", "update": "put", "patch": "patch", "delete": "delete", "list": "get"}
_WRITES = ("create", "update", "patch")
_INTERNAL = (TYPE_NAME, NUMBERS, "x-quantity")


def index(registry: Registry) -> dict[str, Any]:
    """What /openapi/v3 answers: every document's address, with a hash of what it holds."""
    found = dict.fromkeys((item.group, item.version) for item in registry)
    paths = {}
    for group, version in found:
        path = f"apis/{group}/{version}" if group else f"api/{version}"
        digest = hashlib.sha256(document(registry, group, version) or b"").hexdigest().upper()
        paths[path] = {"serverRelativeURL": f"/openapi/v3/{path}?hash={digest}"}
    return {"paths": paths}


def document(registry: Registry, group: str, version: str) -> bytes | None:
    """One group version's document as JSON; None for one that is not served."""
    resources = tuple(_Same(item) for item in registry if (item.group, item.version) == (group, version))
    return _document(resources) if resources else None


class _Same:
    """A resource as a cache key: the registry hands out the same one until its CRD changes."""

    def __init__(self, resource: Resource) -> None:
        self.resource = resource

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.resource is other.resource

    def __hash__(self) -> int:
        return id(self.resource)


@lru_cache(maxsize=32)
def _document(keyed: tuple[_Same, ...]) -> bytes:
    resources = [item.resource for item in keyed]
    components: dict[str, Schema] = {}
    for resource in resources:
        name = _kind_name(resource)
        body = {key: value for key, value in resource.schema.items() if key not in _INTERNAL}
        kind = {"group": resource.group, "kind": resource.kind, "version": resource.version}
        components[name] = {**_referring(body, components), "x-kubernetes-group-version-kind": [kind]}
    paths = dict(path for resource in resources for path in _paths(resource))
    info = {"title": "Kubernetes", "version": "v1.33.0"}
    document = {"openapi": "3.0.0", "info": info, "paths": paths, "components": {"schemas": components}}
    return json.dumps(document, separators=(",", ":")).encode()


def _kind_name(resource: Resource) -> str:
    named = resource.schema.get(TYPE_NAME)
    if named:
        return _long_name(named)
    return f"{'.'.join(reversed(resource.group.split('.')))}.{resource.version}.{resource.kind}"


def _long_name(name: str) -> str:
    group, _, rest = name.partition(".")
    return f"{_DOMAINS.get(group, f'io.k8s.api.{group}')}.{rest}"


def _referring(schema: Any, components: dict[str, Schema]) -> Any:
    """The schema with every type of its own replaced by a reference into `components`."""
    if isinstance(schema, list):
        return [_referring(item, components) for item in schema]
    if not isinstance(schema, dict):
        return schema
    named = schema.get(TYPE_NAME)
    if not isinstance(named, str):
        return {
            name: _referring(item, components) for name, item in schema.items() if name not in _INTERNAL and item != []
        }
    full = _long_name(named)
    if full not in components:
        components[full] = {}
        body = {name: item for name, item in builtin_types()[named].items() if name not in _INTERNAL}
        components[full] = _referring(body, components)
    extra = {name: schema[name] for name in ("default", "x-kubernetes-patch-strategy") if name in schema}
    return {**extra, "allOf": [{"$ref": f"#/components/schemas/{full}"}]}


def _paths(resource: Resource) -> Iterable[tuple[str, Any]]:
    root = f"/apis/{resource.group}/{resource.version}" if resource.group else f"/api/{resource.version}"
    spaced = f"{root}/namespaces/{{namespace}}" if resource.namespaced else root
    several = [verb for verb in ("list", "create") if verb in resource.verbs]
    yield f"{spaced}/{resource.plural}", {_VERBS[verb]: _operation(verb, resource) for verb in several}
    single = [verb for verb in ("get", "update", "patch", "delete") if verb in resource.verbs]
    if single:
        yield f"{spaced}/{resource.plural}/{{name}}", {_VERBS[verb]: _operation(verb, resource) for verb in single}


def _operation(verb: str, resource: Resource) -> dict[str, Any]:
    names = ["dryRun", "fieldManager", "fieldValidation"] if verb in _WRITES else []
    names += ["force"] if verb == "patch" else []
    parameters = [
        {
            "name": name,
            "in": "query",
            "schema": {"type": "boolean" if name == "force" else "string", "uniqueItems": True},
        }
        for name in names
    ]
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{_kind_name(resource)}"}}}
    kind = {"group": resource.group, "version": resource.version, "kind": resource.kind}
    action = {"create": "post", "update": "put"}.get(verb, verb)
    found: dict[str, Any] = {
        "operationId": f"{verb}{resource.kind}",
        "parameters": parameters,
        "responses": {"200": {"description": "OK", "content": content}},
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": kind,
    }
    if verb in ("create", "update"):
        found["requestBody"] = {"content": content, "required": True}
    return found
