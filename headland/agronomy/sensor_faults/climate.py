"""Climates that look like sensor faults: vents that hunt, gas that is dosed, clouds, changes that two sensors share.

Every judgement that something found in a sensor's course is the climate's, for its cause, is made here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np

from headland.agronomy.sensor_faults.course import Course
from headland.agronomy.sensor_faults.fault import LIGHT, NOISE, SPIKES, Fault, quantity_of
from headland.agronomy.sensor_faults.relation import Change, Explained, errors_at
from headland.agronomy.series.arrays import Counts

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
#: The share of the means of the days before above which CO2 is dosed as it was not.
_CO2, _DOSED = "co2_ppm", 0.9
#: Edges of clouds are lone values of light, and puffs of a dosing lone high values of CO2: so much less sure are those.
_OF_CLOUDS: Final = 1.4
#: A second sensor shows the same change by this share of the first one's standard errors, and by so many: it is the
#: climate's.
_SAME_BESIDE, _LEAST_BESIDE = 0.5, 4.0


def without_climate(faults: Iterable[Fault], courses: Mapping[str, Course]) -> list[Fault]:
    """Return the faults that the climate does not explain; `courses` are those of all channels of the place."""
    vents = [course for name, course in courses.items() if quantity_of(name) == _VENT]
    return [one for one in faults if not _is_climate(one, courses, vents)]


def doubt_of_spikes(channel: str, course: Course, at: Counts) -> float:
    """Return by how much less sure lone values at some samples are, 1 and more: as clouds and puffs of gas are."""
    quantity = quantity_of(channel)
    are_puffs = quantity == _CO2 and bool(np.mean(course.value[at] > course.value[at - 1]) > 0.5)
    return _OF_CLOUDS if quantity in LIGHT or are_puffs else 1.0


def is_shared(channel: str, change: Change, relations: Mapping[str, Explained | None]) -> bool:
    """Return whether another sensor of the quantity shows the very change: new lamps, another crop, no fault."""
    own = relations.get(channel)
    if own is None:
        return False
    errors = errors_at(own, change)
    least = max(_SAME_BESIDE * abs(errors), _LEAST_BESIDE)
    return any(
        errors_at(each, change) * np.sign(errors) >= least
        for name, each in relations.items()
        if name != channel and quantity_of(name) == quantity_of(channel) and each is not None
    )


def _is_climate(fault: Fault, courses: Mapping[str, Course], vents: list[Course]) -> bool:
    quantity, course = quantity_of(fault.channel), courses[fault.channel]
    if fault.kind == NOISE and quantity.startswith(_OF_AIR):
        is_dosed = quantity == _CO2 and _is_dosed(fault, course)
        return is_dosed or any(_hunts(vent, fault.start_ms, fault.end_ms) for vent in vents)
    return fault.kind == SPIKES and _is_of_pulses(fault, course)


def _is_dosed(fault: Fault, course: Course) -> bool:
    """Return whether CO2 is at a level of few of the blocks before: a dosing that begins mixes slowly with the air."""
    first, last = ((at_ms - course.start_ms) // course.block_ms for at_ms in (fault.start_ms, fault.end_ms))
    before, now = (part[np.isfinite(part)] for part in (course.mean[:first], course.mean[first : last + 1]))
    return len(before) > 0 and len(now) > 0 and float(np.median(now)) > float(np.quantile(before, _DOSED))


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
