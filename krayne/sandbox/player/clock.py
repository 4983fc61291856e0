"""Times as the API writes them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone


def now() -> datetime:
    """The present, in UTC."""
    return datetime.now(timezone.utc)


def rfc3339(moment: datetime | None = None) -> str:
    """A moment (the present by default) to the second, as in `lastTransitionTime`."""
    return (moment or now()).strftime("%Y-%m-%dT%H:%M:%SZ")


def micro_time(moment: datetime | None = None) -> str:
    """A moment (the present by default) to the microsecond, as in `eventTime`."""
    return (moment or now()).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse(text: str) -> datetime:
    """Read a time of either form."""
    form = "%Y-%m-%dT%H:%M:%S.%fZ" if "." in text else "%Y-%m-%dT%H:%M:%SZ"
    return datetime.strptime(text, form).replace(tzinfo=timezone.utc)


def later(text: str, seconds: float) -> datetime:
    """The moment some seconds after a written time."""
    return parse(text) + timedelta(seconds=seconds)
