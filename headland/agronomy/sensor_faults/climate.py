"""Climates that look like sensor faults: vents that hunt, gas that is dosed in pulses, light that two sensors share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np

from headland.agronomy.sensor_faults.course import Course
from headland.agronomy.sensor_faults.fault import GAIN, LIGHT, NOISE, SPIKES, Fault, quantity_of
from headland.agronomy.series.arrays import Values
from headland.units_of_time import HOUR_MS

#: What moves the air within minutes, and how the names of quantities begin that it changes.
_VENT: Final = "vent_open_pct"
_OF_AIR: Final = ("air_", "relative_humidity_", "co2_", "leaf_")
#: Days before that are looked at, and those that are needed.
_DAYS_BEFORE, _LEAST_DAYS = 14, 5
#: Times the most scatter of a vent on the days before, and the least of it [%], by which it hunts.
_HUNT_RATIO, _LEAST_HUNT_PCT = 1.5, 2.0
#: The most that the neighbours of a lone value differ from theirs, as a share of its height: gas that is dosed comes
#: and goes over samples. Of spikes so many are lone, and this share.
_MOST_BESIDE, _LEAST_LONE, _LONE_SHARE = 0.5, 4, 0.5
#: The part of a gain that the ratio of two light sensors shows, and the share of the most light that is compared.
_GAIN_SHOWN, _BRIGHT = 0.4, 0.1


def without_climate(faults: Iterable[Fault], courses: Mapping[str, Course]) -> list[Fault]:
    """Return the faults that the climate does not explain; `courses` are those of all channels of the place."""
    vents = [course for name, course in courses.items() if quantity_of(name) == _VENT]
    return [one for one in faults if not _is_climate(one, courses, vents)]


def _is_climate(fault: Fault, courses: Mapping[str, Course], vents: list[Course]) -> bool:
    if fault.kind == NOISE and quantity_of(fault.channel).startswith(_OF_AIR):
        return any(_hunts(vent, fault.start_ms, fault.end_ms) for vent in vents)
    if fault.kind == SPIKES:
        return _is_of_pulses(fault, courses[fault.channel])
    if fault.kind == GAIN and fault.beside and quantity_of(fault.channel) in LIGHT:
        return not _is_in_ratio(fault, courses[fault.channel], courses[fault.beside])
    return False


def _hunts(vent: Course, start_ms: int, end_ms: int) -> bool:
    """Return whether a vent moves to and fro in the first day of a span as at these hours of no day before."""
    first, last = ((at_ms - vent.start_ms) // vent.block_ms for at_ms in (start_ms, end_ms))
    block = np.arange(first, min(last + 1, first + vent.a_day))
    days = np.arange(1, min(_DAYS_BEFORE, first // vent.a_day) + 1)
    if len(days) < _LEAST_DAYS or block[-1] >= len(vent.noise):
        return False
    now, past = vent.noise[block], vent.noise[block - days[:, None] * vent.a_day]
    past = past[np.isfinite(past).any(axis=1)]
    if not np.isfinite(now).any() or len(past) < _LEAST_DAYS:
        return False
    return bool(np.nanmean(now) >= max(_HUNT_RATIO * float(np.nanmean(past, axis=1).max()), _LEAST_HUNT_PCT))


def _is_of_pulses(fault: Fault, course: Course) -> bool:
    """Return whether most of the spikes are the highest values of pulses: their neighbours rise and fall with them."""
    value, n = course.value, len(course.value)
    at = fault.at[(fault.at >= 2) & (fault.at < n - 2)]
    height = np.minimum(np.abs(value[at] - value[at - 1]), np.abs(value[at] - value[at + 1]))
    beside = np.maximum(np.abs(value[at - 1] - value[at - 2]), np.abs(value[at + 1] - value[at + 2]))
    lone = int((beside <= _MOST_BESIDE * height).sum())
    return lone < max(_LEAST_LONE, _LONE_SHARE * len(at))


def _is_in_ratio(fault: Fault, course: Course, beside: Course) -> bool:
    """Return whether a gain is in the ratio of two light sensors: the light itself is in both."""
    first = min(course.time_ms[0], beside.time_ms[0]) // HOUR_MS
    hours = int(max(course.time_ms[-1], beside.time_ms[-1]) // HOUR_MS - first) + 1
    own, other = (_hourly(one, int(first), hours) for one in (course, beside))
    bright = _BRIGHT * min(np.nanmax(own), np.nanmax(other))
    ratio = np.where((own > bright) & (other > bright), np.log(np.maximum(own, 1e-9) / np.maximum(other, 1e-9)), np.nan)
    since = int(fault.start_ms // HOUR_MS - first)
    before, after = (part[np.isfinite(part)] for part in (ratio[:since], ratio[since:]))
    if len(before) == 0 or len(after) == 0:
        return True
    shown = float(np.median(after) - np.median(before)) * np.sign(fault.size)
    return bool(shown >= _GAIN_SHOWN * abs(float(np.log(max(1.0 + fault.size, 0.05)))))


def _hourly(course: Course, first: int, hours: int) -> Values:
    """Return the means of hours from `first` since 1970 on, NaN where unknown."""
    at = course.time_ms // HOUR_MS - first
    count = np.bincount(at, minlength=hours)
    return np.where(count > 0, np.bincount(at, course.value, hours) / np.maximum(count, 1), np.nan)
