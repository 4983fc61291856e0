"""The SDK's functions in threads, as docs/sdk.md promises."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from krayne.operations.get import get_cluster, list_clusters
from krayne.operations.wait import wait_until_ready
from tests.operations.conftest import left_behind, pipes

if TYPE_CHECKING:
    from krayne.kubectl import Kubectl
    from tests.support.kubectl import FakeKubectl


def test_calls_run_beside_each_other(fake_kubectl: FakeKubectl, kubectl: Kubectl, cluster: dict[str, Any]) -> None:
    """By one Kubectl: each has its own process, whose pipes and end are its own."""
    fake_kubectl.reply("get --raw */rayclusters", json={"items": [cluster]}, times=None)
    fake_kubectl.reply("get --raw */rayclusters/demo", json=cluster, times=None)
    before = pipes()
    with ThreadPoolExecutor(8) as pool:
        lists = [pool.submit(list_clusters, kubectl=kubectl) for _ in range(8)]
        singles = [pool.submit(get_cluster, "demo", kubectl=kubectl) for _ in range(8)]
        names = [*(each.result()[0].name for each in lists), *(each.result().name for each in singles)]
    assert names == ["demo"] * 16
    assert (left_behind(fake_kubectl), pipes()) == ([], before)


def test_asyncio_takes_them_in_threads(fake_kubectl: FakeKubectl, kubectl: Kubectl, cluster: dict[str, Any]) -> None:
    """The loop goes on meanwhile."""
    fake_kubectl.reply("get --raw */rayclusters/demo", json=cluster, times=None)

    async def both() -> list[str]:
        waits = (asyncio.to_thread(wait_until_ready, "demo", kubectl=kubectl) for _ in range(2))
        return [info.status for info in await asyncio.gather(*waits)]

    assert asyncio.run(both()) == ["ready", "ready"]
