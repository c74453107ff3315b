"""Disease rules against vectors worked from their published tables."""

from __future__ import annotations

import numpy as np
import pytest

from headland.agronomy.climate.disease import (
    ANY_STATE,
    BOTRYTIS_LEVELS,
    DOWNY_MILDEWS,
    MildewDay,
    MildewState,
    botrytis_indices,
    follow_states,
    infection_shares,
    level_of,
    powdery_mildew_index,
)
from headland.agronomy.climate.leaf_wetness import follow_wetness, undecided_steps
from headland.agronomy.series.time_grid import STEP_MS
from headland.units_of_time import HOUR_MS

#: Hours, degC, index, incidence.
BROOME = (
    (4, 12, -2.061062, 0.11293939),
    (4, 28, -1.986758, 0.12060027),
    (8, 16, -0.856882, 0.2979912),
    (12, 20, 0.38445, 0.59494594),
    (12, 28, -0.664542, 0.33972005),
    (16, 16, 0.934102, 0.71790675),
    (24, 12, 0.872958, 0.70536082),
    (24, 20, 3.416766, 0.96822443),
)


@pytest.mark.parametrize(("hours", "degc", "index", "incidence"), BROOME)
def test_botrytis_grows_with_wet_hours_as_published(hours: float, degc: float, index: float, incidence: float) -> None:
    value = botrytis_indices(hours, degc)
    assert value == pytest.approx(index, abs=1e-6)
    # The index is the logarithm of the odds.
    assert 1.0 / (1.0 + np.exp(-value)) == pytest.approx(incidence, abs=1e-6)


def test_botrytis_is_clamped_to_where_it_was_measured() -> None:
    index = botrytis_indices(12.0, [5.0, 12.0, 38.0, 32.0, 41.0])
    assert (index[0], index[2]) == (index[1], index[3])
    assert np.isnan(index[4])
    assert np.isnan(botrytis_indices(0.0, 20.0))
    assert [level_of(index, BOTRYTIS_LEVELS) for index in (0.4, 0.5, 1.0)] == ["low", "moderate", "high"]


def test_powdery_mildew_starts_after_three_consecutive_days() -> None:
    good, poor = MildewDay(6.0), MildewDay(5.9)
    assert powdery_mildew_index([good, good, good]) == [20, 40, 60]
    assert powdery_mildew_index([good, good, poor, good, good, good, poor]) == [20, 40, 0, 20, 40, 60, 50]


def test_powdery_mildew_continues_by_its_daily_steps() -> None:
    days = [MildewDay(7.0), MildewDay(7.0, hot=True), MildewDay(3.0), MildewDay(3.0, hot=True)]
    assert powdery_mildew_index(days, started_at=60) == [80, 90, 80, 70]
    assert powdery_mildew_index([MildewDay(9.0)] * 4, started_at=60) == [80, 100, 100, 100]
    assert powdery_mildew_index([MildewDay(0.0)] * 8, started_at=60)[-2:] == [0, 0]


def test_an_infection_needs_least_wetness_at_its_best_temperature() -> None:
    downy = DOWNY_MILDEWS["cucumber"]
    # At 20 degC two hours are enough; at every other temperature they are too few.
    assert infection_shares(downy, 2.0, 20.0) == pytest.approx(1.0)
    others = infection_shares(downy, 2.0, [5.0, 12.0, 24.0, 27.0])
    assert ((others > 0.0) & (others <= 1.0)).all()
    assert infection_shares(downy, 3.0, 20.0) == pytest.approx(1.5)
    assert infection_shares(downy, 30.0, [0.5, 28.0]).tolist() == [0.0, 0.0]


def test_a_period_longer_than_the_published_table_counts_as_its_longest() -> None:
    day, week = botrytis_indices([24.0, 168.0], 20.0)
    assert day == week == pytest.approx(3.416766, abs=1e-6)


def test_a_dry_break_of_less_than_four_hours_does_not_end_a_wet_period() -> None:
    # Wet for 2 h, dry for 2 h, wet for 1 h, dry for 4 h, wet for 1 h.
    hours = [True] * 2 + [False] * 2 + [True] + [False] * 4 + [True]
    wet = np.repeat(hours, HOUR_MS // STEP_MS)
    course = follow_wetness(wet, np.full(len(wet), 18.0))
    ends = course.hours[HOUR_MS // STEP_MS - 1 :: HOUR_MS // STEP_MS]
    assert ends == pytest.approx([1.0, 2.0, np.nan, np.nan, 3.0, np.nan, np.nan, np.nan, np.nan, 1.0], nan_ok=True)
    assert np.nanmin(course.mean_degc) == np.nanmax(course.mean_degc) == 18.0


def test_mildew_is_known_as_soon_as_every_state_of_the_day_before_leads_to_it() -> None:
    good, bad = MildewDay(7.0), MildewDay(0.0)
    course = follow_states(ANY_STATE, [bad] * 10 + [good] * 6)
    known = [len({state.index for state in states}) == 1 for states in course]
    # After ten bad days it is 0 whether it had started or not, the third of the good ones starts it again.
    assert known == [False] * 9 + [True] + [True, True, True, True, True, True]
    assert {state.index for state in course[12]} == {60}
    assert follow_states(ANY_STATE, [good, None, good])[-1] == {MildewState(20, run=1)}


def test_wetness_from_before_the_first_step_is_not_decided() -> None:
    hour = HOUR_MS // STEP_MS
    wet = np.repeat([True] * 3 + [False] * 5 + [True] * 2, hour)
    # It is wet from the first step on, but since when is only known after four dry hours.
    assert undecided_steps(wet) == 3 * hour
    assert undecided_steps(np.ones(24, np.bool_)) == 24
