"""The sandbox's API server alone, as a process: nobody plays KubeRay's, the scheduler's or the kubelet's part."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from krayne.sandbox import state
from krayne.sandbox.process import api_server


async def main(folder: Path) -> None:
    """Serve from the folder until killed."""
    async with api_server(folder) as url:
        state.write(folder, int(url.rpartition(":")[2]), "bare")
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
