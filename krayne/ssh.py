"""The one adapter to OpenSSH: its client, its keys, its list of known hosts."""

from __future__ import annotations

import os
import selectors
import shlex
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from krayne import private
from krayne.errors import KrayneError, UsageError
from krayne.process import CHUNK, Completed, Process, run_attached
from krayne.services import is_host_key, is_user, public_key
from krayne.terminal import is_terminal
from krayne.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# What a session without a command runs. sshd's own choice is a login shell: that reads /etc/profile, and Debian's sets
# PATH anew, without what the image has added to it.
SHELL = 'exec "$SHELL"'
_USUAL = ("id_ed25519", "id_ecdsa", "id_rsa")  # ssh's own order of trust in its algorithms, the strongest first


class Key(NamedTuple):
    """A key pair to log in with: the line of its public half, and what ssh calls the identity file."""

    public: str
    identity: str


@dataclass(frozen=True, slots=True)
class Login:
    """Where and as whom to log in. ``alias`` is the host's name in ``known_hosts``; ``host_key`` a line without it.

    User and host key come from a file in the head, which every Ray task can write, and go into the user's ssh
    configuration: raises KrayneError for any that is not exactly what it should be. There is no login without a key
    to know the host by.
    """

    alias: str
    user: str
    key: Key
    host_key: str

    def __post_init__(self) -> None:
        if not is_user(self.user):
            said = f"an odd one: {one_line(self.user, 60)!r}" if self.user else "none that is one"
            raise KrayneError(f"the head must tell the user name of its SSH service, to log in as, and told {said}")
        if not is_host_key(self.host_key):
            said = f"an odd one: {one_line(self.host_key, 60)!r}" if self.host_key else "none that is one"
            raise KrayneError(f"the head must tell the host key of its SSH service, to be known by, and told {said}")


def own_key() -> Key:
    """The user's key: the first that the agent holds, else one in ~/.ssh, else one made for krayne.

    Raises KrayneError where none is there and none can be made.
    """
    return _of_agent() or _of_home() or _made()


def remember(login: Login) -> str:
    """Make the host's key, which came over a channel that is trusted, the only one known for it; the file's path."""
    path = f"{_folder()}/known_hosts"
    with private.locked(_folder()):
        try:
            lines = Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            lines = []
        except OSError as error:
            raise private.unfit(_folder(), error) from error
        lines = [line for line in lines if line.split(" ")[0] != login.alias]
        _write(path, "".join(f"{line}\n" for line in (*lines, f"{login.alias} {login.host_key}")))
    return path


def options(login: Login, known_hosts: str) -> dict[str, str]:
    """ssh's options for a login (ssh_config(5)). Nothing but the host's key makes it known."""
    return {
        "User": login.user,
        "HostKeyAlias": login.alias,
        "UserKnownHostsFile": _quoted(known_hosts),
        "GlobalKnownHostsFile": "/dev/null",
        "StrictHostKeyChecking": "yes",
        "IdentityFile": _quoted(login.key.identity),
        "IdentitiesOnly": "yes",
        "LogLevel": "ERROR",
    }


def log_in(login: Login, port: int, command: Sequence[str]) -> int:
    """Log in through a local port, on our terminal; the exit code of the command or shell, 255 where ssh failed."""
    given = [word for name, value in options(login, remember(login)).items() for word in ("-o", f"{name}={value}")]
    terminal = ("-t",) if not command and is_terminal(sys.stdin) else ()
    try:
        return run_attached(["ssh", *given, *terminal, "-p", str(port), "127.0.0.1", "--", *(command or (SHELL,))])
    except OSError as error:
        raise _missing("ssh") from error


def config(login: Login, host: str, proxy: Sequence[str]) -> str:
    """The host as a section of ~/.ssh/config, reached through a command that connects stdin and stdout to it."""
    words = shlex.join(proxy).replace("%", "%%")
    lines = [f"Host {host}", f"  ProxyCommand {words}"]
    lines += [f"  {name} {value}" for name, value in options(login, remember(login)).items()]
    return "\n".join(lines) + "\n"


def relay(port: int) -> None:
    """Connect stdin and stdout to a local port until the far side ends."""
    with socket.create_connection(("127.0.0.1", port)) as far, selectors.DefaultSelector() as selector:
        selector.register(0, selectors.EVENT_READ)
        selector.register(far, selectors.EVENT_READ)
        with suppress(BrokenPipeError, ConnectionResetError):
            while True:
                for key, _ in selector.select():
                    if key.fd == 0:
                        if chunk := os.read(0, CHUNK):
                            far.sendall(chunk)
                        else:
                            selector.unregister(0)
                            far.shutdown(socket.SHUT_WR)
                    elif chunk := far.recv(CHUNK):
                        _write_all(chunk)
                    else:
                        return


def _write_all(chunk: bytes) -> None:
    while chunk:
        chunk = chunk[os.write(1, chunk) :]


def _of_agent() -> Key | None:
    with suppress(OSError):
        done = _ask("ssh-add", "-L")
        for line in done.stdout.decode(errors="replace").splitlines() if done.code == 0 else ():
            if key := _public(line):
                path = f"{_folder()}/agent.pub"  # ssh takes the public half where an agent has the other
                private.write(path, key)
                return Key(key, path)
    return None


def _of_home() -> Key | None:
    for path in _candidates(Path("~/.ssh").expanduser()):
        identity = path.with_suffix("")
        with suppress(OSError):
            if identity.exists() and (key := _public(path.read_text(encoding="utf-8", errors="replace"))):
                return Key(key, str(identity))
    return None


def _candidates(folder: Path) -> Iterator[Path]:
    yield from (folder / f"{name}.pub" for name in _USUAL)
    with suppress(OSError):
        yield from sorted(folder.glob("*.pub"))


def _made() -> Key:
    """The key pair made for krayne; made now, or its public half made anew, where it is missing."""
    path = Path(_folder(), "id_ed25519")
    with private.locked(_folder()):  # two at once would ask each other whether to overwrite it
        if not path.exists():
            _keygen("-q", "-t", "ed25519", "-N", "", "-C", "krayne", "-f", str(path), doing="make a key to log in with")
        half = path.with_suffix(".pub")
        with suppress(OSError):
            if key := _public(half.read_text(encoding="utf-8", errors="replace")):
                return Key(key, str(path))
        doing = f"read the key that krayne made (without it, another is made): {path}"
        key = public_key(_keygen("-y", "-P", "", "-f", str(path), doing=doing))
        _write(str(half), key)
        return Key(key, str(path))


def _write(path: str, text: str) -> None:
    try:
        private.write(path, text)
    except OSError as error:
        raise private.unfit(str(Path(path).parent), error) from error


def _keygen(*args: str, doing: str) -> str:
    try:
        done = _ask("ssh-keygen", *args)
    except OSError as error:
        raise _missing("ssh-keygen") from error
    if done.code:
        raise KrayneError(f"cannot {doing}: {done.stderr.strip()}")
    return done.stdout.decode(errors="replace")


def _public(text: str) -> str | None:
    try:
        return public_key(text)
    except UsageError:
        return None


def _ask(*argv: str) -> Completed:
    return Process(argv, stdin=b"").communicate()


def _folder() -> str:
    return private.own(f"{private.state_folder()}/ssh")


def _quoted(path: str) -> str:
    return f'"{path}"'.replace("%", "%%")


def _missing(program: str) -> KrayneError:
    return KrayneError(
        f"{program} was not found: install OpenSSH's client (Debian, Ubuntu: apt-get install openssh-client)"
    )
