"""Air exchange of a greenhouse, hour by hour: transpiration, air exchange by two balances, carbon dioxide used.

The balances are of the whole greenhouse: what enters, less what is stored, leaves. A balance has no value where inside
and outside differ by no more than the sensors' errors.

Sources
-------
.. [1] Vanthoor et al. (2011), Biosystems Engineering 110, 363-377, electronic appendix: roof vents, eq 65.
.. [2] Boulard and Draoui (1995), J. Agric. Eng. Res. 61: natural ventilation of a greenhouse from balances and tracers.
       Its pages could not be confirmed, nor was it re-read: the balances themselves are conservation of mass.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from headland.agronomy.climate.air import AIR_TEMPERATURE, Air
from headland.agronomy.climate.evapotranspiration import transpiration_g_m2_h
from headland.agronomy.climate.psychrometrics import KELVIN, absolute_humidity_g_m3, saturation_vapour_pressure_kpa
from headland.agronomy.series.answer import Method
from headland.agronomy.series.arrays import Values, within
from headland.agronomy.series.indicator import MEAN_BAR, SUM_BAR, Index, need_interval, precomputed_index
from headland.agronomy.series.time_grid import STEP_MS, Periods, average, count_true, sum_up
from headland.units_of_time import HOUR_MS

#: The difference of two sensors that counts, in standard errors.
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
    """Return the air exchange by the carbon dioxide that was not taken up [m3 per m2 floor and hour]; [2].

    None where inside and outside differ by less than three standard errors, or where the balance is negative, which
    means wrong inputs.
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
    """Return the air exchange by the vapour that was not condensed or stored [m3/m2/h]; None as for carbon dioxide."""
    return air_exchange_by_co2_m3_m2_h(
        transpired_g_m2_h, condensed_g_m2_h, stored_g_m2_h, inside_g_m3, outside_g_m3, sensor_error_g_m3
    )


def condensed_g_m2_h(air_degc: ArrayLike, vapour_kpa: ArrayLike, cover_degc: ArrayLike) -> Values:
    """Return the vapour that condenses on a cover of the floor's area [g/m2/h, >= 0]; [1] eq 42 to 44.

    By its heat exchange with the air, 1.86 |T - Tc|^(1/3) W/m2/K, and the vapour pressure above the cover's.
    """
    air, cover = np.asarray(air_degc, np.float64), np.asarray(cover_degc, np.float64)
    heat_w_m2_k = _COVER_W_M2_K * np.abs(air - cover) ** (1.0 / 3.0)
    beyond_pa = 1000.0 * (np.asarray(vapour_kpa, np.float64) - saturation_vapour_pressure_kpa(cover))
    return np.asarray(np.maximum(_CONDENSED_KG_PA_J * heat_w_m2_k * beyond_pa, 0.0) * 3.6e6)


def air_changes_by_decay_1_h(first_ppm: float, last_ppm: float, outside_ppm: float, hours: float) -> float | None:
    """Return the air changes an hour from a tracer that falls to the outside's level; [2]; None if it does not fall."""
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
    """Return the flow through roof vents [m3 per m2 floor and second], by wind and temperature difference; [1].

    `opening` [0..1], `vent_share` the vents' area over the floor's, `vent_height_m` the height of an open vent.
    """
    inside, outside = (np.asarray(each, np.float64) for each in (inside_degc, outside_degc))
    mean_k = (inside + outside) / 2.0 + KELVIN
    lift = _GRAVITY_M_S2 * vent_height_m * np.maximum(inside - outside, 0.0) / (2.0 * mean_k)
    push = wind_factor * np.asarray(wind_m_s, np.float64) ** 2
    flow = within(opening, 0.0, 1.0) * vent_share * discharge / 2.0 * np.sqrt(lift + push)
    return np.asarray(flow)


#: The standard error of the difference of two humidity sensors of 2 % and 0.3 K [g/m3], and of two of 30 ppm.
VAPOUR_ERROR_G_M3: Final = 0.5
CO2_ERROR_PPM: Final = 42.0
#: Radiation on the canopy below which it takes up no measurable carbon dioxide [W/m2].
DARK_W_M2: Final = 2.0
#: The slowest interval of samples from which an hour's balance is told [min]: it has both ends of the hour.
SLOWEST_MIN: Final = 30
_HOURS_A_STEP: Final = STEP_MS / HOUR_MS
_OUTSIDE: Final = ("outside_temperature_degc", "outside_humidity_pct")
_CO2: Final = "co2_ppm"
_STANGHELLINI: Final = "Stanghellini (1987) as in Vanthoor et al. (2011) eq 47 to 52, fitted on tomato under glass"


@dataclass(frozen=True, slots=True)
class HouseClimate:
    """Inputs of the balances by step, NaN where unknown; None for a quantity that is not measured.

    radiation_w_m2
        The radiation that reaches the canopy.
    canopy_degc
        The leaves' temperature; `channels` are those of the canopy, its radiation and the air.
    cover_degc
        The temperature of the cover's inner side, measured or estimated; `assumed` are the inputs of the estimate.
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
class DeclaredHouse:
    """Declared figures of a house: leaf area index, height, dosed carbon dioxide, and carbon dioxide outside."""

    leaf_area_index: float
    height_m: float | None
    co2_given_g_m2_h: float
    outside_co2_ppm: float


def exchange_indices(hours: Periods, inside: HouseClimate, declared: DeclaredHouse) -> list[Index]:
    """Return by hour the transpiration, the air exchange by vapour and by carbon dioxide, and the dioxide used."""
    return need_interval(_hourly_indices(hours, inside, declared), SLOWEST_MIN)


def _hourly_indices(hours: Periods, inside: HouseClimate, declared: DeclaredHouse) -> list[Index]:
    indices: list[Index] = []
    transpired = None
    assumed_inputs: tuple[str, ...] = (f"leaf_area_index = {declared.leaf_area_index:g} (declared)",)
    if inside.radiation_w_m2 is not None and inside.co2_ppm is not None:
        step = transpiration_of(inside, declared.leaf_area_index)
        known = count_true(hours, np.isfinite(step))
        rule = Method("transpiration", 2, f"{_STANGHELLINI}; mean of five-minute means, from 50 % on")
        transpired = precomputed_index(
            "transpiration_g_m2_h", "g/m2/h", rule, inside.channels, average(hours, step), known / hours.lengths, known,
            MEAN_BAR, assumed_inputs,
        )  # fmt: skip
        indices.append(transpired)
    if declared.height_m is None:
        return indices
    assumed_inputs = (*assumed_inputs, f"height_m = {declared.height_m:g} (declared)")
    by_vapour = None
    measured = inside.outside_degc is not None and inside.outside_humidity_pct is not None
    if transpired is not None and measured and inside.cover_degc is not None:
        by_vapour = _by_vapour(hours, inside, transpired.value, declared.height_m, assumed_inputs)
        indices.append(by_vapour)
    if inside.co2_ppm is not None:
        indices += _by_co2(hours, inside, declared, by_vapour)
    return indices


def transpiration_of(inside: HouseClimate, leaf_area_index: float) -> Values:
    """Return the transpiration of the canopy by step [g/m2/h]; NaN without radiation or carbon dioxide."""
    air = inside.air
    return transpiration_g_m2_h(
        inside.canopy_degc,
        air.temperature_degc,
        np.minimum(air.humidity_pct, 100.0),
        np.nan if inside.radiation_w_m2 is None else inside.radiation_w_m2,
        np.nan if inside.co2_ppm is None else inside.co2_ppm,
        leaf_area_index,
    )


def day_sums(days: Periods, hours: Periods, hourly: list[Index]) -> list[Index]:
    """Return the daily sums and means of hourly indices: litres, grams, mean exchange; `days` are in hours."""
    names = {
        "transpiration_g_m2_h": ("transpired_l_m2", "L/m2", 1e-3),
        "co2_used_g_m2_h": ("co2_used_g_m2", "g/m2", 1.0),
    }
    sums = []
    lengths_h = hours.lengths * _HOURS_A_STEP
    for index in hourly:
        known = count_true(days, np.isfinite(index.value))
        coverage = known / days.lengths
        if index.name in names:
            name, unit, factor = names[index.name]
            value, bar = factor * sum_up(days, index.value * lengths_h), SUM_BAR
            rule = Method(name, 2, f"sum of hours, from 90 % of them on; {index.method.source}")
        else:
            name, unit, value, bar = index.name, index.unit, average(days, index.value), MEAN_BAR
            rule = Method(
                index.method.id, index.method.version, f"mean of hours, from 50 % of them on; {index.method.source}"
            )
        total = precomputed_index(name, unit, rule, index.inputs, value, coverage, known, bar, index.assumed)
        sums.append(replace(total, slowest_ms=index.slowest_ms))
    return sums


def _by_vapour(
    hours: Periods, inside: HouseClimate, transpired: Values, height_m: float, assumed_inputs: tuple[str, ...]
) -> Index:  # fmt: skip
    air = inside.air
    vapour = absolute_humidity_g_m3(air.temperature_degc, air.humidity_pct)
    outside = absolute_humidity_g_m3(
        np.nan if inside.outside_degc is None else inside.outside_degc,
        np.nan if inside.outside_humidity_pct is None else inside.outside_humidity_pct,
    )
    cover = np.nan if inside.cover_degc is None else inside.cover_degc
    dripped = condensed_g_m2_h(air.temperature_degc, air.vapour_kpa, cover)
    assumed_inputs = (*assumed_inputs, *(figure for figure in inside.assumed if "=" in figure))
    stored = height_m * _rise_an_hour(hours, vapour)
    columns = (transpired, average(hours, dripped), stored, average(hours, vapour), average(hours, outside))
    value = [
        air_exchange_by_vapour_m3_m2_h(gain, lost, stored_now, within, without, VAPOUR_ERROR_G_M3)
        for gain, lost, stored_now, within, without in zip(*(column.tolist() for column in columns), strict=True)
    ]
    known = count_true(hours, np.isfinite(vapour + outside + dripped))
    rule = Method(
        "air_exchange_by_vapour", 2,
        f"vapour balance (after Boulard and Draoui 1995, not re-read): transpiration ({_STANGHELLINI}) less "
        f"condensation on the cover (Vanthoor et al. 2011 eq 42 to 44) and what the air stored, over what it carries "
        f"out; "
        f"none where inside and outside differ by less than {LEAST_SIGMAS:g} times "
        f"{VAPOUR_ERROR_G_M3:g} g/m3; from 50 % on",
    )  # fmt: skip
    return precomputed_index(
        "air_exchange_by_vapour_m3_m2_h", "m3/m2/h", rule, (*inside.channels, *_OUTSIDE), _floats(value),
        known / hours.lengths, known, MEAN_BAR, assumed_inputs,
    )  # fmt: skip


def _by_co2(hours: Periods, inside: HouseClimate, declared: DeclaredHouse, by_vapour: Index | None) -> list[Index]:
    """Return the exchange of dark hours by carbon dioxide, and the dioxide used by the vapour's exchange."""
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
    indices = []
    if inside.radiation_w_m2 is not None:
        lit = average(hours, inside.radiation_w_m2)
        dark = lit < DARK_W_M2
        value = [
            air_exchange_by_co2_m3_m2_h(given, 0.0, stored_now, inner_now, outer_now, error) if is_dark else None
            for stored_now, inner_now, outer_now, is_dark in zip(
                stored.tolist(), inner.tolist(), outer.tolist(), dark.tolist(), strict=True
            )
        ]
        rule = Method(
            "air_exchange_by_co2", 1,
            "carbon dioxide balance of dark hours (after Boulard and Draoui 1995, not re-read); what the crop breathes "
            f"out is not counted; none where inside and outside differ by less than {LEAST_SIGMAS:g} times "
            f"{CO2_ERROR_PPM:g} ppm; "
            "from 50 % on",
        )  # fmt: skip
        inputs = (AIR_TEMPERATURE, _CO2)
        indices.append(
            precomputed_index(
                "air_exchange_by_co2_m3_m2_h", "m3/m2/h", rule, inputs, _floats(value), coverage, known, MEAN_BAR,
                assumed,
            )
        )  # fmt: skip
    if by_vapour is not None:
        used = given - by_vapour.value * (inner - outer) - stored
        rule = Method(
            "co2_used", 2,
            "what was dosed less what left with the air (by the vapour balance) and what the air stored; below 0 the "
            "crop breathes; from 50 % on",
        )  # fmt: skip
        channels = tuple(dict.fromkeys((*by_vapour.inputs, _CO2)))
        both = tuple(dict.fromkeys((*by_vapour.assumed, *assumed)))
        lesser = np.minimum(coverage, by_vapour.coverage)
        indices.append(
            precomputed_index("co2_used_g_m2_h", "g/m2/h", rule, channels, used, lesser, known, MEAN_BAR, both)
        )
    return indices


def _rise_an_hour(hours: Periods, value: Values) -> Values:
    """Return the rise of a quantity an hour in each period, by its first and last known step."""
    edges = hours.edges
    at = np.arange(hours.steps)
    known = np.isfinite(value)
    first = np.minimum.reduceat(np.where(known, at, hours.steps), edges[:-1])
    last = np.maximum.reduceat(np.where(known, at, -1), edges[:-1])
    span_h = (last - first) * _HOURS_A_STEP
    enough = last > first
    low, high = value[np.where(enough, first, 0)], value[np.where(enough, last, 0)]
    return np.where(enough, (high - low) / np.where(enough, span_h, 1.0), np.nan)


def _floats(values: list[float | None]) -> Values:
    return np.array([np.nan if value is None else value for value in values], np.float64)
