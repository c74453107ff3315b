"""Misfit of light: how badly channels fit to the sun of a place and to one another, as declared or after a change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.climate.light import SUN_UMOL_J
from headland.agronomy.plausibility.explanation import PLACE_CAUSES, Explanation, beyond
from headland.agronomy.plausibility.light_units import FROM_W, OUTSIDE_PAR, PAR, RADIATION
from headland.agronomy.plausibility.sun_course import (
    LightCourse,
    SunPlace,
    Thinned,
    dark_share,
    level_of,
    longer_h,
    observe_course,
    sky_of,
    unlit_share,
    without_offset,
)
from headland.agronomy.series.arrays import Mask, Values

#: The most light as a share of a clear sky's: outdoors, and behind a cover.
_MOST_OUTSIDE, _MOST_INSIDE = 1.3, 1.1
#: The least of the brightest days by their number, with its scale: a day may be dark, a week is not.
_LEAST_LEVEL: Final = ((5, 0.35, 0.2), (2, 0.06, 0.3), (1, 0.02, 0.3), (0, 0.01, 0.3))
#: The least light inside as a share of that outside, as a logarithm.
_DIMMEST: Final = float(np.log(0.08))
#: The most that what is usual adds to a misfit: it names nothing alone.
_TELLING: Final = 2.5
#: The fewest samples that are compared, and the share of the brightest from which on.
_FEW, _BRIGHT = 12, 0.4


@dataclass(frozen=True, slots=True)
class Seen:
    """Channel of light as it was observed at the declared place; `course` is None where lamps hide it."""

    channel: str
    light: Thinned
    course: LightCourse | None
    indoors: bool
    lamps: float


@dataclass(frozen=True, slots=True)
class LightChange:
    """Change that is weighed: of the place, the clock or the factors of channels."""

    explanation: Explanation
    channels: tuple[str, ...]
    place: SunPlace | None
    shift_h: float = 0.0
    factors: tuple[tuple[str, float], ...] = ()
    offsets: tuple[tuple[str, float], ...] = ()
    swapped: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class _Told:
    """Channel of light as it would be after a change; its number is divided by `factor`."""

    light: Thinned
    course: LightCourse | None
    factor: float
    indoors: bool
    lamps: float


def misfit_of(seen: list[Seen], change: LightChange, known: dict[tuple[object, ...], float]) -> float:
    """Return how badly some channels fit to the sun and to one another after a change.

    `known` keeps what a channel has to do with the sun: most changes leave most channels as they are.
    """
    role = {each.channel: each.channel for each in seen}
    if change.swapped is not None:
        first, second = change.swapped
        role |= {first: second, second: first}
    factors, offsets = dict(change.factors), dict(change.offsets)
    is_house = any(each.indoors for each in seen)
    total = 0.0
    told: dict[str, _Told] = {}
    for each in seen:
        name = role[each.channel]
        offset = offsets.get(each.channel, 0.0)
        light = without_offset(each.light, offset) if offset else each.light
        indoors = name == PAR and is_house
        if change.place is None:
            course = None
        elif indoors != each.indoors or offset:
            course = observe_course(light, change.place)
        else:
            course = each.course
        told[name] = _Told(light, course, factors.get(each.channel, 1.0), indoors, each.lamps if indoors else 0.0)
        if change.place is not None:
            is_moved = change.explanation.cause in PLACE_CAUSES
            key = (each.channel, name, told[name].factor, offset, change.place, change.shift_h, is_moved)
            if key not in known:
                known[key] = _misfit_to_sun(told[name], name, change, change.place)
            total += known[key]
    return total + _misfit_of_pairs(told)


def _misfit_to_sun(told: _Told, name: str, change: LightChange, place: SunPlace) -> float:
    light, course = told.light, told.course
    sine, sky = sky_of(light, place, 0.0 if change.explanation.cause in PLACE_CAUSES else change.shift_h)
    total = 0.0
    slow_h = light.interval_ms / 3_600_000.0 if light.interval_ms > 1_500_000 else 0.0
    if course is not None:
        off = (course.noon_h - change.shift_h + 12.0) % 24.0 - 12.0
        free, scale = (1.0, 0.35) if told.indoors else (slow_h / 2.0, 0.07 + 0.2 / course.days**0.5 + slow_h / 6.0)
        total += min(beyond(off, -free, free, scale), 40.0)
    if not told.indoors:
        if course is not None:
            shortest = -1.2 - 1.0 / course.days**0.5
            total += min(beyond(longer_h(course, light, sky), shortest - slow_h, 1.2 + slow_h, 0.35), 40.0)
        total += min(beyond(dark_share(light, sine), 0.0, 0.04, 0.05), 20.0)
        total += min(beyond(unlit_share(light, sine), 0.0, 0.15, 0.1), 20.0)
    return total + _misfit_of_level(told, sine, sky * FROM_W[name])


def _misfit_of_level(told: _Told, sine: Values, sky: Values) -> float:
    level, days = level_of(told.light, sine, sky, told.lamps * told.factor)
    if not np.isfinite(level):
        return 0.0
    log = float(np.log(max(level / told.factor, 1e-6)))
    total = min(beyond(log, -np.inf, float(np.log(_MOST_INSIDE if told.indoors else _MOST_OUTSIDE)), 0.05), 60.0)
    if told.indoors:
        return total
    least, scale = next(each[1:] for each in _LEAST_LEVEL if days >= each[0])
    total += min(beyond(log, float(np.log(least)), np.inf, scale), 40.0)
    # The brightest of several days are nearly clear: that alone names nothing, but tells units apart.
    return total + min(beyond(log, -0.1, 0.1, 0.25 if days >= 3 else 0.7), _TELLING)


def _misfit_of_pairs(told: Mapping[str, _Told]) -> float:
    """Return how badly photons fit to joules outdoors, and light inside to that outside."""
    total = 0.0
    for name, other in ((OUTSIDE_PAR, RADIATION), (PAR, RADIATION), (PAR, OUTSIDE_PAR)):
        if name not in told or other not in told:
            continue
        own, beside = told[name], told[other]
        values, references = _together(own.light, beside.light, beside.light.value > _BRIGHT * beside.light.top)
        if len(values) < _FEW:
            continue
        values = values / own.factor
        references = references / beside.factor * (1.0 if other == OUTSIDE_PAR else SUN_UMOL_J)
        if not own.indoors:
            log = float(np.log(max(float(np.median(values / references)), 1e-6)))
            total += min(beyond(log, -0.3, 0.3, 0.1), 40.0)
            continue
        total += min(beyond(float(np.median((values - own.lamps) / references)), -np.inf, 1.02, 0.07), 40.0)
        log = float(np.log(max(float(np.median(values / references)), 1e-6)))
        total += min(beyond(log, _DIMMEST, np.inf, 0.2), 40.0) + min(beyond(log, -1.0, -0.3, 0.6), _TELLING)
    return total


def _together(light: Thinned, reference: Thinned, use: Mask) -> tuple[Values, Values]:
    """Return the values of two series at the instants of some samples of the second, where the first has any."""
    _, at, to = np.intersect1d(light.quarters, reference.quarters[use], return_indices=True)
    return light.value[at], reference.value[use][to]
