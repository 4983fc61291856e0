"""Types of ClusterConfig's fields for editors and type checkers, written from the schema into model.pyi."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from krayne.config import schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_HEAD = '''"""Types of ClusterConfig and of what its fields hold. Written by `make docs`."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

from typing_extensions import Required

class _Section:
    def as_dict(self) -> dict[str, Any]:
        """The fields that have a value, as a fresh plain dict."""

'''
_TAIL = '''
    @classmethod
    def _of_valid(cls, given: dict[str, Any]) -> ClusterConfig: ...
    @property
    def given(self) -> dict[str, Any]:
        """Only what the user said, without defaults; a fresh plain dict."""
'''
_REPLACE = "A configuration with these fields instead, each as a whole; None takes a field back to its default."
_SCALARS = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}


def stub() -> str:
    """The text of model.pyi."""
    sections = list(dict.fromkeys(_titled(schema.root())))
    root, *nested = sections
    blocks = [_section(_node(title)) for title in nested] + [_given(_node(title)) for title in nested]
    return _HEAD + "\n".join([*blocks, _section(_node(root)) + _TAIL + _calls(_node(root))])


def _titled(node: schema.Schema) -> Iterator[str]:
    """The titles of all sections, outermost first."""
    if "title" in node:
        yield node["title"]
    for field in schema.fields(node).values():
        yield from _titled(field)
    for key in ("items", "additionalProperties"):
        if isinstance(node.get(key), dict):
            yield from _titled(schema.resolve(node[key]))


def _node(title: str) -> schema.Schema:
    candidates = [schema.root(), *schema.root()["$defs"].values(), *(node for _, node in schema.walk())]
    return next(node for node in candidates if node.get("title") == title)


def _section(node: schema.Schema) -> str:
    lines = [f"class {node['title']}(_Section):", _docstring(node["description"], 4)]
    for name, field in schema.fields(node).items():
        always = "default" in field or name in node.get("required", ())
        kind = _frozen(field) + ("" if always else " | None")
        lines += ["    @property", f"    def {name}(self) -> {kind}:", _docstring(field["description"], 8)]
    return "\n".join(lines) + "\n"


def _given(node: schema.Schema) -> str:
    """The same section as a user gives it: a dict."""
    lines = [f"class {node['title']}Fields(TypedDict, total=False):", _docstring(node["description"], 4), ""]
    for name, field in schema.fields(node).items():
        kind = _plain(field)
        lines.append(f"    {name}: {f'Required[{kind}]' if name in node.get('required', ()) else f'{kind} | None'}")
    return "\n".join(lines) + "\n"


def _calls(node: schema.Schema) -> str:
    """``__init__`` and ``replace``, with every field as a keyword."""
    required = node["required"]
    fields = {name: _plain(field) for name, field in schema.fields(node).items()}
    creating = [f"{name}: {kind}" for name, kind in fields.items() if name in required]
    optional = [f"{name}: {kind} | None = None" for name, kind in fields.items() if name not in required]
    replacing = [f"{name}: {kind} | None = ..." for name, kind in fields.items()]
    return (
        _call("__init__", creating + optional, "None", "Raises ConfigValidationError with every problem.")
        + _call("replace", replacing, "ClusterConfig", _REPLACE)
        + "    def __hash__(self) -> int: ...\n"
    )


def _call(name: str, parameters: list[str], result: str, description: str) -> str:
    listed = "".join(f"        {parameter},\n" for parameter in ["self", "*", *parameters])
    return f"    def {name}(\n{listed}    ) -> {result}:\n{_docstring(description, 8)}\n"


def _frozen(node: schema.Schema) -> str:
    """The type that an attribute has."""
    return _type(node, lambda title: title, "tuple[{}, ...]")


def _plain(node: schema.Schema) -> str:
    """The type that a user may give."""
    return _type(node, lambda title: f"{title}Fields | {title} | Mapping[str, Any]", "Sequence[{}]")


def _type(node: schema.Schema, titled: Callable[[str], str], listed: str) -> str:
    if "enum" in node:
        return f"Literal[{', '.join(repr(value) for value in node['enum'])}]".replace("'", '"')
    kinds = [_one_type(node, kind, titled, listed) for kind in schema.types(node)]
    return " | ".join(kinds)


def _one_type(node: schema.Schema, kind: str, titled: Callable[[str], str], listed: str) -> str:
    if kind in _SCALARS:
        return _SCALARS[kind]
    if kind == "array":
        return listed.format(_type(schema.resolve(node["items"]), titled, listed))
    if "title" in node:
        return titled(node["title"])
    values = node.get("additionalProperties")
    return f"Mapping[str, {_type(schema.resolve(values), titled, listed) if isinstance(values, dict) else 'Any'}]"


def _docstring(text: str, indent: int) -> str:
    space = " " * indent
    if indent + len(text) + 6 <= 120:
        return f'{space}"""{text}"""'
    wrapped = textwrap.wrap(text, 112 - indent)
    return "\n".join([f'{space}"""{wrapped[0]}', *(space + line for line in wrapped[1:]), f'{space}"""'])
