"""Evaluation of alarm rules on devices: margins, silence, restarts."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from edge.pipeline.alarms.evaluator import EdgeAlarmEvaluator
from edge.pipeline.alarms.raised_alarms import AlarmStateFile, read_alarms, write_alarms
from edge.pipeline.alarms.rule_tables import AlarmRule, Margin, find_mistake, load_rules
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


def summary(events: list[Event]) -> list[tuple[float, str, object]]:
    return [((event.t - START_MS) / 1000, event.kind.removeprefix("alarm_"), event.data["rule"]) for event in events]


def test_an_alarm_reports_rule_severity_value_threshold_and_start() -> None:
    evaluator = EdgeAlarmEvaluator([FROST])
    events = [
        event for minute in range(6) for event in evaluator.evaluate(row(60 * minute, air_temperature_degc=1.5), 0.0)
    ]
    (event,) = events
    assert (event.kind, event.t, event.device) == ("alarm_raised", START_MS + 300_000, "gh-1")
    assert (event.device_kind, event.site, event.clock, event.simulated) == ("greenhouse", "home", Clock.RTC, True)
    assert event.data == {
        "rule": "frost", "severity": "critical", "channel": "air_temperature_degc", "condition": "below",
        "value": 1.5, "threshold": 2.0, "unit": "degC", "since_ms": START_MS, "raised_ms": START_MS + 300_000,
        "repeats": 0, "text": "heat",
    }  # fmt: skip
    (active,) = evaluator.raised()
    assert (active.rule, active.value) == ("frost", 1.5)


def test_a_value_that_failed_its_tests_or_is_missing_raises_and_clears_nothing() -> None:
    evaluator = EdgeAlarmEvaluator([FROST])
    for minute in range(20):
        assert evaluator.evaluate(row(60 * minute, flag=4, air_temperature_degc=-40.0), 0.0) == []
        assert evaluator.evaluate(row(60 * minute + 1, air_temperature_degc=None), 0.0) == []
    for minute in range(20, 26):
        events = evaluator.evaluate(row(60 * minute, flag=3, air_temperature_degc=0.0), 0.0)
    assert summary(events) == [(1500, "raised", "frost")], "a suspect frost is still a frost"
    for minute in range(26, 60):
        assert evaluator.evaluate(row(60 * minute, flag=4, air_temperature_degc=20.0), 0.0) == []


def test_devices_have_alarms_of_their_own() -> None:
    evaluator = EdgeAlarmEvaluator(
        [FROST, AlarmRule(name="other", device="gh-2", channel="co2_ppm", above=1000, for_s=0)]
    )
    other = DeviceId("gh-2", "greenhouse", "home")
    events = []
    for minute in range(10):
        events += evaluator.evaluate(row(60 * minute, air_temperature_degc=0.0, co2_ppm=2000.0), 0.0)
        events += evaluator.evaluate(row(60 * minute, other, air_temperature_degc=9.0, co2_ppm=2000.0), 0.0)
    assert [(event.device, event.data["rule"]) for event in events] == [("gh-2", "other"), ("gh-1", "frost")]


def test_condensation_is_computed_from_leaf_and_air_also_in_separate_rows() -> None:
    rule = AlarmRule(name="wet", margin=Margin(surface="leaf_temperature_degc"), below=1, for_s=600)
    evaluator = EdgeAlarmEvaluator([rule])
    events = []
    for minute in range(0, 20, 5):
        events += evaluator.evaluate(row(60 * minute, air_temperature_degc=18.0, relative_humidity_pct=95.0), 0.0)
        events += evaluator.evaluate(row(60 * minute + 30, leaf_temperature_degc=17.0), 0.0)
    assert summary(events) == [(630, "raised", "wet")]
    assert events[0].data["value"] == pytest.approx(-0.2, abs=0.05)
    assert events[0].data["unit"] == "K"
    assert "estimated" not in events[0].data


def test_without_a_leaf_sensor_the_surface_is_estimated_and_the_alarm_is_marked() -> None:
    evaluator = EdgeAlarmEvaluator([AlarmRule(name="wet", margin=Margin(estimate_k=-1.0), below=1, for_s=60)])
    for minute in range(3):
        events = evaluator.evaluate(row(60 * minute, air_temperature_degc=18.0, relative_humidity_pct=95.0), 0.0)
        if events:
            break
    assert events[0].data["value"] == pytest.approx(-0.2, abs=0.05)
    assert events[0].data["estimated"] is True


def test_a_channel_that_is_silent_beside_others_is_dead_on_the_devices_own_time() -> None:
    evaluator = EdgeAlarmEvaluator([DEAD])
    events = list(evaluator.evaluate(row(0, air_temperature_degc=20.0), 0.0))
    for minute in range(1, 30):
        events += evaluator.evaluate(row(60 * minute, co2_ppm=400.0, air_temperature_degc=None), 0.0)
    assert summary(events) == [(600, "raised", "dead")]
    for minute in range(30, 35):
        events += evaluator.evaluate(row(60 * minute, air_temperature_degc=20.0), 0.0)
    assert summary(events)[1:] == [(1920, "cleared", "dead")]


def test_a_device_that_sends_nothing_is_dead_after_that_much_time_of_the_gateway() -> None:
    evaluator = EdgeAlarmEvaluator([DEAD])
    assert evaluator.evaluate(row(0, air_temperature_degc=20.0), 1000.0) == []
    assert evaluator.tick(1599.0) == []
    assert summary(evaluator.tick(1600.0)) == [(600, "raised", "dead")]
    assert evaluator.tick(1602.0) == []
    assert summary(evaluator.tick(5300.0)) == [(4300, "raised", "dead")], "repeated by its rule"


def test_a_stamp_from_the_future_neither_freezes_an_alarm_nor_the_next_one() -> None:
    evaluator = EdgeAlarmEvaluator([FROST])
    for minute in range(7):
        evaluator.evaluate(row(60 * minute, air_temperature_degc=0.0), 0.0)
    evaluator.evaluate(row(86_400 * 365, air_temperature_degc=0.0), 0.0)
    events = [
        event
        for minute in range(7, 20)
        for event in evaluator.evaluate(row(60 * minute, air_temperature_degc=9.0), 0.0)
    ]
    assert [event.kind for event in events] == ["alarm_cleared"]


def test_a_silence_is_also_detected_by_the_sample_that_ends_it() -> None:
    evaluator = EdgeAlarmEvaluator([DEAD])
    events = evaluator.evaluate(row(0, air_temperature_degc=20.0), 0.0) + evaluator.evaluate(
        row(900, air_temperature_degc=20.0), 0.0
    )
    assert summary(events) == [(899.999, "raised", "dead")]


def test_a_device_that_never_sends_is_dead_where_a_rule_names_it() -> None:
    rule = msgspec.structs.replace(DEAD, device="gh-7", kind="greenhouse")
    evaluator = EdgeAlarmEvaluator([rule])
    evaluator.expect_devices("home", Clock.NTP, START_MS, 50.0)
    assert evaluator.tick(600.0) == []
    (event,) = evaluator.tick(650.0)
    assert (event.device, event.device_kind, event.site) == ("gh-7", "greenhouse", "home")
    assert len(evaluator.raised()) == 1
    house = DeviceId("gh-7", "greenhouse", "home")
    events = []
    for minute in range(-60, -50):  # its clock is behind
        events += evaluator.evaluate(row(60 * minute, house, air_temperature_degc=20.0), 700.0)
    assert [event.kind for event in events] == ["alarm_cleared"]
    assert evaluator.raised() == []


def test_an_active_alarm_survives_a_restart_and_is_cleared_by_the_next_run(tmp_path: Path) -> None:
    evaluator = EdgeAlarmEvaluator([FROST])
    for minute in range(7):
        evaluator.evaluate(row(60 * minute, air_temperature_degc=0.0), 0.0)
    write_alarms(evaluator.raised(), tmp_path)
    again = EdgeAlarmEvaluator([FROST], read_alarms(tmp_path))
    assert [alarm.rule for alarm in again.raised()] == ["frost"]
    events = []
    for minute in range(10, 20):
        events += again.evaluate(row(60 * minute, air_temperature_degc=1.0), 0.0)
    assert events == [], "it was raised before"
    for minute in range(20, 25):
        events += again.evaluate(row(60 * minute, air_temperature_degc=9.0), 0.0)
    assert summary(events) == [(1260, "cleared", "frost")]
    assert events[0].data["since_ms"] == START_MS


def test_an_alarm_whose_rule_is_gone_is_cleared(tmp_path: Path) -> None:
    evaluator = EdgeAlarmEvaluator([FROST])
    for minute in range(7):
        evaluator.evaluate(row(60 * minute, air_temperature_degc=0.0), 0.0)
    again = EdgeAlarmEvaluator([DEAD], evaluator.raised())
    (event,) = again.tick(0.0)
    assert (event.kind, event.data["why"]) == ("alarm_cleared", "rule removed")
    assert again.raised() == []
    (tmp_path / "alarms.json").write_bytes(b"{")
    assert read_alarms(tmp_path) == []


def test_active_alarms_are_written_when_the_spool_has_their_events(tmp_path: Path) -> None:
    state_file = AlarmStateFile(tmp_path)
    state_file.write([], 0, 0.0)
    assert not (tmp_path / "alarms.json").exists()
    evaluator = EdgeAlarmEvaluator([FROST])
    for minute in range(7):
        evaluator.evaluate(row(60 * minute, air_temperature_degc=0.0), 0.0)
    state_file.write(evaluator.raised(), evaluator.changes, 10.0)
    assert read_alarms(tmp_path) == []
    state_file.write(evaluator.raised(), evaluator.changes, 11.0)
    assert read_alarms(tmp_path) == evaluator.raised()


def test_the_built_in_rules_are_valid() -> None:
    rules = load_rules("greenhouse", Path())
    assert [rule.name for rule in rules] == ["frost", "heat", "condensation", "power", "air-sensor-dead"]
    assert all(rule.text for rule in rules)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"below": None}, "must have exactly one"),
        ({"above": 5.0}, "must have exactly one"),
        ({"margin": Margin()}, "either a channel or a margin"),
        ({"channel": None}, "either a channel or a margin"),
        ({"channel": "mood"}, "does not end in a unit"),
        ({"channel": None, "margin": Margin(), "below": None, "above": 3.0}, "margin needs below"),
        ({"for_s": 0.0, "clear_for_s": 5.0}, "10 s or more"),
        ({"below": None, "silent_s": 600.0}, "have no hysteresis"),
    ],
)
def test_a_contradictory_rule_is_refused_with_a_reason(changes: dict[str, object], sentence: str) -> None:
    mistake = find_mistake(msgspec.structs.replace(FROST, **changes))
    assert mistake is not None
    assert sentence in mistake


def test_a_file_of_rules_names_the_line_of_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('[[alarm]]\nname = "x"\nchannel = "co2_ppm"\n')
    with pytest.raises(SettingsError, match=r"^mine\.toml:1: alarm x: an alarm must have exactly one"):
        load_rules("mine.toml", tmp_path)
    with pytest.raises(SettingsError, match="neither in"):
        load_rules("yours", tmp_path)
