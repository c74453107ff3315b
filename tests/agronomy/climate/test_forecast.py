"""The forecast: it fits regular courses, gives nothing where that is impossible, and never uses later values."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from headland.agronomy.climate import forecast
from headland.agronomy.climate.forecast import LEAST_PAIRS, ForecastInputs, backtest, made_forecasts, predict
from headland.agronomy.climate.forecast_features import MOST_AHEAD_H, WeatherToCome
from tests.agronomy.climate.said_weather import Outside, Sky, changing_weather, cold_house, hours_after, with_weather

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


def simulated_house() -> tuple[np.ndarray, ForecastInputs, Outside]:
    outside = changing_weather(HOURS)
    weather = {"outside_temperature_degc": outside.temperature_degc, "global_radiation_w_m2": outside.radiation_w_m2}
    around = surroundings()
    return cold_house(outside), ForecastInputs(around.sun, around.clock_h, weather), outside


@pytest.mark.parametrize(("sky", "of_without"), [("perfect", 0.6), ("degraded", 0.8)])
def test_a_weather_forecast_makes_that_of_an_unheated_house_better(sky: Sky, of_without: float) -> None:
    house, around, outside = simulated_house()
    for ahead_h in (6, 24):
        without, known = made_forecasts(house, [], around, ahead_h, HOURS - 168)
        told, _ = made_forecasts(house, [], with_weather(around, outside, sky), ahead_h, HOURS - 168)
        assert np.nanmean(np.abs(told - known)) < of_without * np.nanmean(np.abs(without - known))


def test_nothing_after_an_origin_reaches_its_forecast_but_the_weather_that_was_said_then() -> None:
    house, around, outside = simulated_house()
    origin, ahead_h = HOURS - 60, 12
    told = with_weather(around, outside, "degraded")
    made, _ = made_forecasts(house, [house + 1.0], told, ahead_h, origin)
    later = np.arange(HOURS) > origin
    changed = {
        name: replace(
            each,
            measured=np.where(later, 99.0, each.measured),
            expected=np.where(later[:, None], 99.0, each.expected),
        )
        for name, each in told.to_come.items()
    }
    weather = {name: np.where(later, 99.0, column) for name, column in around.weather.items()}
    blind = ForecastInputs(around.sun, around.clock_h, weather, changed)
    inside = np.where(later, 99.0, house)
    again, _ = made_forecasts(inside, [inside + 1.0], blind, ahead_h, origin)
    assert again[origin] == pytest.approx(made[origin], abs=1e-9)
    end, horizon = origin + 1, origin + 1 + MOST_AHEAD_H
    known = {n: replace(c, measured=c.measured[:end], expected=c.expected[origin]) for n, c in told.to_come.items()}
    weather = {name: column[:end] for name, column in around.weather.items()}
    alone = ForecastInputs(around.sun[:horizon], around.clock_h[:horizon], weather, known)
    assert predict(house[: origin + 1], [house[: origin + 1] + 1.0], alone, ahead_h) == pytest.approx(made[origin])


def test_a_model_with_weather_is_not_fitted_on_less_than_the_least() -> None:
    house, around, outside = simulated_house()
    told = with_weather(around, outside, "perfect")
    ahead_h = 6
    made, _ = made_forecasts(house, [], told, ahead_h, 0)
    first = int(np.flatnonzero(np.isfinite(made))[0])
    # A pair has that hour two days before for a feature, and its outcome; models are fitted every three hours.
    pairs = first + 1 - ahead_h - (48 - ahead_h)
    assert LEAST_PAIRS <= pairs < LEAST_PAIRS + 3


def test_the_weather_of_hours_that_a_forecast_does_not_reach_is_left_out() -> None:
    house, around, outside = simulated_house()
    short = hours_after(outside.temperature_degc)[-25].copy()
    short[6:] = np.nan
    count = HOURS - 24
    weather = {name: column[:count] for name, column in around.weather.items()}
    past = ForecastInputs(around.sun[:HOURS], around.clock_h[:HOURS], weather)
    told = replace(past, to_come={"outside": WeatherToCome(outside.temperature_degc[:count], short)})
    assert predict(house[:count], [], told, 6) != predict(house[:count], [], past, 6)
    assert predict(house[:count], [], told, 7) == predict(house[:count], [], past, 7)


def test_an_uncertain_hour_moves_a_forecast_less_than_a_certain_one() -> None:
    house, around, outside = simulated_house()
    course = outside.temperature_degc
    usual = predict(house, [], around, 12)
    assert usual is not None
    moved = []
    for error in (0.0, 5.0, 500.0):
        colder = WeatherToCome(course, np.full(MOST_AHEAD_H, course[-1] - 15.0), np.full(MOST_AHEAD_H, error))
        found = predict(house, [], ForecastInputs(around.sun, around.clock_h, around.weather, {"t": colder}), 12)
        assert found is not None
        moved.append(abs(found - usual))
    assert moved[0] > 2 * moved[1] > 4 * moved[2]
    assert moved[2] < 0.01


def test_its_errors_are_compared_with_two_naive_forecasts() -> None:
    course = day_wave(HOURS) + RANDOM.normal(0, 0.2, HOURS)
    skill = backtest(course, [], surroundings(), 6, HOURS - 96)
    assert skill is not None
    assert skill.n == 90
    assert skill.rmse < skill.persistence_rmse
    assert skill.p90_error < 1.0
