"""The forecast: it fits regular courses, gives nothing where that is impossible, and never uses later values."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from headland.agronomy.climate import forecast
from headland.agronomy.climate.forecast import MOST_AHEAD_H, ForecastInputs, backtest, predict

HOURS = 24 * 20
RANDOM = np.random.default_rng(3)


def surroundings(count: int = HOURS) -> ForecastInputs:
    hour = np.arange(count + MOST_AHEAD_H)
    sun = np.maximum(np.sin(2 * np.pi * (hour / 24 - 0.25)), 0.0)
    return ForecastInputs(sun, (hour % 24).astype(np.float64))


def day_wave(count: int) -> np.ndarray:
    return 18.0 + 5.0 * np.sin(2 * np.pi * (np.arange(count) / 24 - 0.3))


def test_a_course_that_repeats_is_known_a_day_ahead() -> None:
    course = day_wave(HOURS + 24)
    for ahead_h in (1, 6, 24):
        found = predict(course[:HOURS], [], surroundings(), ahead_h)
        assert found == pytest.approx(course[HOURS - 1 + ahead_h], abs=0.3)


def test_a_forecast_needs_a_week_of_history() -> None:
    assert predict(day_wave(24 * 5), [], surroundings(24 * 5), 6) is None
    assert backtest(day_wave(24 * 5), [], surroundings(24 * 5), 6, 0) is None


def test_an_unknown_present_gives_no_forecast() -> None:
    course = day_wave(HOURS)
    course[-1] = np.nan
    assert predict(course, [], surroundings(), 6) is None


def test_no_formula_changes_the_filters_of_warnings_which_all_threads_share() -> None:
    formulas = (Path(forecast.__file__).parents[1]).rglob("*.py")
    assert [path.name for path in formulas if "catch_warnings" in path.read_text(encoding="utf-8")] == []


def test_an_hour_beyond_a_day_is_refused() -> None:
    with pytest.raises(ValueError, match="1 to 24"):
        predict(day_wave(HOURS), [], surroundings(), 25)


def test_a_weather_forecast_that_explains_the_house_makes_it_better() -> None:
    outside = np.cumsum(RANDOM.normal(0, 0.5, HOURS + 24))
    house = day_wave(HOURS + 24) + outside
    plain = surroundings()
    history = {"outside_temperature_degc": outside[:HOURS]}
    blind = ForecastInputs(plain.sun, plain.clock_h, history)
    told = ForecastInputs(plain.sun, plain.clock_h, history, {"outside_temperature_degc": outside[HOURS:]})
    skills = [backtest(house[:HOURS], [], around, 12, HOURS - 168) for around in (blind, told)]
    assert skills[0] is not None
    assert skills[1] is not None
    assert skills[1].rmse < 0.75 * skills[0].rmse


def test_its_errors_are_compared_with_two_naive_forecasts() -> None:
    course = day_wave(HOURS) + RANDOM.normal(0, 0.2, HOURS)
    skill = backtest(course, [], surroundings(), 6, HOURS - 96)
    assert skill is not None
    assert skill.n == 90
    assert skill.rmse < skill.persistence_rmse
    assert skill.p90_error < 1.0
