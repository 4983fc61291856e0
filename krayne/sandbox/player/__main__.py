"""Play on any cluster, in the foreground, until SIGTERM or ^C: `python -m krayne.sandbox.player`."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys

import aiohttp

from krayne.errors import KrayneError
from krayne.quantity import quantity
from krayne.sandbox.player.client import ApiError, Connection, connect
from krayne.sandbox.player.kubelet.node import NodeSpec
from krayne.sandbox.player.player import Player
from krayne.sandbox.player.precautions import has_own_nodes, refuse_real_kuberay, refuse_second_player
from krayne.sandbox.player.proxy import kubectl_proxy
from krayne.sandbox.player.timing import TIMINGS


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit code."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO if options.verbose else logging.WARNING, format="player: %(message)s")
    try:
        return asyncio.run(_play(options))
    except (KrayneError, ApiError, aiohttp.ClientError) as error:
        _say(str(error))
        return 1


def _say(text: str) -> None:
    print(f"player: {text}", file=sys.stderr, flush=True)  # noqa: T201 (this is the program's voice)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m krayne.sandbox.player", description=__doc__)
    parser.add_argument("--kubeconfig", help="the kubeconfig file (kubectl's own by default)")
    parser.add_argument("--context", help="the kubeconfig context (the current one by default)")
    nodes = parser.add_mutually_exclusive_group()
    nodes.add_argument("--node", metavar="NAME", help="play a node of this name, also where the cluster has nodes")
    nodes.add_argument("--node-only-if-none", action="store_true", help="play no node where the cluster has nodes")
    parser.add_argument(
        "--capacity",
        action="append",
        default=[],
        type=_capacity,
        metavar="NAME=QUANTITY",
        help="what the played node has, such as nvidia.com/gpu=8; may be repeated",
    )
    parser.add_argument("--scheduler", action="store_true", help="play the scheduler as well: the cluster has none")
    parser.add_argument("--speed", choices=sorted(TIMINGS), default="demo", help="how fast things happen (%(default)s)")
    parser.add_argument("-v", "--verbose", action="store_true", help="say what is tried again, and why")
    return parser


def _capacity(text: str) -> tuple[str, str]:
    name, _, amount = text.partition("=")
    try:
        quantity(amount)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=QUANTITY") from None
    return name, amount


async def _play(options: argparse.Namespace) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with kubectl_proxy(options.kubeconfig, options.context) as connection:
        nodes = await _nodes(options, connection)
        player = Player(timing=TIMINGS[options.speed], nodes=nodes, scheduler=options.scheduler)
        playing = asyncio.create_task(player.run(connection))
        stopping = asyncio.create_task(stop.wait())
        ready = asyncio.create_task(player.ready.wait())
        try:
            await asyncio.wait({playing, stopping, ready}, return_when=asyncio.FIRST_COMPLETED)
            if ready.done():
                _say(f"ready ({', '.join(node.name for node in nodes) or 'no node'})")
                await asyncio.wait({playing, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if playing.done():
                playing.result()
        finally:
            for task in (playing, stopping, ready):
                task.cancel()
            await asyncio.gather(playing, stopping, ready, return_exceptions=True)
    return 0


async def _nodes(options: argparse.Namespace, connection: Connection) -> tuple[NodeSpec, ...]:
    """The nodes to play, after the precautions. Raises `KrayneError` where one speaks against it."""
    node = NodeSpec(name=options.node) if options.node else NodeSpec()
    node.capacity.update(options.capacity)
    async with connect(connection, "krayne-player") as api:
        await refuse_real_kuberay(api)
        await refuse_second_player(api, node.name)
        if options.node or not await has_own_nodes(api):
            return (node,)
    if options.node_only_if_none:
        return ()
    raise KrayneError(
        "this cluster has nodes of its own. Use --node-only-if-none to leave the pods to them, "
        "or --node NAME to play one more"
    )


if __name__ == "__main__":
    raise SystemExit(main())
