"""What is kept for one user alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from krayne import private
from krayne.errors import KrayneError


def test_a_folder_that_others_could_enter_is_closed(tmp_path: Path) -> None:
    """0700, whatever it was."""
    folder = tmp_path / "state"
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    private.own(str(folder))
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_lock_is_had_once(tmp_path: Path) -> None:
    """By one process, until its file is closed."""
    path = str(tmp_path / "lock")
    first = private.lock(path, wait=False)
    assert first is not None
    assert private.lock(path, wait=False) is None


def test_a_folder_s_lock_is_had_once_and_given_back(tmp_path: Path) -> None:
    """Another folder's is another lock; the folder is made where it is not there."""
    folder = str(tmp_path / "ssh")
    with private.locked(folder) as held, private.locked(folder, wait=False) as again:
        assert (held, again) == (True, False)
        with private.locked(str(tmp_path / "tunnels"), wait=False) as other:
            assert other
    with private.locked(folder, wait=False) as held:
        assert held


def test_a_folder_that_cannot_be_made_is_an_error_that_names_another_way(tmp_path: Path) -> None:
    """A file is where the folder should be."""
    (tmp_path / "state").write_text("")
    with pytest.raises(KrayneError, match=r"cannot keep state in .*\n.*XDG_STATE_HOME"):
        private.own(str(tmp_path / "state" / "krayne"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make another user's folder")
def test_another_user_s_folder_is_not_used(tmp_path: Path) -> None:
    """Neither it nor what a link leads to."""
    theirs, link = tmp_path / "theirs", tmp_path / "link"
    theirs.mkdir()
    os.chown(theirs, 12345, 12345)
    link.symlink_to(theirs)
    for folder in (theirs, link):
        with pytest.raises(KrayneError, match="belongs to another user"):
            private.own(str(folder))


def test_a_link_in_the_way_is_not_followed(tmp_path: Path) -> None:
    """Whoever laid it there wants something written elsewhere."""
    victim = tmp_path / "victim"
    victim.write_text("kept")
    (tmp_path / f"state.json.{os.getpid()}").symlink_to(victim)
    (tmp_path / "lock").symlink_to(victim)
    with pytest.raises(OSError, match="symbolic link"):
        private.write(str(tmp_path / "state.json"), "new")
    with pytest.raises(OSError, match="symbolic link"):
        private.lock(str(tmp_path / "lock"), wait=False)
    assert victim.read_text() == "kept"
