"""Windows of time in a caller's words: "7d", "24h", a timedelta, or from one instant to another."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

from headland.client.reading import Instant

#: How much of the past: "30min", "24h", "7d", "2w", or a timedelta.
Span = str | timedelta
_SPAN: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(min|h|d|w)")
_UNIT_MS: Final = {"min": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}


def span_ms(last: Span) -> int:
    """Return the length of a span [ms]; raises ValueError with the forms that there are."""
    if isinstance(last, timedelta):
        length = round(last.total_seconds() * 1000)
    else:
        found = _SPAN.fullmatch(last.strip())
        if found is None:
            raise ValueError(f'{last!r} is no span of time: write "30min", "24h", "7d" or "2w", or give a timedelta.')
        length = round(float(found[1]) * _UNIT_MS[found[2]])
    if length <= 0:
        raise ValueError(f"{last!r} is no span of the past: give one above 0.")
    return length


def instant_ms(instant: Instant) -> int:
    """Return an instant as epoch milliseconds; raises ValueError for one without a time zone."""
    if isinstance(instant, int):
        return instant
    read = datetime.fromisoformat(instant) if isinstance(instant, str) else instant
    if read.tzinfo is None:
        raise ValueError(f"{instant!r} has no time zone: add one, as in 2026-11-24T08:00:00+08:00.")
    return round(read.timestamp() * 1000)
