"""The process that a supervisor works in: in the background, alone, and in nobody's way."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING

from krayne import private
from krayne.tunnels import places
from krayne.tunnels.files import read_wanted
from krayne.tunnels.log import Log
from krayne.tunnels.supervisor import Supervisor

if TYPE_CHECKING:
    from krayne.tunnels.state import Wanted


def main(folder: str) -> None:
    """Supervise the tunnel of a folder, in the background; at once back if somebody does already."""
    os.umask(0o077)
    ready = _detach()
    lock = private.lock(f"{folder}/{places.LOCK}", wait=False)
    if lock is None:
        os._exit(0)
    Log(folder).open()
    os.chdir("/")  # keeps no file system from being unmounted
    wanted = read_wanted(folder)
    if wanted is None:
        sys.exit("there is nothing to do: nothing is wanted")
    if wanted.kubeconfig:
        os.environ["KUBECONFIG"] = wanted.kubeconfig
    else:  # who starts this may not be who asked for it
        os.environ.pop("KUBECONFIG", None)
    asyncio.run(_run(folder, wanted, ready))


def _detach() -> int:
    """Leave the shell: a session of one's own. In the parent, wait for the child's word and end; it is never back."""
    ours, theirs = os.pipe()
    if child := os.fork():
        os.close(theirs)
        if os.read(ours, 1):
            os._exit(0)
        _, status = os.waitpid(child, 0)
        os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
    os.close(ours)
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.close(null)
    return theirs


async def _run(folder: str, wanted: Wanted, ready: int) -> None:
    supervisor = Supervisor(folder, wanted)
    task = asyncio.get_running_loop().create_task(supervisor.run())
    await asyncio.sleep(0)
    os.write(ready, b"1")
    os.close(ready)
    await task
