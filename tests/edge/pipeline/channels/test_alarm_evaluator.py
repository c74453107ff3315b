"""Rules at work on devices: margins, silence, restarts."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from edge.pipeline.channels.alarm_evaluator import EdgeAlarmEvaluator
from edge.pipeline.channels.alarm_persistence import AlarmStateFile, read_alarms, write_alarms
from edge.pipeline.channels.alarm_rules import AlarmRule, Margin, find_mistake, load_rules
from edge.sources.source import DeviceId, Reading
from headland.contract.records import Clock, Event
from headland.errors import SettingsError

HOUSE = DeviceId("gh-1", "greenhouse", "home", simulated=True)
START_MS = 1_790_000_000_000
FROST = AlarmRule(
    name="frost", severity="critical", channel="air_temperature_degc", below=2, hysteresis=1, for_s=300, text="heat"
)
DEAD = AlarmRule(name="dead", channel="air_temperature_degc", silent_s=600, clear_for_s=120, repeat_s=3600)


def row(at_s: float, device: DeviceId = HOUSE, flag: int = 1, **values: float | None) -> Reading:
    quality = {} if flag == 1 else dict.fromkeys(values, flag)
    return Reading(device, Clock.RTC, START_MS + round(at_s * 1000), dict(values), quality)


def said(events: list[Event]) -> list[tuple[float, str, object]]:
    return [((one.t - START_MS) / 1000, one.kind.removeprefix("alarm_"), one.data["rule"]) for one in events]


def test_an_alarm_says_rule_severity_value_threshold_and_since_when() -> None:
    desk = EdgeAlarmEvaluator([FROST])
    events = [event for minute in range(6) for event in desk.take(row(60 * minute, air_temperature_degc=1.5), 0.0)]
    (event,) = events
    assert (event.kind, event.t, event.device) == ("alarm_raised", START_MS + 300_000, "gh-1")
    assert (event.device_kind, event.site, event.clock, event.simulated) == ("greenhouse", "home", Clock.RTC, True)
    assert event.data == {
        "rule": "frost", "severity": "critical", "channel": "air_temperature_degc", "condition": "below",
        "value": 1.5, "threshold": 2.0, "unit": "degC", "since_ms": START_MS, "raised_ms": START_MS + 300_000,
        "repeats": 0, "text": "heat",
    }  # fmt: skip
    (standing,) = desk.raised()
    assert (standing.rule, standing.value) == ("frost", 1.5)


def test_a_value_that_failed_its_tests_or_is_missing_raises_and_clears_nothing() -> None:
    desk = EdgeAlarmEvaluator([FROST])
    for minute in range(20):
        assert desk.take(row(60 * minute, flag=4, air_temperature_degc=-40.0), 0.0) == []
        assert desk.take(row(60 * minute + 1, air_temperature_degc=None), 0.0) == []
    for minute in range(20, 26):
        events = desk.take(row(60 * minute, flag=3, air_temperature_degc=0.0), 0.0)
    assert said(events) == [(1500, "raised", "frost")], "a suspect frost is still a frost"
    for minute in range(26, 60):
        assert desk.take(row(60 * minute, flag=4, air_temperature_degc=20.0), 0.0) == []


def test_devices_have_alarms_of_their_own() -> None:
    desk = EdgeAlarmEvaluator([FROST, AlarmRule(name="other", device="gh-2", channel="co2_ppm", above=1000, for_s=0)])
    other = DeviceId("gh-2", "greenhouse", "home")
    events = []
    for minute in range(10):
        events += desk.take(row(60 * minute, air_temperature_degc=0.0, co2_ppm=2000.0), 0.0)
        events += desk.take(row(60 * minute, other, air_temperature_degc=9.0, co2_ppm=2000.0), 0.0)
    assert [(event.device, event.data["rule"]) for event in events] == [("gh-2", "other"), ("gh-1", "frost")]


def test_condensation_is_seen_from_the_leaf_and_the_air_at_it_also_in_separate_rows() -> None:
    rule = AlarmRule(name="wet", margin=Margin(surface="leaf_temperature_degc"), below=1, for_s=600)
    desk = EdgeAlarmEvaluator([rule])
    events = []
    for minute in range(0, 20, 5):
        events += desk.take(row(60 * minute, air_temperature_degc=18.0, relative_humidity_pct=95.0), 0.0)
        events += desk.take(row(60 * minute + 30, leaf_temperature_degc=17.0), 0.0)
    assert said(events) == [(630, "raised", "wet")]
    assert events[0].data["value"] == pytest.approx(-0.2, abs=0.05)
    assert events[0].data["unit"] == "K"
    assert "estimated" not in events[0].data


def test_without_a_leaf_sensor_the_surface_is_estimated_and_the_alarm_says_so() -> None:
    desk = EdgeAlarmEvaluator([AlarmRule(name="wet", margin=Margin(estimate_k=-1.0), below=1, for_s=60)])
    for minute in range(3):
        events = desk.take(row(60 * minute, air_temperature_degc=18.0, relative_humidity_pct=95.0), 0.0)
        if events:
            break
    assert events[0].data["value"] == pytest.approx(-0.2, abs=0.05)
    assert events[0].data["estimated"] is True


def test_a_channel_that_falls_silent_beside_others_is_dead_on_the_devices_own_time() -> None:
    desk = EdgeAlarmEvaluator([DEAD])
    events = list(desk.take(row(0, air_temperature_degc=20.0), 0.0))
    for minute in range(1, 30):
        events += desk.take(row(60 * minute, co2_ppm=400.0, air_temperature_degc=None), 0.0)
    assert said(events) == [(600, "raised", "dead")]
    for minute in range(30, 35):
        events += desk.take(row(60 * minute, air_temperature_degc=20.0), 0.0)
    assert said(events)[1:] == [(1920, "cleared", "dead")]


def test_a_device_that_says_nothing_any_more_is_dead_when_so_much_time_has_passed_since() -> None:
    desk = EdgeAlarmEvaluator([DEAD])
    assert desk.take(row(0, air_temperature_degc=20.0), 1000.0) == []
    assert desk.tick(1599.0) == []
    assert said(desk.tick(1600.0)) == [(600, "raised", "dead")]
    assert desk.tick(1602.0) == []
    assert said(desk.tick(5300.0)) == [(4300, "raised", "dead")], "said again by its rule"


def test_a_stamp_from_the_future_neither_freezes_an_alarm_nor_the_next_one() -> None:
    desk = EdgeAlarmEvaluator([FROST])
    for minute in range(7):
        desk.take(row(60 * minute, air_temperature_degc=0.0), 0.0)
    desk.take(row(86_400 * 365, air_temperature_degc=0.0), 0.0)
    events = [event for minute in range(7, 20) for event in desk.take(row(60 * minute, air_temperature_degc=9.0), 0.0)]
    assert [one.kind for one in events] == ["alarm_cleared"]


def test_a_silence_that_is_found_only_afterwards_was_one() -> None:
    desk = EdgeAlarmEvaluator([DEAD])
    events = desk.take(row(0, air_temperature_degc=20.0), 0.0) + desk.take(row(900, air_temperature_degc=20.0), 0.0)
    assert said(events) == [(899.999, "raised", "dead")]


def test_a_device_that_is_never_heard_is_dead_where_a_rule_names_it() -> None:
    rule = msgspec.structs.replace(DEAD, device="gh-7", kind="greenhouse")
    desk = EdgeAlarmEvaluator([rule])
    desk.expect("home", Clock.NTP, START_MS, 50.0)
    assert desk.tick(600.0) == []
    (event,) = desk.tick(650.0)
    assert (event.device, event.device_kind, event.site) == ("gh-7", "greenhouse", "home")
    assert len(desk.raised()) == 1
    house = DeviceId("gh-7", "greenhouse", "home")
    events = []
    for minute in range(-60, -50):  # its clock is behind
        events += desk.take(row(60 * minute, house, air_temperature_degc=20.0), 700.0)
    assert [one.kind for one in events] == ["alarm_cleared"]
    assert desk.raised() == []


def test_an_alarm_that_stands_outlives_a_restart_and_is_cleared_by_the_next_run(tmp_path: Path) -> None:
    desk = EdgeAlarmEvaluator([FROST])
    for minute in range(7):
        desk.take(row(60 * minute, air_temperature_degc=0.0), 0.0)
    write_alarms(desk.raised(), tmp_path)
    again = EdgeAlarmEvaluator([FROST], read_alarms(tmp_path))
    assert [one.rule for one in again.raised()] == ["frost"]
    events = []
    for minute in range(10, 20):
        events += again.take(row(60 * minute, air_temperature_degc=1.0), 0.0)
    assert events == [], "it was said before"
    for minute in range(20, 25):
        events += again.take(row(60 * minute, air_temperature_degc=9.0), 0.0)
    assert said(events) == [(1260, "cleared", "frost")]
    assert events[0].data["since_ms"] == START_MS


def test_an_alarm_whose_rule_is_gone_is_cleared(tmp_path: Path) -> None:
    desk = EdgeAlarmEvaluator([FROST])
    for minute in range(7):
        desk.take(row(60 * minute, air_temperature_degc=0.0), 0.0)
    again = EdgeAlarmEvaluator([DEAD], desk.raised())
    (event,) = again.tick(0.0)
    assert (event.kind, event.data["why"]) == ("alarm_cleared", "rule removed")
    assert again.raised() == []
    (tmp_path / "alarms.json").write_bytes(b"{")
    assert read_alarms(tmp_path) == []


def test_what_stands_is_written_when_the_spool_has_what_was_said_of_it(tmp_path: Path) -> None:
    keeper = AlarmStateFile(tmp_path)
    keeper.keep([], 0, 0.0)
    assert not (tmp_path / "alarms.json").exists()
    desk = EdgeAlarmEvaluator([FROST])
    for minute in range(7):
        desk.take(row(60 * minute, air_temperature_degc=0.0), 0.0)
    keeper.keep(desk.raised(), desk.changes, 10.0)
    assert read_alarms(tmp_path) == []
    keeper.keep(desk.raised(), desk.changes, 11.0)
    assert read_alarms(tmp_path) == desk.raised()


def test_the_rules_that_come_along_are_sound() -> None:
    rules = load_rules("greenhouse", Path())
    assert [rule.name for rule in rules] == ["frost", "heat", "condensation", "power", "air-sensor-dead"]
    assert all(rule.text for rule in rules)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"below": None}, "exactly one"),
        ({"above": 5.0}, "exactly one"),
        ({"margin": Margin()}, "not both"),
        ({"channel": None}, "not both"),
        ({"channel": "mood"}, "does not end in a unit"),
        ({"channel": None, "margin": Margin(), "below": None, "above": 3.0}, "watched with below"),
        ({"for_s": 0.0, "clear_for_s": 5.0}, "10 s at least"),
        ({"below": None, "silent_s": 600.0}, "no hysteresis"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_said(changes: dict[str, object], sentence: str) -> None:
    wrong = find_mistake(msgspec.structs.replace(FROST, **changes))
    assert wrong is not None
    assert sentence in wrong


def test_a_file_of_rules_names_the_line_of_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('[[alarm]]\nname = "x"\nchannel = "co2_ppm"\n')
    with pytest.raises(SettingsError, match=r"^mine\.toml:1: alarm x: an alarm has exactly one"):
        load_rules("mine.toml", tmp_path)
    with pytest.raises(SettingsError, match="neither in"):
        load_rules("yours", tmp_path)
