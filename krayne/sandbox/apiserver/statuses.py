"""What the API server answers when it refuses: `Status` objects with the real server's words."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from krayne.sandbox.apiserver.resources import Resource

_UNKNOWN_PATH = "the server could not find the requested resource"


@dataclass(frozen=True, slots=True)
class Cause:
    """One field's problem: `reason` is the machine's word, `message` the person's."""

    reason: str
    message: str
    field: str

    def as_dict(self) -> dict[str, str]:
        """As it stands in `details.causes`."""
        return {"reason": self.reason, "message": self.message, "field": self.field}

    @property
    def text(self) -> str:
        """As it stands in an Invalid's message."""
        return f"{self.field}: {self.message}"


class ApiError(Exception):
    """A refusal, as the `Status` that the client gets."""

    def __init__(self, code: int, reason: str, message: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.details = details

    def as_dict(self) -> dict[str, Any]:
        """The `Status` object."""
        status: dict[str, Any] = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
        status["message"] = str(self)
        if self.reason:
            status["reason"] = self.reason
        if self.details is not None:
            status["details"] = dict(self.details)
        return status | {"code": self.code}


def _about(resource: Resource, name: str, kind: str | None = None) -> dict[str, Any]:
    details: dict[str, Any] = {"name": name} if name else {}
    if resource.group:
        details["group"] = resource.group
    return details | {"kind": kind or resource.plural}


def not_found(resource: Resource, name: str) -> ApiError:
    """404: no such object."""
    return ApiError(404, "NotFound", f'{resource.qualified} "{name}" not found', _about(resource, name))


def unknown_path() -> ApiError:
    """404: no such resource or subresource."""
    return ApiError(404, "NotFound", _UNKNOWN_PATH, {})


def no_container(wanted: str) -> ApiError:
    """501, where a real server would ask the kubelet: the door lets no such question through (krayne.sandbox.door)."""
    return ApiError(501, "NotImplemented", f"no container runs in the sandbox: there is nothing to {wanted}")


def method_not_allowed() -> ApiError:
    """405: the resource is there, but not for that verb."""
    return ApiError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {})


def already_exists(resource: Resource, name: str) -> ApiError:
    """409: the name is taken."""
    return ApiError(409, "AlreadyExists", f'{resource.qualified} "{name}" already exists', _about(resource, name))


def modified(resource: Resource, name: str) -> ApiError:
    """409: the object is newer than the one the change was made from."""
    return conflict(
        resource,
        name,
        "the object has been modified; please apply your changes to the latest version and try again",
    )


def conflict(resource: Resource, name: str, why: str, *, by_kind: bool = False) -> ApiError:
    """409: the change does not fit the object; `by_kind` names the kind, as the store's own checks do for CRs."""
    label = resource.qualified_kind if by_kind else resource.qualified
    message = f'Operation cannot be fulfilled on {label} "{name}": {why}'
    return ApiError(409, "Conflict", message, _about(resource, name, resource.kind if by_kind else None))


def bad_request(message: str) -> ApiError:
    """400."""
    return ApiError(400, "BadRequest", message)


def forbidden(resource: Resource, name: str, why: str, causes: Sequence[Cause] = ()) -> ApiError:
    """403: admission refuses."""
    details = _about(resource, name)
    if causes:
        details["causes"] = [cause.as_dict() for cause in causes]
    return ApiError(403, "Forbidden", f'{resource.qualified} "{name}" is forbidden: {why}', details)


def invalid(group: str, kind: str, name: str, causes: Sequence[Cause]) -> ApiError:
    """422: the object's fields do not hold what they must."""
    qualified = f"{kind}.{group}" if group else kind
    texts = ", ".join(cause.text for cause in causes)
    message = f'{qualified} "{name}" is invalid: {f"[{texts}]" if len(causes) > 1 else texts}'
    details: dict[str, Any] = {"name": name} if name else {}
    if group:
        details["group"] = group
    details |= {"kind": kind, "causes": [cause.as_dict() for cause in causes]}
    return ApiError(422, "Invalid", message, details)


def invalid_options(kind: str, cause: Cause) -> ApiError:
    """422: a query parameter holds what it cannot."""
    return invalid("meta.k8s.io", kind, "", [cause])


def unprocessable_patch() -> ApiError:
    """422: a JSON patch that does not fit the object (a failed `test` too); the real server says no more either."""
    return ApiError(422, "Invalid", "the server rejected our request due to an error in our request", {})


def unsupported_media_type(accepted: Sequence[str]) -> ApiError:
    """415."""
    message = "the body of the request was in an unknown format - accepted media types include: " + ", ".join(accepted)
    return ApiError(415, "UnsupportedMediaType", message)


def expired(message: str) -> ApiError:
    """410: that resource version is gone from the history."""
    return ApiError(410, "Expired", message)


def too_large_version(asked: int, current: int) -> ApiError:
    """504: that resource version has not come yet."""
    causes = [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]
    message = f"Timeout: Too large resource version: {asked}, current: {current}"
    return ApiError(504, "Timeout", message, {"causes": causes, "retryAfterSeconds": 1})


def unauthorized() -> ApiError:
    """401: no token, or a wrong one."""
    return ApiError(401, "Unauthorized", "Unauthorized")


def required(field: str, why: str = "") -> Cause:
    """The field is missing."""
    return Cause("FieldValueRequired", f"Required value: {why}" if why else "Required value", field)


def not_supported(field: str, value: object, supported: Sequence[str]) -> Cause:
    """The value is none of an enumeration's."""
    names = ", ".join(json.dumps(name) for name in supported)
    return Cause("FieldValueNotSupported", f"Unsupported value: {go_value(value)}: supported values: {names}", field)


def invalid_value(field: str, value: object, why: str) -> Cause:
    """The value is of the right type but wrong."""
    return Cause("FieldValueInvalid", f"Invalid value: {go_value(value)}: {why}", field)


def go_value(value: object) -> str:
    """A value as Go's field errors print it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def success(resource: Resource, name: str, uid: str) -> dict[str, Any]:
    """The `Status` of a finished deletion."""
    details = _about(resource, name) | {"uid": uid}
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}
