"""Measure krayne beside bare kubectl on KUBECONFIG's cluster, and keep the figures in docs/performance.md."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.bench import load
from tests.bench.measure import by_turns

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).parent.parent.parent / "docs" / "performance.md"
OPERATORS = "app.kubernetes.io/name in (kuberay-operator,kuberay)"
KUBECTL = os.environ.get("KUBECTL") or "kubectl"  # krayne takes the same one
GET = (KUBECTL, "krayne", "get")
BARE = (KUBECTL, "get", "rayclusters.ray.io")


class Row(NamedTuple):
    """A line of the table: what, measured, and what is wanted of it."""

    what: str
    measured: str
    wanted: str
    kept: bool


def main() -> None:
    """Load, measure, print, write."""
    parser = argparse.ArgumentParser(prog="make bench ARGS=…", description=__doc__)
    parser.add_argument("--clusters", type=int, default=1000)
    parser.add_argument("--pods", type=int, default=10, help="of each cluster in trouble, its head included")
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_args()
    if not os.environ.get("KUBECONFIG"):
        raise SystemExit("bench: set KUBECONFIG: namespaces with many objects are made, and deleted, on that cluster")
    if _kubectl("get", "deployments", "-A", "-l", OPERATORS, "-o", "name"):
        raise SystemExit("bench: a KubeRay operator runs there, and would give these clusters real pods")
    with load.proxied() as api:
        rows = []
        for row in _rows(api, args):
            print(f"{row.what}: {row.measured} ({row.wanted})", flush=True)
            rows.append(row)
    _keep(_table(rows), args)


def _rows(api: load.Api, args: argparse.Namespace) -> Iterator[Row]:
    manifest = _manifest(workers=0)
    with _space(api, "one") as space:
        load.ready_clusters(api, space, manifest, 1)
        yield _ratio("`get` of one cluster", space, args.rounds * 3, limit=2.0)
        yield _kubectls_part(space, args.rounds * 3)
        yield _seconds("`create --dry-run=client -o yaml`", _dry_run(), args.rounds * 3, limit=0.3)
        yield _return_time(api, space, args.rounds)
    with _space(api, "ready") as space:
        load.ready_clusters(api, space, manifest, args.clusters)
        yield _ratio(f"`get` of {args.clusters:,} ready clusters", space, args.rounds, limit=2.5)
        yield _memory(f"`get` of {args.clusters:,} ready clusters", space, limit=500)
        yield _calls(f"`get` of {args.clusters:,} ready clusters", space, limit=1)
    with _space(api, "trouble") as space:
        load.broken_clusters(api, space, _manifest(workers=args.pods - 1), args.clusters, args.pods)
        size = len(_kubectl("get", "--raw", load.PODS.format(space))) / 1e6
        pods = f"{args.clusters * args.pods:,} pods of {size:.0f} MB"
        what = f"`get` of {args.clusters:,} clusters in trouble, {pods}"
        yield _seconds(what, (*GET, "-n", space), max(3, args.rounds // 2), limit=5.0)
        yield _memory(what, space, limit=1000)
        yield _calls(what, space, limit=3)


def _ratio(what: str, space: str, rounds: int, limit: float) -> Row:
    found = by_turns({"bare": (*BARE, "-n", space), "krayne": (*GET, "-n", space)}, rounds)
    bare, ours = found["bare"].seconds, found["krayne"].seconds
    text = f"{ours / bare:.2f} times `kubectl get rayclusters` ({ours * 1000:.0f} ms to {bare * 1000:.0f} ms)"
    return Row(what, text, f"≤ {limit:g} times", ours / bare <= limit)


def _kubectls_part(space: str, rounds: int) -> Row:
    """What no plugin can do without: kubectl's way to it, here to one that does nothing, and the one call."""
    name = f"krayne_bench_{os.getpid()}"
    with tempfile.TemporaryDirectory(prefix="krayne-bench-") as folder:
        plugin = Path(folder, f"kubectl-{name}")
        plugin.symlink_to(shutil.which("true") or "/bin/true")
        before, os.environ["PATH"] = os.environ["PATH"], os.pathsep.join((os.environ["PATH"], folder))
        try:
            call = (KUBECTL, "get", "--raw", load.CLUSTERS.format(space))
            found = by_turns(
                {"bare": (*BARE, "-n", space), "dispatch": (KUBECTL, name.replace("_", "-")), "call": call}, rounds
            )
        finally:
            os.environ["PATH"] = before
    own, bare = found["dispatch"].seconds + found["call"].seconds, found["bare"].seconds
    text = f"{own / bare:.2f} times ({own * 1000:.0f} ms)"
    return Row("of it kubectl's own: its way to a plugin that does nothing, and the one call", text, "", kept=True)


def _seconds(what: str, command: tuple[str, ...], rounds: int, limit: float) -> Row:
    found = by_turns({"it": command}, rounds)["it"].seconds
    return Row(what, f"{found:.2f} s", f"≤ {limit:g} s", found <= limit)


def _memory(what: str, space: str, limit: float) -> Row:
    found = by_turns({"it": (*GET, "-n", space)}, 1)["it"].megabytes
    return Row(f"{what}: memory", f"{found:.0f} MB", f"≤ {limit:g} MB", found <= limit)


def _calls(what: str, space: str, limit: int) -> Row:
    done = subprocess.run((*GET, "-n", space, "-v"), capture_output=True, text=True, check=True)
    found = len(re.findall(r"^\+ \S*kubectl ", done.stderr, re.MULTILINE))
    return Row(f"{what}: kubectl calls", str(found), f"≤ {limit}", 0 < found <= limit)


def _return_time(api: load.Api, space: str, rounds: int) -> Row:
    """From the answer to the write of a ready status until `create`, which waits for it, has ended."""
    spent = []
    for number in range(rounds):
        name = f"waited-{number}"
        path = f"{load.CLUSTERS.format(space)}/{name}"
        with subprocess.Popen(
            (KUBECTL, "krayne", "create", name, "-n", space),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as create:
            _until_there(api, path, create)
            time.sleep(1)  # for it to be watching, as it is in life long before the cluster gets ready
            api.send("PATCH", f"{path}/status", {"status": load.ready_status()}, "application/merge-patch+json")
            start = time.perf_counter()
            code = create.wait(60)
            spent.append(time.perf_counter() - start)
            assert create.stderr is not None
            if code:
                raise SystemExit(f"bench: create ended with {code}: {create.stderr.read()}")
    median = statistics.median(spent)
    return Row("from ready to `create` returning", f"{median * 1000:.0f} ms", "≤ 300 ms", median <= 0.3)


def _until_there(api: load.Api, path: str, create: subprocess.Popen[str]) -> None:
    while create.poll() is None:
        with contextlib.suppress(RuntimeError):
            api.send("GET", path)
            return
        time.sleep(0.02)


def _dry_run() -> tuple[str, ...]:
    return (KUBECTL, "krayne", "create", "x", "--dry-run=client", "-o", "yaml")


def _manifest(workers: int) -> Any:
    numbers = (
        "--set",
        f"worker_groups.worker.replicas={workers}",
        "--set",
        f"worker_groups.worker.max_replicas={workers or 1}",
    )
    done = subprocess.run(
        (KUBECTL, "krayne", "create", "x", *numbers, "--dry-run=client", "-o", "json"),
        check=True,
        stdout=subprocess.PIPE,
    )
    return json.loads(done.stdout)


@contextlib.contextmanager
def _space(api: load.Api, word: str) -> Iterator[str]:
    started = time.perf_counter()
    with load.namespace(api, f"krayne-bench-{word}-{os.getpid()}") as name:
        yield name
    print(f"{word}: {time.perf_counter() - started:.0f} s, loading included", flush=True)


def _kubectl(*args: str) -> str:
    return subprocess.run((KUBECTL, *args), check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def _table(rows: list[Row]) -> str:
    lines = ["| what | measured | wanted | |", "|---|---|---|---|"]
    return "\n".join(lines + [f"| {r.what} | {r.measured} | {r.wanted} | {'' if r.kept else 'missed'} |" for r in rows])


def _keep(table: str, args: argparse.Namespace) -> None:
    """Write the table between the page's two marks."""
    version = json.loads(_kubectl("version", "-o", "json"))
    client, server = (version[side]["gitVersion"] for side in ("clientVersion", "serverVersion"))
    where = (
        f"{time.strftime('%F')}; {os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}, "
        f"kubectl {client}, Kubernetes {server}; medians, of {args.rounds} rounds by turns where the command is short."
    )
    text = PAGE.read_text(encoding="utf-8")
    start, rest = text.split("<!-- figures -->\n", 1)
    _, end = rest.split("<!-- end of figures -->", 1)
    marked = f"{start}<!-- figures -->\n{where}\n\n{table}\n<!-- end of figures -->{end}"
    PAGE.write_text(marked, encoding="utf-8")


if __name__ == "__main__":
    main()
