"""Commands that run in the head's container, as argument lists for ``kubectl exec``; and the check of a public key."""

from __future__ import annotations

import base64
import binascii
import re

from krayne.errors import UsageError
from krayne.services.states import STATES_FOLDER

# bash (4.4 or newer) alone: KubeRay starts Ray by it, so each image has it. Prints each state file as one line of
# JSON, and a line that says whether their writer still runs: a process of that id whose command line names the
# folder.
_READ = r"""
cd "$1" 2>/dev/null && exec 2>/dev/null || exit 0
for state in *.json; do [ -f "$state" ] && printf '%s\n' "$(<"$state")"; done
read -r supervisor <supervisor.pid || exit 0
mapfile -d '' -t words <"/proc/$supervisor/cmdline" || exit 0
[[ "${words[*]}" == *"$1/"* ]] && echo '{"supervisor": "alive"}'
exit 0
"""
READ_STATES: tuple[str, ...] = ("/bin/bash", "-c", _READ, "krayne", STATES_FOLDER)

# The key comes on stdin, so that it is in no argument list. Exit code 3: the head has no SSH service (yet).
_ADD_KEY = r"""
cd "$1/ssh" 2>/dev/null || { echo "no SSH service has been set up in $1" >&2; exit 3; }
umask 077
read -r type key comment || [ -n "$key" ] || { echo "no key on stdin" >&2; exit 4; }
while read -r its_type its_key _; do
  [ "$its_type $its_key" != "$type $key" ] || exit 0
done 2>/dev/null <authorized_keys
printf '%s\n' "$type $key${comment:+ $comment}" >>authorized_keys
"""

_KEY_TYPES = re.compile(r"(?:sk-)?(?:ssh-(?:ed25519|rsa)|ecdsa-sha2-nistp(?:256|384|521))(?:@openssh\.com)?")


def add_key() -> tuple[str, ...]:
    """The command that lets a public key log in to the head's SSH server: `public_key`'s line on its stdin.

    Adding a key that is there already changes nothing. Exit code 3: the head has no SSH service, or none yet.
    """
    return ("/bin/bash", "-c", _ADD_KEY, "krayne", STATES_FOLDER)


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
    if not _KEY_TYPES.fullmatch(kind):
        raise UsageError(f"not an OpenSSH public key that krayne knows: it starts with {kind[:40]!r}")
    try:
        body = base64.b64decode(blob, validate=True)
    except (binascii.Error, ValueError):
        body = b""
    name = kind.encode()
    if body[: 4 + len(name)] != len(name).to_bytes(4, "big") + name or len(body) < len(name) + 36:
        raise UsageError(f"damaged public key: what follows {kind} is not such a key")
    said = re.sub(r"[^A-Za-z0-9@._+-]", "", comment[0])[:100] if comment else ""
    return " ".join(part for part in (kind, blob, said) if part) + "\n"
