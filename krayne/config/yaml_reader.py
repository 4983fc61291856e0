"""YAML as plain values with lines. No tags, no dates, no bombs; every other oddity is refused in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import yaml

from krayne.config.problems import Path, Place, Places, Reading, refusal, shown
from krayne.config.values import MAX_DEPTH, MAX_VALUES, TOO_DEEP, TOO_MANY, scalar_problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# What a document may weigh once its aliases are followed: as much as the largest file may by itself.
MAX_WEIGHT = 2**20
_LONGEST_NUMBER = 100
_CORE = "tag:yaml.org,2002:"
_SCALARS = frozenset(f"{_CORE}{kind}" for kind in ("str", "int", "float", "bool", "null"))
_MERGE = f"{_CORE}merge"


class _Excess(yaml.MarkedYAMLError):
    """More than a configuration can need."""


class _Loader(yaml.SafeLoader):
    """Stops at depth while composing, since PyYAML recurses; leaves dates as the text they are."""

    depth = 0
    nodes = 0
    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own class attribute
        first: [(tag, regexp) for tag, regexp in resolvers if tag not in (f"{_CORE}timestamp", f"{_CORE}value")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        self.depth += 1
        self.nodes += 1
        if self.depth > MAX_DEPTH or self.nodes > MAX_VALUES:
            why = TOO_DEEP if self.depth > MAX_DEPTH else TOO_MANY
            raise _Excess(problem=why, problem_mark=self.peek_event().start_mark)  # type: ignore[no-untyped-call]  # PyYAML's own is untyped
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def parse(text: str, place: Callable[[int], Place]) -> Iterator[Reading]:
    """Each document as read; ``place`` makes a line's. An empty document's value is None.

    Raises ConfigValidationError at the first syntax error, and where it is more than a configuration can need.
    """
    try:
        loader = _Loader(text)
        while loader.check_node():
            node = loader.get_node()
            if node is not None:
                yield _Reader(loader, place).document(node)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        _refuse(place(line), f"the character {shown(chr(error.character))} is not allowed in YAML")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        words = ", ".join(part for part in (error.context, error.problem) if part)
        wrong = "" if isinstance(error, _Excess) else "is not valid YAML: "
        _refuse(place(mark.line + 1 if mark else 1), wrong + words)


def _refuse(place: Place, message: str) -> NoReturn:
    raise refusal([f"{place.label}: {message}"])


class _Reader:
    """One document's way from PyYAML's nodes to plain values."""

    def __init__(self, loader: _Loader, place: Callable[[int], Place]) -> None:
        self.loader = loader
        self.place = place
        self.places: Places = {}
        self.problems: list[str] = []
        self.unread: set[Path] = set()
        self.weight = 0
        self.depth = 0

    def document(self, node: yaml.Node) -> Reading:
        value = self.value(node, (), self.at(node))
        return Reading(value, self.places, self.problems, self.unread)

    def value(self, node: yaml.Node, path: Path, place: Place) -> Any:
        self.weight += 1
        self.depth += 1
        if self.depth > MAX_DEPTH + 1:
            _refuse(place, TOO_DEEP)
        self.places[path] = place
        before = len(self.problems)
        if isinstance(node, yaml.ScalarNode):
            value = self.scalar(node, place)
            if len(self.problems) > before:
                self.unread.add(path)
            elif node.style is None and not isinstance(value, str):
                self.places[path] = place._replace(raw=node.value)
        elif isinstance(node, yaml.MappingNode) and node.tag == f"{_CORE}map":
            value = self.mapping(node, path)
        elif isinstance(node, yaml.SequenceNode) and node.tag == f"{_CORE}seq":
            items = enumerate(node.value)
            value = [self.value(item, (*path, index), self.at(item)) for index, item in items]
        else:
            value = self.tagged(node.tag, place)
            self.unread.add(path)
        self.depth -= 1
        return value

    def at(self, node: yaml.Node) -> Place:
        return self.place(node.start_mark.line + 1)

    def scalar(self, node: yaml.ScalarNode, place: Place) -> Any:
        self.weight += len(node.value)
        if self.weight > MAX_WEIGHT:
            _refuse(place, "its aliases make it larger than 1 MiB")
        if node.tag not in _SCALARS:
            return self.tagged(node.tag, place)
        try:
            if node.style is None and not node.tag.endswith(":str") and len(node.value) > _LONGEST_NUMBER:
                raise ValueError  # before PyYAML computes for a minute
            value = self.loader.construct_object(node)
        except (ValueError, KeyError, OverflowError, yaml.YAMLError):  # an explicit tag that lies, or a huge number
            self.problems.append(f"{place.label}: {shown(node.value)} is no {node.tag.removeprefix(_CORE)}")
            return None
        if isinstance(value, str):
            value = _join_surrogates(value)
        problem = scalar_problem(value)
        if problem:
            self.problems.append(f"{place.label}: {problem}")
            return None
        return value

    def mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        result: dict[str, Any] = {}
        lines: dict[str, str] = {}
        merged: list[yaml.Node] = []
        for key_node, value_node in node.value:
            place = self.at(key_node)
            if key_node.tag == _MERGE:
                merged += value_node.value if isinstance(value_node, yaml.SequenceNode) else [value_node]
                continue
            key = self.key(key_node, place)
            if key is None:
                continue
            if key in lines:
                self.problems.append(f"{place.label}: the key {shown(key)} is given twice (first at {lines[key]})")
            lines[key] = place.label
            result[key] = self.value(value_node, (*path, key), place)
        for source in merged:
            self.merge(source, result, path)
        return result

    def merge(self, source: yaml.Node, result: dict[str, Any], path: Path) -> None:
        """The merge key ``<<``: what is given beside it wins, and among several sources the earlier one."""
        place = self.at(source)
        if not isinstance(source, yaml.MappingNode):
            self.problems.append(f"{place.label}: << takes a map, or a list of maps")
            return
        places, self.places = self.places, {}
        found = self.value(source, path, place)
        inherited, self.places = self.places, places
        for key in [key for key in found if key not in result] if isinstance(found, dict) else ():
            result[key] = found[key]
            own = (*path, key)
            self.places.update({at: said for at, said in inherited.items() if at[: len(own)] == own})

    def key(self, node: yaml.Node, place: Place) -> str | None:
        if not isinstance(node, yaml.ScalarNode):
            self.problems.append(f"{place.label}: a list or map cannot be a key")
            return None
        before = len(self.problems)
        value = self.scalar(node, place)
        if isinstance(value, str):
            return value
        if len(self.problems) == before:
            text = f'the key {node.value or "(empty)"} is no text to YAML; quote it: "{node.value}"'
            self.problems.append(f"{place.label}: {text}")
        return None

    def tagged(self, tag: str, place: Place) -> Any:
        self.problems.append(f"{place.label}: the tag {tag.replace(_CORE, '!!')} is not allowed; write a plain value")
        return None


def _join_surrogates(text: str) -> str:
    """Two \\u escapes of one character, as JSON writes them, become that character."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
