"""The preview of a rule on the weather to come: hits, false alarms and missed events, with bounded work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from headland.alarms.rules.forecast_preview import MOST_INSTANTS, ForecastPreview, preview_forecast_rule
from headland.alarms.rules.targets import SITE, EvaluationTargets, Subject
from headland.analysis.weather.hourly_forecast import HourlyForecast
from headland.registry.models.alarms import Alarm, AlarmRule, AlarmTest
from headland.units_of_time import DAY_MS, HOUR_MS
from tests.alarms.rules.test_forecast_values import AIR, START_MS, air, amount, outlook

HOME = Subject("home", SITE, "home", "")
FROST = AlarmTest(what=AIR, below=0.0, within_h=12.0, chance_pct=30.0)


def preview(
    said: Callable[[int], HourlyForecast],
    measured: Mapping[int, float],
    hours: int = 48,
    test: AlarmTest = FROST,
    **more: Any,
) -> tuple[tuple[Alarm, ...], ForecastPreview]:
    """Preview a rule over some hours from START_MS on, of which `measured` are by their number."""

    def outlook_of(_site: str, at_ms: int, _hours: int) -> HourlyForecast:
        return said((at_ms - START_MS) // HOUR_MS)

    def read(site: str, what: str, start_ms: int, end_ms: int) -> dict[int, float]:
        assert (site, what) == ("home", test.what)
        told = {START_MS + at * HOUR_MS: value for at, value in measured.items()}
        return {time_ms: value for time_ms, value in told.items() if start_ms <= time_ms < end_ms}

    targets = EvaluationTargets({}, {}, {}, sites={"home": HOME}, outlook_of=outlook_of)
    rule = AlarmRule(**{"name": "frost-to-come", "any_of": ((test,),), **more})
    return preview_forecast_rule(rule, HOME, targets, read, START_MS, START_MS + hours * HOUR_MS)


def saying(course: Callable[[int], float]) -> Callable[[int], HourlyForecast]:
    """A forecast that is made each hour and says a course of temperatures by their hour."""

    def said(at: int) -> HourlyForecast:
        hours = {at + ahead: {"temperature_degc": air(course(at + ahead))} for ahead in range(24)}
        return outlook(hours, issued_ms=START_MS + at * HOUR_MS, fetched_ms=START_MS + at * HOUR_MS)

    return said


def test_a_forecast_that_comes_true_is_a_hit_with_its_lead() -> None:
    course = {at: -2.0 if 30 <= at < 34 else 5.0 for at in range(100)}
    alarms, told = preview(saying(lambda at: course[at]), course)
    assert [(alarm.raised_ms - START_MS) // HOUR_MS for alarm in alarms] == [19]
    assert (told.hits, told.false_alarms, told.unclear, told.missed) == (1, 0, 0, 0)
    assert (told.lead_h, told.judged, told.not_judged, told.issues) == (11.0, 48, 0, 48)


def test_a_warning_that_nothing_followed_is_false_and_an_event_that_nothing_preceded_is_missed() -> None:
    measured = {at: -2.0 if 40 <= at < 42 else 5.0 for at in range(100)}
    _, told = preview(saying(lambda at: -2.0 if 15 <= at < 18 else 5.0), measured)
    assert (told.hits, told.false_alarms, told.unclear, told.missed) == (0, 1, 0, 1)
    assert told.lead_h is None


def test_a_warning_without_enough_measurements_is_neither_hit_nor_false() -> None:
    measured = dict.fromkeys(range(16), 5.0)
    _, told = preview(saying(lambda at: -2.0 if 15 <= at < 18 else 5.0), measured)
    assert (told.hits, told.false_alarms, told.unclear, told.missed) == (0, 0, 1, 0)


def test_without_measurements_or_with_several_tests_no_event_is_told() -> None:
    frosty = saying(lambda at: -2.0 if 15 <= at < 18 else 5.0)
    alarms, told = preview(frosty, {})
    assert (len(alarms), told.reason, told.hits) == (1, "not_measured", None)
    windy = AlarmTest(what="wind_speed_m_s", above=5.0, within_h=12.0)
    _, told = preview(frosty, dict.fromkeys(range(60), 5.0), any_of=((FROST,), (windy,)))
    assert (told.reason, told.missed) == ("several_tests", None)


def test_hours_without_a_kept_issue_are_not_judged_and_miss_nothing() -> None:
    said = saying(lambda _: 5.0)
    measured = {at: -2.0 if at < 5 else 5.0 for at in range(100)}
    _, told = preview(lambda at: said(at) if at >= 20 else outlook({}, reason="waiting"), measured)
    assert (told.judged, told.not_judged, told.missed) == (28, 20, 0)


def test_rain_is_compared_by_its_sum() -> None:
    wet = AlarmTest(what="precipitation_mm", above=5.0, within_h=6.0)

    def said(at: int) -> HourlyForecast:
        return outlook({
            each: {"rain_mm": amount(2.0 if 20 <= each < 24 else 0.0, each, each + 1)} for each in range(at, at + 8)
        })  # fmt: skip

    drizzle = {at: 1.0 if 20 <= at < 24 else 0.0 for at in range(100)}
    _, told = preview(said, drizzle, test=wet)
    assert (told.hits, told.false_alarms) == (0, 1)
    _, told = preview(said, {at: 2.0 * mm for at, mm in drizzle.items()}, test=wet)
    assert (told.hits, told.false_alarms, told.missed) == (1, 0, 0)


@pytest.mark.parametrize("days", [1, 30, 93, 366])
def test_the_work_is_bounded_however_long_the_window(days: int) -> None:
    asked: list[int] = []

    def said(at: int) -> HourlyForecast:
        asked.append(at)
        return outlook({}, reason="waiting")

    _, told = preview(said, {}, hours=days * DAY_MS // HOUR_MS)
    assert len(asked) == told.not_judged <= MOST_INSTANTS
    assert told.every_h == max(1, -(-days * 24 // MOST_INSTANTS))
