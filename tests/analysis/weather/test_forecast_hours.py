"""Hours of a forecast for the rule for spraying: the wind at 2 m, and rain that is never split."""

from __future__ import annotations

import pytest

from headland.analysis.weather.hourly_forecast import ForecastHour
from headland.analysis.weather.outdoors.forecast_hours import hours_to_judge
from headland.units_of_time import HOUR_MS
from tests.analysis.weather.outdoors_hours import amount, hour


def day(**of_hour: object) -> list[ForecastHour]:
    """Ten dry hours; `h3` replaces what is said of the third."""
    made = []
    for at in range(10):
        more = of_hour.get(f"h{at}", {})
        assert isinstance(more, dict)
        made.append(hour(at * HOUR_MS, **more))
    return made


def test_the_wind_of_a_forecast_is_judged_at_two_metres() -> None:
    (judged,) = hours_to_judge([hour(0, wind=(4.0, 2.0, 6.0), gust=8.0)], [False], 0)
    # FAO-56 eq 47: 4.87 / ln(67.8 * 10 - 5.42) = 0.748.
    assert judged.likely.wind_m_s == pytest.approx(0.748 * 4.0, abs=2e-3)
    assert list(judged.intervals["wind_m_s"]) == pytest.approx([1.496, 4.488], abs=2e-3)
    assert judged.likely.gust_m_s == pytest.approx(5.984, abs=3e-3)


def test_rain_of_the_hours_ahead_counts_until_the_product_is_rainfast() -> None:
    judged = hours_to_judge(day(h5={"rain": 0.7}), [False] * 10, 3)
    assert [each.likely.rain_ahead_mm for each in judged] == [0.0, 0.0, 0.7, 0.7, 0.7, 0.0, 0.0, None, None, None]
    assert [each.likely.rain_mm for each in judged][4:7] == [0.0, 0.7, 0.0]
    # What is certain is told where the rest of the hours is not known.
    assert hours_to_judge(day(h9={"rain": 0.7}), [False] * 10, 3)[7].likely.rain_ahead_mm == 0.7


def test_rain_of_a_step_of_six_hours_may_fall_in_each_of_them_and_falls_for_sure_in_all_of_it() -> None:
    step = amount(4.0, 2 * HOUR_MS, 6)
    hours = day(**{f"h{at}": {"rain": step} for at in range(2, 8)})
    judged = hours_to_judge(hours, [False] * 10, 2)
    assert [each.likely.rain_mm for each in judged] == [0.0] * 10
    assert ["rain" in each.may_rain for each in judged] == [2 <= at < 8 for at in range(10)]
    assert ["rain_before_rainfast" in each.may_rain for each in judged] == [at < 7 for at in range(10)]
    # From the second hour on all of the step is within nine hours.
    assert hours_to_judge(hours, [False] * 10, 8)[1].likely.rain_ahead_mm == 4.0


def test_a_chance_of_rain_is_the_highest_before_the_product_is_rainfast() -> None:
    hours = day(**{f"h{at}": {"chance": 60.0 if at == 4 else 8.0} for at in range(10)})
    judged = hours_to_judge(hours, [False] * 10, 2)
    assert [each.rain_chance for each in judged][:8] == [0.08, 0.08, 0.6, 0.6, 0.6, 0.08, 0.08, 0.08]
    assert judged[8].rain_chance is None
    assert judged[4].may_rain == ("rain",)
    assert judged[3].may_rain == ("rain_before_rainfast",)
    assert judged[5].may_rain == ()


def test_without_a_chance_the_interval_of_the_amount_tells_that_it_may_rain() -> None:
    (judged,) = hours_to_judge([hour(0, rain=amount(0.0, 0, 1, high=0.6))], [False], 0)
    assert (judged.may_rain, judged.intervals["rain_mm"], judged.rain_chance) == (("rain",), (0.0, 0.6), None)


def test_what_is_not_forecast_is_not_known() -> None:
    (judged,) = hours_to_judge([hour(0, rain=None, wind=None, gust=None)], [True], 1)
    likely = judged.likely
    assert (likely.rain_mm, likely.rain_ahead_mm, likely.wind_m_s, likely.gust_m_s) == (None, None, None, None)
    assert likely.is_calm_time
