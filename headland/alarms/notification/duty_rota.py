"""Duty rota: who is on duty at an instant, who is called next, and when that changes. Pure.

A weekly pattern is in the time of the site's clocks: it is compared with what a clock there shows at the instant, so
the hour that a clock leaves out or shows twice has no gap and no second shift.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

import msgspec

from headland.registry.models.alarms import Alarm
from headland.registry.models.duty import DutyException, DutyRota, DutyShift
from headland.units_of_time import DAY_MS

_DAY_MINUTES: Final = 24 * 60
#: As far ahead as the next change is looked for: any weekly pattern changes within it, or never.
_AHEAD_DAYS: Final = 9
#: Exceptions that ended before this are dropped at a hand-over; the audit log has them.
_KEEP_EXCEPTIONS_MS: Final = 30 * DAY_MS


@dataclass(frozen=True, slots=True)
class Duty:
    """A rota at an instant: all of its people, and the order in which they are called.

    The first `on_duty` of `order` are called at once, and one more after each `next_after_s` without acknowledgement.
    """

    name: str
    people: frozenset[str]
    order: tuple[str, ...]
    on_duty: int
    next_after_s: float | None

    def called(self, alarm: Alarm, reachable: Collection[str], now_ms: int) -> tuple[str, ...]:
        """Return who is called for an alarm by now; who cannot be reached is passed over."""
        order = tuple(name for name in self.order if name in reachable)
        first = sum(name in reachable for name in self.order[: self.on_duty])
        count = max(1, first)
        if self.next_after_s is not None and alarm.acknowledged_ms is None:
            count += int(max(0, now_ms - alarm.noted_ms) / (self.next_after_s * 1000))
        return order[:count]


def duty_at(rota: DutyRota, zone: tzinfo, now_ms: int) -> Duty:
    """Return a rota at an instant; where nobody is on duty, all of its people are called at once."""
    people = people_of(rota)
    now = on_duty(rota, zone, now_ms)
    if not now:
        return Duty(rota.name, frozenset(people), people, len(people), None)
    order = tuple(dict.fromkeys((*now, *rota.order, *people)))
    return Duty(rota.name, frozenset(people), order, len(now), rota.next_after_s)


def on_duty(rota: DutyRota, zone: tzinfo, now_ms: int) -> tuple[str, ...]:
    """Return who is on duty at an instant: by the exception that began last, else by the weekly pattern."""
    exceptions = [each for each in rota.exceptions if each.start_ms <= now_ms < each.end_ms]
    if exceptions:
        return max(exceptions, key=lambda each: each.start_ms).people
    local = datetime.fromtimestamp(now_ms / 1000, zone)
    minute = local.hour * 60 + local.minute
    found = [name for shift in rota.weekly if _covers(shift, local.isoweekday(), minute) for name in shift.people]
    return tuple(dict.fromkeys(found))


def people_of(rota: DutyRota) -> tuple[str, ...]:
    """Return all people of a rota: those of its order first."""
    shifts = [name for shift in rota.weekly for name in shift.people]
    exceptions = [name for each in rota.exceptions for name in each.people]
    return tuple(dict.fromkeys((*rota.order, *shifts, *exceptions)))


def next_change_ms(rota: DutyRota, zone: tzinfo, now_ms: int) -> int | None:
    """Return when somebody else is on duty; None where nobody else is within nine days."""
    now = on_duty(rota, zone, now_ms)
    moments = sorted({moment for moment in _moments(rota, zone, now_ms) if moment > now_ms})
    return next((moment for moment in moments if on_duty(rota, zone, moment) != now), None)


def hand_over(rota: DutyRota, zone: tzinfo, to: str, until_ms: int | None, now_ms: int) -> DutyRota:
    """Return a rota in which `to` is on duty from now on until an instant, by default the next change."""
    end_ms = until_ms or next_change_ms(rota, zone, now_ms) or now_ms + DAY_MS
    kept = [each for each in rota.exceptions if each.end_ms > now_ms - _KEEP_EXCEPTIONS_MS and each.start_ms != now_ms]
    exception = DutyException(start_ms=now_ms, end_ms=end_ms, people=(to,))
    return msgspec.structs.replace(rota, exceptions=(*kept, exception))


def _covers(shift: DutyShift, weekday: int, minute: int) -> bool:
    start, end = _minute(shift.start), _minute(shift.end)
    if start < end:
        return weekday in shift.days and start <= minute < end
    # Through midnight, or a whole day: a shift belongs to the day on which it begins.
    yesterday = (weekday + 5) % 7 + 1
    return (weekday in shift.days and minute >= start) or (yesterday in shift.days and minute < end)


def _moments(rota: DutyRota, zone: tzinfo, now_ms: int) -> Iterator[int]:
    """Yield the instants at which somebody else may be on duty."""
    for exception in rota.exceptions:
        yield exception.start_ms
        yield exception.end_ms
    today = datetime.fromtimestamp(now_ms / 1000, zone).date()
    clocks = {text for shift in rota.weekly for text in (shift.start, shift.end)} | {"00:00"}
    for number in range(-1, _AHEAD_DAYS):
        day = today + timedelta(days=number)
        for text in clocks:
            yield from _instants(day, _minute(text), zone)
        # Where clocks are set, a shift may begin at an instant that no clock shows.
        yield from _clock_changes(day, zone)


def _instants(day: date, minute: int, zone: tzinfo) -> Iterator[int]:
    """Yield the instants at which clocks show a time of a day: two where it is shown twice."""
    for fold in (0, 1):
        local = datetime.combine(day, time(minute // 60, minute % 60), zone).replace(fold=fold)
        yield round(local.astimezone(UTC).timestamp() * 1000)


def _clock_changes(day: date, zone: tzinfo) -> Iterator[int]:
    """Yield the instant of a day at which clocks are set, to the minute."""
    start = datetime.combine(day, time(), zone).astimezone(UTC)
    first, last = start.astimezone(zone).utcoffset(), (start + timedelta(days=1)).astimezone(zone).utcoffset()
    if first == last:
        return
    low, high = 0, _DAY_MINUTES
    while high - low > 1:
        middle = (low + high) // 2
        if (start + timedelta(minutes=middle)).astimezone(zone).utcoffset() == first:
            low = middle
        else:
            high = middle
    yield round((start + timedelta(minutes=high)).timestamp() * 1000)


def _minute(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)
