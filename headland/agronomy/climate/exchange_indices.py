"""What a house exchanged, hour by hour: what its crop transpired, the air that left, and the carbon dioxide it used.

The balances are of the whole house: what came in, less what was stored, is what went. A balance says nothing where
inside and outside are alike within the sensors' errors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.climate.air import Air
from headland.agronomy.climate.psychrometrics import absolute_humidity_g_m3
from headland.agronomy.climate.transpiration import transpiration_g_m2_h
from headland.agronomy.climate.ventilation import (
    LEAST_SIGMAS,
    air_exchange_by_co2_m3_m2_h,
    air_exchange_by_vapour_m3_m2_h,
    co2_g_m3,
    condensed_g_m2_h,
)
from headland.agronomy.series.answer import Method
from headland.agronomy.series.arrays import Values
from headland.agronomy.series.indicator import MEAN_BAR, SUM_BAR, Index, told_index
from headland.agronomy.series.time_grid import STEP_MS, Periods, average, count_true, sum_up
from headland.units_of_time import HOUR_MS

#: The standard error of the difference of two humidity sensors of 2 % and 0.3 K [g/m3], and of two of 30 ppm.
VAPOUR_ERROR_G_M3: Final = 0.5
CO2_ERROR_PPM: Final = 42.0
#: Below so much light on the canopy no carbon dioxide is taken up that a balance would see [W/m2].
DARK_W_M2: Final = 2.0
_HOURS_A_STEP: Final = STEP_MS / HOUR_MS
_AIR: Final = ("air_temperature_degc", "relative_humidity_pct")
_OUTSIDE: Final = ("outside_temperature_degc", "outside_humidity_pct")
_CO2: Final = "co2_ppm"
_STANGHELLINI: Final = "Stanghellini (1987) as in Vanthoor et al. (2011) eq 47 to 52, fitted on tomato under glass"


@dataclass(frozen=True, slots=True)
class Inside:
    """What the balances of a house need, by step, NaN where unknown; None where nobody measures it.

    radiation_w_m2
        What reaches the canopy.
    canopy_degc
        Its leaves' temperature; `channels` are those that the two and the air were made of.
    cover_degc
        The cover's inner side, measured or estimated; `assumed` says of what.
    """

    air: Air
    radiation_w_m2: Values | None
    canopy_degc: Values
    co2_ppm: Values | None
    outside_degc: Values | None
    outside_humidity_pct: Values | None
    cover_degc: Values | None
    channels: tuple[str, ...]
    assumed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Declared:
    """What somebody said of a house: leaves over floor area, its height, what was dosed, and what is outside."""

    leaf_area_index: float
    height_m: float | None
    co2_given_g_m2_h: float
    outside_co2_ppm: float


def exchange_indices(hours: Periods, inside: Inside, declared: Declared) -> list[Index]:
    """Return by hour the transpiration, the air exchange by vapour and by carbon dioxide, and what the crop used."""
    found: list[Index] = []
    transpired = None
    said: tuple[str, ...] = (f"leaf_area_index = {declared.leaf_area_index:g} (declared)",)
    if inside.radiation_w_m2 is not None and inside.co2_ppm is not None:
        step = transpiration_of(inside, declared.leaf_area_index)
        known = count_true(hours, np.isfinite(step))
        rule = Method("transpiration", 1, f"{_STANGHELLINI}; mean of five-minute means, from 50 % on")
        transpired = told_index(
            "transpiration_g_m2_h", "g/m2/h", rule, inside.channels, average(hours, step), known / hours.lengths, known,
            MEAN_BAR, said,
        )  # fmt: skip
        found.append(transpired)
    if declared.height_m is None:
        return found
    said = (*said, f"height_m = {declared.height_m:g} (declared)")
    by_vapour = None
    measured = inside.outside_degc is not None and inside.outside_humidity_pct is not None
    if transpired is not None and measured and inside.cover_degc is not None:
        by_vapour = _by_vapour(hours, inside, transpired.value, declared.height_m, said)
        found.append(by_vapour)
    if inside.co2_ppm is not None:
        found += _by_co2(hours, inside, declared, by_vapour)
    return found


def transpiration_of(inside: Inside, leaf_area_index: float) -> Values:
    """Return what the canopy transpires at each step [g/m2/h]; NaN where radiation or carbon dioxide is not known."""
    air = inside.air
    return transpiration_g_m2_h(
        inside.canopy_degc,
        air.temperature_degc,
        np.minimum(air.humidity_pct, 100.0),
        np.nan if inside.radiation_w_m2 is None else inside.radiation_w_m2,
        np.nan if inside.co2_ppm is None else inside.co2_ppm,
        leaf_area_index,
    )


def day_sums(days: Periods, hours: Periods, found: list[Index]) -> list[Index]:
    """Return what hours add up to over local days: litres, grams and the mean exchange; `days` counts in hours."""
    names = {
        "transpiration_g_m2_h": ("transpired_l_m2", "L/m2", 1e-3),
        "co2_used_g_m2_h": ("co2_used_g_m2", "g/m2", 1.0),
    }
    made = []
    lengths_h = hours.lengths * _HOURS_A_STEP
    for index in found:
        known = count_true(days, np.isfinite(index.value))
        coverage = known / days.lengths
        if index.name in names:
            name, unit, factor = names[index.name]
            value, bar = factor * sum_up(days, index.value * lengths_h), SUM_BAR
            rule = Method(name, 1, f"sum of hours, from 90 % of them on; {index.method.source}")
        else:
            name, unit, value, bar = index.name, index.unit, average(days, index.value), MEAN_BAR
            rule = Method(index.method.id, 1, f"mean of hours, from 50 % of them on; {index.method.source}")
        made.append(told_index(name, unit, rule, index.inputs, value, coverage, known, bar, index.assumed))
    return made


def _by_vapour(
    hours: Periods, inside: Inside, transpired: Values, height_m: float, said: tuple[str, ...]
) -> Index:  # fmt: skip
    air = inside.air
    vapour = absolute_humidity_g_m3(air.temperature_degc, air.humidity_pct)
    outside = absolute_humidity_g_m3(
        np.nan if inside.outside_degc is None else inside.outside_degc,
        np.nan if inside.outside_humidity_pct is None else inside.outside_humidity_pct,
    )
    cover = np.nan if inside.cover_degc is None else inside.cover_degc
    dripped = condensed_g_m2_h(air.temperature_degc, air.vapour_kpa, cover)
    said = (*said, *(each for each in inside.assumed if "=" in each))
    stored = height_m * _rise_an_hour(hours, vapour)
    columns = (transpired, average(hours, dripped), stored, average(hours, vapour), average(hours, outside))
    value = [
        air_exchange_by_vapour_m3_m2_h(gain, lost, kept, within, without, VAPOUR_ERROR_G_M3)
        for gain, lost, kept, within, without in zip(*(column.tolist() for column in columns), strict=True)
    ]
    known = count_true(hours, np.isfinite(vapour + outside + dripped))
    rule = Method(
        "air_exchange_by_vapour", 1,
        f"vapour balance, Boulard and Draoui (1995): transpiration ({_STANGHELLINI}) less what condensed on "
        f"the cover (Vanthoor et al. 2011 eq 42 to 44) and what the air stored, over what it carries out; "
        f"none where inside and outside differ by less than {LEAST_SIGMAS:g} times "
        f"{VAPOUR_ERROR_G_M3:g} g/m3; from 50 % on",
    )  # fmt: skip
    return told_index(
        "air_exchange_by_vapour_m3_m2_h", "m3/m2/h", rule, (*inside.channels, *_OUTSIDE), _floats(value),
        known / hours.lengths, known, MEAN_BAR, said,
    )  # fmt: skip


def _by_co2(hours: Periods, inside: Inside, declared: Declared, by_vapour: Index | None) -> list[Index]:
    """Return the exchange of dark hours by carbon dioxide, and by the vapour's exchange what the crop used."""
    height_m, given = declared.height_m or 0.0, declared.co2_given_g_m2_h
    air = inside.air
    within = co2_g_m3(np.nan if inside.co2_ppm is None else inside.co2_ppm, air.temperature_degc)
    without = co2_g_m3(declared.outside_co2_ppm, air.temperature_degc)
    error = float(co2_g_m3(CO2_ERROR_PPM, 20.0))
    stored, inner, outer = height_m * _rise_an_hour(hours, within), average(hours, within), average(hours, without)
    known = count_true(hours, np.isfinite(within))
    coverage = known / hours.lengths
    assumed = (
        f"co2_given_g_m2_h = {given:g} (declared)",
        f"outside_co2_ppm = {declared.outside_co2_ppm:g} (declared)",
        f"height_m = {height_m:g} (declared)",
    )
    found = []
    if inside.radiation_w_m2 is not None:
        lit = average(hours, inside.radiation_w_m2)
        dark = lit < DARK_W_M2
        value = [
            air_exchange_by_co2_m3_m2_h(given, 0.0, kept, inner_now, outer_now, error) if is_dark else None
            for kept, inner_now, outer_now, is_dark in zip(
                stored.tolist(), inner.tolist(), outer.tolist(), dark.tolist(), strict=True
            )
        ]
        rule = Method(
            "air_exchange_by_co2", 1,
            "carbon dioxide balance of dark hours, Boulard and Draoui (1995); what the crop breathes out is not "
            f"counted; none where inside and outside differ by less than {LEAST_SIGMAS:g} times {CO2_ERROR_PPM:g} ppm; "
            "from 50 % on",
        )  # fmt: skip
        inputs = (_AIR[0], _CO2)
        found.append(
            told_index(
                "air_exchange_by_co2_m3_m2_h", "m3/m2/h", rule, inputs, _floats(value), coverage, known, MEAN_BAR,
                assumed,
            )
        )  # fmt: skip
    if by_vapour is not None:
        used = given - by_vapour.value * (inner - outer) - stored
        rule = Method(
            "co2_used", 1,
            "what was dosed less what left with the air (by the vapour balance) and what the air stored; below 0 the "
            "crop breathes; from 50 % on",
        )  # fmt: skip
        channels = tuple(dict.fromkeys((*by_vapour.inputs, _CO2)))
        both = tuple(dict.fromkeys((*by_vapour.assumed, *assumed)))
        lesser = np.minimum(coverage, by_vapour.coverage)
        found.append(told_index("co2_used_g_m2_h", "g/m2/h", rule, channels, used, lesser, known, MEAN_BAR, both))
    return found


def _rise_an_hour(hours: Periods, value: Values) -> Values:
    """Return by how much a quantity rose over each period, an hour, by its first and last known step."""
    edges = hours.edges
    at = np.arange(hours.steps)
    known = np.isfinite(value)
    first = np.minimum.reduceat(np.where(known, at, hours.steps), edges[:-1])
    last = np.maximum.reduceat(np.where(known, at, -1), edges[:-1])
    span_h = (last - first) * _HOURS_A_STEP
    enough = last > first
    low, high = value[np.where(enough, first, 0)], value[np.where(enough, last, 0)]
    return np.where(enough, (high - low) / np.where(enough, span_h, 1.0), np.nan)


def _floats(found: list[float | None]) -> Values:
    return np.array([np.nan if value is None else value for value in found], np.float64)
