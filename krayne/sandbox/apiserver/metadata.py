"""What holds for every object's metadata: names, labels, annotations, and what the server itself fills in."""

from __future__ import annotations

import re
import secrets
import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from typing import Any

from krayne.sandbox.apiserver.requests import Request
from krayne.sandbox.apiserver.statuses import Cause, bad_request, invalid_value, required

# What generated names may hold: no vowels and no digits that look like them, as Kubernetes' own.
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
_SUBDOMAIN = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
_LABEL_1123 = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_LABEL_1035 = r"[a-z]([-a-z0-9]*[a-z0-9])?"
_KEY = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_VALUE = rf"({_KEY})?"
_RULES = {
    "subdomain": (
        _SUBDOMAIN,
        253,
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "
        f"and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '{_SUBDOMAIN}')",
    ),
    "label": (
        _LABEL_1123,
        63,
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end "
        "with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
        f"'{_LABEL_1123}')",
    ),
    "dns1035": (
        _LABEL_1035,
        63,
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic "
        "character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation "
        f"is '{_LABEL_1035}')",
    ),
}
_NAME_RULE = {"Namespace": "label", "Service": "dns1035"}
_FREE_NAMES = ("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding")


def now() -> str:
    """The time as metadata has it: RFC 3339, UTC, whole seconds."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def name_new(item: dict[str, Any], request: Request) -> None:
    """Settle a new object's namespace and name. Raises ApiError 400."""
    metadata = item["metadata"]
    given = metadata.get("namespace") or request.namespace
    if request.resource.namespaced and given != request.namespace:
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    if request.resource.namespaced:
        metadata["namespace"] = request.namespace
    else:
        metadata.pop("namespace", None)
    if not metadata.get("name") and metadata.get("generateName"):
        metadata["name"] = metadata["generateName"][:58] + "".join(secrets.choice(_ALPHABET) for _ in range(5))


def stamp_new(item: dict[str, Any]) -> None:
    """What only the server writes: uid and creation time; what a client sent for them is dropped."""
    for name in ("resourceVersion", "selfLink", "deletionTimestamp", "deletionGracePeriodSeconds", "generation"):
        item["metadata"].pop(name, None)
    item["metadata"] |= {"uid": str(uuid.uuid4()), "creationTimestamp": now()}


def problems(item: Mapping[str, Any], kind: str) -> Iterator[Cause]:
    """Every problem of the object's metadata."""
    metadata = item["metadata"]
    name = metadata.get("name")
    if not name:
        yield required("metadata.name", "name or generateName is required")
    elif kind not in _FREE_NAMES:
        yield from _name_problems(name, _NAME_RULE.get(kind, "subdomain"))
    for key, value in (metadata.get("labels") or {}).items():
        yield from _key_problems("metadata.labels", key)
        yield from _label_problems(value)
    for key in metadata.get("annotations") or {}:
        yield from _key_problems("metadata.annotations", key.lower())


def _name_problems(name: str, rule: str) -> Iterator[Cause]:
    pattern, longest, words = _RULES[rule]
    if len(name) > longest:
        yield invalid_value("metadata.name", name, f"must be no more than {longest} characters")
    if not re.fullmatch(pattern, name):
        yield invalid_value("metadata.name", name, words)


def _key_problems(field: str, key: str) -> Iterator[Cause]:
    prefix, slash, name = key.rpartition("/")
    if slash and not re.fullmatch(_SUBDOMAIN, prefix):
        yield invalid_value(field, key, f"prefix part {_RULES['subdomain'][2]}")
    if len(name) > 63:
        yield invalid_value(field, key, "name part must be no more than 63 characters")
    if not re.fullmatch(_KEY, name):
        yield invalid_value(
            field,
            key,
            "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
            "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
            f"'{_KEY}')",
        )


def _label_problems(value: str) -> Iterator[Cause]:
    if len(value) > 63:
        yield invalid_value("metadata.labels", value, "must be no more than 63 characters")
    if not re.fullmatch(_VALUE, value):
        yield invalid_value(
            "metadata.labels",
            value,
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must "
            "start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for "
            f"validation is '{_VALUE}')",
        )
