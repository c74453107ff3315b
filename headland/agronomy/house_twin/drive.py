"""Drive of the house model by what was measured: weather, vents, screens, pipe, lamps and carbon dioxide. Pure.

Values come by channel at regular times; NaN is not measured. A position counts as what was reported: of lamps the light
that a sensor saw, where there is one, because the computer's own column may be a command.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from headland.agronomy.house_model.climate_model import relative_humidity_pct, start_climate, step
from headland.agronomy.house_model.compartment import Structure
from headland.agronomy.house_model.moist_air import Numbers, saturation_pa, vapour_kg_m3
from headland.agronomy.house_model.outside import Outside
from headland.agronomy.house_model.state import Actuators, Climate, Fluxes, KnownInside
from headland.errors import SettingsError

STEP_MS: Final = 300_000
_STEP_S: Final = STEP_MS / 1000
TEMPERATURE: Final = "air_temperature_degc"
HUMIDITY: Final = "relative_humidity_pct"
CO2: Final = "co2_ppm"
_OUTSIDE_DEGC: Final = "outside_temperature_degc"
_OUTSIDE_PCT: Final = "outside_humidity_pct"
_SUN: Final = "global_radiation_w_m2"
_WIND: Final = "wind_speed_m_s"
_LONG_WAVE: Final = "longwave_balance_w_m2"
_PAR: Final = "par_umol_m2_s"
_LAMPS: Final = "lamp_power_pct"
_VENT: Final = "vent_open_pct"
_SCREEN: Final = "screen_closed_pct"
_PIPE: Final = "pipe_temperature_degc"
_WEATHER: Final = (_OUTSIDE_DEGC, _OUTSIDE_PCT, _SUN, _WIND)
#: Gap that a line may bridge: of what is to be explained, and of weather and positions.
_TARGET_GAP_MS: Final = 1_800_000
_GAP_MS: Final = 6 * 3_600_000
_MOST_MISSING: Final = 0.1
#: Loss to the sky where no pyrgeometer tells it: half clouded.
_SKY_LOSS_W_M2: Final = 30.0
#: Temperature at which the heat of several pipes is added.
_AMONG_PIPES_DEGC: Final = 20.0
_DARK_W_M2, _DAY_W_M2, _LAMP_SEEN_UMOL = 3.0, 80.0, 10.0


@dataclass(frozen=True, slots=True)
class Measured:
    """Values of a house and the weather around it by channel, `STEP_MS` apart from `start_ms`."""

    start_ms: int
    channels: Mapping[str, Numbers]

    @property
    def steps(self) -> int:
        """Number of times."""
        return len(next(iter(self.channels.values())))


@dataclass(frozen=True, slots=True)
class Drive:
    """What moves the model at each step, and what was measured inside.

    `lacks` is what was not measured, as `Parameter.needs`.
    """

    outside: Sequence[Outside]
    actuators: Sequence[Actuators]
    given: Sequence[KnownInside]
    air_degc: Numbers
    humidity_pct: Numbers
    lacks: frozenset[str]


@dataclass(frozen=True, slots=True)
class DrivenCourse:
    """Temperature and humidity inside at each step, a column for each structure; `last` is the state at the end."""

    air_degc: Numbers
    humidity_pct: Numbers
    last: Climate


def sampled(columns: Mapping[str, tuple[Numbers, Numbers]], start_ms: int, end_ms: int) -> Measured:
    """Return columns (times [epoch ms] ascending, values) at regular times of [start_ms, end_ms).

    A value between two samples is on the line between them, unless they are too far apart: then it is NaN.
    """
    times = np.arange(start_ms, end_ms, STEP_MS, dtype=np.float64)
    inside = (TEMPERATURE, HUMIDITY)
    return Measured(
        start_ms,
        {
            channel: _bridged(times, *column, _TARGET_GAP_MS if channel in inside else _GAP_MS)
            for channel, column in columns.items()
        },
    )


def _bridged(times: Numbers, known_at: Numbers, values: Numbers, gap_ms: float) -> Numbers:
    known = np.isfinite(values)
    at, values = known_at[known], values[known]
    if len(at) < 2:
        return np.full(len(times), np.nan)
    after = np.clip(np.searchsorted(at, times), 1, len(at) - 1)
    near = np.minimum(np.abs(at[after] - times), np.abs(at[after - 1] - times)) <= gap_ms / 2
    return np.where(near, np.interp(times, at, values), np.nan)


def drive_of(measured: Measured, soil_degc: float | None = None) -> Drive:
    """Return the drive of a measured house; the soil below has the mean temperature outside unless it is given.

    Raises SettingsError with a sentence where weather, vents, temperature or humidity are missing.
    """
    for channel in (*_WEATHER, TEMPERATURE, HUMIDITY):
        _require(measured, channel)
    lee, windward = _pair(measured, _VENT)
    if lee is None:
        raise SettingsError(
            f"No column is {_VENT}: the model cannot know how much air the house lets out. Map the position of its "
            f"vents to {_VENT}, or the two sides to {_VENT}:1 (lee) and {_VENT}:2 (wind)."
        )
    energy, blackout = _pair(measured, _SCREEN)
    closed = np.zeros(measured.steps)
    energy, blackout = closed if energy is None else energy, closed if blackout is None else blackout
    windward = lee if windward is None else windward
    pipe, ppm = _pipe(measured), _known(measured, CO2)
    lamps = _known(measured, _LAMPS)
    seen = _seen_lamps_umol(measured, energy, blackout)
    has = {
        "pipe": pipe is not None,
        "windward": windward is not lee,
        "screen": energy.any(),
        "blackout": blackout.any(),
        # Where a sensor tells the lamps' light, their power is that light's.
        "lamps": lamps is not None and seen is None,
        "light": seen is not None,
    }
    lacks = {name for name, there in has.items() if not there}
    zero = np.zeros(1)
    shares = (lee, windward, energy, blackout, closed if lamps is None else lamps)
    actuators = [
        Actuators(zero, lee_at, wind_at, energy_at, blackout_at, lamps_at, zero, zero, zero, zero)
        for lee_at, wind_at, energy_at, blackout_at, lamps_at in zip(
            *(np.clip(column / 100, 0.0, 1.0)[:, None] for column in shares), strict=True
        )
    ]
    given = [
        KnownInside(*(None if column is None else column[at : at + 1] for column in (pipe, ppm, seen)))
        for at in range(measured.steps)
    ]
    return Drive(
        _outside(measured, soil_degc),
        actuators,
        given,
        measured.channels[TEMPERATURE],
        measured.channels[HUMIDITY],
        frozenset(lacks),
    )


def run(structure: Structure, drive: Drive) -> DrivenCourse:
    """Return the course of every structure through the drive, from what was measured at its start."""
    count = len(structure.height_m)
    climate = _start(structure, drive)
    air, humidity = np.empty((2, len(drive.outside), count))
    for at, moved in enumerate(zip(drive.actuators, drive.outside, drive.given, strict=True)):
        climate, _ = stepped(structure, climate, *moved)
        air[at], humidity[at] = climate.air_degc, relative_humidity_pct(climate)
    return DrivenCourse(air, humidity, climate)


def stepped(
    structure: Structure, climate: Climate, actuators: Actuators, outside: Outside, given: KnownInside
) -> tuple[Climate, Fluxes]:
    """Return the climate after a step of the drive, and its fluxes."""
    ones = np.ones_like(structure.height_m)
    wide = KnownInside(*(None if each is None else each * ones for each in (given.pipe_degc, given.co2_ppm)))
    return step(structure, climate, actuators, outside, _STEP_S, replace(wide, lamp_umol_m2_s=given.lamp_umol_m2_s))


def _start(structure: Structure, drive: Drive) -> Climate:
    known = np.isfinite(drive.air_degc) & np.isfinite(drive.humidity_pct)
    first = int(np.argmax(known))
    air = np.full_like(structure.height_m, drive.air_degc[first])
    vapour = vapour_kg_m3(saturation_pa(air) * drive.humidity_pct[first] / 100, air)
    start = start_climate(structure, drive.outside[0])
    pipe = drive.given[0].pipe_degc
    return replace(
        start, air_degc=air, floor_degc=air, leaf_degc=air, vapour_kg_m3=vapour,
        pipe_degc=air if pipe is None else np.full_like(air, pipe[0]),
    )  # fmt: skip


def _require(measured: Measured, channel: str) -> None:
    column = measured.channels.get(channel)
    missing = 1.0 if column is None else float(np.mean(~np.isfinite(column)))
    if missing > _MOST_MISSING:
        what = "not among the columns" if column is None else f"missing {100 * missing:.0f} % of the time"
        raise SettingsError(f"{channel} is {what}: the model needs it. Map a column to it, or choose other days.")


def _known(measured: Measured, channel: str) -> Numbers | None:
    """Return a channel with its gaps bridged; None where most of it is not known."""
    column = measured.channels.get(channel)
    if column is None or np.mean(np.isfinite(column)) < 1 - _MOST_MISSING:
        return None
    known = np.isfinite(column)
    at = np.arange(len(column))
    return np.interp(at, at[known], column[known])


def _pair(measured: Measured, channel: str) -> tuple[Numbers | None, Numbers | None]:
    """Return a channel's two parts, :1 and :2, or the one that it has."""
    first, second = (_known(measured, f"{channel}:{number}") for number in (1, 2))
    return (_known(measured, channel), None) if first is None else (first, second)


def _pipe(measured: Measured) -> Numbers | None:
    """Return the temperature of the one pipe that gives as much heat as the measured pipes together."""
    names = (_PIPE, f"{_PIPE}:1", f"{_PIPE}:2")
    pipes = [column for name in names if (column := _known(measured, name)) is not None]
    if not pipes:
        return None
    heat = sum(np.maximum(0.0, pipe - _AMONG_PIPES_DEGC) ** 1.32 for pipe in pipes)
    return np.asarray(np.where(len(pipes) > 1, _AMONG_PIPES_DEGC + heat ** (1 / 1.32), np.maximum(0.0, pipes[0])))


def _seen_lamps_umol(measured: Measured, energy: Numbers, blackout: Numbers) -> Numbers | None:
    """Return the light of the lamps: of what a sensor inside sees, the part that the sun does not explain.

    By night it is all of it. By day lamps are on where what the sun leaves is more than four tenths of their light by
    night; the sun's part is low, so that its own patches are not taken for lamps.
    """
    light = _known(measured, _PAR)
    if light is None or _known(measured, _LAMPS) is None:
        return None
    sun = np.nan_to_num(measured.channels[_SUN])
    below = sun * (1 - 0.25 * energy / 100) * (1 - 0.98 * blackout / 100)
    day = below > _DAY_W_M2
    per_w = float(np.quantile(light[day] / below[day], 0.2)) if day.any() else 1.0
    night = (sun < _DARK_W_M2) & (light > _LAMP_SEEN_UMOL)
    if not night.any():
        return np.zeros_like(light)
    full = float(np.quantile(light[night], 0.9))
    rest = np.clip(light - per_w * below, 0.0, full)
    by_day = np.where(rest > 0.4 * full, rest, 0.0)
    return np.where(sun < _DARK_W_M2, np.clip(light, 0.0, full), by_day)


def _outside(measured: Measured, soil_degc: float | None) -> list[Outside]:
    degc, pct, sun, wind = (_filled(measured, name) for name in _WEATHER)
    balance = _known(measured, _LONG_WAVE)
    sky = np.full(measured.steps, _SKY_LOSS_W_M2) if balance is None else np.maximum(0.0, -balance)
    pct = np.clip(pct, 1.0, 100.0)
    vapour = vapour_kg_m3(saturation_pa(degc) * pct / 100, degc)
    soil = float(degc.mean()) if soil_degc is None else soil_degc
    columns = (degc, pct, vapour, np.maximum(0.0, sun), np.maximum(0.0, wind), sky)
    return [
        Outside(t, humid, held, light, blow, sky_loss_w_m2=loss, soil_degc=soil)
        for t, humid, held, light, blow, loss in zip(*(column.tolist() for column in columns), strict=True)
    ]


def _filled(measured: Measured, channel: str) -> Numbers:
    column = _known(measured, channel)
    return np.zeros(measured.steps) if column is None else column
