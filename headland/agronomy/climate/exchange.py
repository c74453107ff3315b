"""Air exchange of a greenhouse."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from headland.agronomy.climate.air import AIR_TEMPERATURE, Air
from headland.agronomy.climate.evapotranspiration import transpiration_g_m2_h
from headland.agronomy.climate.psychrometrics import KELVIN, absolute_humidity_g_m3, saturation_vapour_pressure_kpa
from headland.agronomy.series.answer import Method
from headland.agronomy.series.arrays import Values
from headland.agronomy.series.indicator import MEAN_BAR, SUM_BAR, Index, precomputed_index
from headland.agronomy.series.time_grid import STEP_MS, Periods, average, count_true, sum_up
from headland.units_of_time import HOUR_MS

#: A difference of less than so many standard errors of the two sensors is no difference.
LEAST_SIGMAS: Final = 3.0

_CO2_KG_KMOL: Final = 44.01
_GAS_J_KMOL_K: Final = 8314.0
#: [1]: vapour that condenses with a joule of exchanged heat and a pascal, and the cover's inside exchange.
_CONDENSED_KG_PA_J: Final = 6.4e-9
_COVER_W_M2_K: Final = 1.86
_GRAVITY_M_S2: Final = 9.81


def co2_g_m3(co2_ppm: ArrayLike, temperature_degc: ArrayLike, pressure_pa: ArrayLike = 101_325.0) -> Values:
    """Return the carbon dioxide in a volume of air [g/m3] by the ideal gas law."""
    kelvin = np.asarray(temperature_degc, np.float64) + KELVIN
    moles = np.asarray(co2_ppm, np.float64) * 1e-6 * np.asarray(pressure_pa, np.float64) / (_GAS_J_KMOL_K * kelvin)
    return np.asarray(moles * _CO2_KG_KMOL * 1000.0)


def air_exchange_by_co2_m3_m2_h(
    injected_g_m2_h: float,
    assimilated_g_m2_h: float,
    stored_g_m2_h: float,
    inside_g_m3: float,
    outside_g_m3: float,
    sensor_error_g_m3: float,
) -> float | None:
    """Return the air that left with what carbon dioxide was not taken up [m3 per m2 floor and hour]; [2].

    None where inside and outside differ by less than three standard errors, or where the balance is negative: then
    the inputs are wrong, not the wind.
    """
    difference = inside_g_m3 - outside_g_m3
    left_g_m2_h = injected_g_m2_h - assimilated_g_m2_h - stored_g_m2_h
    if abs(difference) < LEAST_SIGMAS * sensor_error_g_m3 or difference == 0.0 or left_g_m2_h / difference < 0.0:
        return None
    return left_g_m2_h / difference


def air_exchange_by_vapour_m3_m2_h(
    transpired_g_m2_h: float,
    condensed_g_m2_h: float,
    stored_g_m2_h: float,
    inside_g_m3: float,
    outside_g_m3: float,
    sensor_error_g_m3: float,
) -> float | None:
    """Return the air that took away what vapour was not condensed or stored [m3/m2/h]; None as for carbon dioxide."""
    return air_exchange_by_co2_m3_m2_h(
        transpired_g_m2_h, condensed_g_m2_h, stored_g_m2_h, inside_g_m3, outside_g_m3, sensor_error_g_m3
    )


def condensed_g_m2_h(air_degc: ArrayLike, vapour_kpa: ArrayLike, cover_degc: ArrayLike) -> Values:
    """Return the vapour that condenses on a cover of the floor's area [g/m2/h, >= 0]; [1] eq 42 to 44.

    By its heat exchange with the air, 1.86 |T - Tc|^(1/3) W/m2/K, and what the vapour pressure is above the cover's.
    """
    air, cover = np.asarray(air_degc, np.float64), np.asarray(cover_degc, np.float64)
    heat_w_m2_k = _COVER_W_M2_K * np.abs(air - cover) ** (1.0 / 3.0)
    beyond_pa = 1000.0 * (np.asarray(vapour_kpa, np.float64) - saturation_vapour_pressure_kpa(cover))
    return np.asarray(np.maximum(_CONDENSED_KG_PA_J * heat_w_m2_k * beyond_pa, 0.0) * 3.6e6)


def air_changes_by_decay_1_h(first_ppm: float, last_ppm: float, outside_ppm: float, hours: float) -> float | None:
    """Return the air changes an hour from a tracer that falls towards the outside's level; [2]; None if it does not."""
    if hours <= 0.0 or last_ppm <= outside_ppm or first_ppm <= last_ppm:
        return None
    return math.log((first_ppm - outside_ppm) / (last_ppm - outside_ppm)) / hours


def roof_vent_m3_m2_s(
    opening: ArrayLike,
    inside_degc: ArrayLike,
    outside_degc: ArrayLike,
    wind_m_s: ArrayLike,
    *,
    vent_share: float,
    vent_height_m: float,
    discharge: float = 0.75,
    wind_factor: float = 0.09,
) -> Values:
    """Return the flow through roof vents [m3 per m2 floor and second], by wind and warmth; [1].

    `opening` 0..1, `vent_share` the vents' area over the floor's, `vent_height_m` the height of an open vent.
    """
    inside, outside = (np.asarray(each, np.float64) for each in (inside_degc, outside_degc))
    mean_k = (inside + outside) / 2.0 + KELVIN
    lift = _GRAVITY_M_S2 * vent_height_m * np.maximum(inside - outside, 0.0) / (2.0 * mean_k)
    push = wind_factor * np.asarray(wind_m_s, np.float64) ** 2
    flow = np.asarray(opening, np.float64) * vent_share * discharge / 2.0 * np.sqrt(lift + push)
    return np.asarray(flow)


#: The standard error of the difference of two humidity sensors of 2 % and 0.3 K [g/m3], and of two of 30 ppm.
VAPOUR_ERROR_G_M3: Final = 0.5
CO2_ERROR_PPM: Final = 42.0
#: Below so much light on the canopy no carbon dioxide is taken up that a balance would see [W/m2].
DARK_W_M2: Final = 2.0
_HOURS_A_STEP: Final = STEP_MS / HOUR_MS
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
        transpired = precomputed_index(
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
        made.append(precomputed_index(name, unit, rule, index.inputs, value, coverage, known, bar, index.assumed))
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
    return precomputed_index(
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
        inputs = (AIR_TEMPERATURE, _CO2)
        found.append(
            precomputed_index(
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
        found.append(
            precomputed_index("co2_used_g_m2_h", "g/m2/h", rule, channels, used, lesser, known, MEAN_BAR, both)
        )
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
