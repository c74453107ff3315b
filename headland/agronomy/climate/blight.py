"""Late blight of potato and tomato in the field by day: severity values, Smith and Hutton periods, Blitecast's advice.

Sources
-------
.. [1] Wallin (1962), Am. Potato J. 39, 300-312; severity values as Michigan State University prints them.
.. [2] Blitecast: MacKenzie (1981), Plant Disease 65, 394-399, not re-read; its matrix as printed by Pessl Instruments
       (docs.metos.at, "BliteCast") and coded in IRRI's R package cropsim, which agree in all twelve fields.
.. [3] Smith (1956), Plant Pathology 5, 83-87; Hutton criteria: Dancey et al. (2017), James Hutton Institute.
.. [4] Hyre (1954), Am. Potato J. 31, 245-253, not re-read; the figures of rain-favourable days as UC IPM and cropsim
       give them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from headland.agronomy.climate.air import AIR_CHANNELS
from headland.agronomy.series.answer import RUN_IN_TOO_SHORT, Method
from headland.agronomy.series.arrays import Counts, Mask, Values
from headland.agronomy.series.indicator import SUM_BAR, Index, precomputed_index, unknown_where
from headland.agronomy.series.time_grid import STEP_MS, Periods, average, count_true, hours_of, lowest
from headland.units_of_time import DAY_MS

#: [1]: from and to mean temperature of the wet period [degC], and from how many hours on the severity is 1, 2, 3, 4.
WALLIN: Final = (
    (7.2, 11.7, (16.0, 19.0, 22.0, math.inf)),
    (11.7, 15.1, (13.0, 16.0, 19.0, 22.0)),
    (15.1, 26.7, (10.0, 13.0, 16.0, 19.0)),
)
#: [2]: below which severity of seven days which message, with up to 4 and with 5 or more rain-favourable days.
_BLITECAST_DRY: Final = ((4, -1), (5, 0), (7, 1))
_BLITECAST_WET: Final = ((3, -1), (4, 0), (5, 1))
#: The messages by code: -1 no spray, 0 a late blight warning, 1 spray every 7 days, 2 every 5 days.
BLITECAST_MESSAGES: Final = {-1: "no_spray", 0: "warning", 1: "spray_7_days", 2: "spray_5_days"}
_MESSAGE_CODES: Final = {name: code for code, name in BLITECAST_MESSAGES.items()}
#: [3]: the lowest temperature [degC], and the humid hours that each of two consecutive days needs.
_BLIGHT_DEGC, _SMITH_H, _HUTTON_H = 10.0, 11.0, 6.0
#: Days that an answer needs before the first one asked for: ten of rain before the first of seven, and the evening
#: before that.
RUN_IN_DAYS: Final = 17
_WEEK, _RAIN_DAYS, _WARM_DAYS = 7, 10, 5
#: [4]: a day is rain-favourable after so much rain in ten days [mm] while five were no warmer on average [degC], unless
#: its own lowest temperature is below the last figure [degC].
_LEAST_RAIN_MM, _MOST_DEGC, _COLD_DEGC = 30.0, 25.5, 7.2
_HYRE: Final = (
    f"Hyre (1954): {_LEAST_RAIN_MM:g} mm of rain in ten days while five average below {_MOST_DEGC:g} degC, and a "
    f"lowest temperature of the day of {_COLD_DEGC:g} degC or more; figures of UC IPM, not re-read in the paper"
)
_COVERAGE: Final = "coverage is the known share of the day, from 90 % on"


@dataclass(frozen=True, slots=True)
class HumidDay:
    """A day's lowest temperature [degC] and its hours of RH 90 % or more."""

    low_degc: float
    humid_h: float


def wallin_severity(humid_hours: float, humid_degc: float) -> int:
    """Return the severity value 0..4 of a period of RH 90 % or more and its mean temperature; [1]."""
    for low, high, hours in WALLIN:
        if low <= humid_degc < high:
            return sum(humid_hours >= least for least in hours)
    return 0


def smith_periods(days: Sequence[HumidDay]) -> list[bool]:
    """Return for each day whether it ends a Smith period: two days of 10 degC or more, 11 humid hours each; [3]."""
    return _two_on_end(days, _SMITH_H)


def hutton_periods(days: Sequence[HumidDay]) -> list[bool]:
    """Return for each day whether it ends a Hutton period: two days of 10 degC or more, 6 humid hours each; [3]."""
    return _two_on_end(days, _HUTTON_H)


def blitecast(severity_of_7_days: int, favourable_days_of_7: int) -> str:
    """Return the spray message from seven days' severity and rain-favourable days; [2]."""
    steps = _BLITECAST_WET if favourable_days_of_7 >= 5 else _BLITECAST_DRY
    message = next((code for below, code in steps if severity_of_7_days < below), 2)
    return BLITECAST_MESSAGES[message]


def late_blight_indices(
    periods: Periods,
    temperature: Values,
    humid: Mask,
    is_known: Mask,
    humid_h: Values,
    coverage: Values,
    known: Counts,
) -> list[Index]:
    """Return Wallin's severity, and whether a Smith or a Hutton period ends, for each period, which is a local day.

    `temperature`, whether it is humid, RH 90 % or more, and whether both are known are by step; humid hours and the
    coverage are by day.
    """
    cold = lowest(periods, temperature)
    days = [HumidDay(low, hours) for low, hours in zip(cold.tolist(), humid_h.tolist(), strict=True)]
    unknown = coverage < SUM_BAR
    # A period consists of two days: without the day before, whether it ends today is unknown too.
    unsure = unknown | np.insert(unknown[:-1], 0, True)
    columns = (
        ("smith_period", "Smith (1956)", np.array(smith_periods(days), np.float64)),
        ("hutton_period", "Dancey et al. (2017)", np.array(hutton_periods(days), np.float64)),
    )
    two_days = [
        precomputed_index(name, "1", Method(name, 1, f"{rule}; {_COVERAGE}"), AIR_CHANNELS, value, coverage, known)
        for name, rule, value in columns
    ]
    return [
        _severity(periods, temperature, humid, is_known),
        *(unknown_where(index, unsure, RUN_IN_TOO_SHORT) for index in two_days),
    ]


def _severity(periods: Periods, temperature: Values, humid: Mask, is_known: Mask) -> Index:
    """Return Wallin's severity of the 24 hours up to each day's noon, in which the night is whole."""
    noons = np.minimum(periods.edges[:-1] + DAY_MS // 2 // STEP_MS, periods.edges[1:])
    nights = Periods(periods.start_ms, np.concatenate(([0], noons)))
    t, wet = temperature[: nights.steps], humid[: nights.steps]
    hours, mean = hours_of(count_true(nights, wet)), average(nights, np.where(wet, t, np.nan))
    value = [wallin_severity(h, d) for h, d in zip(hours.tolist(), mean.tolist(), strict=True)]
    known = count_true(nights, is_known[: nights.steps])
    # A night that began before the first step, or is not over, is not whole: from noon to noon is the day before.
    whole = np.insert(periods.lengths[:-1], 0, DAY_MS // STEP_MS)
    rule = "Wallin (1962): hours of 90 % or more and their mean temperature, from noon to noon"
    index = precomputed_index(
        "late_blight_severity", "1", Method("late_blight_severity", 2, f"{rule}; {_COVERAGE}"), AIR_CHANNELS,
        np.array(value, np.float64), np.minimum(known / whole, 1.0), known,
    )  # fmt: skip
    return replace(index, windows=tuple(nights.window(at) for at in range(len(nights))))


def blitecast_indices(severity: Index, temperature: Index, rain_mm: Index, inputs: tuple[str, ...]) -> list[Index]:
    """Return for each day whether rain made it favourable, the severity of seven days, and Blitecast's message code.

    The three indices are of the same consecutive days, `temperature` with its lowest; a sum is known only where each of
    its days is. Raises ValueError for a temperature without its lowest.
    """
    if temperature.low is None:
        raise ValueError("Blitecast needs the lowest temperature of each day")
    share = np.minimum(np.minimum(severity.coverage, temperature.coverage), rain_mm.coverage)
    rain, mean_degc = _sum_last(rain_mm.value, _RAIN_DAYS), _sum_last(temperature.value, _WARM_DAYS) / _WARM_DAYS
    is_favourable = (rain >= _LEAST_RAIN_MM) & (mean_degc < _MOST_DEGC) & (temperature.low >= _COLD_DEGC)
    favourable = np.where(np.isfinite(rain + mean_degc + temperature.low), is_favourable, np.nan)
    week, days = _sum_last(severity.value, _WEEK), _sum_last(favourable, _WEEK)
    message = [
        _MESSAGE_CODES[blitecast(int(s), int(d))] if np.isfinite(s + d) else np.nan
        for s, d in zip(week.tolist(), days.tolist(), strict=True)
    ]
    rule = (
        "Blitecast (MacKenzie 1981, matrix as Pessl Instruments print it): -1 no spray, 0 a warning, 1 spray every 7 "
        "days, 2 every 5 days"
    )
    every_day = "every day of it from 90 % on"
    methods = (
        Method("rain_favourable_day", 2, f"{_HYRE}; {every_day}"),
        Method("late_blight_severity_7_d", 1, f"sum of seven days; {severity.method.source}; {every_day}"),
        Method("blitecast_code", 2, f"{rule}; {_HYRE}; {every_day}"),
    )
    values = (favourable, week, np.array(message))
    lengths = (_RAIN_DAYS, _WEEK, _WEEK + _RAIN_DAYS - 1)
    return [
        precomputed_index(method.id, "1", method, inputs, value, _lowest_share(share, days), severity.known)
        for method, value, days in zip(methods, values, lengths, strict=True)
    ]


def _two_on_end(days: Sequence[HumidDay], hours: float) -> list[bool]:
    fits = [day.low_degc >= _BLIGHT_DEGC and day.humid_h >= hours for day in days]
    return [fit and at > 0 and fits[at - 1] for at, fit in enumerate(fits)]


def _sum_last(value: Values, days: int) -> Values:
    """Return the sum of the last `days` at each day; NaN before there are as many, or with an unknown one."""
    total = np.full(len(value), np.nan)
    if len(value) >= days:
        total[days - 1 :] = np.lib.stride_tricks.sliding_window_view(value, days).sum(axis=1)
    return total


def _lowest_share(share: Values, days: int) -> Values:
    """Return the lowest coverage of the last `days`, as far as there are any."""
    return np.array([share[max(0, at + 1 - days) : at + 1].min() for at in range(len(share))])
