"""From files and the command line to ClusterConfigs, with every problem reported at once."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from krayne.config.layers import apply_flags, put
from krayne.config.model import ClusterConfig
from krayne.config.problems import Place, Places, Problem, Reading, lines, place_of, refusal, shown
from krayne.config.values import plain
from krayne.errors import ConfigValidationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from krayne.config.assignments import Assignment


def load_configs(
    file: str | None,
    *,
    flags: Mapping[str, Any] | None = None,
    malformed: Sequence[str] = (),
    assignments: Sequence[str] = (),
    name: str | None = None,
) -> tuple[ClusterConfig, ...]:
    """The clusters of a file under what the command line says: flags, then --set, then the file, then defaults.

    ``file`` is a path, ``-`` for standard input, or None for a cluster that the command line describes alone.
    ``flags`` are nested fields and ``malformed`` what is wrong with others (see ``nest``); a map at ``worker_groups``
    sets fields of the only group.
    ``assignments`` are the texts of ``--set PATH=VALUE``. ``name`` names the cluster, where the file holds one.
    Raises ConfigValidationError with every problem of every cluster.
    """
    from krayne.config.documents import read

    documents = [Reading({}, {}, [], set())] if file is None else read(file)
    if name is not None and len(documents) > 1:
        raise refusal([f"NAME: {file} holds {len(documents)} clusters; leave the name out"])
    sets, problems = _split(assignments)
    said, found = plain(flags or {})
    problems += [*malformed, *lines(found, {})]
    loaded: list[ClusterConfig] = []
    named: dict[tuple[str | None, str], str] = {}
    told: set[str] = set()
    for document in documents:
        try:
            config = _load(document, said, sets, name, told)
        except ConfigValidationError as error:
            problems += error.problems
            continue
        loaded.append(config)
        label = place_of(document.places, ("name",)).label
        first = named.setdefault((config.namespace, config.name), label)
        if first != label:
            problems.append(f"{label}: name: {shown(config.name)} is the cluster at {first} already; they must differ")
    if problems:
        raise refusal(problems)
    return tuple(loaded)


def _split(assignments: Sequence[str]) -> tuple[list[Assignment], list[str]]:
    if not assignments:
        return [], []
    from krayne.config.assignments import split

    sets: list[Assignment] = []
    problems: list[str] = []
    for text in assignments:
        try:
            sets.append(split(text))
        except ConfigValidationError as error:
            problems += error.problems
    return sets, problems


def _load(
    document: Reading, flags: dict[str, Any], sets: list[Assignment], name: str | None, told: set[str]
) -> ClusterConfig:
    from krayne.config.validation import problems_of, without_nulls

    if document.value is None:
        raise refusal(document.problems)
    if other := _something_else(document.value):
        raise refusal([f"{place_of(document.places, ()).label}: {other}"])
    tree, places = copy.deepcopy(document.value), dict(document.places)
    problems, refused = _assign(tree, places, sets)
    problems += apply_flags(tree, places, flags)
    if name is not None:
        put(tree, places, ("name",), name, Place("NAME", covers=("name",)))
    given = without_nulls(tree)
    problems += [problem for problem in problems_of(given, places) if problem.path not in document.unread]
    if document.problems or refused or problems:
        raise refusal(document.problems + refused + lines(problems, places, told))
    return ClusterConfig._of_valid(given)


def _something_else(value: Any) -> str | None:
    """What a document is that is no configuration as a whole; None where its fields are to be judged."""
    if not isinstance(value, dict):
        found = "a list" if isinstance(value, list) else shown(value)
        return f"{found} is no configuration; a map of fields is expected, such as name: my-cluster"
    if {"apiVersion", "kind"} <= value.keys():
        return "this is a manifest, which kubectl apply -f takes as it is"
    if {"managed_by_krayne", "status"} <= value.keys() or value.keys() == {"items"}:
        return "this is what `kubectl krayne get` prints, not a configuration"
    return None


def _assign(tree: dict[str, Any], places: Places, sets: list[Assignment]) -> tuple[list[Problem], list[str]]:
    problems: list[Problem] = []
    refused: list[str] = []
    for assignment in sets:
        from krayne.config.assignments import assign

        try:
            problems += assign(tree, places, assignment)
        except ConfigValidationError as error:
            refused += error.problems
    return problems, refused
