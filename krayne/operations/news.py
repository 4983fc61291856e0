"""What is news about a cluster."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from krayne.cluster import ClusterInfo

_SPAN = re.compile(r"\b(\d+[smhdy])+\b")  # a time as krayne.text.duration writes it


def said(info: ClusterInfo) -> ClusterInfo:
    """All that is said of a cluster but for how long something has lasted: that changes by itself, and is no news."""
    return replace(info, cause=_SPAN.sub("", info.cause)) if info.cause else info
