"""Faults of the sensors of a house or a station, each told once: the kind that leaves least to explain comes first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from headland.agronomy.sensor_faults.climate import without_climate
from headland.agronomy.sensor_faults.course import Course, course_of
from headland.agronomy.sensor_faults.fault import LEFT_OUT, SIZES, Fault, Samples, quantity_of
from headland.agronomy.sensor_faults.levels import find_level_changes, table_of
from headland.agronomy.sensor_faults.own_course import find_still, find_two_values, moves_of
from headland.agronomy.sensor_faults.scatter import find_noise, find_spikes
from headland.agronomy.series.arrays import Values
from headland.units_of_time import HOUR_MS

#: The chance from which on a fault is told: growers change the climate, which leaves lesser evidence.
_LEAST_CHANCE: Final = 0.82
#: Channels of actuators and of other quantities explain; only those with sizes are judged.
_STOOD: Final = 1e9


def find_faults(series: Mapping[str, Samples]) -> list[Fault]:
    """Return the faults in the samples of channels of one place, by channel; times ascend, values are finite.

    The samples reach over days before what is asked: from five on a channel's own course tells, from eight on its
    relation to the others; with fewer nothing is said.
    """
    courses = {c: course for c, (t, v) in series.items() if (course := course_of(t, v)) is not None}
    judged = {channel: course for channel, course in courses.items() if quantity_of(channel) in SIZES}
    if not judged:
        return []
    faults: list[Fault] = []
    moves = {channel: moves_of(channel, course) for channel, course in judged.items()}
    for channel, course in judged.items():
        own = find_two_values(channel, course)
        own += _apart(find_still(channel, course, _others_moved(channel, judged, moves)), own)
        others = [course for name, course in judged.items() if name != channel]
        own += _apart(without_climate(find_noise(channel, course, others), courses), own)
        own += _apart(without_climate(find_spikes(channel, course, others), courses), own)
        faults += own
    cleaned = {channel: _without(series[channel], channel, faults) for channel in series}
    cleaned = {channel: samples for channel, samples in cleaned.items() if len(samples[0])}
    lasting = {c: course for c in judged if c in cleaned and (course := course_of(*cleaned[c])) is not None}
    if lasting:
        faults += find_level_changes(table_of(cleaned), lasting, frozenset())
    faults = [fault for fault in faults if fault.chance >= _LEAST_CHANCE]
    return sorted(faults, key=lambda fault: (fault.channel, fault.start_ms))


def _others_moved(channel: str, courses: Mapping[str, Course], moves: Mapping[str, Values]) -> Values:
    """Return by block the largest move of another channel; that they all stand still is the weather, or the gateway."""
    course = courses[channel]
    most = np.full(len(course.mean), np.nan)
    for name, other in courses.items():
        if name == channel:
            continue
        at = (course.start_ms + course.block_ms * np.arange(1, len(most) + 1) - 1 - other.start_ms) // other.block_ms
        inside = (at >= 0) & (at < len(moves[name]))
        most = np.fmax(most, np.where(inside, moves[name][np.clip(at, 0, len(moves[name]) - 1)], np.nan))
    return np.where(np.isfinite(most), most, _STOOD if len(courses) == 1 else 0.0)


def _apart(found: list[Fault], known: list[Fault]) -> list[Fault]:
    """Return the faults that do not overlap known ones of the same channel, with an hour beside."""
    return [
        fault
        for fault in found
        if not any(
            fault.start_ms <= each.end_ms + HOUR_MS and each.start_ms - HOUR_MS <= fault.end_ms for each in known
        )
    ]


def _without(samples: Samples, channel: str, faults: list[Fault]) -> Samples:
    time_ms, value = samples
    keep = np.ones(len(value), np.bool_)
    for fault in faults:
        if fault.channel == channel and fault.kind in LEFT_OUT:
            keep[fault.at] = False
    return time_ms[keep], value[keep]
