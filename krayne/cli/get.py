"""kubectl krayne get."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from krayne.cli.options import Command, cluster_name, connection, output
from krayne.errors import ClusterNotFoundError
from krayne.kubectl import Kubectl
from krayne.terminal import takes_colour

if TYPE_CHECKING:
    from collections.abc import Sequence

    from krayne.cluster import ClusterInfo

EXAMPLES = """
# All clusters of the namespace
kubectl krayne get

# Of all namespaces, with Ray versions, head pods and images
kubectl krayne get -A -o wide

# One cluster as JSON: its status word
kubectl krayne get my-cluster -o json | jq -r .status

# Follow a team's clusters
kubectl krayne get -l team=vision -w
"""


@click.command(cls=Command, examples=EXAMPLES)
@connection
@click.argument("names", metavar="[NAME]...", nargs=-1, type=cluster_name)
@click.option("-A", "--all-namespaces", is_flag=True, help="Look in all namespaces")
@click.option("-l", "--selector", metavar="SELECTOR", help="Only clusters with these labels, e.g. team=vision")
@click.option("-w", "--watch", is_flag=True, help="Go on, showing each change")
@output("table", "wide", "json", "yaml", "name", default="table")
@click.option("--no-headers", is_flag=True, help="Leave out the line of column titles")
def get(
    *,
    names: tuple[str, ...],
    all_namespaces: bool,
    selector: str | None,
    watch: bool,
    form: str,
    no_headers: bool,
    kubectl: Kubectl,
) -> None:
    """List clusters with what state they are in.

    JSON and YAML give the object for one NAME, {"items": […]} otherwise.
    """
    from krayne.operations.get import ask_cluster, ask_clusters, chosen

    chosen(names, everywhere=all_namespaces, selector=selector)
    rows = _Rows(form, all_namespaces, not no_headers)
    if watch:
        _watch(kubectl, names, selector, form, rows)
        return
    nodes = form == "wide"
    if len(names) == 1:
        answer = ask_cluster(kubectl, names[0], nodes=nodes)
    else:
        answer = ask_clusters(kubectl, names=names, everywhere=all_namespaces, selector=selector, nodes=nodes)
    # Loaded while kubectl waits for the server.
    from krayne.cli.output import written

    missing: ClusterNotFoundError | None = None
    try:
        clusters = answer()
    except ClusterNotFoundError as error:  # those of several that are there are shown all the same, as kubectl does
        clusters, missing = list(error.found), error
        if not clusters:
            raise
    if form in ("json", "yaml"):
        click.echo(written(clusters[0] if len(names) == 1 else clusters, form), nl=False)
    elif clusters:
        click.echo(rows.text(clusters), nl=False)
    else:
        where = "" if all_namespaces else f" in {kubectl.current_namespace} namespace"
        click.echo(f"No resources found{where}.", err=True)
    if missing:
        raise missing


class _Rows:
    """How rows are written; remembers that the titles are written once, and how wide the columns came out."""

    def __init__(self, form: str, namespaces: bool, headers: bool) -> None:
        self._form, self.namespaces, self._headers = form, namespaces, headers
        self._widths: list[int] = []
        self._last: dict[tuple[str, str], object] = {}

    def text(self, clusters: Sequence[ClusterInfo]) -> str:
        """The lines for these clusters."""
        from datetime import datetime, timezone

        written = self._written(
            clusters,
            headers=self._headers,
            colour=takes_colour(sys.stdout),
            now=datetime.now(timezone.utc),
            widths=self._widths,
        )
        self._headers = False
        return written

    def changed(self, info: ClusterInfo) -> bool:
        """Whether a cluster's row is another than the last time; its age is not, unless it was made anew.

        A bare name stands for any change, as kubectl prints it again.
        """
        from dataclasses import replace
        from datetime import datetime, timezone

        if self._form == "name":
            return True
        now = datetime.min.replace(tzinfo=timezone.utc)
        key, row = (info.namespace, info.name), self._written([replace(info, created=None)], headers=False, now=now)
        before, self._last[key] = self._last.get(key), (row, info.created)
        return before != self._last[key]

    def _written(self, clusters: Sequence[ClusterInfo], **how: Any) -> str:
        from krayne.cli import output as written

        if self._form == "name":
            return written.names(clusters)
        return written.cluster_table(clusters, wide=self._form == "wide", namespaces=self.namespaces, **how)


def _watch(kubectl: Kubectl, names: tuple[str, ...], selector: str | None, form: str, rows: _Rows) -> None:
    from krayne.cli import output as written
    from krayne.operations.get import watch_changes

    for infos in watch_changes(kubectl, names=names, everywhere=rows.namespaces, selector=selector):
        if form == "json":
            text = "".join(written.to_json(info) for info in infos)
        elif form == "yaml":
            text = "".join(f"---\n{written.to_yaml(info)}" for info in infos)
        else:
            changed = [info for info in infos if rows.changed(info)]
            text = rows.text(changed) if changed else ""
        click.echo(text, nl=False)
