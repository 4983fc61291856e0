"""The door: logs as the API server asks for them."""

from __future__ import annotations

import asyncio
import copy
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from krayne.sandbox.door import LogQuery, LogUnavailableError
from krayne.sandbox.player.client import PODS, RAY_CLUSTERS, Api
from krayne.sandbox.player.events import Recorder
from krayne.sandbox.player.kubelet.kubelet import Kubelet
from krayne.sandbox.player.kubelet.node import NodeSpec
from krayne.sandbox.player.kuberay.controller import cluster_index
from krayne.sandbox.player.player import Player
from krayne.sandbox.player.reflector import Reflector
from krayne.sandbox.player.timing import FAST
from tests.sandbox.player.captures import capture

if TYPE_CHECKING:
    from krayne.sandbox.door import PodRuntime


def test_a_player_is_a_pod_runtime() -> None:
    """The player stands behind the door; before it plays, there are no logs."""
    runtime: PodRuntime = Player()

    async def read() -> None:
        async for _ in runtime.logs(capture("ready-3-ready").pod("head"), LogQuery("ray-head")):
            pass

    with pytest.raises(LogUnavailableError, match="still starting"):
        asyncio.run(read())


def test_following_ends_with_the_container() -> None:
    """A followed log goes on until the container ends, and brings what came meanwhile."""
    head = capture("ready-3-ready").pod("head")

    async def read() -> list[str]:
        async with aiohttp.ClientSession() as session:
            api = Api(session, "http://localhost", "test")
            pods, clusters = Reflector(api, PODS, cluster_index), Reflector(api, RAY_CLUSTERS)
            kubelet = Kubelet(api, Recorder(api), pods, clusters, nodes=(NodeSpec(),), timing=FAST)
            pods.observe(head)
            texts = []
            async for line in kubelet.logs(head, LogQuery("ray-head", follow=True)):
                texts.append(line.text)
                if "--block" in line.text:
                    asyncio.get_running_loop().call_later(0.05, pods.observe, ended(head))
            return texts

    texts = asyncio.run(asyncio.wait_for(read(), 10))
    assert texts[-1].endswith("Remaining processes will be killed.")
    assert len(texts) == len(set(texts))


def ended(pod: dict[str, Any]) -> dict[str, Any]:
    """The pod after its Ray container failed."""
    later = copy.deepcopy(pod)
    later["metadata"]["resourceVersion"] = str(int(pod["metadata"]["resourceVersion"]) + 1)
    status = later["status"]["containerStatuses"][0]
    started = status["state"]["running"]["startedAt"]
    gone = {"exitCode": 1, "reason": "Error", "startedAt": started, "finishedAt": "2026-11-23T05:40:00Z"}
    status["state"] = {"terminated": gone}
    return later
