"""Sentences about the coverage of flights, for `status` and the doctor."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from edge.sources.mavlink.card.flight import Flight
from headland.units_of_time import HOUR_MS

_RECENT_MS: Final = 24 * HOUR_MS
_MOST: Final = 5
#: Why something of a flight was not read from the vehicle's card.
REASONS: Final = {
    "off": "reading it from the vehicle's card is switched off (listen_only, or heal.enabled = false)",
    "no_answer": "the vehicle does not answer requests for its logs",
    "no_data": "the vehicle stopped sending its log",
    "no_logs": "there is no log on the vehicle's card",
    "endless_list": "the list of logs on the vehicle's card does not end",
    "no_times": "its log has no times",
    "not_logged": "the vehicle's log does not have it",
    "log_ends": "the vehicle's log ends before",
    "other_log": "no log on the vehicle's card is of this flight",
    "not_provable": "its log has neither UTC nor a position that would prove that it is of this flight",
    "too_large": "more would have to be read than heal.max_mb",
    "unknown_format": "the log on its card is of a format that is not read",
    "unreadable": "the log on its card cannot be read; the gateway's log says why",
    "disk": "the gateway's disk accepts nothing",
}


def flight_sentences(flights: Sequence[Flight], now_ms: int, *, left: bool) -> list[str]:
    """Return a sentence for each flight of the last day with a gap, the newest first.

    With `left` those of which something remains although nothing more is read, else the others.
    """
    recent = [flight for flight in flights if flight.gaps and now_ms - flight.until_ms < _RECENT_MS]
    recent = [flight for flight in recent if flight.is_left == left]
    return [_sentence(flight) for flight in reversed(recent[-_MOST:])]


def _sentence(flight: Flight) -> str:
    live_ms, healed_ms, left_ms = flight.coverage_ms()
    start = datetime.fromtimestamp(flight.start_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    parts = [f"{live_ms / 1000:.1f} s came by link", f"{healed_ms / 1000:.1f} s from the vehicle's card"]
    if left_ms:
        reasons = sorted({REASONS.get(gap.reason, gap.reason) for gap in flight.gaps if gap.reason})
        waiting = "it is read after landing" if flight.is_open else "; ".join(reasons) or "it is not read"
        parts.append(f"{left_ms / 1000:.1f} s remain: {waiting}")
    return f"flight of {flight.device} at {start} UTC: {', '.join(parts)}"
