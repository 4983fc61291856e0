"""templates/services/ssh.py: the environment of sessions, and what is said where there can be no server."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.head import Head

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType


def test_sessions_get_the_container_s_environment(module: Callable[[str], ModuleType]) -> None:
    """One SetEnv line, quoted as OpenSSH 8.7 reads it; what is the session's own, or has a line break, is left out."""
    variables = {"A": 'say "x" \\ y', "HOME": "/root", "SSH_TTY": "x", "LINES": "a\nb", "BASH_FUNC_x%%": "()", "B": ""}
    assert module("ssh").environment(variables, quotes=True) == 'SetEnv "A=say \\"x\\" \\\\ y" "B="\n'


def test_an_old_openssh_gets_what_it_can_read(module: Callable[[str], ModuleType]) -> None:
    """Before 8.7 there is no way to write a quote or a backslash."""
    variables = {"A": 'a "quote"', "B": "a\\b", "C": "it's plain"}
    assert module("ssh").environment(variables, quotes=False) == 'SetEnv "C=it\'s plain"\n'
    assert module("ssh").environment({}, quotes=False) == ""


@pytest.mark.parametrize(
    ("said", "version"),
    [("OpenSSH_9.2p1 Debian-2", (9, 2)), ("unknown option -- V\nOpenSSH_8.4p1, OpenSSL", (8, 4)), ("?", (0, 0))],
)
def test_the_version_is_read_from_whatever_sshd_says(
    module: Callable[[str], ModuleType], tmp_path: Path, said: str, version: tuple[int, int]
) -> None:
    """Older ones know no -V and say it in their complaint."""
    (tmp_path / "sshd").write_text(f"#!/bin/bash\necho '{said}' >&2; exit 1\n")
    (tmp_path / "sshd").chmod(0o755)
    assert module("ssh").version(str(tmp_path / "sshd")) == version


def test_no_server_and_no_way_to_install_one_is_said(
    module: Callable[[str], ModuleType], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what to add to the image."""
    ssh, error = module("ssh"), module("supervisor").ServiceError
    monkeypatch.setattr(ssh, "FOLDERS", str(tmp_path))
    with pytest.raises(error, match=r"add openssh-server to the image \(Debian, Ubuntu: apt-get install"):
        ssh.installed(None)


@pytest.mark.parametrize("allowed", [True, False])
def test_the_package_manager_is_asked_with_sudo(tmp_path: Path, allowed: bool) -> None:
    """As root without; where it fails, its last words are told, and what to add to the image."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("bash", "mkdir", "chmod", "mv", "env"):
        (tools / name).symlink_to(shutil.which(name, path="/bin:/usr/bin") or name)
    script = "#!/bin/bash\necho no package source >&2; exit 100\n"
    (tools / "apt-get").write_text(script if allowed else "#!/bin/bash\nexit 0\n")
    (tools / "apt-get").chmod(0o755)
    with Head(tmp_path / "services", "ssh") as head:
        # No sshd of this machine's; root's folders are looked at whatever PATH says.
        script = head.command.index("ssh.py") + 1
        head.command[script] = head.command[script].replace(":/usr/local/sbin:/usr/sbin:/sbin", "")
        head.env["PATH"] = f"{tools}:{head.env['PATH'].partition(':')[0]}"
        (tools / "sudo").write_text('#!/bin/bash\n[ "$1" = -n ] && shift && exec "$@"\n')
        (tools / "sudo").chmod(0o755)
        (tools / "true").symlink_to("/bin/true")
        head.start()
        why = head.until("ssh", "failed").why or ""
    assert ("installing it failed" in why and "no package source" in why) if allowed else "installed no sshd" in why
    assert "add openssh-server to the image" in why
