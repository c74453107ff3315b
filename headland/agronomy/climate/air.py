"""The air of a greenhouse by grid step, and its indices by period: means, DIF, hours beyond thresholds, degree days."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np

from headland.agronomy.climate.psychrometrics import (
    delta_t_k,
    dew_point_degc,
    dew_point_of_vapour_degc,
    frost_point_of_vapour_degc,
    saturation_vapour_pressure_kpa,
    vapour_density_g_m3,
    vapour_pressure_deficit_kpa,
    vapour_pressure_kpa,
)
from headland.agronomy.climate.sensor_uncertainty import ASSUMED, deficit_uncertainty_kpa
from headland.agronomy.climate.thermal_time import METHODS, Cutoff
from headland.agronomy.series.answer import NEXT_DAY_NOT_KNOWN, Method
from headland.agronomy.series.arrays import Mask, Values
from headland.agronomy.series.indicator import SUM_BAR, Index, mean_index, precomputed_index, unknown_where
from headland.agronomy.series.time_grid import Periods, average, count_true, highest, hours_of, lowest, sum_up
from headland.contract.leaf import LEAF_TEMPERATURE

#: The channels of a house's air.
AIR_TEMPERATURE: Final = "air_temperature_degc"
RELATIVE_HUMIDITY: Final = "relative_humidity_pct"
AIR_CHANNELS: Final = (AIR_TEMPERATURE, RELATIVE_HUMIDITY)

_FAO56: Final = "FAO Irrigation and Drainage Paper 56 (1998), eq 11"
_MEAN: Final = "mean of five-minute means; coverage is the share of those known, from 50 % on"
_HOURS: Final = "sum over five-minute means; coverage is the share of those known, from 90 % on"

VPD_UNCERTAINTY: Final = Method(
    "vapour_pressure_deficit_uncertainty",
    1,
    "standard deviation by that of the sensors, GUM eq 10 with the slopes of FAO-56 eq 13; it lasts, so that no mean "
    f"reduces it; {_MEAN}",
)
VPD: Final = Method("vapour_pressure_deficit", 2, f"es - ea with es from {_FAO56}; {_MEAN}")
LEAF_VPD: Final = Method(
    "leaf_vapour_pressure_deficit", 1, f"es(leaf) - ea with es from {_FAO56}; below 0 the leaf grows wet; {_MEAN}"
)
DEW: Final = Method("dew_point_over_water", 2, f"inverse of {_FAO56}, over water at any temperature; {_MEAN}")
FROST: Final = Method(
    "frost_point_over_ice", 2, f"inverse of WMO-No. 8 (2018) eq 4.B.2, of the steps with one below 0 degC; {_MEAN}"
)
DEFICIT: Final = Method("humidity_deficit", 2, f"(es - ea) / (461.5 J/(kg K) T) with es from {_FAO56}; {_MEAN}")
ABSOLUTE: Final = Method("absolute_humidity", 1, f"ea / (461.5 J/(kg K) T) with es from {_FAO56}; {_MEAN}")
TEMPERATURE: Final = Method("average_temperature", 1, f"time-weighted mean (ADT over a day); {_MEAN}")
HUMIDITY: Final = Method("average_humidity", 1, f"time-weighted mean; {_MEAN}")
DIF: Final = Method(
    "dif", 1, "mean by day less mean by night, day from sunrise to sunset (Meeus 1998); coverage is the worse known one"
)
BEYOND: Final = Method("hours_beyond", 1, f"hours at or beyond the threshold; {_HOURS}")
DEGREE_HOURS: Final = Method("degree_hours_beyond", 1, f"integral of what is beyond the threshold; {_HOURS}")
_DEGREE_DAYS: Final = {
    "average": "McMaster and Wilhelm (1997) method 1",
    "average_clamped": "McMaster and Wilhelm (1997) method 2",
    "single_sine": "Baskerville and Emin (1969)",
    "double_sine": "Allen (1976)",
}
#: Thresholds of heat and of cold whose hours a day's answer contains [degC].
HEAT_DEGC: Final = (30.0, 35.0)
COLD_DEGC: Final = (10.0, 0.0)


#: Indices of one instant: the value of a temperature [degC], a humidity [%] and an air pressure [kPa].
INSTANT_VALUES: Final[dict[str, Callable[[Values, Values, float], Values]]] = {
    "vpd_kpa": lambda t, rh, _: vapour_pressure_deficit_kpa(t, rh),
    "dew_point_degc": lambda t, rh, _: dew_point_degc(t, rh),
    "delta_t_k": delta_t_k,
}


@dataclass(frozen=True)
class Air:
    """Five-minute means over a grid of periods, NaN where unknown, and what follows from them, computed once.

    `by_day` is true where the sun is up; None where the place is not known.
    """

    temperature_degc: Values
    humidity_pct: Values
    leaf_degc: Values | None = None
    by_day: Mask | None = None

    @cached_property
    def saturation_kpa(self) -> Values:
        """The saturation vapour pressure at its temperature; FAO-56 eq 11."""
        return saturation_vapour_pressure_kpa(self.temperature_degc)

    @cached_property
    def vapour_kpa(self) -> Values:
        """Its vapour pressure; FAO-56 eq 10."""
        return vapour_pressure_kpa(self.saturation_kpa, self.humidity_pct)

    @cached_property
    def deficit_kpa(self) -> Values:
        """Its vapour pressure deficit."""
        return np.asarray(self.saturation_kpa - self.vapour_kpa)

    @cached_property
    def dew_degc(self) -> Values:
        """Its dew point over water; FAO-56 eq 11 inverted."""
        return dew_point_of_vapour_degc(self.vapour_kpa)

    @cached_property
    def frost_degc(self) -> Values:
        """Its frost point over ice, NaN where the air would dew instead; WMO-No. 8 (2018) eq 4.B.2 inverted."""
        return frost_point_of_vapour_degc(self.vapour_kpa)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Thresholds of temperature [degC]: development's base, upper limit and cutoff, and those of heat and cold.

    `methods` are the wanted degree days, by the names in `thermal_time.METHODS`.
    """

    base_degc: float = 10.0
    upper_degc: float | None = None
    cutoff: Cutoff = "horizontal"
    methods: tuple[str, ...] = tuple(METHODS)
    heat_degc: tuple[float, ...] = HEAT_DEGC
    cold_degc: tuple[float, ...] = COLD_DEGC


def air_indices(periods: Periods, air: Air) -> list[Index]:
    """Return the means of each period: deficits, dew point, humidity, temperature; of leaves and frost if there are.

    Beside the deficit is its uncertainty.
    """
    t, rh = air.temperature_degc, air.humidity_pct
    both = AIR_CHANNELS
    indices = [
        mean_index("vpd_kpa", "kPa", VPD, both, periods, air.deficit_kpa),
        replace(
            mean_index("vpd_uncertainty_kpa", "kPa", VPD_UNCERTAINTY, both, periods, deficit_uncertainty_kpa(t, rh)),
            assumed=ASSUMED,
        ),
        mean_index("dew_point_degc", "degC", DEW, both, periods, air.dew_degc),
        mean_index("humidity_deficit_g_m3", "g/m3", DEFICIT, both, periods, vapour_density_g_m3(air.deficit_kpa, t)),
        mean_index("absolute_humidity_g_m3", "g/m3", ABSOLUTE, both, periods, vapour_density_g_m3(air.vapour_kpa, t)),
        mean_index(AIR_TEMPERATURE, "degC", TEMPERATURE, (AIR_TEMPERATURE,), periods, t),
        mean_index(RELATIVE_HUMIDITY, "%", HUMIDITY, (RELATIVE_HUMIDITY,), periods, rh),
    ]
    if air.leaf_degc is not None:
        leaf = saturation_vapour_pressure_kpa(air.leaf_degc) - air.vapour_kpa
        indices.append(mean_index("leaf_vpd_kpa", "kPa", LEAF_VPD, (LEAF_TEMPERATURE, *both), periods, leaf))
    if np.isfinite(air.frost_degc).any():
        indices.append(mean_index("frost_point_degc", "degC", FROST, both, periods, air.frost_degc))
    return indices


def day_indices(
    periods: Periods, air: Air, thresholds: Thresholds, following_degc: Values | None = None
) -> list[Index]:
    """Return the indices of whole days: DIF, hours of heat and cold with their degree-hours, degree days.

    `following_degc` is the lowest temperature of the day after each.
    """
    t = air.temperature_degc
    dif = [] if air.by_day is None else [_dif(periods, t, air.by_day)]
    beyond = hours_beyond(periods, AIR_TEMPERATURE, t, thresholds)
    return [*dif, *beyond, *degree_day_indices(periods, AIR_TEMPERATURE, t, thresholds, following_degc)]


def hours_beyond(periods: Periods, channel: str, temperature_degc: Values, thresholds: Thresholds) -> list[Index]:
    """Return the hours of heat and of cold of each period, and their degree-hours."""
    indices = []
    known = count_true(periods, np.isfinite(temperature_degc))
    coverage = known / periods.lengths
    wanted = [(limit, "heat", 1.0) for limit in thresholds.heat_degc]
    wanted += [(limit, "cold", -1.0) for limit in thresholds.cold_degc]
    for limit, name, sign in wanted:
        excess = sign * (temperature_degc - limit)
        hours = hours_of(count_true(periods, excess >= 0.0))
        degree_hours = hours_of(sum_up(periods, np.maximum(excess, 0.0)))
        end = f"{limit:g}_degc".replace("-", "minus_")
        for index_name, unit, method, value in (
            (f"{name}_hours_{end}", "h", BEYOND, hours),
            (f"{name}_degree_hours_{end}", "degC h", DEGREE_HOURS, degree_hours),
        ):
            indices.append(precomputed_index(index_name, unit, method, (channel,), value, coverage, known))
    return indices


def degree_day_indices(
    periods: Periods,
    channel: str,
    temperature_degc: Values,
    thresholds: Thresholds,
    following_degc: Values | None = None,
) -> list[Index]:
    """Return the degree days of each period, which is a day, by the wanted methods.

    `following_degc` is the lowest temperature of the day after each, NaN where it is not known; without it that of the
    next period, unknown for the last.
    """
    low, high = lowest(periods, temperature_degc), highest(periods, temperature_degc)
    known = count_true(periods, np.isfinite(temperature_degc))
    coverage = known / periods.lengths
    following = following_lows(low, coverage) if following_degc is None else following_degc
    base, upper, cutoff = thresholds.base_degc, thresholds.upper_degc, thresholds.cutoff
    limits = f"base {base:g} degC" if upper is None else f"base {base:g} degC, upper {upper:g} degC"
    indices = []
    for name in thresholds.methods:
        # The upper limit applies to the average too since version 2; all four have one number.
        method = Method(f"degree_days_{name}", 2, f"{_source(name, thresholds)}; {limits}; coverage from 90 % on")
        value = METHODS[name](low, high, following, base, upper, cutoff)
        index = precomputed_index(method.id, "degC d", method, (channel,), value, coverage, known)
        if name == "double_sine":
            index = unknown_where(index, ~np.isfinite(following), NEXT_DAY_NOT_KNOWN)
        indices.append(index)
    return indices


def following_lows(low_degc: Values, coverage: Values) -> Values:
    """Return the lowest temperature of the day after each, NaN for the last and where less than 90 % of it is known."""
    following = np.full(len(low_degc), np.nan)
    following[:-1] = np.where(coverage[1:] >= SUM_BAR, low_degc[1:], np.nan)
    return following


def _source(name: str, thresholds: Thresholds) -> str:
    has_cutoff = name.endswith("sine") and thresholds.upper_degc is not None
    return f"{_DEGREE_DAYS[name]}{f', {thresholds.cutoff} cutoff' if has_cutoff else ''}"


def _dif(periods: Periods, temperature: Values, by_day: Mask) -> Index:
    means, shares = [], []
    for part in (by_day, ~by_day):
        inside = np.where(part, temperature, np.nan)
        means.append(average(periods, inside))
        shares.append(count_true(periods, np.isfinite(inside)) / np.maximum(count_true(periods, part), 1))
    known = count_true(periods, np.isfinite(temperature))
    coverage = np.minimum(*shares)
    return precomputed_index("dif_degc", "degC", DIF, (AIR_TEMPERATURE,), means[0] - means[1], coverage, known, SUM_BAR)
