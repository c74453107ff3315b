"""Corrections that a station teaches: values, intervals and their record, on weather made of a few waves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from headland.agronomy.series.arrays import Values
from headland.agronomy.weather_forecast.forecast_record import LEADS, judge, used_hours
from headland.agronomy.weather_forecast.station_correction import (
    LEAST_DAYS,
    MOST_AHEAD_H,
    ORIGIN_H,
    ORIGINS_A_DAY,
    SaidAndMeasured,
    StationNow,
    learn,
)

DAYS = 60
_HOURS = np.arange(DAYS * 24 + MOST_AHEAD_H, dtype=np.float64)
_ORIGINS = ORIGIN_H * np.arange(DAYS * ORIGINS_A_DAY)
_AT = _ORIGINS[:, None] + np.arange(MOST_AHEAD_H)
#: Errors of a forecast grow with the root of the time ahead.
_GROWTH = 0.35 + 0.65 * np.sqrt((np.arange(MOST_AHEAD_H) + 1) / 24)


def weather(seed: int) -> tuple[Values, np.random.Generator]:
    """Temperatures of a course of the day with fronts that no station knows of before they come."""
    random = np.random.default_rng(seed)
    fronts = np.convolve(random.standard_normal(len(_HOURS) + 60), np.hanning(60), "same")[: len(_HOURS)]
    course = 15 + 5 * np.sin(2 * np.pi * (_HOURS - 9) / 24)
    return course + 3 * fronts / fronts.std(), random


def errors(random: np.random.Generator) -> Values:
    """Errors of unit size a day ahead that go on for some hours."""
    keep = np.exp(-1 / 8)
    state = random.standard_normal(len(_ORIGINS))
    columns = []
    for _ in range(MOST_AHEAD_H):
        state = keep * state + np.sqrt(1 - keep**2) * random.standard_normal(len(_ORIGINS))
        columns.append(state)
    return np.array(columns).T * _GROWTH


def pairs_of(seed: int, wrong: Callable[[Values, Values, np.random.Generator], Values]) -> SaidAndMeasured:
    truth, random = weather(seed)
    said = wrong(truth[_AT], errors(random), random)
    return SaidAndMeasured("temperature_degc", said, truth[: DAYS * 24])


#: Errors of other shapes than those of the simulated provider, and whether a day ahead they can be corrected.
FOREIGN: dict[str, Callable[[Values, Values, np.random.Generator], Values]] = {
    "a bias": lambda truth, error, _: truth + 1.5 + error,
    "a course of the day that is wrong": lambda truth, error, _: truth + 3 * np.sin(2 * np.pi * _AT / 24) + error,
    "a bias that turns in the middle": lambda truth, error, _: truth + np.where(_AT < 40 * 24, 1.5, -2.0) + error,
    "heavy tails": lambda truth, error, random: (
        truth + 1.0 + 0.5 * error * np.sqrt(1 / (random.chisquare(2.5, (len(error), 1)) / 2.5))
    ),
    "half the swing": lambda truth, error, _: 15 + 0.5 * (truth - 15) + 0.7 * error,
    "two hours late": lambda truth, error, _: np.roll(truth, 2, axis=1) + 0.7 * error,
}


@pytest.mark.parametrize("name", sorted(FOREIGN))
@pytest.mark.parametrize("seed", [1, 2])
def test_errors_of_any_shape_are_smaller_after_the_correction_and_within_its_interval(name: str, seed: int) -> None:
    pairs = pairs_of(seed, FOREIGN[name])
    # After a bias turned, thirty days still remember the old one.
    turns = "turns" in name
    learned = learn(pairs)
    assert learned is not None
    day = [lead for lead in judge(pairs, learned).leads(DAYS) if lead.last_h <= 24]
    assert [(lead.first_h, lead.last_h) for lead in day] == [lead for lead in LEADS if lead[1] <= 24]
    for lead in day:
        assert lead.corrected.mean_absolute < lead.provider.mean_absolute, lead
        assert lead.corrected.mean_absolute < lead.persistence.mean_absolute, lead
        assert abs(lead.corrected.bias) < (0.6 if turns else 0.35)
    inside = sum(lead.coverage * lead.n for lead in day) / sum(lead.n for lead in day)
    assert (0.80 if turns else 0.85) <= inside <= 0.95


def test_a_forecast_that_is_exact_stays_so() -> None:
    pairs = pairs_of(3, lambda truth, _, __: truth)
    learned = learn(pairs)
    assert learned is not None
    for lead in judge(pairs, learned).leads(DAYS):
        assert lead.corrected.mean_absolute < 1e-6


def test_a_forecast_that_a_station_cannot_better_is_told_as_it_is() -> None:
    """Without a bias and with errors of each hour alone, what was learned is noise: its record says where."""
    used = []
    for seed in range(2):
        pairs = pairs_of(seed, lambda truth, _, random: truth + 0.3 * random.standard_normal(truth.shape))
        learned = learn(pairs)
        assert learned is not None
        leads = judge(pairs, learned).leads(DAYS)
        used.append(used_hours(leads))
        for lead in leads:
            assert lead.corrected.mean_absolute < 1.1 * lead.provider.mean_absolute
            assert used[-1][lead.first_h - 1] == (not lead.is_worse)
    assert not np.array(used).all()


def test_nothing_is_said_before_there_are_days_enough() -> None:
    pairs = pairs_of(1, FOREIGN["a bias"])
    learned = learn(pairs)
    assert learned is not None
    first = np.flatnonzero(np.isfinite(learned.said_then.low).any(axis=1))[0]
    assert first >= (LEAST_DAYS + 3) * ORIGINS_A_DAY
    few = SaidAndMeasured("temperature_degc", pairs.said[: 9 * ORIGINS_A_DAY], pairs.measured)
    assert learn(few) is None
    assert judge(pairs, learned).leads(LEAST_DAYS) == ()


@pytest.mark.parametrize("day", [20, 45])
def test_what_is_measured_later_changes_nothing_that_was_said_before(day: int) -> None:
    pairs = pairs_of(4, FOREIGN["a bias"])
    later = pairs.measured.copy()
    later[day * 24 :] += 15.0
    said = pairs.said.copy()
    said[day * ORIGINS_A_DAY :] -= 9.0
    one, other = learn(pairs), learn(replace(pairs, said=said, measured=later))
    assert one is not None
    assert other is not None
    before = slice(0, day * ORIGINS_A_DAY)
    for first, second in ((one.said_then.value, other.said_then.value), (one.said_then.low, other.said_then.low)):
        np.testing.assert_array_equal(first[before], second[before])
    assert not np.array_equal(one.said_then.value, other.said_then.value, equal_nan=True)


def test_wind_is_never_negative_and_humidity_never_beyond_its_bounds() -> None:
    truth, random = weather(2)
    calm = np.maximum(0.05, 0.3 + 0.2 * (truth - 15))
    moist = np.clip(95 + 2 * (truth - 15), 20, 100)
    for quantity, column, off in (("wind_speed_m_s", calm, 0.8), ("humidity_pct", moist, 4.0)):
        said = np.clip(column[_AT] + off * (1 + errors(random)), 0, 100)
        pairs = SaidAndMeasured(quantity, said, column[: DAYS * 24])  # type: ignore[arg-type]
        learned = learn(pairs)
        assert learned is not None
        then = learned.said_then
        known = np.isfinite(then.low)
        assert known.any()
        assert then.low[known].min() >= 0.0
        assert then.high[known].max() <= (100.0 if quantity == "humidity_pct" else 50.0)
        assert (then.low[known] <= then.value[known]).all()
        assert (then.value[known] <= then.high[known]).all()


def test_what_is_said_at_an_origin_is_what_the_record_judges() -> None:
    pairs = pairs_of(5, FOREIGN["a bias"])
    learned = learn(pairs)
    assert learned is not None
    origin = 50 * ORIGINS_A_DAY + 3
    hour = ORIGIN_H * origin
    last_day = pairs.measured[hour - 24 : hour]
    now = StationNow(
        float(last_day[-1]), np.resize(last_day, MOST_AHEAD_H), float(pairs.said[origin - 1, ORIGIN_H - 1])
    )
    band = learned.correct(50, hour % 24, pairs.said[origin], now)
    np.testing.assert_allclose(band.value, learned.said_then.value[origin])
    np.testing.assert_allclose(band.low, learned.said_then.low[origin])
    # Without what the station measures now it is corrected by what it taught; an older issue as one of more hours.
    alone = learned.correct(50, hour % 24, pairs.said[origin], None)
    assert np.isfinite(alone.low).all()
    assert not np.allclose(alone.value, band.value)
    older = learned.correct(50, hour % 24, pairs.said[origin], now, older_h=40)
    assert (older.high - older.low)[:3].mean() > (band.high - band.low)[:3].mean()
    assert np.isnan(older.value[MOST_AHEAD_H - 40 :]).all()


def test_hours_that_are_missing_are_missed_alone() -> None:
    pairs = pairs_of(6, FOREIGN["a bias"])
    random = np.random.default_rng(1)
    measured = np.where(random.random(len(pairs.measured)) < 0.2, np.nan, pairs.measured)
    said = np.where(random.random((len(pairs.said), 1)) < 0.2, np.nan, pairs.said)
    holes = replace(pairs, said=said, measured=measured)
    learned = learn(holes)
    assert learned is not None
    near = judge(holes, learned).leads(DAYS)[0]
    assert near.corrected.mean_absolute < near.provider.mean_absolute / 2
    assert 0.85 < near.coverage < 0.97
