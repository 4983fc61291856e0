"""Names, selectors and queries, fit to stand in an API path or an argument."""

from __future__ import annotations

import re
from collections.abc import Sequence

from krayne.errors import UsageError

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")


def pod_selector(names: Sequence[str] = (), *, heads: bool = False) -> str:
    """The label selector of Ray pods, or of heads alone: all, or those of the named clusters (KubeRay 1.4 to 1.7)."""
    kind = "ray.io/node-type=head" if heads else ""
    if not names:
        return kind or "ray.io/is-ray-node=yes"
    its = f"ray.io/cluster={names[0]}" if len(names) == 1 else f"ray.io/cluster in ({','.join(names)})"
    return f"{kind},{its}" if kind else its


def checked(name: str) -> str:
    """A name that may stand in an argument or an API path. Raises UsageError for any other."""
    if len(name) <= 253 and _NAME.fullmatch(name):
        return name
    raise UsageError(
        f"{name!r} is not a name that Kubernetes knows: "
        "lowercase letters, digits, '-' and '.', starting and ending with a letter or digit"
    )


def query(path: str, **parameters: str | None) -> str:
    """A path with those of the parameters that are given."""
    given = {key: value for key, value in parameters.items() if value is not None}
    if not given:
        return path
    from urllib.parse import urlencode

    return f"{path}?{urlencode(given)}"


def spoken(path: str) -> str:
    """How messages call what an API path lists: ``pods in namespace ml``."""
    before, _, plural = path.rpartition("/")
    _, scoped, namespace = before.rpartition("/namespaces/")
    return f"{plural} in namespace {namespace}" if scoped else f"{plural} in all namespaces"
