"""The schema's formats: what makes a text valid, and in which words it is refused.

Sources: Kubernetes' apimachinery validation (names, labels), core validation (paths, env names), GKE (TPU topology).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from krayne.config.problems import shown
from krayne.config.resources import cpu_problem, memory_problem

if TYPE_CHECKING:
    from collections.abc import Callable

CLUSTER_NAME_LENGTH = 50
_LABEL_LENGTH = 63
_SUBDOMAIN_LENGTH = 253
_NAME_PART = r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_SUBDOMAIN = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*"


def problem(name: str, value: Any) -> str | None:
    """Why ``value`` does not have the format ``name``; None where it has. Other types are not formats' business."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    if name in _NUMBERS:
        return _NUMBERS[name](value)
    return _TEXTS[name](value) if isinstance(value, str) else None


def names() -> frozenset[str]:
    """Every format that the schema may name."""
    return frozenset((*_NUMBERS, *_TEXTS))


def _dns_label(value: str, limit: int, *, letter_first: bool) -> str | None:
    """DNS-1035 (a letter first, as Services need) or DNS-1123 label."""
    faults = []
    if len(value) > limit:
        faults.append(f"has {len(value)} characters")
    strange = "".join(sorted({char for char in value if not re.fullmatch("[a-z0-9-]", char)}))
    if strange:
        faults.append(f"holds {shown(strange)}")
    first = "[a-z]" if letter_first else "[a-z0-9]"
    if not strange and not re.match(first, value):
        faults.append(f"begins with {shown(value[0])}" if value else "is empty")
    if value.endswith("-") and len(value) > 1:
        faults.append("ends with -")
    if not faults:
        return None
    start = "a letter" if letter_first else "a letter or digit"
    rule = f"allowed are at most {limit} of a-z, 0-9 and -, {start} first, not - last"
    corrected = _corrected(value, limit, letter_first=letter_first)
    return f"{shown(value)} {' and '.join(faults)}; {rule}" + (f" (such as {corrected})" if corrected else "")


def _corrected(value: str, limit: int, *, letter_first: bool) -> str:
    text = re.sub(r"[^a-z0-9]+", "-", value.lower()).strip("-")
    if letter_first and text[:1].isdigit():
        text = f"ray-{text}"
    return text[:limit].rstrip("-")


def _cluster_name(value: str) -> str | None:
    return _dns_label(value, CLUSTER_NAME_LENGTH, letter_first=True)


def _label(value: str) -> str | None:
    return _dns_label(value, _LABEL_LENGTH, letter_first=False)


def _subdomain(value: str) -> str | None:
    if len(value) <= _SUBDOMAIN_LENGTH and re.fullmatch(_SUBDOMAIN, value):
        return None
    rule = f"at most {_SUBDOMAIN_LENGTH} of a-z, 0-9, - and ., a letter or digit at both ends of each part"
    return f"{shown(value)} is no name that Kubernetes takes; allowed are {rule}"


def _qualified_name(value: str) -> str | None:
    prefix, slash, name = value.rpartition("/")
    prefix_fits = not slash or (len(prefix) <= _SUBDOMAIN_LENGTH and re.fullmatch(_SUBDOMAIN, prefix))
    if prefix_fits and re.fullmatch(_NAME_PART, name):
        return None
    rule = "a name of at most 63 letters, digits, -, _ and ., a letter or digit at both ends"
    return f"the key {shown(value)} is not allowed; a key is {rule}, after an optional DNS name and /"


def _resource_name(value: str) -> str | None:
    if "/" in value and _qualified_name(value) is None:
        return None
    return f"{shown(value)} is no resource name; write a DNS name, / and a name, such as nvidia.com/gpu"


def _label_value(value: str) -> str | None:
    if not value or re.fullmatch(_NAME_PART, value):
        return None
    rule = "at most 63 letters, digits, -, _ and ., a letter or digit at both ends"
    return f"{shown(value)} is no label value; allowed are {rule}"


def _env_name(value: str) -> str | None:
    if re.fullmatch(r"[-._a-zA-Z][-._a-zA-Z0-9]*", value) and value not in (".", ".."):
        return None
    return f"the name {shown(value)} is not allowed; allowed are letters, digits, _, - and ., no digit first"


def _data_key(value: str) -> str | None:
    if len(value) <= _SUBDOMAIN_LENGTH and re.fullmatch(r"[-._a-zA-Z0-9]+", value) and value not in (".", ".."):
        return None
    return f"{shown(value)} is no key of a Secret or ConfigMap; allowed are letters, digits, -, _ and ."


def _text(value: str) -> str | None:
    return "the text holds a NUL character, which no process can be given" if "\0" in value else None


def _image(value: str) -> str | None:
    """The grammar of distribution/reference, with a registry, a tag and a digest where given."""
    host = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(?::\d+)?/"
    part = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
    tail = r"(?::[A-Za-z0-9_][\w.-]{0,127})?(?:@[A-Za-z][A-Za-z0-9+._-]*:[0-9a-fA-F]{32,})?"
    if len(value) <= 1024 and re.fullmatch(rf"(?:{host})?{part}(?:/{part})*{tail}", value, re.ASCII):
        return None
    return f"{shown(value)} is no image reference; write one such as rayproject/ray:2.60.0 (the name in lower case)"


def _ray_version(value: str) -> str | None:
    if len(value) <= 40 and re.fullmatch(r"\d{1,9}\.\d{1,9}\.\d{1,9}(?:[.-]?[0-9A-Za-z]+)*", value, re.ASCII):
        return None
    likely = f"{value}.0" if re.fullmatch(r"\d{1,9}\.\d{1,9}", value, re.ASCII) else "2.60.0"
    return f'{shown(value)} is no version of Ray; write all three numbers, such as "{likely}"'


def _python_version(value: str) -> str | None:
    if re.fullmatch(r"3\.\d{1,2}", value, re.ASCII):
        return None
    longer = re.fullmatch(r"(3\.\d{1,2})\.\w+", value, re.ASCII)
    likely = longer[1] if longer else "3.11"
    return f'{shown(value)} names no rayproject/ray image; write major and minor only, such as "{likely}"'


def _path(value: str, *, absolute: bool, forbidden: str = "\0") -> str | None:
    wrong = next((char for char in forbidden if char in value), None)
    if not value:
        return "a path may not be empty"
    if absolute != value.startswith("/"):
        return f"{shown(value)} must be {'an absolute path' if absolute else 'a path relative to the volume'}"
    if wrong or ".." in value.split("/"):
        return f"{shown(value)} may not hold {shown(wrong) if wrong else '..'}"
    return None


def _redis_address(value: str) -> str | None:
    match = re.fullmatch(r"(?:rediss?://)?(?:[^\s/:@,\[\]]+|\[[0-9a-fA-F:]+\]):(\d{1,5})", value, re.ASCII)
    if match and 1 <= int(match[1]) <= 65535:
        return None
    return f"{shown(value)} is no address; write host:port, such as redis:6379, or redis://host:port"


def _release(value: str) -> str | None:
    if re.fullmatch(r"\d{1,9}\.\d{1,9}\.\d{1,9}(?:-[0-9A-Za-z.]{1,20})?", value, re.ASCII):
        return None
    return f"{shown(value)} is no release; write all three numbers without a v, such as 4.139.1"


def _http_url(value: str) -> str | None:
    """Without a user's name and password: manifests hold no secrets."""
    if len(value) <= 2000 and re.fullmatch(r"https?://[A-Za-z0-9.\[\]:_-]+(?:/[!-~]*)?", value, re.ASCII):
        return None
    return f"{shown(value)} is no address that krayne takes; write http(s)://host/path, without a user's name"


def _sha256(value: str) -> str | None:
    if re.fullmatch(r"[0-9A-Fa-f]{64}", value, re.ASCII):
        return None
    return f"{shown(value)} is no SHA-256, which has 64 hexadecimal digits"


def _tpu_topology(value: str) -> str | None:
    if re.fullmatch(r"[1-9]\d{0,3}(?:x[1-9]\d{0,3}){1,2}", value, re.ASCII):
        return None
    return f"{shown(value)} is no topology; write the chips along two or three axes, such as 4x4 or 2x2x2"


def _ray_start_param(value: str) -> str | None:
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", value):
        return None
    bare = value.lstrip("-")
    likely = f" (did you mean {bare}?)" if bare != value and re.fullmatch(r"[A-Za-z][\w-]*", bare, re.ASCII) else ""
    return f"the key {shown(value)} names no parameter of ray start; write it without leading dashes{likely}"


_NUMBERS: dict[str, Callable[[Any], str | None]] = {"cpu-quantity": cpu_problem, "memory-quantity": memory_problem}
_TEXTS: dict[str, Callable[[str], str | None]] = {
    "absolute-path": lambda value: _path(value, absolute=True),
    "annotation-key": _qualified_name,
    "cluster-name": _cluster_name,
    "data-key": _data_key,
    "dns-1123-label": _label,
    "dns-1123-subdomain": _subdomain,
    "env-name": _env_name,
    "http-url": _http_url,
    "image": _image,
    "label-key": _qualified_name,
    "label-value": _label_value,
    "mount-path": lambda value: _path(value, absolute=True, forbidden="\0:"),
    "python-version": _python_version,
    "ray-start-param": _ray_start_param,
    "ray-version": _ray_version,
    "redis-address": _redis_address,
    "release": _release,
    "resource-name": _resource_name,
    "sha256": _sha256,
    "sub-path": lambda value: _path(value, absolute=False),
    "text": _text,
    "tpu-topology": _tpu_topology,
}
