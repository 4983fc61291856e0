"""Ages as kubectl shows them: two units at most, the second only while it tells something."""

from __future__ import annotations

from datetime import datetime, timezone

_MINUTE, _HOUR, _DAY, _YEAR = 60, 3600, 86400, 365 * 86400


def since(time: str | None, now: datetime | None = None) -> str:
    """How long ago an RFC 3339 time was."""
    if not time:
        return "<unknown>"
    then = parse(time)
    return short(int(((now or datetime.now(timezone.utc)) - then).total_seconds()))


def parse(time: str) -> datetime:
    """An RFC 3339 time in UTC, with or without parts of a second."""
    whole = time.partition(".")[0].rstrip("Z")
    return datetime.strptime(whole, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)


# Up to how many seconds, which unit (and which lesser one beside it) an age is told in.
_FORMS = (
    (2 * _MINUTE, 1, "s", 0, ""),
    (10 * _MINUTE, _MINUTE, "m", 1, "s"),
    (3 * _HOUR, _MINUTE, "m", 0, ""),
    (8 * _HOUR, _HOUR, "h", _MINUTE, "m"),
    (2 * _DAY, _HOUR, "h", 0, ""),
    (8 * _DAY, _DAY, "d", _HOUR, "h"),
    (2 * _YEAR, _DAY, "d", 0, ""),
    (8 * _YEAR, _YEAR, "y", _DAY, "d"),
)


def short(seconds: int) -> str:
    """A span of time, as `kubectl get` prints it."""
    if seconds < -1:
        return "<invalid>"
    seconds = max(seconds, 0)
    for bound, unit, name, lesser, lesser_name in _FORMS:
        if seconds < bound:
            rest = seconds % unit // lesser if lesser else 0
            return f"{seconds // unit}{name}" + (f"{rest}{lesser_name}" if rest else "")
    return f"{seconds // _YEAR}y"
