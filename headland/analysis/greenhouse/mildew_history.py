"""Powdery mildew before a window: the states of its index that earlier days allow, read backwards until they tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from headland.agronomy.climate.air import AIR_TEMPERATURE
from headland.agronomy.climate.disease import ANY_STATE, MildewDay, MildewState, follow_states, mildew_days
from headland.agronomy.series.time_grid import make_periods
from headland.analysis.greenhouse.derived import LIGHT
from headland.analysis.greenhouse.house import House, day_starts
from headland.analysis.greenhouse.samples import read_grid
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.units_of_time import DAY_MS

#: The days of a reading, and of all of them: a season is no longer than a year.
_DAYS_A_READING: Final = 28
_MOST_DAYS: Final = 364


def states_before(
    scope: OrgScope, house: House, first_ms: int, days: Sequence[MildewDay | None], asked_from: int
) -> frozenset[MildewState]:
    """Return the states with which the day before `first_ms` may have ended; `days` are those from it on.

    Days are read backwards until the states leave one index on each day from `asked_from` on, or for a year.
    """
    states = ANY_STATE
    earlier: list[MildewDay | None] = []
    while not _tell(states, days, asked_from) and len(earlier) < _MOST_DAYS:
        starts = day_starts(house.place, Window(first_ms - _DAYS_A_READING * DAY_MS, first_ms))
        periods = make_periods(starts, first_ms)
        course = read_grid(scope, house, (AIR_TEMPERATURE,), periods, sun=LIGHT[0]).mean(AIR_TEMPERATURE)
        read = [None] * len(periods) if course is None else mildew_days(periods, course)
        earlier, first_ms = [*read, *earlier], periods.start_ms
        states = follow_states(ANY_STATE, earlier)[-1]
    return states


def _tell(states: frozenset[MildewState], days: Sequence[MildewDay | None], asked_from: int) -> bool:
    """Return whether all states lead to the same index on each day from `asked_from` on."""
    return all(len({state.index for state in after}) == 1 for after in follow_states(states, days)[asked_from:])
