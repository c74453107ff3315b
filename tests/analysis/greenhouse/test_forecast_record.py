"""The record decides whether a weather forecast is used for a quantity, and ranges are those of the recorded errors."""

from __future__ import annotations

import numpy as np
import pytest

from headland.analysis.greenhouse.forecast_record import LEAST_DAYS, MONTH_DAYS, errors_of
from headland.registry.repositories.forecasts import Forecast, Hours, QuantityForecast
from headland.units_of_time import DAY_MS, HOUR_MS

START_MS = 1_795_507_200_000
NAME = "air_temperature_degc"


def record(origin_ms: int, with_weather: Hours, without: Hours, measured: Hours) -> Forecast:
    quantity = QuantityForecast(
        made=with_weather or without, low=[], high=[], as_now=None, as_yesterday=[], measured=measured,
        with_weather=with_weather, without_weather=without if with_weather else [], uses_weather=bool(with_weather),
    )  # fmt: skip
    return Forecast(house="gh-1", origin_ms=origin_ms, made_ms=origin_ms, quantities={NAME: quantity})


def records(days: int, worse_k: float, spread_k: float, seed: int = 4) -> list[Forecast]:
    """Forecasts of every third hour whose errors are 1 K without a weather forecast, and so much more with it."""
    random = np.random.default_rng(seed)
    made = []
    for day in range(days):
        more = worse_k + random.normal(0.0, spread_k)
        for hour in range(0, 24, 3):
            measured: Hours = [20.0] * 24
            made.append(record(START_MS + day * DAY_MS + hour * HOUR_MS, [21.0 + more] * 24, [21.0] * 24, measured))
    return made


def end_ms(days: int) -> int:
    return START_MS + (days + 2) * DAY_MS


@pytest.mark.parametrize(
    ("days", "worse_k", "spread_k", "is_used"),
    [
        (30, -0.2, 0.1, True),
        (30, 0.2, 0.1, False),
        # Clearly worse is left out sooner, and not on a day or two.
        (LEAST_DAYS, 0.4, 0.1, False),
        (LEAST_DAYS - 1, 0.4, 0.1, True),
        # Worse by no more than noise is left out after a month.
        (14, 0.02, 0.4, True),
        (MONTH_DAYS, 0.1, 0.6, False),
    ],
)
def test_a_weather_forecast_is_used_until_the_record_says_it_makes_a_quantity_worse(
    days: int, worse_k: float, spread_k: float, is_used: bool
) -> None:
    verdict = errors_of(records(days, worse_k, spread_k), end_ms(days))[NAME].judge()
    assert verdict.days == days
    assert verdict.mae_with is not None
    assert verdict.mae_without == pytest.approx(1.0)
    assert verdict.is_used is is_used


def test_without_a_forecast_of_the_weather_nothing_is_judged() -> None:
    alone = [record(START_MS + day * DAY_MS, [], [21.0] * 24, [20.0] * 24) for day in range(30)]
    errors = errors_of(alone, end_ms(30))[NAME]
    verdict = errors.judge()
    assert (verdict.is_used, verdict.days, verdict.mae_with) == (True, 0, None)
    assert errors.compare(6) is None
    assert errors.range_of(6, end_ms(30), uses_weather=False) == pytest.approx((-1.0, -1.0))


def test_hours_that_were_not_over_at_an_origin_are_not_in_its_record() -> None:
    made = records(10, 0.0, 0.0)
    last_ms = made[-1].origin_ms
    errors = errors_of(made, last_ms + 6 * HOUR_MS)[NAME]
    assert np.isfinite(errors.with_weather[-1]).sum() == 6
    assert np.isfinite(errors.without_weather[-1]).sum() == 6
    assert np.isfinite(errors.with_weather[-2]).sum() == 9
    known = errors.compare(7)
    assert known is not None
    assert known.n == len(made) - 1


def test_errors_with_and_without_weather_are_compared_over_the_same_hours() -> None:
    made = [
        record(START_MS, [20.5] * 24, [21.0] * 24, [20.0] * 24),
        record(START_MS + DAY_MS, [], [29.0] * 24, [20.0] * 24),
        record(START_MS + 2 * DAY_MS, [18.5] * 12 + [None] * 12, [21.0] * 24, [20.0] * 24),
    ]
    errors = errors_of(made, end_ms(3))[NAME]
    near, far = errors.compare(6), errors.compare(18)
    assert near is not None
    assert near.n == 2
    assert [near.mae_with, near.mae_without] == pytest.approx([1.0, 1.0])
    assert near.rmse_with == pytest.approx(np.sqrt((0.25 + 2.25) / 2))
    assert far is not None
    assert far.n == 1
    assert [far.mae_with, far.mae_without] == pytest.approx([0.5, 1.0])


def test_a_range_is_of_the_errors_at_this_time_of_the_day_where_there_are_enough() -> None:
    made = []
    for day in range(30):
        for hour in range(0, 24, 3):
            # At noon the errors are three times those of the night.
            error = (day - 14.5) / 10.0 * (3.0 if 9 <= hour <= 15 else 1.0)
            made.append(record(START_MS + day * DAY_MS + hour * HOUR_MS, [20.0] * 24, [20.0] * 24, [20.0 + error] * 24))
    errors = errors_of(made, end_ms(30))[NAME]
    noon = errors.range_of(1, START_MS + 30 * DAY_MS + 12 * HOUR_MS, uses_weather=True)
    night = errors.range_of(1, START_MS + 30 * DAY_MS, uses_weather=True)
    assert noon is not None
    assert night is not None
    assert noon[1] == pytest.approx(3 * night[1], rel=0.05)
    assert night == pytest.approx((-1.305, 1.305), abs=0.1)


def test_a_range_needs_errors() -> None:
    assert errors_of(records(2, 0.0, 0.0), end_ms(2))[NAME].range_of(6, end_ms(2), uses_weather=True) is None
