"""Forecast hours have the verdict of measured ones, and a caution where a limit is within the interval."""

from __future__ import annotations

from typing import Any

import pytest

from headland.agronomy.prescription.forecast_window import (
    ForecastHourWeather,
    Quantity,
    assess_forecast,
    suitable_runs,
)
from headland.agronomy.prescription.weather_window import Hour, assess_hour

USUAL: dict[str, Any] = {
    "start_ms": 0, "temperature_degc": 22.0, "humidity_pct": 60.0, "wind_m_s": 2.5, "rain_share": None,
    "is_calm_time": False, "rain_mm": 0.0, "rainfast_h": 6.0, "rain_ahead_mm": 0.0,
}  # fmt: skip


def weather(
    intervals: dict[Quantity, tuple[float, float]] | None = None, chance: float | None = None, **more: Any
) -> ForecastHourWeather:
    may = more.pop("may_rain", ())
    return ForecastHourWeather(Hour(**{**USUAL, **more}), intervals or {}, may, chance)


@pytest.mark.parametrize(
    "more",
    [
        {}, {"wind_m_s": 4.5}, {"wind_m_s": 0.5}, {"humidity_pct": 97.0}, {"humidity_pct": 25.0},
        {"temperature_degc": 31.0}, {"rain_mm": 0.4}, {"rain_ahead_mm": 0.4}, {"wind_m_s": None},
        {"rain_mm": None}, {"gust_m_s": 7.0}, {"rain_ahead_mm": None},
    ],
)  # fmt: skip
def test_a_sure_hour_has_the_verdict_of_a_measured_one(more: dict[str, Any]) -> None:
    for kind in ("liquid", "granular"):
        (said,) = assess_forecast([weather(**more)], kind)
        measured = assess_hour(Hour(**{**USUAL, **more}), kind)
        assert (said.state, said.likely.reasons, said.doubts) == (measured.state, measured.reasons, ())
        assert said.chance is None


def test_a_limit_within_the_interval_makes_a_go_a_caution_and_says_which() -> None:
    sure, unsure = assess_forecast([weather({"wind_m_s": (2.0, 3.5)}), weather({"wind_m_s": (2.0, 4.5)})], "liquid")
    assert (sure.state, sure.doubts, sure.chance) == ("go", (), 1.0)
    assert (unsure.state, unsure.doubts) == ("caution", ("wind_too_strong",))
    # 4.167 m/s are 1.37 standard deviations of 1.216 m/s above 2.5 m/s: beyond them is a chance of 8.5 %.
    assert unsure.chance == pytest.approx(0.915, abs=0.026)


def test_a_stop_stays_one_however_unsure_it_is_and_its_chance_says_so() -> None:
    (said,) = assess_forecast([weather({"wind_m_s": (3.0, 6.0)}, wind_m_s=4.3)], "liquid")
    assert said.state == "stop"
    assert said.chance is not None
    assert 0.3 < said.chance < 0.5


def test_temperature_and_humidity_are_one_limit_and_wind_and_rain_others() -> None:
    intervals: dict[Quantity, tuple[float, float]] = {"temperature_degc": (20.0, 24.0), "humidity_pct": (45.0, 75.0)}
    (air,) = assess_forecast([weather(intervals, humidity_pct=60.0)], "liquid")
    (both,) = assess_forecast([weather({**intervals, "wind_m_s": (2.0, 4.5)}, 0.5, humidity_pct=60.0)], "liquid")
    assert (air.state, air.chance) == ("go", 1.0)
    assert both.chance == pytest.approx(0.5 * 0.915, abs=0.02)


def test_rain_that_may_fall_is_a_caution_and_its_chance_counts() -> None:
    (said,) = assess_forecast([weather(chance=0.4, may_rain=("rain_before_rainfast",))], "liquid")
    assert (said.state, said.doubts) == ("caution", ("rain_before_rainfast",))
    assert said.chance == pytest.approx(0.6)


def test_rain_before_a_product_is_rainfast_stops_and_a_trace_is_none() -> None:
    def state(**more: Any) -> tuple[str, tuple[str, ...]]:
        verdict = assess_hour(Hour(**{**USUAL, **more}), "liquid")
        return verdict.state, verdict.reasons

    assert state(rain_ahead_mm=0.1) == ("stop", ("rain_before_rainfast",))
    assert state(rain_ahead_mm=0.09, rain_mm=0.09) == ("go", ())
    assert state(rain_ahead_mm=None) == ("caution", ("rain_ahead_not_known",))
    assert state(rain_ahead_mm=5.0, rainfast_h=0.0) == ("go", ())
    assert state(gust_m_s=6.1) == ("caution", ("gusts",))


def test_runs_are_of_hours_one_after_the_other_with_the_chance_of_the_least_sure() -> None:
    hours = [
        weather(chance=chance, wind_m_s=wind) for chance, wind in ((0.1, 2.5), (0.05, 2.5), (0.0, 9.0), (None, 2.5))
    ]
    runs = suitable_runs(assess_forecast(hours, "liquid"))
    assert [(run.first, run.end) for run in runs] == [(0, 2), (3, 4)]
    assert runs[0].chance == pytest.approx(0.9)
    assert runs[1].chance is None
