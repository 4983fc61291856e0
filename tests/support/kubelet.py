"""What the kubelet makes of a variable's value, by Kubernetes' third_party/forked/golang/expansion (1.33)."""

from __future__ import annotations

import re
from collections.abc import Mapping

_PART = re.compile(r"\$(?:(\$)|\(([^)]*)\))", re.DOTALL)


def expanded(value: str, variables: Mapping[str, str]) -> str:
    """The text that the container sees: ``$$`` is ``$``, ``$(NAME)`` a known variable's value; all else stays."""
    return _PART.sub(lambda found: found[1] or variables.get(found[2], found[0]), value)
