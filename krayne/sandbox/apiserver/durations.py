"""Ages as kubectl shows them."""

from __future__ import annotations

from datetime import datetime, timezone

from krayne.text import duration


def since(time: str | None, now: datetime | None = None) -> str:
    """How long ago an RFC 3339 time was."""
    if not time:
        return "<unknown>"
    then = parse(time)
    return duration(((now or datetime.now(timezone.utc)) - then).total_seconds())


def parse(time: str) -> datetime:
    """An RFC 3339 time in UTC, with or without parts of a second."""
    whole = time.partition(".")[0].rstrip("Z")
    return datetime.strptime(whole, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)
