"""A device's own time in a payload: parsed, and accepted only where it is plausible."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from headland.plain_numbers import read_decimal
from headland.units_of_time import DAY_MS

TimeFormat = Literal["iso8601", "unix_s", "unix_ms", "unix2000_s"]

#: A clock before 2000-01-01 was never set; a clock that is ahead by more than this is wrong.
CREDIBLE_FROM_MS: Final = 946_684_800_000
_AHEAD_MS: Final = 300_000
#: More than any clock counts, in any of the units.
_MOST_TIME: Final = 1e18


class TimeSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A `time` table: the field of the device's own time, and its format.

    `unix2000_s` are seconds since 2000-01-01 UTC, as MicroPython counts them on most boards.
    """

    key: str | Annotated[int, Meta(ge=0, le=1000)] = msgspec.field(name="from")
    format: TimeFormat = "iso8601"


def read_time_ms(value: object, kind: TimeFormat = "iso8601") -> int | None:
    """Return `value` as epoch ms; None where it has another format, or is a local time without its zone."""
    if kind == "iso8601":
        return _read_iso_ms(value) if isinstance(value, str) else None
    if isinstance(value, str):
        number = read_decimal(value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        number = float(value) if abs(value) < _MOST_TIME else None
    else:
        return None
    if number is None:
        return None
    scaled = number if kind == "unix_ms" else number * 1000
    if kind == "unix2000_s":
        scaled += CREDIBLE_FROM_MS
    return round(scaled) if math.isfinite(scaled) else None


def is_credible(time_ms: int | None, now_ms: int) -> bool:
    """Return whether a device's own time is plausible: set, and not over five minutes ahead of the gateway's."""
    return time_ms is not None and CREDIBLE_FROM_MS <= time_ms <= now_ms + _AHEAD_MS


def counts_from_2000(time_ms: int, now_ms: int) -> bool:
    """Return whether a time is 30 years behind within a day: a clock that counts from 2000, read as one from 1970."""
    return abs(time_ms + CREDIBLE_FROM_MS - now_ms) <= DAY_MS


def _read_iso_ms(text: str) -> int | None:
    if len(text) > 64:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return None if moment.utcoffset() is None else round(moment.timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
