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


def short(seconds: int) -> str:
    """A span of time, as `kubectl get` prints it."""
    if seconds < -1:
        return "<invalid>"
    if seconds < 2 * _MINUTE:
        return f"{max(seconds, 0)}s"
    if seconds < 10 * _MINUTE:
        return _pair(seconds, _MINUTE, "m", 1, "s")
    if seconds < 3 * _HOUR:
        return f"{seconds // _MINUTE}m"
    if seconds < 8 * _HOUR:
        return _pair(seconds, _HOUR, "h", _MINUTE, "m")
    if seconds < 2 * _DAY:
        return f"{seconds // _HOUR}h"
    if seconds < 8 * _DAY:
        return _pair(seconds, _DAY, "d", _HOUR, "h")
    if seconds < 2 * _YEAR:
        return f"{seconds // _DAY}d"
    if seconds < 8 * _YEAR:
        return _pair(seconds, _YEAR, "y", _DAY, "d")
    return f"{seconds // _YEAR}y"


def _pair(seconds: int, unit: int, name: str, lesser: int, lesser_name: str) -> str:
    rest = seconds % unit // lesser
    return f"{seconds // unit}{name}" + (f"{rest}{lesser_name}" if rest else "")
