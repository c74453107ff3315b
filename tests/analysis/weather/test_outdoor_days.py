"""Heat, late blight and harvest of the days to come: what is forecast, what was measured, and what is missing."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest

from headland.analysis.weather.hourly_forecast import ForecastHour
from headland.analysis.weather.outdoors.course import WeatherCourse, join_course
from headland.analysis.weather.outdoors.disease_days import disease_days
from headland.analysis.weather.outdoors.frost_ahead import PastDay, frost_ahead
from headland.analysis.weather.outdoors.harvest_days import harvest_days
from headland.analysis.weather.outdoors.heat_ahead import HeatLimit, heat_ahead, heat_limits
from headland.analysis.weather.outdoors.rain_days import rain_by_day
from headland.registry.models.alarms import AlarmRule, AlarmTest, Severity
from headland.units_of_time import DAY_MS, HOUR_MS
from tests.analysis.weather.outdoors_hours import amount, hour, value

#: 2026-06-01 in UTC, at a place whose days are those of UTC.
FIRST_MS = 1_780_272_000_000
PLACE = (32.0, 0.0)
NOW_MS = FIRST_MS + 2 * DAY_MS + 10 * HOUR_MS
DAYS = list(pairwise(FIRST_MS + day * DAY_MS for day in range(6)))


def course(ahead: list[ForecastHour], *, degc: float = 15.0, pct: float = 95.0, rain: float = 0.0) -> WeatherCourse:
    measured = {
        name: {FIRST_MS + at * HOUR_MS: value for at in range(58)}
        for name, value in (("temperature", degc), ("humidity", pct), ("rain", rain))
    }
    return join_course(FIRST_MS, NOW_MS, measured, ahead)


def hours_ahead(count: int, **said: object) -> list[ForecastHour]:
    return [hour(NOW_MS + at * HOUR_MS, **said) for at in range(count)]  # type: ignore[arg-type]


def test_blight_weather_joins_measured_and_forecast_hours_and_says_how_many() -> None:
    days = disease_days(course(hours_ahead(62, degc=15.0, pct=95.0)), DAYS, NOW_MS)
    assert [(day.measured_h, day.forecast_h, day.missing_h) for day in days] == [(10, 14, 0), (0, 24, 0), (0, 24, 0)]
    # Wallin: 24 humid hours at 15 degC are the highest severity.
    assert [day.severity for day in days] == [4, 4, 4]
    assert [day.hutton_period for day in days] == [True, True, True]
    dry = disease_days(course(hours_ahead(62, degc=15.0, pct=60.0)), DAYS, NOW_MS)
    # Of the 24 hours up to noon 22 were measured.
    assert [day.severity for day in dry] == [4, 0, 0]
    assert dry[1].smith_period is False


def test_a_day_whose_hours_are_not_forecast_has_no_blight_weather() -> None:
    days = disease_days(course(hours_ahead(20, degc=15.0, pct=95.0)), DAYS, NOW_MS)
    assert [day.reason for day in days] == [None, "insufficient_data", "insufficient_data"]
    assert (days[1].severity, days[1].hutton_period, days[1].missing_h) == (None, None, 18)
    nothing = disease_days(course([]), DAYS, NOW_MS)
    assert (nothing[0].forecast_h, nothing[0].missing_h, nothing[2].reason) == (0, 14, "insufficient_data")


def test_wheat_is_harvested_in_dry_hours_of_light_and_not_for_three_hours_after_rain() -> None:
    dry = harvest_days(course(hours_ahead(62, degc=28.0, pct=50.0), degc=28.0, pct=50.0), DAYS[2:], PLACE)
    assert [day.state for day in dry] == ["go", "go", "go"]
    light_h = dry[1].harvest_h
    assert light_h is not None
    assert 13 <= light_h <= 15
    assert dry[1].stored_h == light_h
    humid = harvest_days(course(hours_ahead(62, degc=28.0, pct=80.0)), DAYS[3:], PLACE)
    assert (humid[0].state, humid[0].stored_h) == ("go", 0)
    wet = harvest_days(course(hours_ahead(62, degc=28.0, pct=95.0)), DAYS[3:], PLACE)
    assert (wet[0].state, wet[0].harvest_h, wet[0].first_ms) == ("stop", 0, None)
    # Rain at 9:00 of the third day: from 13:00 on it is dry again.
    ahead = hours_ahead(62, degc=28.0, pct=50.0)
    at = (DAYS[3][0] + 9 * HOUR_MS - NOW_MS) // HOUR_MS
    ahead[at] = hour(ahead[at].start_ms, degc=28.0, pct=50.0, rain=2.0)
    rainy = harvest_days(course(ahead, degc=28.0, pct=50.0), DAYS[3:4], PLACE)[0]
    assert rainy.first_ms == DAYS[3][0] + 13 * HOUR_MS
    assert rainy.rain_mm == 2.0


def test_harvest_of_a_day_that_is_not_whole_is_not_told() -> None:
    days = harvest_days(course(hours_ahead(20, degc=28.0, pct=50.0)), DAYS[2:], PLACE)
    assert [day.state for day in days] == ["go", "insufficient_data", "insufficient_data"]
    assert (days[1].harvest_h, days[1].forecast_h > 0, days[2].forecast_h) == (None, True, 0)
    assert days[1].missing_h > 0


def test_heat_is_by_the_limits_of_the_farm_s_rules_and_of_those_that_come_with_headland() -> None:
    usual = heat_limits([], "home", set())
    assert [limit.rule for limit in usual] == ["field-heat", "dry-hot-wind", "dry-hot-wind-severe"]
    ahead = [
        hour(NOW_MS + at * HOUR_MS, degc=39.0 if at in (3, 4) else 31.0, pct=28.0, wind=4.5 if at < 6 else 3.5)
        for at in range(24)
    ]
    told = heat_ahead(ahead, usual, 20)
    # Wind of 4.5 m/s at 10 m is 3.37 m/s at 2 m, where the rule's limit of 3 m/s is passed; 3.5 m/s are 2.62 m/s.
    assert [(spell.rule, spell.hours) for spell in told.spells] == [("field-heat", 2), ("dry-hot-wind", 6)]
    assert (told.spells[0].start_ms, told.spells[0].highest_degc) == (NOW_MS + 3 * HOUR_MS, 39.0)
    assert told.spells[0].chance is None
    edited = AlarmRule(
        name="field-heat", severity=Severity.CRITICAL, kind="weather", text="hot",
        any_of=((AlarmTest(what="air_temperature_degc", above=30.0),),),
    )  # fmt: skip
    own = heat_ahead(ahead, heat_limits([edited], "home", set())[:1], 20)
    assert [(spell.severity, spell.hours) for spell in own.spells] == [("critical", 24)]
    off = heat_limits([replace_rule(edited, enabled=False)], "home", set())
    assert off[0] == usual[0]
    elsewhere = heat_limits([replace_rule(edited, site="other")], "home", set())
    assert elsewhere[0] == usual[0]


def replace_rule(rule: AlarmRule, **changed: object) -> AlarmRule:
    return msgspec.structs.replace(rule, **changed)


def test_the_chance_of_heat_is_by_the_interval_and_heat_needs_its_hours() -> None:
    limit = [HeatLimit("field-heat", "warning", ((("air_temperature_degc", None, 38.0),),))]
    ahead = [hour(NOW_MS + at * HOUR_MS, degc=(39.0, 37.0, 41.0)) for at in range(24)]
    told = heat_ahead(ahead, limit, 20)
    # 1 K of 1.216 K: 0.822 standard deviations, of which 79.5 % are below.
    assert told.spells[0].chance == pytest.approx(0.795, abs=2e-3)
    assert heat_ahead(ahead[:10], limit, 20).reason == "insufficient_data"
    assert heat_ahead([], limit, 20).reason == "no_forecast"


def past(offset_k: float, days: int) -> list[PastDay]:
    said = tuple([3.0] * 24)
    return [
        PastDay(day * DAY_MS, said, tuple([3.0 + offset_k + (0.5 if day % 2 else -0.5)] * 24), True)
        for day in range(days)
    ]


def test_frost_is_below_the_farm_s_limit_with_the_station_s_own_offset() -> None:
    ahead = [hour(NOW_MS + at * HOUR_MS, degc=2.0 if 14 <= at < 18 else 8.0, cloud=10.0) for at in range(24)]
    none = frost_ahead(ahead, PLACE, [], 0.0)
    assert (none.is_expected, none.lowest_degc, none.chance, none.offset_of) == (False, 2.0, None, "none")
    told = frost_ahead(ahead, PLACE, past(-3.0, 12), 0.0)
    assert (told.is_expected, told.lowest_degc, told.offset_k, told.offset_of) == (True, -1.0, -3.0, "clear")
    assert (told.start_ms, told.end_ms, told.hours) == (NOW_MS + 14 * HOUR_MS, NOW_MS + 18 * HOUR_MS, 4)
    assert told.chance is not None
    assert told.chance > 0.9
    assert frost_ahead(ahead, PLACE, past(-3.0, 12), -2.0).is_expected is False
    cloudy = [clouded(each, 100.0) for each in ahead]
    assert frost_ahead(cloudy, PLACE, past(-3.0, 12), 0.0).offset_of == "all"
    assert frost_ahead(ahead[:19], PLACE, past(-3.0, 12), 0.0).reason == "insufficient_data"
    assert frost_ahead([], PLACE, past(-3.0, 12), 0.0).reason == "no_forecast"


def clouded(said: ForecastHour, cloud: float) -> ForecastHour:
    return msgspec.structs.replace(said, cloud_cover_pct=value(cloud))


def test_rain_of_a_day_is_that_of_the_steps_that_end_in_it_as_far_as_all_of_it_is_forecast() -> None:
    step = amount(4.0, DAYS[3][0] - 3 * HOUR_MS, 6)
    ahead = [
        hour(each.start_ms, rain=step if abs(each.start_ms + 1 - DAYS[3][0]) < 3 * HOUR_MS else 0.1)
        for each in hours_ahead(50)
    ]
    # 11 hours of today are before the step, whose end is in tomorrow; the day after ends after the forecast.
    assert rain_by_day(ahead, DAYS[2:]) == (1.1, 6.1)
    assert rain_by_day(ahead[:20], DAYS[2:]) == (1.1,)
    assert rain_by_day([], DAYS[2:]) == ()


def test_rain_of_a_longer_step_is_in_each_of_its_hours() -> None:
    step = amount(4.0, NOW_MS, 6)
    ahead = [hour(NOW_MS + at * HOUR_MS, rain=step) for at in range(6)]
    joined = course(ahead)
    assert joined.rain_mm[joined.is_forecast].tolist() == [4.0] * 6
    assert not joined.is_forecast[:58].any()
