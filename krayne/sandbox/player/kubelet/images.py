"""Images: which can be pulled, and what containerd says of those that cannot."""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

_REFERENCE = re.compile(
    r"(?P<name>[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?::[0-9]+)?(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?(?:@sha256:[0-9a-f]{64})?"
)
_RAY_TAG = re.compile(
    r"(latest|nightly|[12]\.\d+\.\d+(\.[0-9a-z]+)?)(-py3\d+)?(-(cpu|gpu|cu\d+|tpu|crash|oom|hook|die|evict|unready))*(-aarch64)?"
)


class BadImage(NamedTuple):
    """Why an image cannot be had: the waiting reason, and the sentence."""

    reason: str
    message: str


def full_name(image: str) -> str:
    """The image as containerd names it: registry and tag filled in."""
    name, _, rest = image.partition("@")
    first = name.split("/", 1)[0]
    if "/" not in name:
        name = f"docker.io/library/{name}"
    elif not ("." in first or ":" in first or first == "localhost"):
        name = f"docker.io/{name}"
    if ":" not in name.rsplit("/", 1)[-1] and not rest:
        name += ":latest"
    return f"{name}@{rest}" if rest else name


def image_id(image: str) -> str:
    """A digest that is always the same for the same image."""
    return "sha256:" + hashlib.sha256(full_name(image).encode()).hexdigest()


def bad_image(image: str) -> BadImage | None:
    """Why the registry refuses the image; None where it can be pulled.

    Refused are malformed names, any `does-not-exist`, any `denied`, hosts under `.invalid`, and tags that
    `rayproject/ray` does not have.
    """
    if not _REFERENCE.fullmatch(image):
        why = "invalid reference format"
        if image.lower() != image and _REFERENCE.fullmatch(image.lower()):
            why += f": repository name ({image.split(':', maxsplit=1)[0]}) must be lowercase"
        message = f'Failed to apply default image tag "{image}": couldn\'t parse image name "{image}": {why}'
        return BadImage("InvalidImageName", message)
    refused = _refusal(full_name(image))
    return _refused(image, refused) if refused else None


def not_found(image: str) -> BadImage:
    """What it is like when the registry has no such image."""
    return _refused(image, f"{full_name(image)}: not found")


def _refused(image: str, why: str) -> BadImage:
    name = full_name(image)
    words = f'failed to pull and unpack image "{name}": failed to resolve reference "{name}": {why}'
    return BadImage("ErrImagePull", words)


def _refusal(name: str) -> str | None:
    host, _, path = name.partition("/")
    repository, _, tag = path.partition("@")[0].partition(":")
    if host.split(":")[0].endswith(".invalid"):
        url = f"https://{host}/v2/{repository}/manifests/{tag}"
        return f'failed to do request: Head "{url}": dial tcp: lookup {host} on 10.96.0.10:53: no such host'
    words = {*repository.split("/"), tag}
    if "denied" in words:
        return (
            "pull access denied, repository does not exist or may require authorization: "
            "server message: insufficient_scope: authorization failed"
        )
    unknown_tag = repository in ("rayproject/ray", "rayproject/ray-ml") and tag and not _RAY_TAG.fullmatch(tag)
    return f"{name}: not found" if unknown_tag or "does-not-exist" in words else None
