"""A test of the weather to come: its chance, its hours, its amounts, and what it does not know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from headland.alarms.rules.forecast_values import HOURS_MISSING, judge_forecast
from headland.analysis.weather.hourly_forecast import (
    ForecastAmount,
    ForecastHour,
    ForecastValue,
    HourlyForecast,
)
from headland.registry.models.alarms import AlarmTest
from headland.registry.models.weather import Attribution
from headland.registry.validation.alarm_rules import FORECAST_VALUES
from headland.units_of_time import HOUR_MS

AIR, RAIN, CHANCE = "air_temperature_degc", "precipitation_mm", "precipitation_chance_pct"
START_MS = 1_795_507_200_000
LICENCE = Attribution(
    text="Data: MET Norway", text_zh="数据：挪威气象研究所", licence="CC BY 4.0", url="https://met.no"
)


def air(value: float, width: float | None = 2.0, basis: Any = "corrected") -> ForecastValue:
    low, high = (None, None) if width is None else (value - width, value + width)
    return ForecastValue(value=value, low=low, high=high, basis=basis)


def amount(value: float, start: int, end: int, low: float | None = None, high: float | None = None) -> ForecastAmount:
    start_ms, end_ms = START_MS + start * HOUR_MS, START_MS + end * HOUR_MS
    return ForecastAmount(value=value, low=low, high=high, basis="provider", start_ms=start_ms, end_ms=end_ms)


def hour(at: int, **said: Any) -> ForecastHour:
    names = (name for name in ForecastHour.__struct_fields__ if name not in ("start_ms", "lead_h"))
    return ForecastHour(start_ms=START_MS + at * HOUR_MS, lead_h=at + 1.0, **{**dict.fromkeys(names), **said})


def outlook(hours: Mapping[int, Mapping[str, Any]], **more: Any) -> HourlyForecast:
    """A forecast by the hour from START_MS on, of the quantities of each."""
    values: dict[str, Any] = {
        "site": "home", "at_ms": START_MS, "basis": "corrected", "reason": None, "text": "told", "text_zh": "已读",
        "provider": "met-norway", "title": "MET Norway", "simulated": False, "issued_ms": START_MS - HOUR_MS,
        "fetched_ms": START_MS - HOUR_MS // 2, "attribution": LICENCE, "corrections": (),
    }  # fmt: skip
    return HourlyForecast(**{**values, **more}, hours=tuple(hour(at, **said) for at, said in hours.items()))


def cold(*values: float, width: float | None = 2.0) -> HourlyForecast:
    return outlook({at: {"temperature_degc": air(value, width)} for at, value in enumerate(values)})


def frost(within_h: float = 3.0, chance_pct: float | None = 30.0, **more: Any) -> AlarmTest:
    return AlarmTest(**{"what": AIR, "below": 0.0, "within_h": within_h, "chance_pct": chance_pct, **more})


def test_every_quantity_that_a_rule_can_test_is_one_of_a_forecast_hour() -> None:
    assert set(FORECAST_VALUES.values()) == set(ForecastHour.__struct_fields__) - {"start_ms", "lead_h"}


# Half a width of 2 K is 1.645 standard deviations: 1 K above the limit is 0.822 of them, a chance of 20.5 %.
@pytest.mark.parametrize(("least", "is_bad"), [(20.0, True), (21.0, False)])
def test_the_chance_of_the_likeliest_hour_is_compared_with_that_of_the_rule(least: float, is_bad: bool) -> None:
    verdict = judge_forecast(frost(chance_pct=least), cold(5.0, 1.0, 3.0), START_MS)
    assert (verdict.is_bad, verdict.is_over, verdict.is_known) == (is_bad, not is_bad, True)
    assert verdict.forecast is not None
    assert verdict.forecast.chance_pct == pytest.approx(20.5, abs=0.1)
    assert (verdict.value, verdict.forecast.start_ms) == (1.0, START_MS + HOUR_MS)
    assert (verdict.forecast.basis, verdict.forecast.title, verdict.forecast.attribution) == (
        "corrected", "MET Norway", LICENCE,
    )  # fmt: skip


def test_an_hour_that_begins_after_the_hours_of_the_rule_does_not_count() -> None:
    said = cold(5.0, 5.0, 5.0, -5.0)
    assert not judge_forecast(frost(within_h=3.0), said, START_MS).is_bad
    assert judge_forecast(frost(within_h=4.0), said, START_MS).is_bad
    # Half an hour later the three hours end within the fourth.
    assert judge_forecast(frost(within_h=3.0), said, START_MS + HOUR_MS // 2).is_bad


def test_an_hour_that_is_over_does_not_count() -> None:
    assert not judge_forecast(frost(within_h=2.0), cold(-5.0, 5.0, 5.0), START_MS + HOUR_MS).is_bad


def test_without_an_interval_the_value_decides_and_no_chance_is_made_up() -> None:
    below, above = cold(-0.1, 5.0, 5.0, width=None), cold(0.1, 5.0, 5.0, width=None)
    verdict = judge_forecast(frost(), below, START_MS)
    assert (verdict.is_bad, verdict.is_known) == (True, True)
    assert verdict.forecast is not None
    assert verdict.forecast.chance_pct is None
    assert judge_forecast(frost(), above, START_MS).is_over


def test_a_rule_without_a_chance_goes_by_the_value() -> None:
    assert not judge_forecast(frost(chance_pct=None), cold(0.5, 0.5, 0.5), START_MS).is_bad
    assert judge_forecast(frost(chance_pct=None), cold(0.5, -0.5, 0.5), START_MS).is_bad


def test_a_test_is_over_only_beyond_its_hysteresis() -> None:
    said = cold(2.0, 2.0, 2.0)  # 5 % below 0 °C, and half below 2 °C
    assert judge_forecast(frost(), said, START_MS).is_over
    near = judge_forecast(frost(hysteresis=2.0), said, START_MS)
    assert (near.is_bad, near.is_over, near.is_known) == (False, False, True)


@pytest.mark.parametrize("said", [None, cold(), outlook({at: {} for at in range(3)})])
def test_without_a_forecast_of_the_quantity_nothing_is_known(said: HourlyForecast | None) -> None:
    verdict = judge_forecast(frost(), said, START_MS)
    assert (verdict.is_bad, verdict.is_over, verdict.is_known) == (False, False, False)


def test_a_missing_hour_is_no_evidence_that_nothing_comes_and_a_known_one_is_that_it_does() -> None:
    mild = judge_forecast(frost(), cold(5.0, 5.0), START_MS)
    assert (mild.is_over, mild.reason) == (False, HOURS_MISSING)
    assert judge_forecast(frost(), cold(5.0, -5.0), START_MS).is_bad


def rain_of(first: ForecastAmount, second: ForecastAmount, chance: float | None = None) -> HourlyForecast:
    steps = (first, first, first, second, second, second)
    chances = [
        None if chance is None else msgspec.structs.replace(step, value=chance, low=None, high=None) for step in steps
    ]
    return outlook({
        at: {"rain_mm": step, "rain_chance_pct": chances[at]} for at, step in enumerate(steps)
    })  # fmt: skip


def test_amounts_of_longer_steps_add_up_once_and_whole() -> None:
    said = rain_of(amount(4.0, 0, 3), amount(3.0, 3, 6))
    wet = AlarmTest(what=RAIN, above=6.0, within_h=4.0)
    verdict = judge_forecast(wet, said, START_MS)
    assert (verdict.is_bad, verdict.value) == (True, 7.0)
    assert verdict.forecast is not None
    assert (verdict.forecast.start_ms, verdict.forecast.end_ms) == (START_MS, START_MS + 6 * HOUR_MS)
    assert judge_forecast(msgspec.structs.replace(wet, within_h=3.0), said, START_MS).value == 4.0


def test_the_chance_of_an_amount_is_at_most_that_of_any_rain() -> None:
    wet = AlarmTest(what=RAIN, above=1.0, within_h=3.0, chance_pct=25.0)
    said = rain_of(amount(0.0, 0, 3, 0.0, 4.0), amount(0.0, 3, 6, 0.0, 0.0))
    assert judge_forecast(wet, said, START_MS).is_bad
    capped = judge_forecast(wet, rain_of(amount(0.0, 0, 3, 0.0, 4.0), amount(0.0, 3, 6, 0.0, 0.0), 10.0), START_MS)
    assert not capped.is_bad
    assert capped.forecast is not None
    assert capped.forecast.chance_pct == 10.0


def test_a_chance_of_rain_is_compared_as_the_provider_says_it() -> None:
    said = rain_of(amount(1.0, 0, 3), amount(1.0, 3, 6), 60.0)
    assert judge_forecast(AlarmTest(what=CHANCE, above=59.0, within_h=6.0), said, START_MS).is_bad
    assert judge_forecast(AlarmTest(what=CHANCE, above=60.0, within_h=6.0), said, START_MS).is_over
