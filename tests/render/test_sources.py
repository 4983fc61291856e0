"""krayne.render.sources: the same program, smaller."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from krayne.paths import TEMPLATES
from krayne.render.sources import bare

SOURCE = '''"""A module.

With # words.
"""

# A comment.
TEXT = """
# not a comment

end"""


class A:
    """A class."""

    def b(self):  # stays
        """A method."""
        return "#"  # stays too
'''
BARE = '''TEXT = """
# not a comment

end"""
class A:
    def b(self):  # stays
        return "#"  # stays too
'''


def test_what_people_read_goes() -> None:
    """Docstrings, comment lines and empty lines, but for those in texts."""
    assert bare(SOURCE) == BARE


@pytest.mark.parametrize("path", sorted((TEMPLATES / "services").glob("*.py")), ids=lambda path: path.name)
def test_the_head_s_programs_stay_the_same(path: Path) -> None:
    """What remains is the same code."""
    source = path.read_text()
    assert code(bare(source)) == code(source)


def code(source: str) -> str:
    """A program without docstrings, as its syntax tree."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node):
            del node.body[0]
    return ast.dump(tree)
