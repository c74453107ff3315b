"""Disease pressure in greenhouses by published rules: Botrytis, powdery mildew and downy mildew from leaf wetness.

An index orders days by how far they favoured an infection; it never counts sick plants.

Sources
-------
.. [1] Broome et al. (1995), Phytopathology 85, 97-102: Botrytis bunch rot of grape.
.. [2] Gubler and Thomas, UC IPM: risk index of grape powdery mildew.
.. [3] Magarey, Sutton, Russo (2005), Phytopathology 95, 92-100: wetness that an infection needs by temperature.
.. [4] Huber and Gillespie (1992), Annu. Rev. Phytopathol. 30, 553-577: wetness by dew point depression, onset apart
       from dry-off. The thresholds 2 and 3.8 K were not found in the text of this or another paper: Headland's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike

from headland.agronomy.climate.air import AIR_CHANNELS, AIR_TEMPERATURE, Air
from headland.agronomy.climate.blight import late_blight_indices
from headland.agronomy.series.answer import RUN_IN_TOO_SHORT, Method
from headland.agronomy.series.arrays import Mask, Values
from headland.agronomy.series.indicator import SUM_BAR, Index, precomputed_index, unknown_where
from headland.agronomy.series.time_grid import (
    STEP_MS,
    Periods,
    average,
    count_true,
    highest,
    hours_of,
    longest_run,
)
from headland.units_of_time import HOUR_MS

Level = Literal["low", "moderate", "high"]

#: Relative humidity from which air counts as humid [%].
HUMID_FROM_PCT: Final = 90.0
#: Dew point depression at which leaves become wet, and the one from which they are dry again [K]; not confirmed by [4].
ONSET_K: Final = 2.0
DRY_OFF_K: Final = 3.8

#: [1]: limits of the temperature [degC], and from which index on the pressure is moderate and high.
_BOTRYTIS_LOW_DEGC, _BOTRYTIS_HIGH_DEGC, _BOTRYTIS_DEAD_DEGC = 12.0, 32.0, 40.0
BOTRYTIS_LEVELS: Final = (0.5, 1.0)
#: Dry hours that end a wet period; [1].
BOTRYTIS_DRY_H: Final = 4.0
#: The index before the first wet hour, the model's constant.
BOTRYTIS_WHEN_DRY: Final = -2.647866

#: [2]: the favourable range, the heat that sets the fungus back [degC], the hours and days they need, steps and limits.
MILDEW_FAVOURABLE_DEGC: Final = (21.1, 29.4)
MILDEW_HEAT_DEGC: Final = 35.0
MILDEW_HEAT_H: Final = 0.25
_MILDEW_HOURS, _MILDEW_DAYS = 6.0, 3
_MILDEW_UP, _MILDEW_DOWN, _MILDEW_MOST = 20, 10, 100
MILDEW_LEVELS: Final = (40.0, 60.0)

_WETNESS: Final = "wet by dew point depression (Huber and Gillespie 1992), 2 K on and 3.8 K off: limits not confirmed"
_BOTRYTIS: Final = (
    f"Broome et al. (1995), the highest of the day; a wet period ends after {BOTRYTIS_DRY_H:g} h dry; {_WETNESS}"
)
_COVERAGE: Final = "coverage is the known share of the day, from 90 % on"
#: The range of validity of each index; an answer carries it, because each rule was made for another crop or place.
VALIDITY: Final[dict[str, str]] = {
    "botrytis_index": "Fitted on grape flowers and berries at 12 to 32 degC; elsewhere it orders days, it is no share "
    "of sick plants. From 0.5 on moderate, from 1 high.",
    "powdery_mildew_index": "Made for grape; begins anew after a day that is not known, and follows the days since "
    "then, up to a year. From 40 on moderate, from 60 high.",
    "late_blight_severity": "Wallin's severity values 0 to 4 a day, potato and tomato in the field; 18 since emergence "
    "is the first warning. From noon to noon: of the night that ends on the day.",
    "smith_period": "Potato late blight in the field: 1 on a day that ends two days of at least 10 degC and 11 h of "
    "90 % or more.",
    "hutton_period": "As the Smith period with 6 h of 90 % or more.",
    "downy_mildew_share": "Magarey's generic model with default cardinal temperatures that are not calibrated; 1 and "
    "more is an infection.",
}


@dataclass(frozen=True, slots=True)
class WetCourse:
    """Leaf wetness by step: whether leaves are wet, and how long and how warm the current wet period has been.

    `hours` and `mean_degc` are NaN at dry steps. A dry break of less than 4 h does not end a period and counts as dry.
    """

    wet: Mask
    hours: Values
    mean_degc: Values


@dataclass(frozen=True, slots=True)
class MildewDay:
    """The longest run of hours between 21.1 and 29.4 degC, and whether 35 degC was reached for a quarter of an hour."""

    favourable_h: float
    hot: bool = False


@dataclass(frozen=True, slots=True)
class Infection:
    """A pathogen's cardinal temperatures [degC] and the hours of wetness it needs at the best of them; for [3]."""

    name: str
    low_degc: float
    best_degc: float
    high_degc: float
    least_wet_h: float


#: Defaults to be calibrated: not from [3]'s own table.
DOWNY_MILDEWS: Final[dict[str, Infection]] = {
    "cucumber": Infection("Pseudoperonospora cubensis", 1.0, 20.0, 28.0, 2.0),
    "lettuce": Infection("Bremia lactucae", 1.0, 15.0, 25.0, 4.0),
}


def wet_while_near_dew(depression_k: Values) -> Mask:
    """Return where leaves are wet by the dew point depression [K], samples in time order; [4].

    Wet from a depression of 2 K down, then until one of 3.8 K; unknown air is dry.
    """
    # The last sample that decided, at or before each: below the onset, beyond the dry-off, or unknown.
    decides = (depression_k <= ONSET_K) | (depression_k >= DRY_OFF_K) | ~np.isfinite(depression_k)
    last = np.maximum.accumulate(np.where(decides, np.arange(len(decides)), -1))
    return np.asarray((last >= 0) & (depression_k[last] <= ONSET_K))


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


def botrytis_indices(wet_hours: ArrayLike, wet_degc: ArrayLike) -> Values:
    """Return the index ln(Y / (1 - Y)) after wet periods of `wet_hours` at means of `wet_degc`, which broadcast; [1].

    NaN for a mean above 40 degC, which the model does not count, or no wetness. Made for grape: elsewhere it orders
    days, it does not count rotten fruits.
    """
    hours, degc = np.asarray(wet_hours, np.float64), np.asarray(wet_degc, np.float64)
    t = np.clip(degc, _BOTRYTIS_LOW_DEGC, _BOTRYTIS_HIGH_DEGC)
    index = BOTRYTIS_WHEN_DRY - 0.374927 * hours + 0.061601 * hours * t - 0.001511 * hours * t * t
    return np.where((hours > 0.0) & (degc <= _BOTRYTIS_DEAD_DEGC), index, np.nan)


@dataclass(frozen=True, slots=True)
class MildewState:
    """The course of [2] after a day: its index 0..100, whether it has started, and the favourable days before that."""

    index: int = 0
    started: bool = False
    run: int = 0


#: The state before the first known day: nothing has started.
FRESH: Final = MildewState()
#: Every state that a day may end with.
ANY_STATE: Final = frozenset(
    [MildewState(run * _MILDEW_UP, run=run) for run in range(_MILDEW_DAYS)]
    + [MildewState(index, started=True) for index in range(0, _MILDEW_MOST + 1, _MILDEW_DOWN)]
)


def follow_mildew(before: MildewState, day: MildewDay) -> MildewState:
    """Return the state after a day; [2].

    The index starts at 60 after three consecutive favourable days, 20 for each; an interrupted run begins again from 0.
    """
    favourable = day.favourable_h >= _MILDEW_HOURS
    if not before.started:
        run = before.run + 1 if favourable else 0
        started = run >= _MILDEW_DAYS
        return MildewState(run * _MILDEW_UP, started, 0 if started else run)
    change = _MILDEW_UP if favourable else -_MILDEW_DOWN
    if day.hot:
        # Heat subtracts ten from a favourable day's twenty, but no day loses more than ten.
        change = _MILDEW_UP - _MILDEW_DOWN if favourable else -_MILDEW_DOWN
    return MildewState(min(max(before.index + change, 0), _MILDEW_MOST), started=True)


def powdery_mildew_index(days: Sequence[MildewDay], *, started_at: int | None = None) -> list[int]:
    """Return the index 0..100 after each day; [2]. `started_at` continues from an index that had started."""
    state = FRESH if started_at is None else MildewState(started_at, started=True)
    indices = []
    for day in days:
        state = follow_mildew(state, day)
        indices.append(state.index)
    return indices


def mildew_days(periods: Periods, temperature_degc: Values) -> list[MildewDay | None]:
    """Return what [2] needs of each local day, None for one of which less than 90 % is known."""
    low, high = MILDEW_FAVOURABLE_DEGC
    enough = count_true(periods, np.isfinite(temperature_degc)) >= SUM_BAR * periods.lengths
    run_h = hours_of(longest_run(periods, (temperature_degc >= low) & (temperature_degc <= high)))
    hot_h = hours_of(count_true(periods, temperature_degc >= MILDEW_HEAT_DEGC))
    rows = zip(enough.tolist(), run_h.tolist(), hot_h.tolist(), strict=True)
    return [MildewDay(run, hot >= MILDEW_HEAT_H) if is_known else None for is_known, run, hot in rows]


def follow_states(states: frozenset[MildewState], days: Iterable[MildewDay | None]) -> list[frozenset[MildewState]]:
    """Return after each day the states that it may have ended with, from the possible ones before the first day.

    After a day that is not known the index begins anew.
    """
    course = []
    for day in days:
        states = frozenset((FRESH,)) if day is None else frozenset(follow_mildew(state, day) for state in states)
        course.append(states)
    return course


def infection_shares(infection: Infection, wet_hours: ArrayLike, wet_degc: ArrayLike) -> Values:
    """Return the wetness of periods over the wetness that an infection needs; [3] eq 1 and 2.

    1 and more is an infection; 0 at temperatures at which there is none. The arrays broadcast.
    """
    degc = np.asarray(wet_degc, np.float64)
    fits = (degc > infection.low_degc) & (degc < infection.high_degc)
    t = np.where(fits, degc, infection.best_degc)
    above, below = infection.high_degc - infection.best_degc, infection.best_degc - infection.low_degc
    response = (infection.high_degc - t) / above * ((t - infection.low_degc) / below) ** (below / above)
    return np.where(fits, np.asarray(wet_hours, np.float64) * response / infection.least_wet_h, 0.0)


def level_of(value: float, levels: tuple[float, float]) -> Level:
    """Return low, moderate from the first level on, or high from the second."""
    return "high" if value >= levels[1] else "moderate" if value >= levels[0] else "low"


def disease_indices(
    periods: Periods,
    air: Air,
    downy: dict[str, Infection],
    *,
    mildew_before: frozenset[MildewState] = frozenset((FRESH,)),
    wet_before: bool = False,
) -> list[Index]:
    """Return the indices and drivers of each period, which is a local day.

    downy
        The downy mildews of the crop by the crop's name; all of them where the crop is not known.
    mildew_before
        The states of powdery mildew with which the day before may have ended.
    wet_before
        Whether leaves may have been wet before the first step: then wetness is unknown until it is decided.
    """
    t, rh = air.temperature_degc, air.humidity_pct
    known = count_true(periods, np.isfinite(t + rh))
    coverage = known / periods.lengths
    course = follow_wetness(air)
    open_steps = undecided_steps(air) if wet_before else (0, 0)
    humid = rh >= HUMID_FROM_PCT
    humid_h = hours_of(count_true(periods, humid))

    def index_of(name: str, unit: str, rule: str, value: Values, undecided: int = 0) -> Index:
        index = precomputed_index(
            name, unit, Method(name, 1, f"{rule}; {_COVERAGE}"), AIR_CHANNELS, value, coverage, known
        )
        return unknown_where(index, periods.edges[:-1] < undecided, RUN_IN_TOO_SHORT)

    wet_degc = average(periods, np.where(course.wet, t, np.nan))
    indices = [
        index_of("wet_h", "h", _WETNESS, hours_of(count_true(periods, course.wet)), open_steps[0]),
        index_of("humid_h", "h", f"hours of {HUMID_FROM_PCT:g} % or more", humid_h),
        index_of("wet_temperature_degc", "degC", f"mean while wet: {_WETNESS}", wet_degc, open_steps[0]),
        index_of("botrytis_index", "1", _BOTRYTIS, _worst_botrytis(periods, course), open_steps[1]),
        _powdery_mildew(periods, t, mildew_before),
        *late_blight_indices(periods, t, humid, np.isfinite(t + rh), humid_h, coverage, known),
    ]
    at = np.flatnonzero(np.isfinite(course.hours))
    for crop, infection in downy.items():
        share = np.zeros(periods.steps)
        share[at] = infection_shares(infection, course.hours[at], course.mean_degc[at])
        rule = f"Magarey et al. (2005) eq 1 and 2 for {infection.name}; {_WETNESS}"
        indices.append(index_of(f"downy_mildew_share_{crop}", "1", rule, highest(periods, share), open_steps[1]))
    return indices


def _worst_botrytis(periods: Periods, course: WetCourse) -> Values:
    worst = highest(periods, botrytis_indices(course.hours, course.mean_degc))
    return np.where(np.isnan(worst), BOTRYTIS_WHEN_DRY, worst)


def undecided_steps(air: Air) -> tuple[int, int]:
    """Return the steps until which wetness is unknown, and those until which the length of a wet period is.

    Leaves may have been wet before the first step. Wetness is decided by the first depression below the onset, beyond
    the dry-off or unknown; a wet period ends with the first dry break of four hours.
    """
    depression_k = air.temperature_degc - air.dew_degc
    decides = np.flatnonzero((depression_k <= ONSET_K) | (depression_k >= DRY_OFF_K) | ~np.isfinite(depression_k))
    if not len(decides):
        return len(depression_k), len(depression_k)
    first = int(decides[0])
    dry = ~wet_while_near_dew(depression_k)
    dry[:first] = False
    break_steps = round(BOTRYTIS_DRY_H * HOUR_MS / STEP_MS)
    total = np.concatenate(([0], np.cumsum(dry)))
    whole = np.flatnonzero(total[break_steps:] - total[:-break_steps] == break_steps)
    return first, int(whole[0]) if len(whole) else len(dry)


def _powdery_mildew(periods: Periods, temperature: Values, before: frozenset[MildewState]) -> Index:
    known = count_true(periods, np.isfinite(temperature))
    days = mildew_days(periods, temperature)
    course = follow_states(before, days)
    found = [{state.index for state in states} for states in course]
    value = [
        float(next(iter(index))) if day is not None and len(index) == 1 else np.nan
        for day, index in zip(days, found, strict=True)
    ]
    rule = "Gubler and Thomas (UC IPM): hours on end of 21.1 to 29.4 degC, heat of 35 degC"
    method = Method("powdery_mildew_index", 1, f"{rule}; {_COVERAGE}")
    index = precomputed_index(
        "powdery_mildew_index", "1", method, (AIR_TEMPERATURE,), np.array(value), known / periods.lengths, known
    )
    return unknown_where(index, np.array([len(each) > 1 for each in found], np.bool_), RUN_IN_TOO_SHORT)
