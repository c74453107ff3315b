"""Alarm evaluation round by round: alarms and notifications through restarts, late data and gateways' own alarms."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.contract.records import ALARM_CLEARED, ALARM_RAISED, Descriptor
from headland.errors import RetryLater
from headland.registry.models.alarms import AlarmRecipient, AlarmTest, RecipientKind, Severity
from headland.registry.models.duty import DutyRota, DutyShift
from headland.registry.models.models import Farm, Greenhouse, GreenhouseZone, Site
from headland.registry.repositories.alarms import AlarmRepository
from tests.alarms.conftest import AIR, MINUTE, START_MS, Station, frost, station_in
from tests.examples import examples


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


def test_a_frost_is_raised_notified_and_cleared_though_the_station_restarts_at_every_minute(station: Station) -> None:
    station.repositories.alarm_rules.add(frost())
    for at in range(40):
        station.measure({at: 1.0 if at < 15 else 5.0})
        station.at(at)
        station.restart()
    assert facts(station) == [("frost", "gh-1", 5, 25, "cleared")]
    assert station.said() == [("frost", "raised"), ("frost", "cleared")]
    body = json.loads(station.repositories.alarms.notices()[-1].body)
    assert (body["what"], body["rule"], body["alarms"][0]["value"]) == ("raised", "frost", 1.0)
    assert "below 2 °C" in body["text"]


def test_an_alarm_is_raised_no_earlier_than_its_rule_was_made_or_switched_on(station: Station) -> None:
    station.measure(minutes(0, 30, 1.0))
    station.at(29)
    rule = station.repositories.alarm_rules.add(frost())
    station.measure(minutes(30, 40, 1.0))
    station.at(31)
    assert facts(station) == [("frost", "gh-1", 29, None, None)]
    assert (station.alarms()[0].began_ms - START_MS) // MINUTE < 29
    off = station.repositories.alarm_rules.change(msgspec.structs.replace(rule, enabled=False))
    station.at(40)
    station.measure(minutes(40, 61, 1.0))
    station.at(60)
    station.repositories.alarm_rules.change(msgspec.structs.replace(off, enabled=True))
    station.measure(minutes(61, 64, 1.0))
    station.at(63)
    assert ("frost", "gh-1", 60, None, None) in facts(station)


def test_a_frost_that_was_over_before_its_rule_was_made_is_no_alarm(station: Station) -> None:
    station.measure({**minutes(0, 8, 1.0), **minutes(8, 30, 5.0)})
    station.at(29)
    station.repositories.alarm_rules.add(frost(page_within_s=3600.0))
    station.at(30)
    assert facts(station) == []


def test_a_round_that_cannot_be_stored_is_repeated_and_nothing_is_notified_twice(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    station.repositories.alarm_rules.add(frost())
    station.measure(minutes(0, 10, 1.0))
    with monkeypatch.context() as patch:
        patch.setattr(AlarmRepository, "save", lambda *_: (_ for _ in ()).throw(RetryLater("away")))
        with pytest.raises(RetryLater):
            station.at(10)
    station.at(10)
    station.at(11)
    assert station.said() == [("frost", "raised")]


def test_alarms_of_a_night_without_station_are_recorded_and_not_notified(station: Station) -> None:
    station.repositories.alarm_rules.add(frost())
    station.measure({0: 5.0})
    station.at(0)
    station.measure({**minutes(1, 60, 1.0), **minutes(60, 600, 5.0)})
    station.restart()
    station.at(600)
    assert facts(station) == [("frost", "gh-1", 6, 70, "cleared")]
    assert station.alarms()[0].late
    assert station.said() == []


def test_an_alarm_that_is_found_late_and_still_active_is_notified(station: Station) -> None:
    station.repositories.alarm_rules.add(frost())
    station.measure({0: 5.0})
    station.at(0)
    station.measure(minutes(1, 600, 1.0))
    station.at(600)
    assert station.said() == [("frost", "raised")]


def test_back_filled_data_older_than_the_evaluated_data_raises_nothing(station: Station) -> None:
    station.repositories.alarm_rules.add(frost())
    station.measure(minutes(100, 110, 5.0))
    station.at(110)
    station.measure(minutes(0, 100, 1.0))
    station.at(111)
    assert (facts(station), station.said()) == ([], [])


def test_a_frost_in_back_filled_data_is_recorded_and_never_notified(station: Station) -> None:
    station.repositories.alarm_rules.add(frost())
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
    station.repositories.alarm_rules.add(frost())
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


def test_a_gateway_that_stays_silent_leaves_no_active_alarm(station: Station) -> None:
    station.measure({0: 1.0})
    station.gateway_says(ALARM_RAISED, 0, 0)
    station.at(0)
    station.at(359)
    assert facts(station) == [("frost", "gh-1", 0, None, None)]
    station.at(361)
    assert facts(station) == [("frost", "gh-1", 0, 360, "no_data")]


def test_a_silent_sensor_and_a_gateway_that_is_offline_are_found_by_the_clock(station: Station) -> None:
    silence = AlarmTest(what="age_s", above=900.0, of=AIR)
    station.repositories.alarm_rules.add(frost(name="dead", any_of=((silence,),), for_s=0.0, clear_for_s=60.0))
    offline = AlarmTest(what="gateway_offline", above=0.5)
    station.repositories.alarm_rules.add(frost(name="offline", any_of=((offline,),), for_s=120.0, clear_for_s=60.0))
    station.measure({0: 5.0})
    for at in range(40):
        station.gateways = {"gw-1": {"gateway_offline": float(20 <= at < 30)}}
        if at >= 25:
            station.measure({at: 5.0})
        station.at(at)
    assert facts(station) == [("dead", "gh-1", 16, 26, "cleared"), ("offline", "gw-1", 22, 31, "cleared")]


def test_an_alarm_ends_with_its_rule_and_with_a_rule_that_is_no_longer_for_its_device(station: Station) -> None:
    one = station.repositories.alarm_rules.add(frost())
    two = station.repositories.alarm_rules.add(frost(name="cold"))
    station.measure(minutes(0, 10, 1.0))
    station.at(10)
    station.repositories.alarm_rules.delete(one.id, 1)
    station.repositories.alarm_rules.change(msgspec.structs.replace(two, kind="weather"))
    station.at(11)
    assert {(alarm.rule, alarm.ended_why) for alarm in station.alarms()} == {
        ("frost", "rule_removed"),
        ("cold", "not_selected"),
    }
    assert sorted(station.said())[::2] == [("cold", "cleared"), ("frost", "cleared")]


def test_a_rule_that_gets_another_name_ends_its_alarm_and_raises_it_anew(station: Station) -> None:
    rule = station.repositories.alarm_rules.add(frost())
    station.measure(minutes(0, 30, 1.0))
    station.at(10)
    station.repositories.alarm_rules.change(msgspec.structs.replace(rule, name="ice"))
    station.at(11)
    for at in range(12, 30):
        station.at(at)
    assert [(alarm.rule, alarm.is_active) for alarm in station.alarms()] == [("frost", False), ("ice", True)]


def test_two_processes_do_not_evaluate_at_once(station: Station) -> None:
    book = station.repositories.alarms
    assert book.acquire_lease("one", 60_000)
    assert not book.acquire_lease("two", 60_000)
    assert book.acquire_lease("one", 60_000)
    station.clock[0] += 60_001
    assert book.acquire_lease("two", 60_000)
    book.release_lease("two")
    assert book.acquire_lease("one", 60_000)


def test_a_gateways_alarm_that_joined_ours_is_not_noted_again_by_a_restart(station: Station) -> None:
    station.repositories.alarm_rules.add(frost())
    for at in range(60):
        station.measure({at: 1.0 if at < 20 else 5.0})
        if at == 9:
            station.gateway_says(ALARM_RAISED, 8, 8)
        if at == 12:
            station.gateway_says(ALARM_CLEARED, 11, 8)
        if at == 15:
            station.gateway_says(ALARM_RAISED, 15, 15)
        if at == 50:
            station.gateway_says(ALARM_CLEARED, 50, 15)
        station.at(at)
        if at % 2:
            station.restart()
    assert facts(station) == [("frost", "gh-1", 5, 50, "cleared")]
    assert station.alarms()[0].gateway_raised_ms == (START_MS + 8 * MINUTE, START_MS + 15 * MINUTE)
    # The gateway calls it critical: that is news of its own.
    assert [what for _, what in station.said()] == ["raised", "escalated", "cleared"]


def test_a_gateway_that_returns_with_its_alarm_raises_it_again(station: Station) -> None:
    station.measure({0: 1.0})
    station.gateway_says(ALARM_RAISED, 0, 0)
    station.at(0)
    station.at(361)
    station.gateway_says(ALARM_RAISED, 600, 0)
    station.measure({600: 1.0})
    station.at(600)
    station.at(601)
    assert [(alarm.is_active, alarm.ended_why) for alarm in station.alarms()] == [(False, "no_data"), (True, None)]
    assert [what for _, what in station.said()] == ["raised", "cleared", "raised"]


def test_a_rule_is_for_its_site_and_its_zone(station: Station) -> None:
    farm = station.repositories.farms.add(Farm(name="Home"))
    site = station.repositories.sites.add(Site(farm=farm.id, name="home", time_zone="Asia/Shanghai"))
    house = station.repositories.greenhouses.add(Greenhouse(farm=farm.id, site=site.id, name="House"))
    zone = station.repositories.zones.add(GreenhouseZone(greenhouse=house.id, name="east"))
    for name in ("gh-1", "gh-2"):
        told = Descriptor(device=name, kind="greenhouse", site="home", name=name)
        device = station.repositories.record_descriptor("gw-1", told)
        if name == "gh-2":
            station.repositories.devices.change(msgspec.structs.replace(device, zone=zone.id))
        station.measure(minutes(0, 20, 1.0), name)
    station.repositories.alarm_rules.add(frost(name="zone", zone=zone.id))
    station.repositories.alarm_rules.add(frost(name="away", site="away"))
    morning = AlarmTest(what="local_hour", above=16.0)  # START_MS is 08:00 UTC, four in the afternoon there
    cold = AlarmTest(what=AIR, below=2.0)
    station.repositories.alarm_rules.add(frost(name="hour", device="gh-1", any_of=((cold, morning),)))
    station.at(20)
    assert sorted((alarm.rule, alarm.subject) for alarm in station.alarms()) == [("hour", "gh-1"), ("zone", "gh-2")]


@pytest.mark.parametrize("place", ["greenhouses", "sites"])
def test_a_deactivated_house_or_site_ends_its_alarms_and_raises_none_until_it_is_activated(
    station: Station, place: str
) -> None:
    repositories = station.repositories
    farm = repositories.farms.add(Farm(name="Home"))
    site = repositories.sites.add(Site(farm=farm.id, name="home", time_zone="Asia/Shanghai"))
    house = repositories.greenhouses.add(Greenhouse(farm=farm.id, site=site.id, name="House"))
    zone = repositories.zones.add(GreenhouseZone(greenhouse=house.id, name="east"))
    device = repositories.record_descriptor(
        "gw-1", Descriptor(device="gh-1", kind="greenhouse", site="home", name="gh-1")
    )
    repositories.devices.change(msgspec.structs.replace(device, zone=zone.id))
    repositories.alarm_rules.add(frost())
    station.measure(minutes(0, 200, 1.0))
    station.gateway_says(ALARM_RAISED, 4, 4, rule="heat")
    station.at(10)
    assert [alarm.rule for alarm in station.alarms() if alarm.is_active] == ["heat", "frost"]
    records = getattr(repositories, place)
    changed = records.change(msgspec.structs.replace(next(iter(records.all())), active=False))
    station.at(20)
    station.gateway_says(ALARM_RAISED, 25, 25, rule="heat")
    for at in (26, 60, 90):
        station.at(at)
    assert facts(station) == [("heat", "gh-1", 4, 20, "not_selected"), ("frost", "gh-1", 5, 20, "not_selected")]
    records.change(msgspec.structs.replace(changed, active=True))
    station.at(100)
    station.at(110)
    assert [alarm.rule for alarm in station.alarms() if alarm.is_active] == ["frost"]


def test_of_two_houses_at_a_site_the_one_in_use_keeps_its_alarms(station: Station) -> None:
    repositories = station.repositories
    farm = repositories.farms.add(Farm(name="Home"))
    site = repositories.sites.add(Site(farm=farm.id, name="home", time_zone="Asia/Shanghai"))
    # Houses of one device, which have its name and no zone.
    for name, active in (("gh-1", True), ("gh-2", False)):
        repositories.greenhouses.add(Greenhouse(farm=farm.id, site=site.id, name=name, active=active))
        station.measure(minutes(0, 20, 1.0), name)
    repositories.alarm_rules.add(frost())
    station.at(20)
    assert [alarm.subject for alarm in station.alarms()] == ["gh-1"]


@given(
    st.lists(
        st.tuples(st.floats(-3, 6), st.sampled_from([True, True, True, False]), st.booleans()), min_size=8, max_size=64
    ),
    st.integers(1, 4),
)
@settings(max_examples=examples(6), deadline=None)
def test_a_random_day_is_notified_by_the_rule_through_restarts_and_always_to_its_end(
    day: list[tuple[float, bool, bool]], most: int
) -> None:
    with TemporaryDirectory() as folder, station_in(Path(folder)) as station:
        rule = frost(repeat_s=3600.0, most_an_hour=most, for_s=0.0, clear_for_s=600.0, lost_after_s=7200.0)
        station.repositories.alarm_rules.add(rule)
        for step, (value, heard, restarts) in enumerate(day):
            if heard:
                station.measure({15.0 * step: value})
            if restarts:
                station.restart()
            station.at(15.0 * step)
        for step in range(len(day), len(day) + 20):
            station.at(15.0 * step)
        notices = station.repositories.alarms.notices(limit=1000)[::-1]
        assert station.repositories.alarms.active() == []
        for notice in notices:
            hour = [one for one in notices if notice.created_ms - 3_600_000 < one.created_ms <= notice.created_ms]
            assert len(hour) <= most
        for alarm in station.alarms():
            news = [(one.created_ms, one.what) for one in notices if alarm.id in one.about]
            whats = [what for _, what in news]
            assert whats == [] or (whats[0], whats[-1]) == ("raised", "cleared")
            assert set(whats[1:-1]) <= {"repeated"}
            assert all(b - a >= 3_600_000 for (a, _), (b, what) in pairwise(news) if what == "repeated")


def test_an_alarm_goes_to_whoever_is_on_duty_by_the_clocks_of_the_site(station: Station) -> None:
    repositories = station.repositories
    wang = AlarmRecipient(name="Wang", kind=RecipientKind.EMAIL, address="wang@example.org")
    by_id = {
        one.id: one.name for one in (*repositories.alarm_recipients.all(), repositories.alarm_recipients.add(wang))
    }
    farm = repositories.farms.add(Farm(name="Home"))
    site = repositories.sites.add(Site(farm=farm.id, name="home", time_zone="Asia/Shanghai"))
    local = datetime.fromtimestamp(START_MS / 1000, ZoneInfo("Asia/Shanghai"))
    begin, end = (f"{local + timedelta(hours=hours):%H:%M}" for hours in (-1, 2))
    shifts = (
        DutyShift(days=(1, 2, 3, 4, 5, 6, 7), start=begin, end=end, people=("Wang",)),
        DutyShift(days=(1, 2, 3, 4, 5, 6, 7), start=end, end=begin, people=("Li",)),
    )
    repositories.duty_rotas.add(DutyRota(name="Nights", site=site.id, weekly=shifts, next_after_s=900.0))
    repositories.alarm_rules.add(frost())
    station.measure(minutes(0, 40, 1.0))
    told = [(minute, by_id[notice.recipient]) for minute in (10, 24, 26) for notice in station.at(minute).notices]
    assert told == [(10, "Wang"), (26, "Li")]


def test_a_simulator_that_runs_faster_than_time_is_not_late_until_its_own_clock_says_so(station: Station) -> None:
    dead = frost(name="dead", kind="greenhouse", any_of=((AlarmTest(what="age_s", above=900.0, of=AIR),),), for_s=180.0)
    behind = frost(name="behind", any_of=((AlarmTest(what="gateway_spool_age_s", above=3600.0),),), for_s=600.0)
    for rule in (dead, behind, frost()):
        station.repositories.alarm_rules.add(rule)
    # Twenty hours behind, it does an hour in a minute: cold from the third, its sensor dies after the eighth.
    begin = -20 * 60
    for quarter in range(48):
        at, upto = quarter / 4, begin + 15 * quarter
        if at < 8:
            station.measure(minutes(upto - 15, upto, 1.0 if at >= 2 else 5.0), simulated=True)
        station.lag_ms = round((at - upto) * MINUTE)
        station.gateways = {"gw-1": {"gateway_offline": 0.0, "gateway_spool_age_s": station.lag_ms / 1000.0 + 5.0}}
        station.at(at)
        if at < 8:
            assert {rule for rule, *_ in facts(station)} <= {"frost"}, at
    assert {rule for rule, *_ in facts(station)} == {"frost", "dead"}


def test_what_is_measured_is_late_beside_a_simulator(station: Station) -> None:
    dead = frost(name="dead", kind="greenhouse", any_of=((AlarmTest(what="age_s", above=900.0, of=AIR),),), for_s=180.0)
    station.repositories.alarm_rules.add(dead)
    station.measure({-300.0: 5.0}, device="gh-real")
    station.measure({-300.0: 5.0}, device="gh-made", simulated=True)
    station.lag_ms = 300 * MINUTE
    for at in range(5):
        station.at(at)
    assert [(rule, subject) for rule, subject, *_ in facts(station)] == [("dead", "gh-real")]
