"""Rules on the weather to come, round by round: raised, cleared by a newer issue, and never silently in order."""

from __future__ import annotations

import json
from typing import Any

import pytest

from headland.alarms.notification.messages import text_of
from headland.alarms.notification.notification_policy import Notification
from headland.alarms.rules.forecast_standing import forecast_standings
from headland.alarms.rules.targets import EvaluationTargets, load_targets
from headland.analysis.weather.hourly_forecast import HourlyForecast
from headland.registry.models.alarms import AlarmRule, AlarmTest
from headland.registry.models.models import Farm, Site
from headland.units_of_time import HOUR_MS
from tests.alarms.conftest import HANDLE, MINUTE, START_MS, Station
from tests.alarms.rules.test_forecast_values import AIR, air, outlook


class Weather:
    """The forecast of every site: a course of hours from the first one on; None before there is any."""

    def __init__(self) -> None:
        self.said: HourlyForecast | None = None
        self.asked: list[tuple[str, int, int]] = []

    def say(self, *values: float, width: float | None = 2.0, **more: Any) -> None:
        self.said = outlook(
            {at: {"temperature_degc": air(value, width, "provider")} for at, value in enumerate(values)}, **more
        )

    def of(self, site: str, at_ms: int, hours: int) -> HourlyForecast:
        self.asked.append((site, at_ms, hours))
        if self.said is None:
            return outlook(
                {}, basis="nothing", reason="waiting", text="It has not answered so far.", text_zh="尚未应答。"
            )
        return self.said


@pytest.fixture
def weather(station: Station) -> Weather:
    farm = station.repositories.farms.add(Farm(name="Home"))
    station.repositories.sites.add(Site(farm=farm.id, name="home", time_zone="Asia/Shanghai"))
    made = Weather()
    station.outlook_of = made.of
    station.restart()
    return made


def warning(**more: Any) -> AlarmRule:
    test = AlarmTest(what=AIR, below=0.0, hysteresis=1.0, within_h=12.0, chance_pct=30.0)
    return AlarmRule(**{"name": "frost-to-come", "any_of": ((test,),), **more})


def facts(station: Station) -> list[tuple[int, int | None, str | None]]:
    """(minute of raising, minute of the end, why) of every alarm."""
    return [
        (
            (alarm.raised_ms - START_MS) // MINUTE,
            None if alarm.ended_ms is None else (alarm.ended_ms - START_MS) // MINUTE,
            alarm.ended_why,
        )
        for alarm in station.alarms()
    ]


def test_a_forecast_raises_an_alarm_of_the_site_and_a_newer_issue_clears_it(station: Station, weather: Weather) -> None:
    station.repositories.alarm_rules.add(warning())
    weather.say(*[4.0] * 8, -1.0, *[4.0] * 20)
    for at in range(10):
        station.at(at)
    (alarm,) = station.alarms()
    assert (alarm.subject, alarm.kind, alarm.site, alarm.raised_ms) == ("home", "site", "home", START_MS + 5 * MINUTE)
    assert (alarm.what, alarm.value, alarm.unit, alarm.condition, alarm.threshold) == (
        AIR, -1.0, "degC", "forecast_below", 0.0,
    )  # fmt: skip
    assert alarm.forecast is not None
    assert (alarm.forecast.start_ms, alarm.forecast.basis) == (START_MS + 8 * HOUR_MS, "provider")
    assert alarm.forecast.chance_pct == pytest.approx(79.5, abs=0.1)
    weather.say(*[6.0] * 30)
    for at in range(10, 20):
        station.at(at)
    assert facts(station) == [(5, 15, "cleared")]
    assert station.said() == [("frost-to-come", "raised"), ("frost-to-come", "cleared")]


def test_a_newer_issue_within_the_hysteresis_keeps_the_alarm(station: Station, weather: Weather) -> None:
    station.repositories.alarm_rules.add(warning())
    weather.say(*[-1.0] * 30)
    for at in range(10):
        station.at(at)
    weather.say(*[1.2] * 30)  # 16 % below 0 °C, 43 % below 1 °C
    for at in range(10, 30):
        station.at(at)
    assert facts(station) == [(5, None, None)]


def test_the_alarm_comes_when_the_frost_is_within_the_hours_of_the_rule(station: Station, weather: Weather) -> None:
    station.repositories.alarm_rules.add(warning(for_s=60.0))
    weather.say(*[4.0] * 20, *[-1.0] * 3, *[4.0] * 60)
    for at in range(0, 24 * 60, 20):
        station.at(at)
    # The hour that begins 20 hours after the start is within 12 hours after the eighth.
    assert facts(station) == [(8 * 60 + 40, 23 * 60 + 20, "cleared")]


def test_without_a_forecast_the_rule_is_unknown_and_an_alarm_ends_without_data(
    station: Station, weather: Weather
) -> None:
    station.repositories.alarm_rules.add(warning(lost_after_s=3600.0))
    for at in range(10):
        station.at(at)
    assert facts(station) == []
    (standing,) = forecast_standings(station.repositories.alarm_rules.all(), targets_of(station), station.clock[0])
    assert (standing.state, standing.reason, standing.text) == ("unknown", "waiting", "It has not answered so far.")
    weather.say(*[-1.0] * 30)
    for at in range(10, 20):
        station.at(at)
    weather.said = None
    for at in range(20, 100):
        station.at(at)
    assert facts(station) == [(15, 79, "no_data")]


def test_a_rule_raises_nothing_before_it_existed(station: Station, weather: Weather) -> None:
    station.repositories.alarm_rules.add(warning(for_s=0.0, clear_for_s=60.0))
    weather.say(*[-1.0] * 30)
    # The clock was ahead when the rule was added, and is set back.
    for at in range(-60, 0):
        station.at(at)
    assert facts(station) == []
    station.at(0)
    assert facts(station) == [(0, None, None)]


def test_a_rule_is_for_its_site_and_asks_for_its_hours(station: Station, weather: Weather) -> None:
    (farm,) = [farm for farm in station.repositories.farms.all() if farm.name == "Home"]
    station.repositories.sites.add(Site(farm=farm.id, name="hill", time_zone="Asia/Shanghai"))
    station.repositories.sites.add(Site(farm=farm.id, name="given-up", time_zone="Asia/Shanghai", active=False))
    station.repositories.alarm_rules.add(warning(site="hill"))
    station.at(0)
    assert weather.asked == [("hill", START_MS, 13)]
    station.repositories.alarm_rules.add(warning(name="everywhere"))
    weather.asked.clear()
    station.at(1)
    assert {site for site, _, _ in weather.asked} == {"home", "hill"}


def test_the_time_of_day_can_bound_a_rule(station: Station, weather: Weather) -> None:
    in_the_evening = AlarmTest(what="local_hour", above=18.0)
    (frost,) = warning().any_of[0]
    station.repositories.alarm_rules.add(warning(any_of=((frost, in_the_evening),), for_s=60.0))
    weather.say(*[-1.0] * 60)
    for at in range(0, 24 * 60, 20):  # START_MS is 16:00 in Shanghai
        station.at(at)
    assert [raised for raised, _, _ in facts(station)] == [160]


def test_the_notice_tells_when_how_likely_who_says_so_and_its_licence(station: Station, weather: Weather) -> None:
    station.repositories.alarm_rules.add(warning())
    weather.say(*[4.0] * 8, -1.0, *[4.0] * 20, simulated=True)
    for at in range(10):
        station.at(at)
    (alarm,) = station.alarms()
    assert alarm.simulated
    (notice,) = station.repositories.alarms.notices()
    body = json.loads(notice.body)
    assert body["title"].startswith("[simulated] Warning")
    assert body["alarms"][0]["forecast"]["chance_pct"] == alarm.forecast.chance_pct  # type: ignore[union-attr]
    (li,) = [each for each in station.repositories.alarm_recipients.all() if each.name == "Li"]
    notification = Notification(recipient=li, rule=alarm.rule, what="raised", alarms=(alarm,))
    targets = targets_of(station)
    assert text_of(notification, "en", targets.zone_of) == (
        "Weather forecast (home): Air temperature -1 °C (below 0 °C) from 2026-11-25 00:00 CST to 2026-11-25 01:00 CST"
        ", chance 80 % (alarm from 30 %). Forecast of MET Norway, issued 2026-11-24 15:00 CST. Data: MET Norway"
    )
    assert text_of(notification, "zh-CN", targets.zone_of) == (
        "天气预报（home）：2026-11-25 00:00 CST 至 2026-11-25 01:00 CST 气温 -1 ℃（低于 0 ℃），"
        "概率 80%（达到 30% 报警）。MET Norway预报，2026-11-24 15:00 CST 起报。数据：挪威气象研究所"
    )


def targets_of(station: Station) -> EvaluationTargets:
    targets = load_targets(station.store, station.repositories, HANDLE, {})
    return EvaluationTargets(
        targets.devices, {}, targets.time_zones, sites=targets.sites, outlook_of=station.outlook_of
    )
