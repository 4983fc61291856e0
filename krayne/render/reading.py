"""Rendered text back to values: what the template wrote, seen with Kubernetes' eyes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from krayne.errors import TemplateError

_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml is many times faster, where it was built in
_TIMESTAMP = "tag:yaml.org,2002:timestamp"


class _Loader(_BASE):  # type: ignore[misc]  # the base is chosen at run time
    """YAML as Kubernetes reads it: a date is text, and no key comes twice."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own way to say it
        first: [(tag, pattern) for tag, pattern in resolvers if tag != _TIMESTAMP]
        for first, resolvers in _BASE.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> Any:
        seen: set[str] = set()
        for key, _ in node.value:
            name = str(key.value)
            if name in seen:
                raise yaml.constructor.ConstructorError(problem=f"the key {name} twice", problem_mark=key.start_mark)
            seen.add(name)
        return super().construct_mapping(node, deep)


def one_mapping(text: str, path: Path) -> dict[str, Any]:
    """The one map of JSON values that ``text`` holds. TemplateError names ``path``, which it was rendered from."""
    try:
        value = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader
        value = json.loads(json.dumps(value, allow_nan=False))  # refuses what JSON lacks; ends aliases
    except yaml.MarkedYAMLError as error:
        raise TemplateError(f"{path}: does not give YAML: {_problem(error, text)}") from error
    except (yaml.YAMLError, TypeError, ValueError, RecursionError) as error:
        raise TemplateError(f"{path}: does not give a manifest: {error}") from error
    if not isinstance(value, dict):
        found = "nothing" if value is None else f"a {type(value).__name__}"
        raise TemplateError(f"{path}: does not give a manifest but {found}")
    return value


def _problem(error: yaml.MarkedYAMLError, text: str) -> str:
    """What is wrong, with the rendered line, which is not the template's."""
    mark = error.problem_mark or error.context_mark
    said = ", ".join(part for part in (error.context, error.problem) if part)
    if mark is None:
        return said
    lines = text.splitlines()
    shown = lines[mark.line].strip() if mark.line < len(lines) else "(its end)"
    return f"{said}, in line {mark.line + 1} of its result: {shown[:200]}"
