"""The standard streams, as a caller may hand them on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from krayne.terminal import is_terminal, takes_colour


def test_a_terminal_is_told_from_a_file_and_from_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Colours go to a terminal alone, and not to one whose user wants none."""
    master, slave = os.openpty()
    with os.fdopen(slave, "w") as terminal, Path(os.devnull).open("w") as file:
        assert [is_terminal(stream) for stream in (terminal, file, None)] == [True, False, False]
        assert [takes_colour(stream) for stream in (terminal, file, None)] == [True, False, False]
        monkeypatch.setenv("NO_COLOR", "")
        assert not takes_colour(terminal)
    os.close(master)


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_what_the_caller_closed_leads_nowhere(closed: str) -> None:
    """Also for what is started then; what was not closed stays as it was."""
    code = (
        "import os, subprocess, sys; from krayne.terminal import open_standard_streams as o; o(); o();"
        "read, write = os.pipe(); assert min(read, write) > 2;"
        "sys.exit(subprocess.call([sys.executable, '-c', 'import os; [os.fstat(fd) for fd in range(3)]']))"
    )
    shell = f'exec "{sys.executable}" -c "{code}" {closed}'
    assert subprocess.run(["/bin/sh", "-c", shell], check=False, capture_output=True).returncode == 0
