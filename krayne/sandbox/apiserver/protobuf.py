"""Built-in objects in Kubernetes' protobuf, as `kubectl create KIND` sends them; answers are always JSON.

The envelope and the wire format: https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timezone
from typing import Any

from krayne.sandbox.apiserver.statuses import bad_request
from krayne.sandbox.apiserver.types import NUMBERS, Schema

TYPE = "application/vnd.kubernetes.protobuf"
_MAGIC = b"k8s\x00"
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
# Numbers and booleans that are pointers in Go, so that zero is a value; other zeros only mean that nothing was said.
_POINTERS = frozenset(
    ("allowPrivilegeEscalation", "automountServiceAccountToken", "backoffLimit", "completions", "enableServiceLinks",
     "immutable", "maxSurge", "maxUnavailable", "minAvailable", "parallelism", "priority", "replicas",
     "revisionHistoryLimit", "runAsGroup", "runAsNonRoot", "runAsUser", "suspend", "terminationGracePeriodSeconds",
     "tolerationSeconds", "ttlSecondsAfterFinished")
)  # fmt: skip


def decode(body: bytes, schema: Schema) -> dict[str, Any]:
    """The object in the envelope. Raises ApiError 400."""
    if not body.startswith(_MAGIC):
        raise bad_request("the protobuf body does not start with Kubernetes' magic number")
    try:
        envelope = dict(_fields(body[len(_MAGIC) :]))
        kind = dict(_fields(envelope[1]))
        found = _message(envelope.get(2, b""), schema)
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise bad_request(f"the protobuf body cannot be read: {error}") from error
    return {"apiVersion": kind[1].decode(), "kind": kind[2].decode(), **found}


def _fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """The message's fields in order: numbers as int, all else as bytes."""
    place = 0
    while place < len(data):
        tag, place = _varint(data, place)
        number, wire = tag >> 3, tag & 7
        if wire == _VARINT:
            value, place = _varint(data, place)
            yield number, value
        elif wire in (_FIXED64, _FIXED32):
            size = 8 if wire == _FIXED64 else 4
            yield number, data[place : place + size]
            place += size
        elif wire == _BYTES:
            size, place = _varint(data, place)
            if place + size > len(data):
                raise ValueError("unexpected end of message")
            yield number, data[place : place + size]
            place += size
        else:
            raise ValueError(f"unknown wire type {wire}")


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if not byte & 0x80:
            return (value - (1 << 64) if value >> 63 else value), place


def _message(data: bytes, schema: Schema, prefix: str = "") -> dict[str, Any]:
    """A message as its type's JSON object; messages that JSON inlines are read into it."""
    numbers: Mapping[str, str] = schema.get(NUMBERS, {})
    found: dict[str, Any] = {}
    for number, value in _fields(data):
        path = f"{prefix}{number}"
        name = numbers.get(path)
        if name is not None:
            _put(found, name, value, schema["properties"][name])
        elif isinstance(value, bytes) and any(other.startswith(f"{path}.") for other in numbers):
            found |= _message(value, schema, f"{path}.")
    return found


def _put(found: dict[str, Any], name: str, value: Any, schema: Schema) -> None:
    if schema.get("type") == "array":
        found.setdefault(name, []).append(_value(value, schema["items"]))
    elif "additionalProperties" in schema:
        entry = dict(_fields(value))
        read = _value(entry.get(2, b""), schema["additionalProperties"])
        found.setdefault(name, {})[entry.get(1, b"").decode()] = read
    else:
        read = _value(value, schema)
        unset = read in ("", None) or (read in (0, False) and name not in _POINTERS and not isinstance(read, dict))
        if not unset:
            found[name] = read


def _value(value: Any, schema: Schema) -> Any:
    if schema.get("x-quantity"):
        return dict(_fields(value)).get(1, b"0").decode()
    read = _FORMATS.get(schema.get("format", "")) or _TYPES.get(schema.get("type", ""))
    if read is not None:
        return read(value)
    return value if isinstance(value, int) else _message(value, schema)


def _time(value: bytes) -> str | None:
    seconds = dict(_fields(value)).get(1)
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _int_or_string(value: bytes) -> int | str:
    parts = dict(_fields(value))
    return str(parts.get(3, b"").decode()) if parts.get(1) else int(parts.get(2, 0))


_FORMATS: dict[str, Callable[[Any], Any]] = {
    "int-or-string": _int_or_string,
    "date-time": _time,
    "byte": lambda value: base64.b64encode(value).decode(),
}
_TYPES: dict[str, Callable[[Any], Any]] = {"boolean": bool, "string": bytes.decode}
