"""A user's own template: what it may do, what it may not, and what it is told when it is wrong."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from krayne.config import ClusterConfig
from krayne.errors import TemplateError
from krayne.render import render

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "apiVersion: ray.io/v1\nkind: RayCluster\nmetadata: {name: {{ name }}}\n"
CONFIG = ClusterConfig(name="x", env={"A": "a: b\n- c"}, worker_groups=[{"name": "one"}, {"name": "two"}])


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """Where the user's template is."""
    return tmp_path / "mine.yaml.j2"


def made(mine: Path, text: str) -> dict[str, Any]:
    """The manifest that this template makes."""
    mine.write_text(text, encoding="utf-8")
    return render(CONFIG, mine)


def refused(mine: Path, text: str | bytes) -> str:
    """What is said against this template, without its folder."""
    mine.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(TemplateError) as caught:
        render(CONFIG, mine)
    return str(caught.value).replace(f"{mine.parent}{os.sep}", "")


@pytest.mark.parametrize(
    ("printed", "value"),
    [
        ("{{ env.A }}", "a: b\n- c"),
        ("{{ 'a: b' }}", "a: b"),
        ("{{ '<a & b>' }}", "<a & b>"),
        ("{{ env.A ~ ' }' }}", "a: b\n- c }"),
        ("{{ env }}", {"A": "a: b\n- c"}),
        ("{{ env.A | tojson }}", "a: b\n- c"),
        ("{{ env.A | e }}", "a: b\n- c"),
        ("{{ env.A | forceescape }}", "a: b\n- c"),
        ("{{ env.A | upper }}", "A: B\n- C"),
        ("{{ worker_groups | map(attribute='name') }}", ["one", "two"]),
        ("{{ worker_groups | map(attribute='name') | join(',') }}", "one,two"),
        ("[{% for group in worker_groups %}{{ group.name }},{% endfor %}]", ["one", "two"]),
        ("{{ autoscaler.enabled }}", True),
        ("{{ image }}", None),
        ("{{ 1.5 }}", 1.5),
        ("{{ '\U0001f600\x85\x7f' }}", "\U0001f600\x85\x7f"),
        ("{% set text %}{{ env.A }}{% endset %}{{ text }}", "a: b\n- c"),
        ("{% macro m(a) %}{{ a }}{% endmacro %}{{ m(env.A) }}", "a: b\n- c"),
        ("{% autoescape false %}{{ env.A }}{% endautoescape %}", "a: b\n- c"),
        ("{{ '2 lines: [1]' | safe }}", "2 lines: [1]"),
        ("2026-11-23", "2026-11-23"),
    ],
)
def test_each_printed_value_is_one_value(mine: Path, printed: str, value: object) -> None:
    """Without the template's help: text, maps, lists, filters' and macros' results."""
    quoted = '"' + "{{ '2 lines: [1]' | safe }}" + '"' if "safe" in printed else printed
    assert made(mine, f"{HEAD}spec: [{quoted}]\n")["spec"] == [value]


def test_may_use_kraynes_own_templates(mine: Path) -> None:
    """Its macros, or the whole of it."""
    text = '{% from "_pod.yaml.j2" import pod_template with context %}' + HEAD
    manifest = made(mine, text + 'spec:\n  {{ pod_template("ray-head", head) | indent(2) }}')
    assert manifest["spec"]["spec"]["containers"][0]["name"] == "ray-head"
    whole = made(mine, '{% include "raycluster.yaml.j2" %}  added: {{ env.A }}\n')
    assert {**render(CONFIG)["spec"], "added": "a: b\n- c"} == whole["spec"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\n{{ head.memroy }}", "mine.yaml.j2:2: no field 'memroy' (did you mean memory?)"),
        ("{{ worker_group }}", "mine.yaml.j2:1: 'worker_group' is undefined (did you mean worker_groups?)"),
        ("{{ xyzzy }}", "mine.yaml.j2:1: 'xyzzy' is undefined"),
        ("\n\n{% if %}", "mine.yaml.j2:3: Expected an expression, got 'end of statement block'"),
        ("{% for x in env %}\n", "mine.yaml.j2:1: Unexpected end of template. Jinja was looking for"),
        ("{{ name | nosuch }}", "mine.yaml.j2:1: No filter named 'nosuch'."),
        ("\n{% include '_pods.j2' %}", "mine.yaml.j2:2: no template _pods.j2 (did you mean _pod.yaml.j2?)"),
        ("\n{% include '../pyproject.toml' %}", "mine.yaml.j2:2: no template ../pyproject.toml"),
        ("\n{% for i in range(10 ** 9) %}{% endfor %}", "mine.yaml.j2:2: OverflowError: Range too big."),
        ("\n{{ 1 / 0 }}", "mine.yaml.j2:2: ZeroDivisionError: division by zero"),
        ("{{ 'a' + 1 }}", "mine.yaml.j2:1: TypeError: "),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "mine.yaml.j2:1: RecursionError: "),
        ("{{ '\\ud800' }}", "mine.yaml.j2:1: ValueError: U+D800 is half of a surrogate pair, not a character"),
        ("{{ {1: 2} }}", "mine.yaml.j2:1: TypeError: 1 is a map's key but not text"),
        ("{{ range }}", "mine.yaml.j2:1: TypeError: a function has no form in a manifest"),
        ("a: [b", "mine.yaml.j2: does not give YAML: "),
        ("a: b\n- c", "in line 2 of its result: - c"),
        ("a: 1\nb: {c: 1}\na: 2", "mine.yaml.j2: does not give YAML: the key a twice, in line 3 of its result: a: 2"),
        ("a: *b", "mine.yaml.j2: does not give YAML: found undefined alias"),
        ("a: \x1b", "mine.yaml.j2: does not give "),
        ("a: .nan", "mine.yaml.j2: does not give a manifest: Out of range float values are not JSON compliant"),
        ("a: !!set {b}", "mine.yaml.j2: does not give a manifest: Object of type set is not JSON serializable"),
        ("a: &a [*a]", "mine.yaml.j2: does not give a manifest: Circular reference detected"),
        ("a: !!python/object:os.system {}", "mine.yaml.j2: does not give YAML: could not determine a constructor"),
        ("", "mine.yaml.j2: does not give a manifest but nothing"),
        ("- a", "mine.yaml.j2: does not give a manifest but a list"),
        (f"{HEAD}---\n{HEAD}", "mine.yaml.j2: does not give YAML: expected a single document"),
        ("kind: Pod", "asked for: apiVersion: is None, must be 'ray.io/v1'; kind: is 'Pod', must be 'RayCluster'; "),
        (HEAD.replace("{{ name }}", "y"), "asked for: metadata.name: is 'y', must be 'x'"),
        (
            HEAD.replace("{name:", "{namespace: b, name:"),
            "metadata.namespace: is 'b', the configuration's namespace is none",
        ),
        (b"\xff\xfe", "mine.yaml.j2: not a text file: byte 0 is no UTF-8"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(mine: Path, text: str | bytes, message: str) -> None:
    """File, line, what is wrong, and the nearest known name."""
    assert message in refused(mine, text)


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("''.__class__.__mro__", "access to attribute '__class__'"),
        ("env.__class__", "access to attribute '__class__'"),
        ("env|attr('__class__')", "access to attribute '__class__'"),
        ("name['__class__']", "access to attribute '__class__'"),
        ("self.__init__.__globals__", "access to attribute '__init__'"),
        ("cycler.__init__.__globals__.os", "access to attribute '__init__'"),
        ("range.__class__", "access to attribute '__class__'"),
        ("lipsum.__globals__", "access to attribute '__globals__'"),
        ("'{0.__class__}'.format(env)", "access to attribute '__class__'"),
        ("'{0.__class__}' | format(env)", "not all arguments converted"),
        ("('{0.__class__}' | attr('format'))(env)", "access to attribute '__class__'"),
        ("['{0.__class__}'.format] | map('call', env) | list", "No filter named 'call'"),
        ("env.update(A=1)", "access to attribute 'update'"),
        ("env.clear()", "access to attribute 'clear'"),
        ("worker_groups.append(1)", "access to attribute 'append'"),
        ("env | map('attr', '__class__') | list", "access to attribute '__class__'"),
        ("_TemplateReference__context", "'_TemplateReference__context' is undefined"),
    ],
)
def test_a_hostile_template_reaches_nothing(mine: Path, expression: str, words: str) -> None:
    """Neither Python's internals nor a value that it could change; it is told what it may not, or what is not there."""
    before = render(CONFIG)
    said = refused(mine, f"{{{{ {expression} }}}}")
    assert said.startswith("mine.yaml.j2:1: ")
    assert words in said
    assert ("not allowed in a template" in said) == ("access" in words)
    assert render(CONFIG) == before


def test_a_template_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    """Missing, a folder, a name that no file can have."""
    for path, why in {"none.j2": "No such file or directory", ".": "Is a directory", "a\0b": "null byte"}.items():
        with pytest.raises(TemplateError, match=f"cannot read the template: .*{why}"):
            render(CONFIG, tmp_path / path)
