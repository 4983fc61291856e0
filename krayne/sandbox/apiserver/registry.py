"""Which resources are served now: the built-in ones and those that CustomResourceDefinitions add."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from krayne.sandbox.apiserver.resources import Resource, builtin_resources
from krayne.sandbox.apiserver.store import Object, Store
from krayne.sandbox.apiserver.types import Schema, builtin_types

CRDS = "customresourcedefinitions.apiextensions.k8s.io"
_AGE = {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}
_CUSTOM_VERBS = ("delete", "deletecollection", "get", "list", "patch", "create", "update", "watch")


class Registry:
    """Looks resources up; reads the CRDs from the store, so it is never out of date."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._builtin = {(item.group, item.version, item.plural): item for item in builtin_resources()}

    def find(self, group: str, version: str, plural: str) -> Resource | None:
        """The resource of that path, if it is served."""
        found = self._builtin.get((group, version, plural))
        if found is not None:
            return found
        return next(
            (item for item in self._custom() if (item.group, item.version, item.plural) == (group, version, plural)),
            None,
        )

    def __iter__(self) -> Iterator[Resource]:
        yield from self._builtin.values()
        yield from self._custom()

    def stored(self) -> Iterator[Resource]:
        """One resource for each kind of object that is kept, whatever versions serve it."""
        seen: set[str] = set()
        for item in self:
            if "list" in item.verbs and item.qualified not in seen:
                seen.add(item.qualified)
                yield item

    def _custom(self) -> Iterator[Resource]:
        for stored in self._store.list(CRDS):
            yield from _custom_resources(_ById(stored.object, stored.version))


class _ById:
    """A CRD as a cache key: its uid and version."""

    def __init__(self, crd: Object, version: int) -> None:
        self.crd = crd
        self._key = (crd["metadata"]["uid"], version)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ById) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)


@lru_cache(maxsize=64)
def _custom_resources(keyed: _ById) -> tuple[Resource, ...]:
    spec = keyed.crd["spec"]
    return tuple(_custom_resource(spec, version) for version in spec["versions"] if version.get("served"))


def _custom_resource(spec: Object, version: Object) -> Resource:
    names = spec["names"]
    return Resource(
        group=spec["group"],
        version=version["name"],
        kind=names["kind"],
        plural=names["plural"],
        namespaced=spec["scope"] == "Namespaced",
        schema=_with_metadata(version.get("schema", {}).get("openAPIV3Schema", {"type": "object"})),
        singular=names.get("singular") or names["kind"].lower(),
        list_kind=names.get("listKind") or f"{names['kind']}List",
        short_names=tuple(names.get("shortNames", ())),
        categories=tuple(names.get("categories", ())),
        subresources=frozenset(version.get("subresources", {})),
        verbs=_CUSTOM_VERBS,
        columns=tuple(version.get("additionalPrinterColumns") or (_AGE,)),
        custom=True,
    )


def _with_metadata(schema: Any) -> Schema:
    """The CRD's schema with the fields that every object has."""
    text = {"type": "string"}
    head: Schema = {"apiVersion": text, "kind": text, "metadata": builtin_types()["meta.v1.ObjectMeta"]}
    return {**schema, "properties": {**schema.get("properties", {}), **head}}
