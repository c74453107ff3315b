"""Round by round: what a station keeps of alarms and says of them, through restarts, late data and gateways' own."""

from __future__ import annotations

import json

import msgspec
import pytest

from headland.contract.records import ALARM_CLEARED, ALARM_RAISED
from headland.errors import RetryLater
from headland.registry.alarm_book import AlarmBook
from headland.registry.alarm_records import AlarmTest, Severity
from tests.alarms.conftest import AIR, MINUTE, START_MS, Station, frost


def minutes(first: int, last: int, value: float) -> dict[float, float]:
    return {float(at): value for at in range(first, last)}


def facts(station: Station) -> list[tuple[str, str, int, int | None, str | None]]:
    """(rule, subject, minute of raising, minute of the end, why) of every alarm."""
    return [
        (
            alarm.rule,
            alarm.subject,
            (alarm.raised_ms - START_MS) // MINUTE,
            None if alarm.ended_ms is None else (alarm.ended_ms - START_MS) // MINUTE,
            alarm.ended_why,
        )
        for alarm in station.alarms()
    ]


def test_a_frost_is_raised_said_and_cleared_though_the_station_restarts_at_every_minute(station: Station) -> None:
    station.estate.alarm_rules.add(frost())
    for at in range(40):
        station.measure({at: 1.0 if at < 15 else 5.0})
        station.at(at)
        station.restart()
    assert facts(station) == [("frost", "gh-1", 5, 25, "cleared")]
    assert station.said() == [("frost", "raised"), ("frost", "cleared")]
    body = json.loads(station.estate.alarms.notices()[-1].body)
    assert (body["what"], body["rule"], body["alarms"][0]["value"]) == ("raised", "frost", 1.0)
    assert "below 2 °C" in body["text"]


def test_a_round_that_cannot_be_kept_is_done_again_and_nothing_is_said_twice(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    station.estate.alarm_rules.add(frost())
    station.measure(minutes(0, 10, 1.0))
    with monkeypatch.context() as patch:
        patch.setattr(AlarmBook, "keep", lambda *_: (_ for _ in ()).throw(RetryLater("away")))
        with pytest.raises(RetryLater):
            station.at(10)
    station.at(10)
    station.at(11)
    assert station.said() == [("frost", "raised")]


def test_what_a_station_that_was_down_finds_of_last_night_is_kept_and_not_said(station: Station) -> None:
    station.estate.alarm_rules.add(frost())
    station.measure({0: 5.0})
    station.at(0)
    station.measure({**minutes(1, 60, 1.0), **minutes(60, 600, 5.0)})
    station.restart()
    station.at(600)
    assert facts(station) == [("frost", "gh-1", 6, 70, "cleared")]
    assert station.alarms()[0].late
    assert station.said() == []


def test_what_is_found_late_and_still_stands_is_said(station: Station) -> None:
    station.estate.alarm_rules.add(frost())
    station.measure({0: 5.0})
    station.at(0)
    station.measure(minutes(1, 600, 1.0))
    station.at(600)
    assert station.said() == [("frost", "raised")]


def test_back_filled_data_older_than_what_was_judged_never_raises_anything(station: Station) -> None:
    station.estate.alarm_rules.add(frost())
    station.measure(minutes(100, 110, 5.0))
    station.at(110)
    station.measure(minutes(0, 100, 1.0))
    station.at(111)
    assert (facts(station), station.said()) == ([], [])


def test_a_frost_in_back_filled_data_becomes_history_and_is_never_said(station: Station) -> None:
    station.estate.alarm_rules.add(frost())
    station.measure(minutes(-600, 0, 5.0) | minutes(600, 660, 5.0))
    for at in range(600, 645):
        station.at(at)
    assert facts(station) == []
    # The gateway's backlog of the hours in which it was cut off.
    station.measure(minutes(120, 180, 1.0) | minutes(180, 300, 5.0))
    for at in range(645, 690):
        station.at(at)
    assert facts(station) == [("frost", "gh-1", 125, 190, "cleared")]
    assert station.alarms()[0].late
    for at in range(690, 740):
        station.at(at)
    assert (len(station.alarms()), station.said()) == (1, [])


def test_a_gateways_own_alarm_shows_and_is_one_with_the_rule_of_the_same_name_here(station: Station) -> None:
    station.estate.alarm_rules.add(frost())
    station.gateway_says(ALARM_RAISED, 4, 4)
    station.measure(minutes(0, 10, 1.0))
    station.at(9)
    station.at(10)
    alarm = station.alarms()[0]
    assert len(station.alarms()) == 1
    assert (alarm.by_gateway, alarm.by_station, alarm.severity) == (True, True, Severity.CRITICAL)
    station.gateway_says(ALARM_CLEARED, 20, 4)
    station.measure(minutes(10, 35, 5.0))
    station.at(19)
    station.at(35)
    assert facts(station) == [("frost", "gh-1", 4, 20, "cleared")]
    assert station.said() == [("frost", "raised"), ("frost", "cleared")]


def test_a_gateways_alarm_that_was_over_when_it_arrived_is_history_and_read_once(station: Station) -> None:
    station.measure({0: 5.0})
    station.gateway_says(ALARM_RAISED, -3000, -3000, rule="power")
    station.gateway_says(ALARM_CLEARED, -2900, -3000, rule="power")
    for at in range(12):
        station.at(at)
        station.restart()
    assert facts(station) == [("power", "gh-1", -3000, -2900, "cleared")]
    assert station.said() == []


def test_a_gateway_that_is_never_heard_again_leaves_no_alarm_standing(station: Station) -> None:
    station.measure({0: 1.0})
    station.gateway_says(ALARM_RAISED, 0, 0)
    station.at(0)
    station.at(359)
    assert facts(station) == [("frost", "gh-1", 0, None, None)]
    station.at(361)
    assert facts(station) == [("frost", "gh-1", 0, 360, "no_data")]


def test_a_silent_sensor_and_a_gateway_that_is_offline_are_found_by_the_clock(station: Station) -> None:
    silence = AlarmTest(what="age_s", above=900.0, of=AIR)
    station.estate.alarm_rules.add(frost(name="dead", any_of=((silence,),), for_s=0.0, clear_for_s=60.0))
    offline = AlarmTest(what="gateway_offline", above=0.5)
    station.estate.alarm_rules.add(frost(name="offline", any_of=((offline,),), for_s=120.0, clear_for_s=60.0))
    station.measure({0: 5.0})
    for at in range(40):
        station.gateways = {"gw-1": {"gateway_offline": float(20 <= at < 30)}}
        if at >= 25:
            station.measure({at: 5.0})
        station.at(at)
    assert facts(station) == [("dead", "gh-1", 16, 26, "cleared"), ("offline", "gw-1", 22, 31, "cleared")]


def test_an_alarm_ends_with_its_rule_and_with_a_rule_that_is_no_longer_for_its_device(station: Station) -> None:
    one = station.estate.alarm_rules.add(frost())
    two = station.estate.alarm_rules.add(frost(name="cold"))
    station.measure(minutes(0, 10, 1.0))
    station.at(10)
    station.estate.alarm_rules.delete(one.id, 1)
    station.estate.alarm_rules.change(msgspec.structs.replace(two, kind="weather"))
    station.at(11)
    assert {(alarm.rule, alarm.ended_why) for alarm in station.alarms()} == {
        ("frost", "rule_removed"),
        ("cold", "not_selected"),
    }
    assert sorted(station.said())[::2] == [("cold", "cleared"), ("frost", "cleared")]


def test_a_rule_that_gets_another_name_ends_its_alarm_and_raises_it_anew(station: Station) -> None:
    rule = station.estate.alarm_rules.add(frost())
    station.measure(minutes(0, 30, 1.0))
    station.at(10)
    station.estate.alarm_rules.change(msgspec.structs.replace(rule, name="ice"))
    station.at(11)
    for at in range(12, 30):
        station.at(at)
    assert [(alarm.rule, alarm.is_active) for alarm in station.alarms()] == [("frost", False), ("ice", True)]


def test_two_processes_do_not_judge_at_once(station: Station) -> None:
    book = station.estate.alarms
    assert book.hold("one", 60_000)
    assert not book.hold("two", 60_000)
    assert book.hold("one", 60_000)
    station.clock[0] += 60_001
    assert book.hold("two", 60_000)
    book.let_go("two")
    assert book.hold("one", 60_000)
