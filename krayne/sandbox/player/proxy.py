"""Any kubeconfig's cluster through `kubectl proxy` on a private unix socket, so that every login plugin works."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from krayne.errors import KubectlError, KubectlNotFoundError
from krayne.sandbox.player.client import Connection

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_START_SECONDS = 20.0


@asynccontextmanager
async def kubectl_proxy(kubeconfig: str | None = None, context: str | None = None) -> AsyncIterator[Connection]:
    """A connection through a proxy that ends with the block.

    Raises `KubectlNotFoundError` without a kubectl, `KubectlError` when the proxy does not start, in its own words.
    """
    kubectl = shutil.which(os.environ.get("KUBECTL") or "kubectl")
    if kubectl is None:
        raise KubectlNotFoundError("no kubectl found on PATH: install it, or name it in $KUBECTL")
    folder = Path(tempfile.mkdtemp(prefix="krayne-player-"))  # 0700: the socket needs no password
    socket = folder / "sock"
    where = [f"--kubeconfig={kubeconfig}"] if kubeconfig else []
    where += [f"--context={context}"] if context else []
    process = await asyncio.create_subprocess_exec(
        kubectl,
        *where,
        "proxy",
        f"--unix-socket={socket}",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,  # ^C is for the player, which still needs the proxy to clean up
    )
    try:
        await _wait_until_up(process, socket)
        yield Connection("http://localhost", socket=socket)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()
        shutil.rmtree(folder, ignore_errors=True)


async def _wait_until_up(process: asyncio.subprocess.Process, socket: Path) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + _START_SECONDS
    while not socket.exists():
        if process.returncode is not None or loop.time() > end:
            if process.returncode is None:
                process.kill()
            _, stderr = await process.communicate()
            raise KubectlError(f"kubectl proxy did not start: {stderr.decode(errors='replace').strip() or 'no answer'}")
        await asyncio.sleep(0.02)
