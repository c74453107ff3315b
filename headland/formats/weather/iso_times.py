"""Times of providers: ISO 8601 as they write it, to epoch milliseconds."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Final

_TIME: Final = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})[T ](?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})"
    r"(?::(?P<second>[0-9]{2})(?:\.[0-9]{1,9})?)?"
    r"(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?"
)


def read_time_ms(text: object, offset_s: float | None = None) -> int | None:
    """Return the instant of a text; None where it is none.

    `offset_s` is that of local times without one; where it is None, a text must have its own.
    """
    match = _TIME.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None
    zone = match["zone"]
    if zone is not None:
        offset_s = _offset_s(zone)
    if offset_s is None or abs(offset_s) > 18 * 3600:
        return None
    try:
        naive = datetime.fromisoformat(f"{match['date']}T{match['hour']}:{match['minute']}:{match['second'] or '00'}")
        instant = naive.replace(tzinfo=timezone(timedelta(seconds=offset_s)))
        return round(instant.timestamp()) * 1000
    except (ValueError, OverflowError):
        return None


def offset_of(text: object) -> float | None:
    """Return the offset that a time states [s]; None where it states none."""
    match = _TIME.fullmatch(text) if isinstance(text, str) else None
    return None if match is None or match["zone"] is None else _offset_s(match["zone"])


def _offset_s(zone: str) -> float:
    if zone == "Z":
        return 0.0
    hours, minutes = int(zone[1:3]), int(zone[-2:])
    return (-1 if zone[0] == "-" else 1) * (hours * 3600 + minutes * 60)
