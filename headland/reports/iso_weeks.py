"""ISO 8601 weeks in local days."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from headland.analysis.inputs.errors import AnalysisError
from headland.analysis.inputs.window import Window

_WEEK: Final = re.compile(r"([0-9]{4})-W([0-9]{2})")
#: Years of plausible sample clocks.
_FIRST_YEAR, _LAST_YEAR = 2000, 2999


@dataclass(frozen=True, slots=True)
class Week:
    """An ISO 8601 week of local days; its window ends with the week or now."""

    name: str
    window: Window
    end_ms: int


def find_week(named: str | None, zone: ZoneInfo, now_ms: int) -> Week:
    """Return a week by its name (2026-W12), or the present one.

    Raises AnalysisError for an invalid name and for a week that has not begun.
    """
    if named is None:
        year, number, _ = datetime.fromtimestamp(now_ms / 1000.0, zone).isocalendar()
    else:
        match = _WEEK.fullmatch(named)
        if match is None:
            raise AnalysisError(
                "no-week", "No such week", f"{named!r} is not an ISO 8601 week: write it like 2026-W12."
            )
        year, number = int(match[1]), int(match[2])
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise AnalysisError("no-week", "No such week", f"{named} is not within {_FIRST_YEAR} to {_LAST_YEAR}.")
    try:
        monday = date.fromisocalendar(year, number, 1)
    except ValueError as error:
        raise AnalysisError("no-week", "No such week", f"{named} is no week: {error}.") from error
    start_ms, end_ms = (midnight_ms(monday + timedelta(days=days), zone) for days in (0, 7))
    if start_ms >= now_ms:
        raise AnalysisError("week-not-begun", "The week has not begun", f"{named} begins on {monday}.")
    return Week(f"{year}-W{number:02d}", Window(start_ms, min(end_ms, now_ms)), end_ms)


def midnight_ms(day: date, zone: ZoneInfo) -> int:
    """Return the start of a local day."""
    return round(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp() * 1000)
