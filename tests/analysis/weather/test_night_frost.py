"""The lowest temperature to come: a station's own offset at night, and the chance of frost from its past errors."""

from __future__ import annotations

import pytest

from headland.analysis.weather.outdoors.night_frost import LowestOfDay, chance_of_frost, lowest_ahead

#: Clear nights are 3 K colder at the station than said, with errors of 1 K to either side; others as said.
CLEAR = [LowestOfDay(2.0, -1.0 + error, True) for error in (1.0, -1.0) * 5]
CLOUDY = [LowestOfDay(4.0, 4.0 + error, False) for error in (1.0, -1.0) * 5]


def test_a_clear_night_has_the_offset_of_clear_nights_and_another_that_of_others() -> None:
    clear, cloudy = (lowest_ahead(2.5, is_clear, [*CLEAR, *CLOUDY]) for is_clear in (True, False))
    assert (clear.value_degc, clear.offset_k, clear.offset_of) == (-0.5, -3.0, "clear")
    assert (cloudy.value_degc, cloudy.offset_k, cloudy.offset_of) == (2.5, 0.0, "cloudy")
    unknown = lowest_ahead(2.5, None, [*CLEAR, *CLOUDY])
    assert (unknown.offset_k, unknown.offset_of) == (-1.5, "all")


def test_the_interval_is_that_of_the_errors_that_the_offset_leaves() -> None:
    ahead = lowest_ahead(2.5, True, [*CLEAR, *CLOUDY])
    # s of twenty errors of 1 K about two means is sqrt(20 / 18), and that of a further day sqrt(1 + 1 / 20) times it.
    assert ahead.low_degc == pytest.approx(-0.5 - 1.6449 * (20 / 18 * 1.05) ** 0.5, abs=1e-3)
    assert ahead.days == 20
    chance = chance_of_frost(0.0, ahead)
    # 0.5 K of a standard error of 1.080 K are 0.463: the normal distribution has 0.678 below it.
    assert chance == pytest.approx(0.678, abs=2e-3)


def test_a_young_station_has_the_interval_of_the_forecast_or_none() -> None:
    few = CLEAR[:3]
    none = lowest_ahead(1.0, True, few)
    assert (none.value_degc, none.offset_of, none.low_degc, chance_of_frost(0.0, none)) == (1.0, "none", None, None)
    said = lowest_ahead(1.0, True, few, (-1.0, 2.0))
    assert (said.low_degc, said.high_degc) == (-1.0, 2.0)
    # To the colder side 2 K are 1.645 standard deviations.
    assert chance_of_frost(0.0, said) == pytest.approx(0.205, abs=2e-3)
    some = lowest_ahead(1.0, True, CLEAR[:5], (-1.0, 2.0))
    assert some.offset_of == "clear"
    assert some.low_degc == pytest.approx(-1.0 + some.offset_k)


def test_an_old_habit_of_the_station_is_forgotten() -> None:
    old = [LowestOfDay(2.0, 7.0, True)] * 30
    assert lowest_ahead(2.5, True, [*old, *CLEAR, *CLOUDY, *CLEAR]).value_degc == -0.5
