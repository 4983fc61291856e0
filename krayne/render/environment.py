"""The Jinja2 environment: sandboxed, strict, and quoting every value that a template prints."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path
from traceback import walk_tb
from typing import Any

from jinja2 import (
    FileSystemLoader,
    StrictUndefined,
    Template,
    TemplateNotFound,
    TemplateSyntaxError,
    Undefined,
    UndefinedError,
    pass_eval_context,
)
from jinja2.exceptions import SecurityError
from jinja2.nodes import EvalContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup  # Jinja2's own dependency

from krayne.errors import TemplateError
from krayne.paths import TEMPLATES
from krayne.render.scalars import flow
from krayne.render.sources import bare


def fill_in(path: Path, values: Mapping[str, Any]) -> str:
    """The text that the template at ``path`` makes of ``values``.

    A template sees ``values`` and krayne's own templates (to include or import, or as ``source(name)``) and nothing
    else: the sandbox keeps it from Python. TemplateError, with file and line, for all that can be wrong with it.
    """
    source = _read(path)
    try:
        return _template(source, path).render(values)
    except TemplateSyntaxError as error:
        raise TemplateError(f"{error.filename or path}:{error.lineno}: {error.message}") from error
    except TemplateNotFound as error:
        near = _near(str(error.name), _environment().list_templates(extensions=["j2"]))
        raise TemplateError(f"{_place(error, path)}: no template {error.name}{near}") from error
    except UndefinedError as error:
        raise TemplateError(f"{_place(error, path)}: {_undefined(error, values)}") from error
    except SecurityError as error:
        raise TemplateError(f"{_place(error, path)}: not allowed in a template: {error}") from error
    except Exception as error:  # a template may raise anything that Python can: 1/0, "a" + 1, endless recursion
        raise TemplateError(f"{_place(error, path)}: {type(error).__name__}: {error}") from error


@lru_cache(maxsize=8)
def _template(source: str, path: Path) -> Template:
    """Compiled once; unlike from_string(), its errors know the file."""
    environment = _environment()
    code = environment.compile(source, path.name, str(path))
    return environment.template_class.from_code(environment, code, environment.make_globals(None))


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    """Jinja's escaping turned to YAML's: ``finalize`` quotes each value before the (HTML) escaping would see it.

    Text that is quoted already, and what macros made of it, is Markup and stays as it is. So a template cannot
    forget to quote; it can only ask for raw text, by ``| safe``.
    """
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=True,
        finalize=_quoted,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(combine=_combine, e=_flow, escape=_flow, forceescape=_flow, tojson=_flow, yaml=_flow)
    environment.filters["json"] = json.dumps  # as text, which is quoted like any other
    environment.filters["literal"] = _literal
    environment.globals["source"] = _source
    for html in ("urlize", "xmlattr"):
        del environment.filters[html]
    return environment


@pass_eval_context  # otherwise Jinja finalizes a template's constants while compiling, after the HTML escaping
def _quoted(_context: EvalContext, value: object) -> Markup:
    return value if isinstance(value, Markup) else _flow(value)


def _flow(value: object) -> Markup:
    if isinstance(value, Undefined):
        str(value)  # raises
    return Markup(flow(value))  # noqa: S704 - what flow() made is quoted


def _combine(*maps: Mapping[str, Any]) -> dict[str, Any]:
    """One map of all, the later ones first in rank."""
    return {key: value for each in maps for key, value in each.items()}


def _literal(text: object) -> str:
    """The value of a variable by which the container gets ``text``: to the kubelet, ``$(NAME)`` is another variable's
    value and ``$$`` a ``$`` (Kubernetes' third_party/forked/golang/expansion).
    """
    return str(text).replace("$", "$$")


def _source(name: str) -> str:
    """The text of one of krayne's own files that run in the head, as a value; Python without its comments.

    TemplateNotFound for any other file.
    """
    text: str = FileSystemLoader(TEMPLATES).get_source(_environment(), name)[0]
    return bare(text) if name.endswith(".py") else text


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise TemplateError(f"{path}: not a text file: byte {error.start} is no UTF-8") from error
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
        raise TemplateError(f"{path}: cannot read the template: {getattr(error, 'strerror', None) or error}") from error


def _place(error: BaseException, path: Path) -> str:
    """File and line of the innermost template that ``error`` came through."""
    places = [
        f"{frame.f_code.co_filename}:{line}"
        for frame, line in walk_tb(error.__traceback__)
        if Path(frame.f_code.co_filename).parent == TEMPLATES or frame.f_code.co_filename == str(path)
    ]
    return places[-1] if places else str(path)


def _undefined(error: UndefinedError, values: Mapping[str, Any]) -> str:
    """Jinja's own sentence, in our words for a dict, and the nearest name that the template could have meant."""
    name = re.findall(r"'([^']*)'", str(error))[-1:]
    said = str(error).replace("'dict object' has no attribute", "no field")
    return f"{said}{_near(name[0], set(_names(values))) if name else ''}"


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield str(key)
            yield from _names(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _names(item)


def _near(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, sorted(known), n=1)
    return f" (did you mean {near[0]}?)" if near else ""
