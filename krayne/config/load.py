"""From files and the command line to ClusterConfigs, with every problem reported at once."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, NamedTuple

from krayne.config.flags import option_of
from krayne.config.layers import apply_flags, put
from krayne.config.model import ClusterConfig
from krayne.config.problems import Place, Places, Problem, Reading, lines, place_of, refusal, shown
from krayne.config.values import plain
from krayne.errors import ConfigValidationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from krayne.config.assignment_text import Assignment


class _Said(NamedTuple):
    """What the command line says of every cluster."""

    flags: dict[str, Any]
    sets: list[Assignment]
    name: str | None


def load_configs(
    *files: str,
    flags: Mapping[str, Any] | None = None,
    malformed: Sequence[str] = (),
    assignments: Sequence[str] = (),
    name: str | None = None,
) -> tuple[ClusterConfig, ...]:
    """The clusters of all files under what the command line says: flags, then --set, then the file, then defaults.

    A file is a path, or ``-`` for standard input; without any, the command line describes one cluster alone.
    ``flags`` are nested fields and ``malformed`` what is wrong with others (see ``nest``); a map at ``worker_groups``
    sets fields of the only group.
    ``assignments`` are the texts of ``--set PATH=VALUE``. ``name`` names the cluster, where the files hold one.
    Raises ConfigValidationError with every problem of every cluster.
    """
    sets, problems = _split(assignments)
    given, found = plain(flags or {})
    problems += [*malformed, *(f"{option_of(problem.path)}: {problem.message}" for problem in found)]
    documents = [Reading({}, {}, [], set())]
    if files:
        from krayne.config.documents import read_all

        documents, unread = read_all(files)
        problems += unread
    if name is not None and len(documents) > 1:
        holds = "holds" if len(files) == 1 else "hold"
        problems.append(f"NAME: {' and '.join(files)} {holds} {len(documents)} clusters; leave the name out")
        name = None
    configs, wrong = _load_all(documents or [_unread([])], _Said(given, sets, name))
    problems += wrong
    if problems:
        raise refusal(problems)
    return configs


def _load_all(documents: list[Reading], said: _Said) -> tuple[tuple[ClusterConfig, ...], list[str]]:
    loaded: list[ClusterConfig] = []
    problems: list[str] = []
    named: dict[tuple[str | None, str], str] = {}
    told: set[str] = set()
    for document in documents:
        try:
            config = _load(document, said, told)
        except ConfigValidationError as error:
            problems += error.problems
            continue
        loaded.append(config)
        label, key = place_of(document.places, ("name",)).label, (config.namespace, config.name)
        if key in named:
            words = f"{shown(config.name)} is the cluster at {named[key]} already; they must differ"
            problems.append(f"{label}: name: {words}")
        named.setdefault(key, label)
    return tuple(loaded), problems


def _split(assignments: Sequence[str]) -> tuple[list[Assignment], list[str]]:
    if not assignments:
        return [], []
    from krayne.config.assignment_text import split

    sets: list[Assignment] = []
    problems: list[str] = []
    for text in assignments:
        try:
            sets.append(split(text))
        except ConfigValidationError as error:
            problems += error.problems
    return sets, problems


def _load(document: Reading, said: _Said, told: set[str]) -> ClusterConfig:
    from krayne.config.validation import problems_of, without_nulls

    if other := _something_else(document.value):
        document = _unread(document.problems or [f"{place_of(document.places, ()).label}: {other}"])
    tree, places = copy.deepcopy(document.value), dict(document.places)
    problems, refused = _assign(tree, places, document, said.sets)
    problems += apply_flags(tree, places, said.flags)
    if said.name is not None:
        put(tree, places, ("name",), said.name, Place("NAME", covers=("name",)))
    given = without_nulls(tree)
    problems += [problem for problem in problems_of(given, places) if _is_certain(problem, document, places)]
    if document.problems or refused or problems:
        raise refusal(document.problems + refused + lines(problems, places, told))
    return ClusterConfig._of_valid(given)


def _unread(problems: list[str]) -> Reading:
    """A document that may say anything, for what the command line says to be judged all the same."""
    return Reading({}, {}, problems, {()})


def _is_certain(problem: Problem, document: Reading, places: Places) -> bool:
    """Whether it is one whatever stands where the document could not be read."""
    if () in document.unread:
        return place_of(places, problem.path).covers is not None
    return problem.path not in document.unread


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


def _assign(
    tree: dict[str, Any], places: Places, document: Reading, sets: list[Assignment]
) -> tuple[list[Problem], list[str]]:
    problems: list[Problem] = []
    refused: list[str] = []
    for assignment in sets:
        from krayne.config.assignments import assign

        if () in document.unread and any(isinstance(key, int) for key in assignment.keys):
            continue  # the item may be there
        try:
            problems += assign(tree, places, assignment)
        except ConfigValidationError as error:
            refused += error.problems
    return problems, refused
