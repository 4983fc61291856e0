"""Commands that run in the head's container, as argument lists for ``kubectl exec``."""

from __future__ import annotations

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


def add_key() -> tuple[str, ...]:
    """The command that lets a public key log in to the head's SSH server: `public_key`'s line on its stdin.

    Adding a key that is there already changes nothing. Exit code 3: the head has no SSH service, or none yet.
    """
    return ("/bin/bash", "-c", _ADD_KEY, "krayne", STATES_FOLDER)
