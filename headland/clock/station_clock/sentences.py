"""Sentences about the station's clock: what is wrong with it, and the remedy."""

from __future__ import annotations

from typing import Final

from headland.clock import utc_text
from headland.clock.station_clock.record import ClockRecord, Doubt, DoubtCause
from headland.units_of_time import DAY_MS, HOUR_MS, MINUTE_MS

_REMEDY: Final = (
    "Until it is right again nothing is deleted, and no sample is judged by it. Set the clock, best by a time service; "
    "if it is right, run `headland store clock --accept`."
)


def describe(record: ClockRecord) -> str:
    """Return the state of the clock as a sentence, with the remedy while it is in doubt."""
    doubt = record.doubt
    if doubt is None:
        kept = "a time service keeps it" if record.is_synchronised else "no time service is known to keep it"
        return f"the clock shows {utc_text(record.wall_ms)} UTC; {kept}"
    return f"the clock shows {utc_text(record.wall_ms)} UTC and is in doubt: {_why(doubt, record)}. {_REMEDY}"


def _why(doubt: Doubt, record: ClockRecord) -> str:
    by_ms = 0 if doubt.by_ms is None else doubt.by_ms
    way = "ahead" if by_ms > 0 else "back" if doubt.cause is DoubtCause.JUMPED else "behind"
    span = span_of(abs(by_ms))
    if doubt.cause is DoubtCause.JUMPED:
        return f"it jumped {span} {way}, by the time since this machine began it should show {utc_text(record.best_ms)}"
    if doubt.cause is DoubtCause.BEHIND:
        return f"it is {span} behind what it showed, or what was stored, before"
    if doubt.cause is DoubtCause.AHEAD:
        return f"it is {span} after the newest stored sample, and nothing has confirmed it yet"
    who = (
        "a gateway with a clock of its own contradicts"
        if doubt.witnesses == 1
        else (f"{doubt.witnesses} gateways with clocks of their own agree with each other and contradict")
    )
    return f"{who} it, by them it is {span} {way}"


def span_of(span_ms: int) -> str:
    """Return a span of time in the largest unit that it has two of."""
    for unit_ms, name in ((DAY_MS, "days"), (HOUR_MS, "hours"), (MINUTE_MS, "minutes")):
        if span_ms >= 2 * unit_ms:
            return f"{round(span_ms / unit_ms):,} {name}"
    return f"{round(span_ms / 1000):,} seconds"
