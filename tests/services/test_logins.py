"""krayne.services.logins: what is a public key, a host key, a user's name."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from krayne.errors import UsageError
from krayne.services import is_host_key, is_user, public_key

BLOB = base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0 " + bytes(range(32))).decode()
KEY = f"ssh-ed25519 {BLOB} me@laptop\n"
HOST_KEY = f"ssh-ed25519 {BLOB}"


@pytest.mark.parametrize("text", [KEY, f"# mine\n\n  {KEY}", f"ssh-ed25519 {BLOB}", KEY.replace("me@laptop", "a b")])
def test_a_public_key_is_one_clean_line(text: str) -> None:
    """Type, key and at most one word of comment."""
    assert public_key(text).startswith(f"ssh-ed25519 {BLOB}")
    assert public_key(public_key(text)) == public_key(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "one line, found 0"),
        (KEY * 2, "one line, found 2"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nx\n", "private key"),
        (f'command="rm -rf /" {KEY}', "not an OpenSSH public key"),
        (f"ssh-dss {BLOB}", "not an OpenSSH public key"),
        (f"ssh-rsa {BLOB}", "damaged"),
        ("ssh-ed25519", "damaged"),
        ("ssh-ed25519 AAAA", "damaged"),
        ("ssh-ed25519 ü", "damaged"),
    ],
)
def test_anything_else_is_refused(text: str, why: str) -> None:
    """In words that say what it is."""
    with pytest.raises(UsageError, match=why):
        public_key(text)


@given(st.text())
def test_no_text_becomes_more_than_a_key(text: str) -> None:
    """A comment cannot bring options or a second line."""
    try:
        line = public_key(f"ssh-ed25519 {BLOB} {text}")
    except UsageError:
        return
    assert line.isascii()
    assert line.count("\n") == 1
    assert line.endswith("\n")
    assert line.split()[:2] == ["ssh-ed25519", BLOB]
    assert len(line.split()) <= 3


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ssh-ed25519",
        f"ssh-rsa {BLOB}",
        f"{HOST_KEY} comment",
        f"{HOST_KEY}\n",
        f"{HOST_KEY}\n* {HOST_KEY}",
        f" {HOST_KEY}",
        f"ssh-ed25519  {BLOB}",
        f"@cert-authority {HOST_KEY}",
        "ssh-ed25519 ü",
    ],
)
def test_a_host_key_is_exactly_a_type_and_its_key(text: str) -> None:
    """Nothing before it, behind it or on another line."""
    assert is_host_key(HOST_KEY)
    assert not is_host_key(text)


@given(st.text())
def test_no_text_beside_a_host_key_is_one(text: str) -> None:
    """Wherever it stands."""
    assert is_host_key(f"{HOST_KEY}{text}") == (not text)
    assert is_host_key(f"{text}{HOST_KEY}") == (not text)


@pytest.mark.parametrize("text", ["ray", "_apt", "ubuntu-2", "machine$", "a" * 32])
def test_a_user_is_a_name_of_linux(text: str) -> None:
    """As useradd takes it."""
    assert is_user(text)


@pytest.mark.parametrize(
    "text", ["", "ray\n", "ray\n  LocalCommand touch /tmp/x", "-oProxyCommand=x", "a b", "Ray", "a" * 34, "ra%y", "é"]
)
def test_what_is_more_than_a_name_is_no_user(text: str) -> None:
    """Neither an option nor a second line."""
    assert not is_user(text)
