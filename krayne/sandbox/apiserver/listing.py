"""Get and list: from the store to the bytes of the answer, in pages where asked."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass

from krayne.sandbox.apiserver.choosing import chosen_by
from krayne.sandbox.apiserver.cluster import Cluster
from krayne.sandbox.apiserver.requests import Request
from krayne.sandbox.apiserver.statuses import bad_request, expired, not_found, too_large_version
from krayne.sandbox.apiserver.store import Stored, TooOldError

_GONE = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
    "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. "
    "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or "
    "deleted between the time the first chunk was returned and now may show up in the list."
)


@dataclass(frozen=True, slots=True)
class Page:
    """A list's answer: the objects, the version it is true for, where to go on and how much is left."""

    items: Sequence[Stored]
    version: int
    next: str = ""
    remaining: int | None = None


def get(cluster: Cluster, request: Request) -> Stored:
    """The object. Raises ApiError 404."""
    stored = cluster.store.get(request.key)
    if stored is None:
        raise not_found(request.resource, request.name)
    return stored


def page(cluster: Cluster, request: Request) -> Page:
    """The chosen objects, or the part of them that was asked for. Raises ApiError."""
    store, resource = cluster.store, request.resource.qualified
    chosen = chosen_by(request)
    limit = request.integer("limit") or 0
    version, start = store.version, ("", "")
    if request.query.get("continue"):
        version, start = _read_token(request.query["continue"])
    elif (asked := request.integer("resourceVersion") or 0) > version:
        raise too_large_version(asked, version)
    elif asked and request.query.get("resourceVersionMatch") == "Exact":
        version = asked
    try:
        everything = (
            store.list(resource, request.namespace)
            if version == store.version
            else store.list_at(resource, request.namespace, version)
        )
    except TooOldError as error:
        raise expired(_GONE) from error
    items = [stored for stored in everything if _place(stored) > start and chosen(stored.object)]
    if not limit or len(items) <= limit:
        return Page(items, version)
    selective = request.query.get("labelSelector") or request.query.get("fieldSelector")
    left = None if selective else len(items) - limit
    return Page(items[:limit], version, _token(version, items[limit - 1]), left)


def render(request: Request, found: Page) -> bytes:
    """The page as a list of its kind."""
    resource = request.resource
    meta: dict[str, object] = {"resourceVersion": str(found.version)}
    if found.next:
        meta["continue"] = found.next
    if found.remaining is not None:
        meta["remainingItemCount"] = found.remaining
    head = {"kind": resource.list_kind, "apiVersion": resource.group_version, "metadata": meta}
    texts = b",".join(stored.text for stored in found.items)
    return json.dumps(head, separators=(",", ":")).encode()[:-1] + b',"items":[' + texts + b"]}\n"


def _place(stored: Stored) -> tuple[str, str]:
    metadata = stored.object["metadata"]
    return metadata.get("namespace", ""), metadata["name"]


def _token(version: int, last: Stored) -> str:
    namespace, name = _place(last)
    token = {"v": "meta.k8s.io/v1", "rv": version, "start": f"{namespace}/{name}"}
    return base64.urlsafe_b64encode(json.dumps(token).encode()).rstrip(b"=").decode()


def _read_token(text: str) -> tuple[int, tuple[str, str]]:
    try:
        token = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        namespace, _, name = token["start"].partition("/")
        return int(token["rv"]), (namespace, name)
    except (binascii.Error, ValueError, KeyError, TypeError) as error:
        raise bad_request(f"invalid continue token: continue key is not valid: {error}") from error
