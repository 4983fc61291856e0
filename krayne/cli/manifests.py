"""Prints what was or would be sent to Kubernetes, and the line that says so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import click

if TYPE_CHECKING:
    from krayne.config import ClusterConfig

_DONE = {"none": "", "client": " (dry run)", "server": " (server dry run)"}


class Change(NamedTuple):
    """What became of a RayCluster that was sent: ``verb`` is created, configured or unchanged; applied, if unknown."""

    verb: str
    cluster: dict[str, Any]
    config: ClusterConfig


class Sent:
    """What a command has sent so far, in ``changes``. Lines are printed as they come, whole manifests together."""

    def __init__(self, form: str | None, dry_run: str = "none") -> None:
        self._form = form
        self._dry_run = dry_run
        self.changes: list[Change] = []

    def add(self, verb: str, cluster: dict[str, Any], config: ClusterConfig) -> None:
        """A RayCluster as the server took it, and what it was made of."""
        self.changes.append(Change(verb, cluster, config))
        if not self._whole:
            show_changes([cluster], self._form, verb, self._dry_run)

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Send them all; then, or as far as it went, show what is shown together."""
        try:
            yield
        finally:
            if self._whole:
                show_changes([change.cluster for change in self.changes], self._form, "", self._dry_run)

    @property
    def _whole(self) -> bool:
        return self._form in ("json", "yaml")


def show_change(name: str, verb: str, dry_run: str = "none") -> None:
    """One line on stdout, as kubectl writes it: ``raycluster.ray.io/demo created``."""
    click.echo(f"raycluster.ray.io/{name} {verb}{_DONE[dry_run]}")


def show_changes(manifests: Sequence[dict[str, Any]], form: str | None, verb: str, dry_run: str) -> None:
    """Manifests in the form asked for; without one, a line each; of none, nothing."""
    if not manifests:
        return
    if form == "json":
        import json

        from krayne.cli.output import printable_json

        value = manifests[0] if len(manifests) == 1 else {"apiVersion": "v1", "kind": "List", "items": [*manifests]}
        click.echo(printable_json(json.dumps(value, indent=4, ensure_ascii=False)))
    elif form == "yaml":
        from krayne.render import to_yaml

        click.echo("---\n".join(to_yaml(manifest) for manifest in manifests), nl=False)
    else:
        for manifest in manifests:
            name = manifest["metadata"]["name"]
            if form == "name":
                click.echo(f"raycluster.ray.io/{name}")
            else:
                show_change(name, verb, dry_run)
