"""Stations in the sun, sheltered or stuck are told from a provider's own errors, which they are to teach."""

from __future__ import annotations

import numpy as np
import pytest

from headland.agronomy.series.arrays import Values
from headland.agronomy.weather_forecast.teaching import (
    WATCHED_DAYS,
    TeachingFault,
    check_course,
    check_temperature,
    check_wind,
)

HOURS = np.arange(WATCHED_DAYS * 24, dtype=np.float64)
#: Sine of the sun's height at 32 degrees north in spring, and of its clear sky's radiation [W/m2].
SINE = 0.1 + 0.85 * np.cos(2 * np.pi * (HOURS - 12) / 24)
NOTHING = np.full(len(HOURS), np.nan)


class Days:
    """Two weeks of weather, drawn from a seed, with what a provider says of them."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.cloud_pct = np.clip(50 + 45 * np.repeat(self.random.standard_normal(WATCHED_DAYS * 2), 12), 0, 100)
        self.truth = 15 + 5 * np.sin(2 * np.pi * (HOURS - 9) / 24) + 3 * np.sin(2 * np.pi * HOURS / 71)
        self.wind = np.exp(0.5 + 0.4 * np.sin(2 * np.pi * HOURS / 24) + 0.5 * self.smooth())
        self.said = self.truth + 0.8 + 0.9 * self.smooth()
        self.said_wind = 1.3 * self.wind * np.exp(0.2 * self.smooth())

    def smooth(self) -> Values:
        """Noise of unit variance that goes on for some hours, as errors of a forecast do."""
        white = self.random.standard_normal(len(HOURS) + 8)
        return np.convolve(white, np.ones(5) / 5**0.5, "valid")[: len(HOURS)]

    def radiation(self) -> Values:
        return np.maximum(1000 * SINE, 0) * (1 - 0.75 * (self.cloud_pct / 100) ** 3.4)

    def temperature(self, measured: Values, cloud_pct: Values | None = None) -> TeachingFault | None:
        return check_temperature(measured, self.said, SINE, self.cloud_pct if cloud_pct is None else cloud_pct)


@pytest.fixture(params=range(1, 7))
def days(request: pytest.FixtureRequest) -> Days:
    return Days(int(request.param))


def test_a_good_station_teaches_whatever_the_provider_gets_wrong(days: Days) -> None:
    assert days.temperature(days.truth) is None
    for course in (3.0 * np.maximum(SINE, 0), -3.0 * np.maximum(SINE, 0), 2.5 * np.sin(2 * np.pi * HOURS / 24 + 1)):
        days.said = days.truth + course + 0.9 * days.smooth()
        assert days.temperature(days.truth) is None
    days.said = np.roll(days.truth, 2) + 0.9 * days.smooth()
    assert days.temperature(days.truth) is None
    assert check_course(60 + 4 * days.truth, 50 + 5 * days.said) is None
    assert check_wind(days.wind, days.said_wind) is None
    assert check_wind(0.35 * days.wind, days.said_wind) is None


@pytest.mark.parametrize("kelvin", [2.5, 4.0, 7.0])
def test_a_thermometer_in_the_sun_does_not_teach(days: Days, kelvin: float) -> None:
    assert days.temperature(days.truth + kelvin * days.radiation() / 600) is TeachingFault.SUN


def test_without_clouds_only_a_large_error_that_follows_the_sun_is_taken_for_it(days: Days) -> None:
    assert days.temperature(days.truth + 7 * np.maximum(SINE, 0), NOTHING) is TeachingFault.SUN
    assert days.temperature(days.truth + 2 * np.maximum(SINE, 0), NOTHING) is None
    assert days.temperature(days.truth, NOTHING) is None


def test_an_anemometer_behind_a_wall_or_that_does_not_turn_does_not_teach(days: Days) -> None:
    sheltered = 0.3 + 0.1 * np.abs(days.smooth())
    assert check_wind(sheltered, days.said_wind) is TeachingFault.SHELTERED
    assert check_wind(np.zeros(len(HOURS)), days.said_wind) is TeachingFault.STUCK
    assert check_wind(np.where(HOURS > 150, 0.0, days.wind), days.said_wind) is TeachingFault.STUCK


def test_a_sensor_without_a_course_for_three_days_does_not_teach(days: Days) -> None:
    stuck = np.where((HOURS >= 120) & (HOURS < 200), 17.2, days.truth)
    assert check_course(stuck, days.said) is TeachingFault.STUCK
    one_day = np.where((HOURS >= 120) & (HOURS < 150), 17.2, days.truth)
    assert check_course(one_day, days.said) is None


def test_a_station_that_was_silent_for_most_of_the_time_does_not_teach(days: Days) -> None:
    silent = np.where(HOURS < 130, days.truth, np.nan)
    assert days.temperature(silent) is TeachingFault.FEW_HOURS
    assert check_wind(silent, days.said_wind) is TeachingFault.FEW_HOURS
