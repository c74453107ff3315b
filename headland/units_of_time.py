"""Lengths of time in milliseconds, the unit of every instant."""

from typing import Final

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS
WEEK_MS: Final = 7 * DAY_MS
#: The instants of 2000 to 2100, within which everything is that a person or a clock means [s].
_MEANT_S: Final = (946_684_800, 4_102_444_800)
#: How many of a unit there are in a second.
_PER_SECOND: Final = {"seconds": 1, "microseconds": 1_000_000, "nanoseconds": 1_000_000_000}
#: The numbers that are such an instant in each of these units, the last excluded.
FOREIGN_INSTANTS: Final = {unit: (_MEANT_S[0] * per, _MEANT_S[1] * per) for unit, per in _PER_SECOND.items()}


def read_foreign_instant(number: float) -> tuple[str, int] | None:
    """Return the unit in which a number is an instant of 2000 to 2100, and its epoch milliseconds; None if it has none.

    Seconds read as milliseconds are days of early 1970, of which nobody has a sample; micro- and nanoseconds are beyond
    the calendar. An instant in milliseconds is never one in another unit.
    """
    for unit, (first, end) in FOREIGN_INSTANTS.items():
        if first <= number < end:
            per_second = _PER_SECOND[unit]
            return unit, round(number * 1000) if per_second == 1 else int(number) * 1000 // per_second
    return None
