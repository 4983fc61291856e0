"""Shows how a cluster comes up: a line per change, or on a terminal a line per group, kept current."""

from __future__ import annotations

import shutil
import sys
import textwrap
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from krayne.errors import ClusterNotReadyError
from krayne.terminal import is_terminal
from krayne.text import one_line, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from krayne.cli.manifests import Change, Sent
    from krayne.cli.notices import Failures
    from krayne.cluster import ClusterInfo
    from krayne.kubectl import Kubectl

UP_AND_CLEAR = "\x1b[{}F\x1b[J"  # to the start of the line so many lines up; clear from there on


class Progress:
    """Writes each change to stderr; as a context manager it leaves the last state standing."""

    def __init__(self) -> None:
        self._live = is_terminal(sys.stderr)
        self._lines: list[str] = []  # that stand on the terminal, kept current
        self._last = ""

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._lines = []

    def __call__(self, info: ClusterInfo) -> None:
        """Show a cluster as it is now."""
        if self._live:
            self._redraw(live_lines(info, shutil.get_terminal_size().columns))
            return
        line = plain_line(info)
        if line != self._last:
            self._write(f"{line}\n")
        self._last = line

    def beside(self, kubectl: Kubectl) -> Kubectl:
        """The same connection; what it logs and tells is written above the lines that are kept current."""
        if not self._live:
            return kubectl
        told = self._above(lambda text: kubectl.tell(text if text.endswith("\n") else f"{text}\n"))  # a prompt, say
        return replace(kubectl, log=self._above(kubectl.log), tell=told)

    def _above(self, say: Callable[[str], None]) -> Callable[[str], None]:
        def said(text: str) -> None:
            standing = self._lines
            self._redraw([])
            say(text)
            self._redraw(standing)

        return said

    def _redraw(self, lines: list[str]) -> None:
        clear = UP_AND_CLEAR.format(len(self._lines)) if self._lines else ""
        self._write(clear + "".join(f"{line}\n" for line in lines))
        self._lines = lines

    @staticmethod
    def _write(text: str) -> None:
        click.echo(text, err=True, nl=False)


def plain_line(info: ClusterInfo) -> str:
    """One line for logs: the status, how many workers, and why."""
    workers = f" {info.workers_ready}/{info.workers_desired} workers" if info.workers_desired else ""
    return f"{info.name}: {info.status}{workers}" + (f": {one_line(info.cause)}" if info.cause else "")


def live_lines(info: ClusterInfo, width: int) -> list[str]:
    """The cluster with the cause, over as many lines as it takes; its head and each of its groups, a line each."""
    cause = f": {one_line(info.cause)}" if info.cause else ""
    lines = textwrap.wrap(f"{info.name}  {info.status}{cause}", width - 1, subsequent_indent="    ")
    names = ["head", *(group.name for group in info.groups)]
    column = max(map(len, names))
    states = [f"{'ready' if info.head.ready else 'not ready'}  {info.head.pod or ''}"]
    states += [f"{group.ready or 0}/{group.desired} ready" for group in info.groups]
    lines += [f"  {name:<{column}}  {state}".rstrip() for name, state in zip(names, states, strict=True)]
    return [line if len(line) < width else f"{line[: width - 2]}…" for line in lines]


def wait_for(kubectl: Kubectl, sent: Sent, timeout: float | None, failures: Failures) -> None:
    """Wait until clusters are what was asked for, all within ``timeout`` seconds, and say what one can do then."""
    from krayne.operations.timeouts import end_of, left_until
    from krayne.operations.wait import wait_until_as_configured

    until = end_of(timeout)
    for number, change in enumerate(sent.changes):
        _, there = _found(kubectl, change)
        fresh = None if number else change.cluster  # the others may have become ready meanwhile
        with failures.told():
            try:
                with Progress() as progress:
                    beside = progress.beside(there)
                    info = wait_until_as_configured(
                        change.config, timeout=left_until(until), progress=progress, kubectl=beside, cluster=fresh
                    )
            except ClusterNotReadyError as error:
                raise type(error)(f"{error}{_undo(kubectl, change)}", error.cluster) from error
            click.echo("\n".join(lines_after(info, there)), err=True)


@contextmanager
def interruptible(kubectl: Kubectl, sent: Sent) -> Iterator[None]:
    """On ^C say what stays of what was ``sent`` until then, how to go on and how to undo it."""
    from krayne.operations.hints import see_why
    from krayne.operations.wait import is_to_be_suspended

    try:
        yield
    except KeyboardInterrupt:
        lines = [""]
        for change in sent.changes:
            name, there = _found(kubectl, change)
            goal = " --for suspended" if is_to_be_suspended(change.config) else ""
            lines += [
                f"Stopped; {there.named(name)} stays.",
                f"Go on:   kubectl krayne wait {there.where(name)}{goal}",
                see_why(there, name) + _undo(kubectl, change),
            ]
        if not sent.changes:
            lines.append(f"What was being sent may have arrived: kubectl krayne get {kubectl.where()}")
        click.echo("\n".join(lines), err=True)
        raise


def _found(kubectl: Kubectl, change: Change) -> tuple[str, Kubectl]:
    """The name of what was sent, and the way to its namespace."""
    metadata = change.cluster["metadata"]
    return metadata["name"], kubectl.within(metadata["namespace"])


def _undo(kubectl: Kubectl, change: Change) -> str:
    """A line on how to undo what was sent, if that made the cluster; one that was there before is not to be deleted."""
    name, there = _found(kubectl, change)
    return f"\nUndo:    kubectl krayne delete {there.where(name)}" if change.verb == "created" else ""


def lines_after(info: ClusterInfo, kubectl: Kubectl) -> list[str]:
    """What one can open now, and how; of a suspended cluster, how it runs again."""
    if info.suspended:
        from krayne.cluster.advice import resume

        return [
            printable(f"{kubectl.named(info.name)} is suspended."),
            printable(f"Resume it: {resume(info, kubectl.way)}"),
        ]
    lines = [f"{kubectl.named(info.name)} is ready."]
    lines.append(f"Open it here:  kubectl krayne tun-open {kubectl.where(info.name)}")
    if info.dashboard_url:
        lines.append(f"In the cluster: {info.dashboard_url}  {info.client_url}")
    return [printable(line) for line in lines]
