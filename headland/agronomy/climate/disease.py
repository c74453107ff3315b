"""Disease pressure in greenhouses by published rules: Botrytis, powdery mildew and downy mildew from leaf wetness.

An index orders days by how far they favoured an infection; it never counts sick plants.

Sources
-------
.. [1] Broome et al. (1995), Phytopathology 85, 97-102: Botrytis bunch rot of grape.
.. [2] Gubler and Thomas, UC IPM: risk index of grape powdery mildew.
.. [3] Magarey, Sutton, Russo (2005), Phytopathology 95, 92-100: wetness that an infection needs by temperature.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike

from headland.agronomy.climate.air import AIR_CHANNELS, AIR_TEMPERATURE, Air
from headland.agronomy.climate.blight import late_blight_indices
from headland.agronomy.climate.leaf_wetness import (
    DRY_BREAK_H,
    LeafMargin,
    WetCourse,
    follow_wetness,
    undecided_steps,
)
from headland.agronomy.series.answer import RUN_IN_TOO_SHORT, Method
from headland.agronomy.series.arrays import Values
from headland.agronomy.series.indicator import SUM_BAR, Index, precomputed_index, unknown_where
from headland.agronomy.series.time_grid import (
    Periods,
    average,
    count_true,
    highest,
    hours_of,
    longest_run,
)
from headland.contract.leaf import LEAF_TEMPERATURE

Level = Literal["low", "moderate", "high"]

#: Relative humidity from which air counts as humid [%].
HUMID_FROM_PCT: Final = 90.0

#: [1]: limits of the temperature [degC], and from which index on the pressure is moderate and high.
_BOTRYTIS_LOW_DEGC, _BOTRYTIS_HIGH_DEGC, _BOTRYTIS_DEAD_DEGC = 12.0, 32.0, 40.0
BOTRYTIS_LEVELS: Final = (0.5, 1.0)
#: The longest wetness of the published table of [1]: beyond it the formula would grow for ever [h].
BOTRYTIS_MOST_H: Final = 24.0
#: The index before the first wet hour, the model's constant.
BOTRYTIS_WHEN_DRY: Final = -2.647866

#: [2]: the favourable range, the heat that sets the fungus back [degC], the hours and days they need, steps and limits.
MILDEW_FAVOURABLE_DEGC: Final = (21.1, 29.4)
MILDEW_HEAT_DEGC: Final = 35.0
MILDEW_HEAT_H: Final = 0.25
_MILDEW_HOURS, _MILDEW_DAYS = 6.0, 3
_MILDEW_UP, _MILDEW_DOWN, _MILDEW_MOST = 20, 10, 100
MILDEW_LEVELS: Final = (40.0, 60.0)

_BOTRYTIS: Final = (
    f"Broome et al. (1995), the highest of the day; a wet period ends after {DRY_BREAK_H:g} h dry and counts as "
    f"{BOTRYTIS_MOST_H:g} h at most"
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


def botrytis_indices(wet_hours: ArrayLike, wet_degc: ArrayLike) -> Values:
    """Return the index ln(Y / (1 - Y)) after wet periods of `wet_hours` at means of `wet_degc`, which broadcast; [1].

    A period of more than 24 h counts as one of 24 h. NaN for a mean above 40 degC, which the model does not count, or
    no wetness. Made for grape: elsewhere it orders days, it does not count rotten fruits.
    """
    hours, degc = np.minimum(np.asarray(wet_hours, np.float64), BOTRYTIS_MOST_H), np.asarray(wet_degc, np.float64)
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
    leaf: LeafMargin,
    downy: dict[str, Infection],
    *,
    mildew_before: frozenset[MildewState] = frozenset((FRESH,)),
    wet_before: bool = False,
) -> list[Index]:
    """Return the indices and drivers of each period, which is a local day.

    leaf
        The margin of the leaves over the dew point, by which they are wet.
    downy
        The downy mildews of the crop by the crop's name; all of them where the crop is not known.
    mildew_before
        The states of powdery mildew with which the day before may have ended.
    wet_before
        Whether leaves may have been wet before the first step: then the length of a wet period is unknown until one
        has ended.
    """
    t = air.temperature_degc
    wet = _wet_indices(periods, t, leaf, downy, wet_before=wet_before)
    return [*wet, _powdery_mildew(periods, t, mildew_before), *humid_indices(periods, air)]


def humid_indices(periods: Periods, air: Air) -> list[Index]:
    """Return the humid hours of each local day, and the indices of late blight, which take them for wet ones."""
    t, rh = air.temperature_degc, air.humidity_pct
    is_known = np.isfinite(t + rh)
    known = count_true(periods, is_known)
    coverage = known / periods.lengths
    humid = rh >= HUMID_FROM_PCT
    humid_h = hours_of(count_true(periods, humid))
    method = Method("humid_h", 1, f"hours of {HUMID_FROM_PCT:g} % or more; {_COVERAGE}")
    return [
        precomputed_index("humid_h", "h", method, AIR_CHANNELS, humid_h, coverage, known),
        *late_blight_indices(periods, t, humid, is_known, humid_h, coverage, known),
    ]


def _wet_indices(
    periods: Periods, temperature: Values, leaf: LeafMargin, downy: dict[str, Infection], *, wet_before: bool
) -> list[Index]:
    """Return the hours of wet leaves, how warm they were, and the indices that follow from both."""
    course = follow_wetness(leaf.wet, temperature)
    open_steps = undecided_steps(course.wet) if wet_before else 0
    known = count_true(periods, np.isfinite(leaf.margin_k))
    estimated = leaf.surface.is_estimated_in(periods)
    inputs = AIR_CHANNELS if leaf.surface.estimated else (*AIR_CHANNELS, LEAF_TEMPERATURE)

    def index_of(name: str, unit: str, rule: str, value: Values, undecided: int = 0) -> Index:
        method = Method(name, 2, f"{rule}; {leaf.definition}; {_COVERAGE}")
        index = precomputed_index(name, unit, method, inputs, value, known / periods.lengths, known)
        return unknown_where(replace(index, estimated=estimated), periods.edges[:-1] < undecided, RUN_IN_TOO_SHORT)

    indices = [
        index_of("wet_h", "h", "leaf at or below the dew point", hours_of(count_true(periods, course.wet))),
        index_of("wet_temperature_degc", "degC", "mean while wet",
                 average(periods, np.where(course.wet, temperature, np.nan))),
        index_of("botrytis_index", "1", _BOTRYTIS, _worst_botrytis(periods, course), open_steps),
    ]  # fmt: skip
    at = np.flatnonzero(np.isfinite(course.hours))
    for crop, infection in downy.items():
        share = np.zeros(periods.steps)
        share[at] = infection_shares(infection, course.hours[at], course.mean_degc[at])
        rule = f"Magarey et al. (2005) eq 1 and 2 for {infection.name}"
        indices.append(index_of(f"downy_mildew_share_{crop}", "1", rule, highest(periods, share), open_steps))
    # These rules were made from hourly wetness, so samples every hour are enough, unlike for the hours of a surface.
    return indices


def _worst_botrytis(periods: Periods, course: WetCourse) -> Values:
    worst = highest(periods, botrytis_indices(course.hours, course.mean_degc))
    return np.where(np.isnan(worst), BOTRYTIS_WHEN_DRY, worst)


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
