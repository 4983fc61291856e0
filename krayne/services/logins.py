"""What somebody is let in by, and where: public keys, host keys, users' names. Only what is exactly that passes."""

from __future__ import annotations

import base64
import binascii
import re

from krayne.errors import UsageError

# How many parts a key of each type has (RFC 4253, 5656 and 8709; OpenSSH's PROTOCOL.u2f), its type the first of them.
_PARTS = {
    "ssh-ed25519": 2,
    "ssh-rsa": 3,
    "ecdsa-sha2-nistp256": 3,
    "ecdsa-sha2-nistp384": 3,
    "ecdsa-sha2-nistp521": 3,
    "sk-ssh-ed25519@openssh.com": 3,
    "sk-ecdsa-sha2-nistp256@openssh.com": 4,
}
_USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}\$?")  # shadow's useradd(8)


def public_key(text: str) -> str:
    """The one line of authorized_keys that the text of a ``.pub`` file amounts to, ended by a newline.

    Raises UsageError where it is not exactly one OpenSSH public key: options before it, a private key, more lines.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if any("PRIVATE KEY" in line for line in lines):
        raise UsageError("that is a private key, which must stay where it is; give its public half (the .pub file)")
    if len(lines) != 1:
        raise UsageError(f"expected one public key on one line, found {len(lines)} lines")
    kind, blob, *comment = lines[0].split()[:3] if len(lines[0].split()) > 1 else (lines[0], "")
    if kind not in _PARTS:
        raise UsageError(f"not an OpenSSH public key that krayne knows: it starts with {kind[:40]!r}")
    if not _is_key(kind, blob):
        raise UsageError(f"damaged public key: what follows {kind} is not such a key")
    said = re.sub(r"[^A-Za-z0-9@._+-]", "", comment[0])[:100] if comment else ""
    return " ".join(part for part in (kind, blob, said) if part) + "\n"


def is_host_key(text: str) -> bool:
    """Whether it is a key as a line of known_hosts has it behind the host: a type, a blank, and that type's key."""
    kind, _, blob = text.partition(" ")
    return _is_key(kind, blob)


def is_user(text: str) -> bool:
    """Whether it is a name that a user of Linux may have: nothing that ssh_config(5) or a shell would read in it."""
    return bool(_USER.fullmatch(text))


def _is_key(kind: str, blob: str) -> bool:
    """Whether a blob in base64 is a key of that type: the type's own name, then its parts, each behind its length."""
    try:
        body = base64.b64decode(blob, validate=True)
    except (binascii.Error, ValueError):
        return False
    parts, rest = [], body
    while rest:
        size = int.from_bytes(rest[:4], "big")
        parts.append(rest[4 : 4 + size])
        rest = rest[4 + size :] if len(rest) >= 4 + size else b""
    whole = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    # Encoded anew, because base64 has several spellings of the same bytes.
    return (
        base64.b64encode(whole).decode() == blob
        and len(parts) == _PARTS.get(kind)
        and parts[0] == kind.encode()
        and all(parts)
    )
