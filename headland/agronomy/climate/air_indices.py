"""What the air did, period by period: deficits, dew, warmth, hours beyond thresholds; from steps of five minutes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.climate.air import Air
from headland.agronomy.climate.psychrometrics import saturation_vapour_pressure_kpa, vapour_density_g_m3
from headland.agronomy.climate.thermal_time import METHODS, Cutoff
from headland.agronomy.series.answer import Method
from headland.agronomy.series.arrays import Mask, Values
from headland.agronomy.series.indicator import SUM_BAR, Index, mean_index, told_index
from headland.agronomy.series.time_grid import Periods, average, count_true, highest, hours_of, lowest, sum_up

_T, _RH, _LEAF = "air_temperature_degc", "relative_humidity_pct", "leaf_temperature_degc"
_FAO56: Final = "FAO Irrigation and Drainage Paper 56 (1998), eq 11"
_STEPS: Final = "mean of five-minute means; coverage is the share of those known, from 50 % on"
_HOURS: Final = "sum over five-minute means; coverage is the share of those known, from 90 % on"

VPD: Final = Method("vapour_pressure_deficit", 2, f"es - ea with es from {_FAO56}; {_STEPS}")
LEAF_VPD: Final = Method(
    "leaf_vapour_pressure_deficit", 1, f"es(leaf) - ea with es from {_FAO56}; below 0 the leaf grows wet; {_STEPS}"
)
DEW: Final = Method("dew_point_over_water", 2, f"inverse of {_FAO56}, over water at any temperature; {_STEPS}")
DEFICIT: Final = Method("humidity_deficit", 2, f"(es - ea) / (461.5 J/(kg K) T) with es from {_FAO56}; {_STEPS}")
ABSOLUTE: Final = Method("absolute_humidity", 1, f"ea / (461.5 J/(kg K) T) with es from {_FAO56}; {_STEPS}")
TEMPERATURE: Final = Method("average_temperature", 1, f"time-weighted mean (ADT over a day); {_STEPS}")
HUMIDITY: Final = Method("average_humidity", 1, f"time-weighted mean; {_STEPS}")
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
#: Thresholds of heat and of cold that a day's hours are told of [degC].
HEAT_DEGC: Final = (30.0, 35.0)
COLD_DEGC: Final = (10.0, 0.0)


def air_indices(periods: Periods, air: Air) -> list[Index]:
    """Return the means of each period: deficits, dew point, humidity, temperature, and of leaves if they are known."""
    t, rh = air.temperature_degc, air.humidity_pct
    both = (_T, _RH)
    found = [
        mean_index("vpd_kpa", "kPa", VPD, both, periods, air.deficit_kpa),
        mean_index("dew_point_degc", "degC", DEW, both, periods, air.dew_degc),
        mean_index("humidity_deficit_g_m3", "g/m3", DEFICIT, both, periods, vapour_density_g_m3(air.deficit_kpa, t)),
        mean_index("absolute_humidity_g_m3", "g/m3", ABSOLUTE, both, periods, vapour_density_g_m3(air.vapour_kpa, t)),
        mean_index("air_temperature_degc", "degC", TEMPERATURE, (_T,), periods, t),
        mean_index("relative_humidity_pct", "%", HUMIDITY, (_RH,), periods, rh),
    ]
    if air.leaf_degc is not None:
        leaf = saturation_vapour_pressure_kpa(air.leaf_degc) - air.vapour_kpa
        found.append(mean_index("leaf_vpd_kpa", "kPa", LEAF_VPD, (_LEAF, *both), periods, leaf))
    return found


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What a day's warmth is held against [degC]: development's base and upper, its cutoff, and heat and cold.

    `methods` are the degree days wanted, by the names in `thermal_time.METHODS`.
    """

    base_degc: float = 10.0
    upper_degc: float | None = None
    cutoff: Cutoff = "horizontal"
    methods: tuple[str, ...] = tuple(METHODS)
    heat_degc: tuple[float, ...] = HEAT_DEGC
    cold_degc: tuple[float, ...] = COLD_DEGC


def day_indices(periods: Periods, air: Air, told: Thresholds) -> list[Index]:
    """Return what has a meaning over whole days: DIF, hours of heat and cold with their degree-hours, degree days."""
    t = air.temperature_degc
    found = [] if air.by_day is None else [_dif(periods, t, air.by_day)]
    return [*found, *hours_beyond(periods, _T, t, told), *degree_day_indices(periods, _T, t, told)]


def hours_beyond(periods: Periods, channel: str, temperature_degc: Values, told: Thresholds) -> list[Index]:
    """Return the hours of heat and of cold of each period, and their degree-hours."""
    found = []
    known = count_true(periods, np.isfinite(temperature_degc))
    coverage = known / periods.lengths
    wanted = [(each, "heat", 1.0) for each in told.heat_degc] + [(each, "cold", -1.0) for each in told.cold_degc]
    for threshold, name, sign in wanted:
        excess = sign * (temperature_degc - threshold)
        hours = hours_of(count_true(periods, excess >= 0.0))
        degree_hours = hours_of(sum_up(periods, np.maximum(excess, 0.0)))
        end = f"{threshold:g}_degc".replace("-", "minus_")
        found.append(told_index(f"{name}_hours_{end}", "h", BEYOND, (channel,), hours, coverage, known))
        found.append(
            told_index(f"{name}_degree_hours_{end}", "degC h", DEGREE_HOURS, (channel,), degree_hours, coverage, known)
        )
    return found


def degree_day_indices(periods: Periods, channel: str, temperature_degc: Values, told: Thresholds) -> list[Index]:
    """Return the degree days of each period, which is a day, by the methods asked for."""
    low, high = lowest(periods, temperature_degc), highest(periods, temperature_degc)
    following = np.append(low[1:], low[-1:])
    known = count_true(periods, np.isfinite(temperature_degc))
    limits = f"base {told.base_degc:g} degC"
    if told.upper_degc is not None:
        limits += f", upper {told.upper_degc:g} degC"
    return [
        told_index(
            f"degree_days_{name}",
            "degC d",
            Method(f"degree_days_{name}", 1, f"{_source(name, told)}; {limits}; coverage from 90 % on"),
            (channel,),
            METHODS[name](low, high, following, told.base_degc, told.upper_degc, told.cutoff),
            known / periods.lengths,
            known,
        )
        for name in told.methods
    ]


def _source(name: str, told: Thresholds) -> str:
    ends = f", {told.cutoff} cutoff" if name.endswith("sine") and told.upper_degc is not None else ""
    return f"{_DEGREE_DAYS[name]}{ends}"


def _dif(periods: Periods, temperature: Values, by_day: Mask) -> Index:
    value, least = [], []
    for part in (by_day, ~by_day):
        inside = np.where(part, temperature, np.nan)
        value.append(average(periods, inside))
        least.append(count_true(periods, np.isfinite(inside)) / np.maximum(count_true(periods, part), 1))
    known = count_true(periods, np.isfinite(temperature))
    coverage = np.minimum(*least)
    return told_index("dif_degc", "degC", DIF, (_T,), value[0] - value[1], coverage, known, SUM_BAR)
