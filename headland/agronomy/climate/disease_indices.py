"""Disease pressure day by day, each index with what drives it; the rules and their sources are in `disease`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.climate.air import Air
from headland.agronomy.climate.disease import (
    BOTRYTIS_DRY_H,
    BOTRYTIS_WHEN_DRY,
    MILDEW_FAVOURABLE_DEGC,
    MILDEW_HEAT_DEGC,
    MILDEW_HEAT_H,
    HumidDay,
    Infection,
    MildewDay,
    botrytis_indices,
    hutton_periods,
    infection_shares,
    powdery_mildew_index,
    smith_periods,
    wallin_severity,
)
from headland.agronomy.climate.leaf_wetness import WET_FROM_PCT, wet_while_near_dew
from headland.agronomy.series.answer import Method
from headland.agronomy.series.arrays import Counts, Mask, Values
from headland.agronomy.series.indicator import SUM_BAR, Index, told_index
from headland.agronomy.series.time_grid import (
    STEP_MS,
    Periods,
    average,
    count_true,
    highest,
    hours_of,
    longest_run,
    lowest,
)
from headland.units_of_time import HOUR_MS

_AIR: Final = ("air_temperature_degc", "relative_humidity_pct")
_WETNESS: Final = "wet by dew point depression, 2 K on and 3.8 K off (Huber and Gillespie 1992)"
_BOTRYTIS: Final = (
    f"Broome et al. (1995), the highest of the day; a wet period ends after {BOTRYTIS_DRY_H:g} h dry; {_WETNESS}"
)
_BAR: Final = "coverage is the known share of the day, from 90 % on"
#: What each index holds for: shown beside it, because all of them were made elsewhere.
VALIDITY: Final[dict[str, str]] = {
    "botrytis_index": "Fitted on grape flowers and berries at 12 to 32 degC; elsewhere it orders days, it is no share "
    "of sick plants. From 0.5 on moderate, from 1 high.",
    "powdery_mildew_index": "Made for grape; begins anew 14 days before the first day asked for, and after a day that "
    "is not known. From 40 on moderate, from 60 high.",
    "late_blight_severity": "Wallin's severity values 0 to 4 a day, potato and tomato in the field; 18 since emergence "
    "is the first warning. Here by local day, not from noon to noon.",
    "smith_period": "Potato late blight in the field: 1 on a day that ends two days of at least 10 degC and 11 h of "
    "90 % or more.",
    "hutton_period": "As the Smith period with 6 h of 90 % or more.",
    "downy_mildew_share": "Magarey's generic model with default cardinal temperatures that are not calibrated; 1 and "
    "more is an infection.",
}


@dataclass(frozen=True, slots=True)
class WetCourse:
    """Wetness by step: whether leaves are wet, and how long and how warm the wet period under way has been.

    `hours` and `mean_degc` are NaN at dry steps. A dry break of less than 4 h does not end a period and counts as dry.
    """

    wet: Mask
    hours: Values
    mean_degc: Values


def follow_wetness(air: Air) -> WetCourse:
    """Return the course of leaf wetness by dew point depression; unknown air is dry."""
    temperature_degc = air.temperature_degc
    wet = wet_while_near_dew(temperature_degc - air.dew_degc)
    hours, mean = np.full(len(wet), np.nan), np.full(len(wet), np.nan)
    at = np.flatnonzero(wet & np.isfinite(temperature_degc))
    if len(at):
        break_steps = BOTRYTIS_DRY_H * HOUR_MS / STEP_MS
        begins = np.concatenate(([True], np.diff(at) - 1 >= break_steps))
        first = np.maximum.accumulate(np.where(begins, np.arange(len(at)), 0))
        count = np.arange(len(at)) - first + 1
        total = np.concatenate(([0.0], np.cumsum(temperature_degc[at])))
        hours[at] = hours_of(count)
        mean[at] = (total[1:] - total[first]) / count
    return WetCourse(wet, hours, mean)


def disease_indices(periods: Periods, air: Air, downy: dict[str, Infection]) -> list[Index]:
    """Return the indices and drivers of each period, which is a local day.

    `downy` are the downy mildews that the crop may have, by the crop's name; all of them where it is not known.
    """
    t, rh = air.temperature_degc, air.humidity_pct
    known = count_true(periods, np.isfinite(t + rh))
    coverage = known / periods.lengths
    course = follow_wetness(air)
    humid = rh >= WET_FROM_PCT
    humid_h = hours_of(count_true(periods, humid))
    humid_degc = average(periods, np.where(humid, t, np.nan))

    def tell(name: str, unit: str, rule: str, value: Values) -> Index:
        return told_index(name, unit, Method(name, 1, f"{rule}; {_BAR}"), _AIR, value, coverage, known)

    found = [
        tell("wet_h", "h", _WETNESS, hours_of(count_true(periods, course.wet))),
        tell("humid_h", "h", f"hours of {WET_FROM_PCT:g} % or more", humid_h),
        tell(
            "wet_temperature_degc", "degC", f"mean while wet: {_WETNESS}",
            average(periods, np.where(course.wet, t, np.nan)),
        ),
        tell("botrytis_index", "1", _BOTRYTIS, _worst_botrytis(periods, course)),
        _mildew(periods, t),
        tell(
            "late_blight_severity", "1", "Wallin (1962): hours of 90 % or more and their mean temperature",
            np.array(
                [wallin_severity(h, d) for h, d in zip(humid_h.tolist(), humid_degc.tolist(), strict=True)],
                np.float64,
            ),
        ),
        *_blight_periods(periods, t, humid_h, coverage, known),
    ]  # fmt: skip
    at = np.flatnonzero(np.isfinite(course.hours))
    for crop, infection in downy.items():
        share = np.zeros(periods.steps)
        share[at] = infection_shares(infection, course.hours[at], course.mean_degc[at])
        share = highest(periods, share)
        name = f"downy_mildew_share_{crop}"
        rule = f"Magarey et al. (2005) eq 1 and 2 for {infection.name}; {_WETNESS}"
        found.append(tell(name, "1", rule, share))
    return found


def _worst_botrytis(periods: Periods, course: WetCourse) -> Values:
    worst = highest(periods, botrytis_indices(course.hours, course.mean_degc))
    return np.where(np.isnan(worst), BOTRYTIS_WHEN_DRY, worst)


def _mildew(periods: Periods, temperature: Values) -> Index:
    low, high = MILDEW_FAVOURABLE_DEGC
    known = count_true(periods, np.isfinite(temperature))
    coverage = known / periods.lengths
    run_h = hours_of(longest_run(periods, (temperature >= low) & (temperature <= high)))
    hot_h = hours_of(count_true(periods, temperature >= MILDEW_HEAT_DEGC))
    value = np.full(len(periods), np.nan)
    enough = coverage >= SUM_BAR
    # A day that is not known ends what was known of the course.
    for group in np.split(np.arange(len(periods)), np.flatnonzero(np.diff(enough)) + 1):
        if len(group) and enough[group[0]]:
            days = [
                MildewDay(favourable, hot >= MILDEW_HEAT_H)
                for favourable, hot in zip(run_h[group].tolist(), hot_h[group].tolist(), strict=True)
            ]
            value[group] = powdery_mildew_index(days)
    rule = "Gubler and Thomas (UC IPM): hours on end of 21.1 to 29.4 degC, heat of 35 degC"
    return told_index(
        "powdery_mildew_index", "1", Method("powdery_mildew_index", 1, f"{rule}; {_BAR}"),
        ("air_temperature_degc",), value, coverage, known,
    )  # fmt: skip


def _blight_periods(
    periods: Periods, temperature: Values, humid_h: Values, coverage: Values, known: Counts
) -> list[Index]:
    cold = lowest(periods, temperature)
    days = [HumidDay(low, hours) for low, hours in zip(cold.tolist(), humid_h.tolist(), strict=True)]
    unknown = coverage < SUM_BAR
    # A period has two days: where the one before is not known, neither is whether this one ends a period.
    unsure = unknown | np.insert(unknown[:-1], 0, True)
    found = []
    for name, ends, rule in (
        ("smith_period", smith_periods(days), "Smith (1956)"),
        ("hutton_period", hutton_periods(days), "Dancey et al. (2017)"),
    ):
        value = np.where(unsure, np.nan, np.array(ends, np.float64))
        found.append(told_index(name, "1", Method(name, 1, f"{rule}; {_BAR}"), _AIR, value, coverage, known))
    return found
