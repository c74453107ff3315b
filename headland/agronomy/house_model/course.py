"""Course of a house over some hours under two settings, or without and with a plan: model, controller, weather. Pure.

Both begin alike: the model runs in on the days before with the settings as they are, because walls, soil and floor
remember them. The weather between the middles of hours is interpolated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from headland.agronomy.house_model.climate_model import relative_humidity_pct, start_actuators, start_climate, step
from headland.agronomy.house_model.compartment import Compartment, Structure, structure_of
from headland.agronomy.house_model.controller import control, move
from headland.agronomy.house_model.moist_air import Numbers, saturation_pa, vapour_kg_m3
from headland.agronomy.house_model.moves import Move, moved
from headland.agronomy.house_model.outside import Outside
from headland.agronomy.house_model.state import Actuators
from headland.agronomy.house_model.sun_on_wall import south_w_m2
from headland.units_of_time import HOUR_MS

#: Step of the hours that are told: against one of a minute the lowest temperature differs by less than a tenth of a
#: kelvin. The days that the model runs in on take the longest step that it is stable at: walls and soil hardly differ.
STEP_MS: Final = 100_000
RUN_IN_STEP_MS: Final = 300_000
_POINT_MS: Final = 300_000
#: Long-wave loss of a half clouded sky: nobody measures it.
_SKY_LOSS_W_M2: Final = 30.0


@dataclass(frozen=True, slots=True)
class OutdoorHours:
    """Means of whole hours from `start_ms` on, without gaps."""

    start_ms: int
    temperature_degc: Numbers
    humidity_pct: Numbers
    radiation_w_m2: Numbers
    wind_m_s: Numbers


@dataclass(frozen=True, slots=True)
class HousePlace:
    """Where a house stands, and how far its local clock is ahead of UTC."""

    latitude_deg: float
    longitude_deg: float
    clock_ahead_h: float


@dataclass(frozen=True, slots=True)
class HouseCourse:
    """Points of a course: their times; air, relative humidity and leaves, shape (points, 2): as is and changed."""

    time_ms: Numbers
    air_degc: Numbers
    humidity_pct: Numbers
    leaf_degc: Numbers


def run_courses(
    as_is: Compartment[float],
    changed: Compartment[float],
    weather: OutdoorHours,
    place: HousePlace,
    start_ms: int,
) -> HouseCourse:
    """Return the courses of a house as it is and as changed from `start_ms` to the end of the weather.

    The weather begins before `start_ms` by what the model runs in, in whole hours.
    """
    before, after = structure_of([as_is, as_is]), structure_of([as_is, changed])
    return _run((before, after), weather, place, start_ms, STEP_MS, {})


def run_plans(
    houses: Sequence[Compartment[float]],
    plans: Sequence[Sequence[Move]],
    weather: OutdoorHours,
    place: HousePlace,
    start_ms: int,
) -> list[HouseCourse]:
    """Return the course of each house without and with its plan from `start_ms` to the end of the weather.

    All run side by side. Steps are those of the run-in: the difference of two runs hardly depends on them.
    """
    count = len(houses)
    both = structure_of([*houses, *houses])
    moves = {count + at: plan for at, plan in enumerate(plans) if plan}
    course = _run((both, both), weather, place, start_ms, RUN_IN_STEP_MS, moves)
    columns = course.air_degc, course.humidity_pct, course.leaf_degc
    return [HouseCourse(course.time_ms, *(column[:, [at, count + at]] for column in columns)) for at in range(count)]


def _run(
    structures: tuple[Structure, Structure],
    weather: OutdoorHours,
    place: HousePlace,
    start_ms: int,
    step_ms: int,
    moves: Mapping[int, Sequence[Move]],
) -> HouseCourse:
    """Return the courses of structures, that before `start_ms` and that after, with the moves by hand after it."""
    end_ms = weather.start_ms + len(weather.temperature_degc) * HOUR_MS
    moments = [*range(weather.start_ms, start_ms, RUN_IN_STEP_MS), *range(start_ms, end_ms, step_ms)]
    degc, pct, sun, wind = _interpolated(weather, np.array(moments, np.float64))
    ground = float(weather.temperature_degc.mean())
    climate = actuators = None
    points: list[tuple[int, Numbers, Numbers, Numbers]] = []
    for at, time_ms in enumerate(moments):
        is_after = time_ms >= start_ms
        structure, step_s = structures[is_after], (step_ms if is_after else RUN_IN_STEP_MS) / 1000
        outside = _outside(structure, place, time_ms, (degc[at], pct[at], sun[at], wind[at]), ground)
        if climate is None or actuators is None:
            climate, actuators = start_climate(structure, outside), start_actuators(structure)
        clock_h = (time_ms / HOUR_MS + place.clock_ahead_h) % 24
        target = control(structure, climate, actuators, outside, clock_h)
        if is_after:
            target = _there(structure, moved(target, moves, time_ms))
        actuators = move(actuators, target, step_s)
        climate, _ = step(structure, climate, actuators, outside, step_s)
        if is_after and (time_ms - start_ms) % _POINT_MS == 0:
            points.append((time_ms, climate.air_degc, relative_humidity_pct(climate), climate.leaf_degc))
    told, air, humidity, leaf = zip(*points, strict=True)
    return HouseCourse(np.array(told, float), np.stack(air), np.stack(humidity), np.stack(leaf))


def _there(structure: Structure, target: Actuators) -> Actuators:
    """Return targets without screens and quilts that a house does not have: one that is closed keeps air from vents."""
    return replace(
        target, screen=target.screen * (structure.screen_saving > 0), quilt=target.quilt * (structure.quilt_m2k_w > 0)
    )


def _interpolated(weather: OutdoorHours, times: Numbers) -> tuple[list[float], ...]:
    middles = weather.start_ms + HOUR_MS * (np.arange(len(weather.temperature_degc)) + 0.5)
    columns = weather.temperature_degc, weather.humidity_pct, weather.radiation_w_m2, weather.wind_m_s
    return tuple(np.interp(times, middles, column).tolist() for column in columns)


def _outside(
    structure: Structure, place: HousePlace, time_ms: int, values: tuple[float, float, float, float], ground: float
) -> Outside:
    degc, pct, sun, wind = values
    pct = min(100.0, max(1.0, pct))
    vapour = vapour_kg_m3(saturation_pa(degc) * pct / 100, degc)
    outside = Outside(degc, pct, vapour, max(0.0, sun), max(0.0, wind), sky_loss_w_m2=_SKY_LOSS_W_M2, soil_degc=ground)
    if not structure.north_wall_ratio.any():
        return outside
    light = south_w_m2(time_ms, place.latitude_deg, place.longitude_deg, outside.radiation_w_m2)
    return replace(outside, south_w_m2=light)
