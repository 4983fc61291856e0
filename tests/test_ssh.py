"""The adapter to OpenSSH: what a head tells goes nowhere but to its place; krayne's own key is always there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from krayne import private, ssh
from krayne.errors import KrayneError
from krayne.ssh import Key, Login
from tests.support.nasty import NASTY

ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPb2Jw8jbNzoFSJ7yDtKeCQyl0c51q0bHYsZKPuzJ3wG"
KEY = Key(f"{ED25519}\n", "/keys/mine")
SSH = shutil.which("ssh", path=os.environ.get("PATH", os.defpath))
OPTIONS = {
    *("Host", "ProxyCommand", "User", "HostKeyAlias", "UserKnownHostsFile", "GlobalKnownHostsFile"),
    *("StrictHostKeyChecking", "IdentityFile", "IdentitiesOnly", "LogLevel"),
}
odd = st.text() | st.sampled_from(NASTY)
users = odd | st.from_regex(r"[a-z_][a-z0-9_-]{0,40}") | st.builds("ray{}".format, odd)
keys = odd | st.builds("{}{}".format, st.just(ED25519), odd) | st.builds("{} {}".format, odd, st.just(ED25519))


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenSSH's programs on PATH; none of an agent."""
    if SSH is None:
        pytest.skip("no OpenSSH client on this machine (Debian: apt-get install openssh-client)")
    monkeypatch.setenv("PATH", os.pathsep.join((os.environ["PATH"], str(Path(SSH).parent))))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)


def known() -> list[str]:
    """The lines of krayne's own list of known hosts."""
    path = Path(private.state_folder(), "ssh", "known_hosts")
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(user=users, host_key=keys)
def test_whatever_a_head_tells_it_adds_no_line_and_no_option(user: str, host_key: str) -> None:
    """To the user's ~/.ssh/config, or to the list of known hosts: it is taken as exactly what it is, or not at all."""
    before = known()
    try:
        login = Login("krayne-0", user, KEY, host_key)
    except KrayneError:
        return
    lines = ssh.config(login, "krayne-x.ml", ["krayne", "ssh", "x", "--stdio"]).split("\n")
    assert {line.split()[0] for line in lines[:-1]} == OPTIONS
    assert (len(lines) - 1, lines[-1]) == (len(OPTIONS), "")
    assert f"  User {user}" in lines
    assert "  StrictHostKeyChecking yes" in lines
    assert known() == [*(line for line in before if not line.startswith("krayne-0 ")), f"krayne-0 {host_key}"]


@pytest.mark.parametrize("user", ["ray", "_x", "a-b_c9", "a" * 32])
def test_a_usual_login_is_read_by_ssh_as_it_is_meant(tools: None, tmp_path: Path, user: str) -> None:
    """By the real one."""
    file = tmp_path / "config"
    file.write_text(ssh.config(Login("krayne-0", user, KEY, ED25519), "krayne-x.ml", ["true"]))
    args = [str(SSH), "-G", "-F", str(file), "krayne-x.ml"]
    told = subprocess.run(args, capture_output=True, text=True, check=True).stdout.splitlines()
    assert {f"user {user}", "stricthostkeychecking true", "hostkeyalias krayne-0"} <= set(told)


@pytest.mark.parametrize("user", ["", "Ray", "ray ", "ray\n", "-x", "9a", "a" * 33, "a%h", 'a"', "rày", "a\tb"])
def test_an_odd_user_is_refused(user: str) -> None:
    """Whether or not OpenSSH would mind."""
    with pytest.raises(KrayneError, match="user name"):
        Login("krayne-0", user, KEY, ED25519)


@pytest.mark.parametrize(
    "host_key",
    [
        *("", " ", "ssh-ed25519", ED25519 + " comment", ED25519 + "\n", " " + ED25519, ED25519.replace(" ", "\t")),
        *(
            f"@cert-authority {ED25519}",
            f"* {ED25519}",
            f"x {ED25519}",
            ED25519[:-9],
            ED25519.replace("25519", "25518"),
        ),
        *(f"{ED25519}\n{ED25519}", f"#{ED25519}"),
    ],
)
def test_anything_but_a_type_and_its_key_is_refused(host_key: str) -> None:
    """There is no login without it: no host is believed at first sight."""
    with pytest.raises(KrayneError, match="must tell the host key"):
        Login("krayne-0", "ray", KEY, host_key)


def test_the_public_half_of_krayne_s_own_key_is_made_anew_where_it_is_missing(tools: None) -> None:
    """Or is no key any more."""
    key = ssh.own_key()
    half = Path(f"{key.identity}.pub")
    for spoil in (half.unlink, lambda: half.write_text("damaged\n"), lambda: half.write_bytes(b"\xff")):
        spoil()
        assert ssh.own_key().public.split()[:2] == key.public.split()[:2]
        assert half.read_text().split()[:2] == key.public.split()[:2]


def test_a_damaged_key_is_told_by_its_path(tools: None) -> None:
    """What to remove."""
    key = ssh.own_key()
    Path(key.identity).write_text("damaged\n")
    Path(f"{key.identity}.pub").unlink()
    with pytest.raises(KrayneError, match=rf"cannot read the key that krayne made .*{key.identity}"):
        ssh.own_key()


def test_two_that_want_a_key_at_once_get_the_same(tools: None) -> None:
    """Neither overwrites the other's, neither is asked."""
    code = "from krayne import ssh; print(ssh.own_key().public, end='')"
    running = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    said = [process.communicate() for process in running]
    assert [err for _, err in said] == [""] * 4
    assert len({out for out, _ in said}) == 1


def test_state_that_cannot_be_written_is_said() -> None:
    """With the folder."""
    folder = Path(private.own(private.state_folder()), "ssh")
    folder.mkdir(mode=0o700)
    (folder / "known_hosts").mkdir()
    with pytest.raises(KrayneError, match=str(folder)):
        ssh.remember(Login("krayne-0", "ray", KEY, ED25519))
