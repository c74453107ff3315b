"""Time of a table's row: a text in local time becomes an instant, or a reason why it cannot."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Final

from edge.imports.table.map import EPOCH_MS, EPOCH_S, EXCEL_DAYS, ISO
from headland.contract.codec import MAX_TIME_MS
from headland.plain_numbers import read_decimal
from headland.units_of_time import DAY_MS, read_foreign_instant

#: Day 0 of spreadsheets (their 1900 had a 29th of February, so from March 1900 on it is the 30th of December).
_EXCEL_DAY_0: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - local time, whose zone the caller names
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)
_DAY: Final = timedelta(days=1)
_MIDNIGHT: Final = re.compile(r"(?<![0-9:])24:00(?::00(?:\.0+)?)?(?![0-9:])")


class NoTime(StrEnum):
    """Reason why a row has no time."""

    BAD = "bad_time"
    SKIPPED = "time_that_the_clocks_skipped"
    TWICE = "time_that_the_clocks_showed_twice"
    UNIT = "time_in_another_unit"


def read_time(text: str, time_format: str, zone: tzinfo, previous_ms: int | None) -> int | NoTime:
    """Return the instant [epoch ms] of `text`.

    A time in the hour that the clocks show twice is resolved by the row before: it is the earliest instant after that
    row. Without such a row, or where neither instant is after it, there is none.
    """
    try:
        if time_format in (EPOCH_S, EPOCH_MS):
            number = read_decimal(text)
            if number is None:
                return NoTime.BAD
            time_ms = round(number * (1000 if time_format == EPOCH_S else 1))
            return NoTime.UNIT if read_foreign_instant(time_ms) else _in_range(time_ms)
        local = _parse(text, time_format)
    except (ValueError, OverflowError):
        return NoTime.BAD
    if local.tzinfo is not None:
        return _in_range((local - _EPOCH) // _MS)
    first = (local.replace(tzinfo=zone, fold=0) - _EPOCH) // _MS
    second = (local.replace(tzinfo=zone, fold=1) - _EPOCH) // _MS
    if first == second:
        return _in_range(first)
    if first > second:
        return NoTime.SKIPPED
    for instant_ms in (first, second):
        if previous_ms is not None and instant_ms > previous_ms:
            return _in_range(instant_ms)
    return NoTime.TWICE


def _parse(text: str, time_format: str) -> datetime:
    """Return a local time; 24:00 of a day is 0:00 of the next, as loggers write the end of a day."""
    midnight = _MIDNIGHT.search(text)
    if midnight is not None:
        return _parse(f"{text[: midnight.start()]}00{text[midnight.start() + 2 :]}", time_format) + _DAY
    if time_format == ISO:
        return datetime.fromisoformat(text)
    if time_format == EXCEL_DAYS:
        days = read_decimal(text)
        if days is None:
            raise ValueError(text)
        # A day is 86,400 s of a clock; rounded, because 1/86,400 is no binary fraction.
        return _EXCEL_DAY_0 + timedelta(milliseconds=round(days * DAY_MS))
    return datetime.strptime(text, time_format)  # noqa: DTZ007 - local time, whose zone the caller names


def _in_range(time_ms: int) -> int | NoTime:
    return time_ms if 0 <= time_ms <= MAX_TIME_MS else NoTime.BAD
