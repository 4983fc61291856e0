"""The command line: ``krayne VERB`` and, as a kubectl plugin, ``kubectl krayne VERB``."""

from __future__ import annotations

import errno
import os
import sys
from importlib import import_module
from typing import Any

from krayne.deferred import Deferred

with Deferred("uuid"):  # for an option type that krayne has none of
    import click

from krayne.errors import KrayneError

_VERBS = (
    *("create", "apply", "get", "describe", "scale", "delete", "wait"),
    *("tun-open", "tun-close", "tun-list", "ssh", "exec"),
    *("sandbox", "version"),
)
_OTHER_NAMES = {"exec": "exec_"}  # of a function that would hide one of Python's own
_NEAR = {"list": "get", "ls": "get", "rm": "delete", "status": "describe"}  # what other tools call it
_PATIENCE = "5s"  # of --version, which takes no --request-timeout, for a server that does not answer
_INTERRUPTED = 130  # 128 + SIGINT, as shells count


class _Verbs(click.Group):
    """Finds each verb in a module of its own, loaded only when it is asked for; turns errors into exit codes."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """All verbs, the most used first."""
        return list(_VERBS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        """The verb, or None if there is none of that name."""
        if name not in _VERBS:
            return None
        module = name.replace("-", "_")
        command: click.Command = getattr(import_module(f"krayne.cli.{module}"), _OTHER_NAMES.get(name, module))
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """What is left for the verb. Raises UsageError for a verb's option that comes before it."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            option = error.option_name
            ctx.fail(f"no option {option} before the verb: put it after, as in {ctx.command_path} get {option} …")

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The verb that the arguments start with. Raises UsageError, with the near verbs, if there is none."""
        if args[:1] == ["help"]:
            if not args[1:]:
                click.echo(ctx.get_help())
                ctx.exit()
            args = [args[1], "--help"]
        if args and args[0] not in _VERBS and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = _NEAR.get(args[0]) or next(iter(get_close_matches(args[0], _VERBS, n=1)), None)
            hint = f"did you mean {near}?" if near else f"the verbs are: {', '.join(_VERBS)}"
            ctx.fail(f"no such command {args[0]!r} ({hint})")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb: the one place where an error becomes words and an exit code."""
        try:
            return super().invoke(ctx)
        except KrayneError as error:
            from krayne.cli.notices import tell_error

            tell_error(error)
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            ctx.exit(_INTERRUPTED)


def _show_version(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from krayne.cli.version import show_versions
        from krayne.kubectl import Kubectl

        show_versions(Kubectl(request_timeout=_PATIENCE), "text")
        ctx.exit()


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the versions of krayne, kubectl and, where reachable, Kubernetes and KubeRay",
)
def cli() -> None:
    """Ray clusters on Kubernetes in one line.

    \b
      kubectl krayne create my-cluster       make one and wait until it is ready
      kubectl krayne get                     list them, with a status that tells the truth
      kubectl krayne describe my-cluster     everything about one, and why it is not ready
      kubectl krayne tun-open my-cluster     its dashboard, notebook, editor and Ray itself on localhost
      kubectl krayne delete my-cluster

    Everything goes through kubectl: your kubeconfig, contexts and logins work as they are (-v shows each call).
    Exit codes: 0 done, 1 failed, 2 wrong usage or invalid configuration, 3 the cluster is not ready.
    """


def main() -> int:
    """Run the command line, calling it as it was called; the exit code."""
    plugin = os.path.basename(sys.argv[0]).startswith("kubectl-")  # noqa: PTH119 - pathlib costs an import
    try:
        try:
            cli(prog_name="kubectl krayne" if plugin else "krayne")
        finally:
            if sys.stdout is not None:  # None: the caller closed it
                sys.stdout.flush()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except OSError as error:  # a full disk under stdout; a pipe that was closed is click's affair
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO):
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # so that the last flush has nothing to say
        click.echo(f"Error: cannot write the output: {error.strerror}", err=True)
        return 1
    return 0
