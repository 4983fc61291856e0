"""templates/services/code_server.py: the archive is the right one, and stays in its folder."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING

import pytest

from tests.support.head import Head, archive
from tests.support.release import serving

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    """A link in an archive."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def device(name: str) -> tarfile.TarInfo:
    """A device in an archive."""
    info = tarfile.TarInfo(name)
    info.type = tarfile.CHRTYPE
    return info


@pytest.fixture
def unpack(module: Callable[[str], ModuleType], tmp_path: Path) -> Callable[..., Path]:
    """Unpack an archive of these members; the folder that holds the result, and nothing beside it."""

    def unpacked(*members: tarfile.TarInfo | tuple[str, bytes]) -> Path:
        (tmp_path / "in").mkdir()
        (tmp_path / "in" / "archive").write_bytes(archive(*members))
        module("code_server").unpack(str(tmp_path / "in" / "archive"), str(tmp_path / "in" / "out"))
        return tmp_path / "in" / "out"

    return unpacked


def test_an_archive_comes_out_whole(unpack: Callable[..., Path]) -> None:
    """Files keep their right to be run, links within the folder work, and the top folder is the one asked for."""
    folder = unpack(("top/bin/run", b"#!"), ("top/lib/data", b"1"), link("top/run", "bin/run"))
    assert (folder / "run").read_bytes() == b"#!"
    assert (folder / "bin" / "run").stat().st_mode & 0o777 == 0o700
    assert sorted(path.name for path in folder.parent.iterdir()) == ["archive", "out"]


@pytest.mark.parametrize(
    "members",
    [
        [("../evil", b"x")],
        [("top/../../evil", b"x")],
        [("/tmp/evil-krayne", b"x")],
        [link("top/out", "../.."), ("top/out/evil", b"x")],
        [link("top/out", "/etc")],
        [link("top/passwd", "/etc/passwd", tarfile.LNKTYPE)],
        [("top/a/b", b""), link("top/a/up", "."), link("top/c", "a/up/../../..")],
        [link("top/c", "a/b/../.."), link("top/a/b", "../.."), ("top/c/evil", b"x")],
        [link("top/c", "a/b/../.."), link("top/a/b", "../..")],
        [device("top/null")],
        [("one", b""), ("two", b"")],
        [],
    ],
)
def test_an_archive_that_leads_out_is_refused(
    unpack: Callable[..., Path], module: Callable[[str], ModuleType], tmp_path: Path, members: list[tarfile.TarInfo]
) -> None:
    """Nothing is left of it, in its folder or outside."""
    with pytest.raises(module("supervisor").ServiceError, match="archive"):
        unpack(*members)
    assert [path.name for path in tmp_path.rglob("*") if path.name not in ("in", "archive", ".isolated")] == [
        path.name for path in (tmp_path / ".isolated").rglob("*")
    ]


def test_no_archive_is_refused(module: Callable[[str], ModuleType], tmp_path: Path) -> None:
    """Whatever the mirror served instead."""
    (tmp_path / "page").write_text("<html>")
    with pytest.raises(module("supervisor").ServiceError, match="cannot unpack"):
        module("code_server").unpack(str(tmp_path / "page"), str(tmp_path / "out"))


def test_the_release_is_downloaded_checked_and_run(tmp_path: Path) -> None:
    """From the mirror that is configured, for this architecture; a second supervisor downloads nothing."""
    with (
        serving() as release,
        Head(tmp_path / "services", "code-server", code_server=release.settings) as head,
    ):
        head.start()
        head.until("code-server", "running")
        assert release.asked == [release.path]


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"sha256": {"amd64": "0" * 64, "arm64": "0" * 64}}, "was not used: its SHA-256 is "),
        ({"sha256": {}}, "services.code_server_sha256 has no a"),
        ({"version": "9.9.9"}, "HTTP Error 404"),
        ({"url": "http://127.0.0.1:1"}, "Connection refused"),
        ({"url": "http://no-such-host.invalid"}, "cannot download http://no-such-host.invalid"),
    ],
)
def test_what_cannot_be_had_has_failed(tmp_path: Path, settings: dict[str, object], why: str) -> None:
    """With the reason; nothing of it is kept."""
    with (
        serving() as release,
        Head(tmp_path / "services", "code-server", code_server=release.settings | settings) as head,
    ):
        head.start()
        assert why in (head.until("code-server", "failed").why or "")
        assert not list((head.folder / "code-server").glob("*"))
