"""A head start for a plain `get`: its one kubectl call runs while what reads the command line is being loaded.

What is guessed here is only which call that will be. The verb reads its arguments and asks as ever; where it asks for
something else, or nothing, the call is given up.
"""

from __future__ import annotations

import signal
from collections.abc import Sequence
from typing import NamedTuple

from krayne.errors import KrayneError
from krayne.kubectl import Kubectl, ahead


class _Plain(NamedTuple):
    names: tuple[str, ...]
    namespace: str | None
    everywhere: bool


def begin(args: Sequence[str]) -> None:
    """Start the call that `get` with these arguments will make, if they are as plain as most are.

    Until the verb is loaded a ^C ends the call and then us, in silence.
    """
    plain = _plain(args)
    if plain is None:
        return
    kubectl = Kubectl(namespace=plain.namespace)
    try:
        if len(plain.names) == 1:
            ahead.keep(kubectl.get_cluster(plain.names[0]).process)
        else:
            ahead.keep(kubectl.list_clusters(everywhere=plain.everywhere).process)
    except KrayneError:  # the verb will find the same, and say so
        return
    signal.signal(signal.SIGINT, _give_up)


def end() -> None:
    """Give up the call if the verb did not ask for it."""
    ahead.drop()


def _plain(args: Sequence[str]) -> _Plain | None:
    names, namespace, everywhere = [], None, False
    words = iter(args)
    for word in words:
        if word in ("-A", "--all-namespaces"):
            everywhere = True
        elif word in ("-n", "--namespace"):
            namespace = next(words, None)
        elif word in ("-o", "--output"):
            next(words, None)
        elif not word.startswith("-"):
            names.append(word)
        elif word != "--no-headers":
            return None
    return None if names and everywhere else _Plain(tuple(names), namespace, everywhere)


def _give_up(number: int, _frame: object) -> None:
    ahead.drop()
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)
