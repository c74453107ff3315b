"""Changes of a channel's level: a step at a sample, a drift, a gain; by the days before, the others, or a twin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from headland.agronomy.sensor_faults.climate import is_shared
from headland.agronomy.sensor_faults.course import Course
from headland.agronomy.sensor_faults.fault import (
    DRIFT,
    GAIN,
    LIGHT,
    SIZES,
    STEP,
    SUDDEN,
    Fault,
    Samples,
    chance_of,
    quantity_of,
)  # fmt: skip
from headland.agronomy.sensor_faults.relation import Change, Explained, errors_at, explain, explaining, find_change
from headland.agronomy.series.arrays import Values
from headland.units_of_time import HOUR_MS, MINUTE_MS

#: Samples before and after a jump whose medians differ by it, and the longest pause at it.
_BESIDE, _PAUSE_MS = 6, 40 * MINUTE_MS
#: The share of a jump that is between two samples.
_IN_ONE_STEP: Final = 0.6
#: The largest jump is a step where the level of the day after differs by this many times the usual difference of two
#: days; the evidence is the product of that with its share of the other days' largest.
_DAY_SPREADS, _JUMP_EVIDENCE = 1.5, 3.0
#: The level of the day after changes by about the jump.
_LIKE_JUMP: Final = (0.4, 1.9)
#: Standard errors of a changed relation: to the other quantities, and to a sensor of the same quantity.
_ERRORS_STEP, _ERRORS_DRIFT, _ERRORS_TWIN = 10.0, 6.5, 8.0
#: Fewer are enough for a step of the relation at which two samples differ by about as much: a set point and the weather
#: change a level within hours. It is this share of the step, this share of the largest of the other days, and so near.
_ERRORS_AT_JUMP, _LIKE_STEP, _OF_LARGEST, _NEAR_H = 4.5, (0.5, 1.8), 0.8, 8
#: A screen or lamp that moves by this share of its range changes the climate.
_MOVED: Final = 0.3
#: Standard errors by which one of two twins must lead to be the one that changed.
_LEAD: Final = 1.3
_LEAST_GAIN: Final = 0.12
#: The share of its variance that the others must explain, so that a change of the relation tells of the sensor; with a
#: jump of the samples a smaller one.
_LEAST_EXPLAINED, _EXPLAINED_AT_JUMP = 0.55, 0.4
#: Of more channels that change at about a time the place has changed, or the table.
_MOST_FOUND: Final = 4
#: A front changes the wind within minutes, for days, and nothing else in a house or station follows it closely.
_NOT_TOLD: Final = "wind_speed_m_s"


@dataclass(frozen=True)
class Table:
    """Hourly means of all channels from `first_hour` since 1970 on, NaN where unknown."""

    first_hour: int
    columns: dict[str, Values]

    @property
    def length(self) -> int:
        """Hours."""
        return len(next(iter(self.columns.values())))


@dataclass(frozen=True, slots=True)
class _Suspicion:
    ratio: float
    channel: str
    change: Change
    beside: str


def table_of(series: Mapping[str, Samples]) -> Table:
    """Return the hourly means of some samples by channel."""
    first = min(int(time_ms[0]) for time_ms, _ in series.values()) // HOUR_MS
    n = max(int(time_ms[-1]) for time_ms, _ in series.values()) // HOUR_MS - first + 1
    columns = {}
    for channel, (time_ms, value) in series.items():
        at = (np.asarray(time_ms) // HOUR_MS - first).astype(np.int64)
        count = np.bincount(at, minlength=n)
        columns[channel] = np.where(count > 0, np.bincount(at, value, n) / np.maximum(count, 1), np.nan)
    return Table(first, columns)


def find_level_changes(table: Table, courses: Mapping[str, Course], settled: frozenset[str]) -> list[Fault]:
    """Return the channels whose level changed, the surest first; each explains the others no more, as `settled`."""
    found: list[Fault] = []
    suspects = settled
    while True:
        best = _surest(table, courses, suspects)
        if best is None:
            return found
        found.append(_fault_of(table, courses[best.channel], best))
        suspects = suspects | {best.channel}
        if len(found) >= _MOST_FOUND:
            return found


def _surest(table: Table, courses: Mapping[str, Course], suspects: frozenset[str]) -> _Suspicion | None:
    relations: dict[str, Explained | None] = {}
    suspicions = []
    for channel in courses:
        if channel in suspects or quantity_of(channel) == _NOT_TOLD:
            continue
        relation = explain(table.columns[channel], explaining(channel, table.columns, suspects), table.first_hour)
        relations[channel] = relation
        if (jump := _jump(channel, table, courses[channel], relation)) is not None:
            suspicions.append(jump)
        if relation is not None:
            suspicions += _changes_of(channel, table, courses[channel], relation)
    for left in courses:
        for right in courses:
            if left < right and quantity_of(left) == quantity_of(right) and not {left, right} & suspects:
                suspicions += _between(left, right, table, relations)
    suspicions = [one for one in suspicions if one.ratio >= 1.0 and not is_shared(one.channel, one.change, relations)]
    return max(suspicions, key=lambda one: one.ratio, default=None)


def _changes_of(channel: str, table: Table, course: Course, relation: Explained) -> Iterator[_Suspicion]:
    """Yield the changes of a channel's relation to the others: the likeliest, and a step at a jump of the samples."""
    found = [find_change(relation, (kind,), table.length) for kind in _kinds(channel)]
    changes = [change for change in found if change is not None and matters(channel, change, table.length)]
    likeliest = max((change for change in found if change is not None), key=lambda one: abs(one.errors), default=None)
    for change in changes:
        if change is likeliest and change.share >= _LEAST_EXPLAINED:
            least = _ERRORS_DRIFT if change.kind == DRIFT else _ERRORS_STEP
            yield _Suspicion(abs(change.errors) / least, channel, change, "")
        if change.kind == STEP and change.share >= _EXPLAINED_AT_JUMP and quantity_of(channel) not in LIGHT:
            hour = hour_of_jump(course, change, table.first_hour)
            if hour is not None and not _is_set(table, hour):
                yield _Suspicion(abs(change.errors) / _ERRORS_AT_JUMP, channel, replace(change, hour=hour), "")


def hour_of_jump(course: Course, change: Change, first_hour: int) -> int | None:
    """Return the hour of a table in which the samples jump by about a step of their relation; None without a jump."""
    hour = course.time_ms // HOUR_MS - first_hour
    jumps = jumps_of(course)
    along = np.where(np.abs(hour - change.hour) <= _NEAR_H, jumps * np.sign(change.size), 0.0)
    at = int(np.argmax(along))
    is_like = _LIKE_STEP[0] <= along[at] / abs(change.size) <= _LIKE_STEP[1]
    return int(hour[at]) if is_like and along[at] >= _OF_LARGEST * _largest_apart(course, jumps, at) else None


def _is_set(table: Table, hour: int) -> bool:
    """Return whether a screen or a lamp moves within an hour of another by a good part of its range."""
    for name, column in table.columns.items():
        known = column[np.isfinite(column)]
        about = column[max(hour - 1, 0) : hour + 2]
        about = about[np.isfinite(about)]
        if quantity_of(name) not in SUDDEN or len(known) == 0 or len(about) == 0:
            continue
        low, high = np.quantile(known, (0.05, 0.95)).tolist()
        if 0.0 < _MOVED * (high - low) <= about.max() - about.min():
            return True
    return False


def _largest_apart(course: Course, jumps: Values, at: int) -> float:
    """Return the largest jumps but for those within an hour of one; infinite where there are no others."""
    apart = np.abs(course.time_ms - course.time_ms[at]) > HOUR_MS
    return float(np.quantile(np.abs(jumps[apart]), 0.9995)) if apart.any() else np.inf


def _between(left: str, right: str, table: Table, relations: Mapping[str, Explained | None]) -> list[_Suspicion]:
    """Return the change between two sensors of one quantity, of the one whose relation to the others changed more."""
    if quantity_of(left) in LIGHT:
        # Two places have a share of each other's light, which a gain changes.
        relation = explain(table.columns[left], {right: table.columns[right]}, table.first_hour)
        kinds: tuple[str, ...] = (GAIN, STEP, DRIFT)
    else:
        light = {name: column for name, column in table.columns.items() if quantity_of(name) in LIGHT}
        relation = explain(table.columns[left] - table.columns[right], light, table.first_hour, least=0)
        kinds = (STEP, DRIFT)
    if relation is None:
        return []
    change = find_change(relation, kinds, table.length)
    if change is None or not matters(left, change, table.length):
        return []
    ratio = abs(change.errors) / _ERRORS_TWIN
    a, b = (0.0 if (each := relations.get(name)) is None else errors_at(each, change) for name in (left, right))
    # The left one rose, or the right one fell.
    a, b = np.sign(change.errors) * a, -np.sign(change.errors) * b
    mirrored = Change(change.kind, change.hour, -change.size, -change.errors)
    if a >= _LEAD * max(b, 1.0):
        return [_Suspicion(ratio, left, change, right)]
    if b >= _LEAD * max(a, 1.0):
        return [_Suspicion(ratio, right, mirrored, left)]
    return [_Suspicion(ratio, left, change, right)] if a >= b else [_Suspicion(ratio, right, mirrored, left)]


def _kinds(channel: str) -> tuple[str, ...]:
    return (GAIN, STEP, DRIFT) if quantity_of(channel) in LIGHT else (STEP, DRIFT)


def matters(channel: str, change: Change, length: int) -> bool:
    """Return whether a change is large enough to change an answer; `length` is that of the table [h]."""
    sizes = SIZES[quantity_of(channel)]
    if change.kind == GAIN:
        return abs(change.size) >= _LEAST_GAIN
    if change.kind == DRIFT:
        days = (length - change.hour) / 24.0
        return abs(change.size) >= sizes.drift_a_day and abs(change.size) * days >= 0.6 * sizes.step
    return abs(change.size) >= sizes.step


def jumps_of(course: Course) -> Values:
    """Return the height of the lasting jump at each sample, signed; 0 where the samples about it do not differ so."""
    time_ms, value = course.time_ms, course.value
    n = len(value)
    jumps = np.zeros(n)
    if n < 2 * _BESIDE + 1:
        return jumps
    middle = np.median(np.lib.stride_tricks.sliding_window_view(value, _BESIDE), axis=1)
    at = np.arange(_BESIDE, n - _BESIDE)
    change, step = middle[at] - middle[at - _BESIDE], value[at] - value[at - 1]
    near = time_ms[at] - time_ms[at - 1] <= _PAUSE_MS
    # Air that is heated or vented goes on after its first sample: of a sensor's jump nearly all is between two.
    alone = near & (change * step > 0.0) & (np.abs(step) >= _IN_ONE_STEP * np.abs(change))
    jumps[at] = np.where(alone, np.sign(step) * np.minimum(np.abs(change), np.abs(step)), 0.0)
    return jumps


def _jump(channel: str, table: Table, course: Course, relation: Explained | None) -> _Suspicion | None:
    """Return the jump after which the level of a day remains another."""
    # A cloud and a front change light and the air outdoors within minutes, for days.
    if quantity_of(channel) in LIGHT or quantity_of(channel).startswith("outside_"):
        return None
    jumps = np.abs(signed := jumps_of(course))
    at = int(np.argmax(jumps))
    height = float(jumps[at])
    if height < 0.6 * SIZES[quantity_of(channel)].step:
        return None
    usual = _largest_apart(course, jumps, at)
    rest = np.full(table.length, np.nan)
    if relation is None:
        rest = table.columns[channel]
    else:
        rest[relation.hours] = relation.rest
    hour = int(-(-course.time_ms[at] // HOUR_MS)) - table.first_hour
    days = _by_day(rest)
    if hour < 96 or hour + 24 > table.length or _is_set(table, hour - 1):
        return None
    moved = days[hour]
    past = days[24 : hour - 24]
    past = np.abs(past[np.isfinite(past)])
    if len(past) < 48 or not np.isfinite(moved):
        return None
    spread = 1.4826 * float(np.median(past))
    share, spreads = height / max(usual, 1e-9), abs(moved) / max(spread, 1e-9)
    is_like = _LIKE_JUMP[0] <= moved / signed[at] <= _LIKE_JUMP[1]
    if not is_like or spreads < _DAY_SPREADS:
        return None
    change = Change(STEP, hour - 1, float(signed[at]), spreads)
    return _Suspicion(min(share, 3.0) * min(spreads, 10.0) / _JUMP_EVIDENCE, channel, change, "")


def _by_day(rest: Values) -> Values:
    """Return for each hour the mean of the 24 h from it on less that of the 24 h before it, NaN where unknown."""
    known = np.isfinite(rest)
    total = np.concatenate(([0.0], np.cumsum(np.where(known, rest, 0.0))))
    count = np.concatenate(([0], np.cumsum(known)))
    n = len(rest)
    found = np.full(n, np.nan)
    at = np.arange(24, n - 23)
    after, before = count[at + 24] - count[at], count[at] - count[at - 24]
    enough = (after >= 18) & (before >= 18)
    mean = (total[at + 24] - total[at]) / np.maximum(after, 1) - (total[at] - total[at - 24]) / np.maximum(before, 1)
    found[at] = np.where(enough, mean, np.nan)
    return found


def _fault_of(table: Table, course: Course, one: _Suspicion) -> Fault:
    start_ms = (table.first_hour + one.change.hour) * HOUR_MS
    at = np.flatnonzero(course.time_ms >= start_ms)
    return Fault(
        one.channel, one.change.kind, start_ms, int(course.time_ms[-1]), at, one.change.size, chance_of(one.ratio),
        one.beside,
    )  # fmt: skip
