"""The farm's alarm rules at a gateway: what it accepts, refuses, keeps and evaluates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.agent.settings import load_settings
from edge.pipeline.alarms.evaluator import EdgeAlarmEvaluator
from edge.pipeline.alarms.farm_rules import RULES_FILE, FarmRules
from edge.pipeline.alarms.rule_tables import AlarmRule, own_rules
from edge.pipeline.factory import make_processor, own_rules_of, rules_in_use
from edge.sources.source import DeviceId, Reading
from headland.contract.ack_keys import derive_ack_key
from headland.contract.gateway_rules import MAX_RULES, MAX_RULES_BYTES, encode_content, encode_rules, revision_of
from headland.contract.records import Clock
from headland.errors import SettingsError
from tests.examples import examples

SECRET = "a secret of this farm"
KEY = derive_ack_key(SECRET, "gw-1")
FROST: dict[str, Any] = {
    "name": "frost",
    "kind": "greenhouse",
    "channel": "air_temperature_degc",
    "below": 4.0,
    "for_s": 60.0,
}
HEAT: dict[str, Any] = {
    "name": "heat",
    "kind": "greenhouse",
    "channel": "air_temperature_degc",
    "above": 38.0,
    "for_s": 60.0,
}
HOUSE = DeviceId("gh-1", "greenhouse", "home")
NOW_MS = 1_795_507_200_000


def rules_at(folder: Path, **changes: Any) -> FarmRules:
    return FarmRules(folder, "gw-1", KEY, now_ms=lambda: NOW_MS, **changes)


def message(*rules: dict[str, Any], number: int = 5, key: str | None = KEY, gateway: str = "gw-1") -> bytes:
    return encode_rules(gateway, number, encode_content(rules), key)


def give(farm: FarmRules, payload: bytes) -> bool:
    farm.offer(payload)
    return farm.take()


def names(farm: FarmRules) -> list[str]:
    return [] if farm.usable is None else [rule.name for rule in farm.usable.rules]


def test_a_signed_message_is_in_use_and_stays_in_use_over_a_restart_without_a_network(tmp_path: Path) -> None:
    farm = rules_at(tmp_path)
    assert farm.report().revision == ""
    assert give(farm, message(FROST, HEAT))
    again = rules_at(tmp_path)
    for each in (farm, again):
        report = each.report()
        assert (report.revision, report.number) == (revision_of(encode_content([FROST, HEAT])), 5)
        assert (report.since_ms, report.applied, report.refused, report.unsaved) == (NOW_MS, 2, 0, False)
        assert names(each) == ["frost", "heat"]


def test_a_new_key_does_not_take_away_the_rules_on_the_disk(tmp_path: Path) -> None:
    assert give(rules_at(tmp_path), message(FROST))
    other = FarmRules(tmp_path, "gw-1", derive_ack_key("another secret 123", "gw-1"))
    assert names(other) == ["frost"]
    renamed = FarmRules(tmp_path, "gw-2", derive_ack_key(SECRET, "gw-2"))
    assert names(renamed) == [], "the rules of another gateway are not its own"


def test_the_same_message_again_changes_nothing(tmp_path: Path) -> None:
    farm = rules_at(tmp_path)
    assert give(farm, message(FROST))
    before = (tmp_path / RULES_FILE).read_bytes()
    assert not give(farm, message(FROST))
    assert (tmp_path / RULES_FILE).read_bytes() == before
    assert farm.counters() == {"farm_rules_repeated": 1, "farm_rules_taken": 1}
    # The same rules under a higher number: what is older than that is refused from now on, also after a restart.
    assert not give(farm, message(FROST, number=9))
    assert not give(rules_at(tmp_path), message(HEAT, number=8))
    assert names(rules_at(tmp_path)) == ["frost"]


@pytest.mark.parametrize(
    ("payload", "why", "revision"),
    [
        (message(HEAT, number=4), "older", revision_of(encode_content([HEAT]))),
        (message(HEAT, number=5), "older", revision_of(encode_content([HEAT]))),
        (message(HEAT, number=6, key=None), "not_signed", ""),
        (message(HEAT, number=6, key=derive_ack_key(SECRET, "gw-2")), "not_signed", ""),
        (message(HEAT, number=6, key=derive_ack_key(SECRET, "gw-2"), gateway="gw-2"), "other_gateway", ""),
        (message(HEAT, number=6)[:-7], "not_readable", ""),
        (message(HEAT, number=6).replace(b"38.0", b"39.0"), "not_readable", ""),
        (message(HEAT, number=6).replace(b'"v":1', b'"v":2'), "not_readable", ""),
        (message(HEAT, number=6).replace(b'"number":6', b'"number":7'), "not_signed", ""),
        (message(HEAT, number=6) + b" " * MAX_RULES_BYTES, "too_large", ""),
        (message(*([HEAT] * (MAX_RULES + 1)), number=6), "too_large", ""),
        (b"", "not_readable", ""),
    ],
)
def test_what_is_refused_changes_nothing_and_is_reported_by_its_reason(
    tmp_path: Path, payload: bytes, why: str, revision: str
) -> None:
    farm = rules_at(tmp_path)
    assert give(farm, message(FROST))
    kept = (tmp_path / RULES_FILE).read_bytes()
    assert not give(farm, payload)
    report = farm.report()
    assert (report.rejected, report.rejected_revision, report.rejected_ms) == (why, revision, NOW_MS)
    assert (report.number, names(farm)) == (5, ["frost"])
    assert (tmp_path / RULES_FILE).read_bytes() == kept
    assert farm.counters()[f"farm_rules_refused_{why}"] == 1
    assert give(farm, message(HEAT, number=7))
    assert (farm.report().rejected, names(farm)) == ("", ["heat"])


def test_a_clock_set_back_or_ahead_makes_no_older_revision_acceptable(tmp_path: Path) -> None:
    for clock_ms in (NOW_MS, 0, NOW_MS * 2):
        farm = FarmRules(tmp_path, "gw-1", KEY, now_ms=lambda: clock_ms)  # noqa: B023 - used in this turn only
        give(farm, message(FROST, number=5))
        assert not give(farm, message(HEAT, number=4))
        assert names(farm) == ["frost"]


def test_a_rule_that_cannot_be_evaluated_is_counted_by_name_and_costs_no_other(tmp_path: Path) -> None:
    farm = rules_at(tmp_path)
    bad: list[dict[str, Any]] = [
        {**FROST, "name": "newer", "sum_of": 3},
        {**FROST, "name": "unitless", "channel": "air"},
        {**FROST, "name": "storm", "for_s": 0.0, "clear_for_s": 0.0},
        {"name": "a\x00\nname", "below": "no number"},
        {"below": 1},
        HEAT,
    ]
    assert give(farm, message(FROST, HEAT, *bad))
    report = farm.report()
    assert (report.applied, report.refused) == (2, 6)
    assert report.refused_names == ("newer", "unitless", "storm", "a  name", "?", "heat")
    many = [{"name": f"no-{number}"} for number in range(50)]
    assert give(farm, message(FROST, *many, number=6))
    assert (farm.report().refused, len(farm.report().refused_names)) == (50, 20)


def test_a_full_disk_keeps_the_rules_in_use_and_they_are_written_when_it_has_room(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    farm = rules_at(folder)  # a folder that is not there takes no file, whoever runs the test
    assert give(farm, message(FROST))
    assert (names(farm), farm.report().unsaved) == (["frost"], True)
    folder.mkdir()
    assert not farm.take()
    assert not farm.report().unsaved
    assert names(rules_at(folder)) == ["frost"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"since_ms":1,"message":{}}', b"\xff" * 100])
def test_a_damaged_file_is_counted_and_the_rules_are_awaited(tmp_path: Path, content: bytes) -> None:
    (tmp_path / RULES_FILE).write_bytes(content)
    farm = rules_at(tmp_path)
    assert (farm.usable, farm.counters()) == (None, {"farm_rules_unreadable_file": 1})
    assert give(farm, message(FROST))


def _mutated(data: st.DataObject) -> bytes:
    payload = bytearray(message(FROST, HEAT, number=6, key=None))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(payload) - 1))
        payload[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
    return bytes(payload)


@settings(max_examples=examples(2000), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_no_bytes_on_the_topic_end_the_thread_or_change_anything(data: st.DataObject, tmp_path: Path) -> None:
    text = st.text(max_size=20)
    values = st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | text, st.lists, max_leaves=5)
    tree = st.dictionaries(st.sampled_from(["v", "gw", "number", "revision", "content", "mac", "rules"]), values)
    payload = data.draw(
        st.one_of(st.binary(max_size=300), tree.map(lambda each: json.dumps(each).encode("utf-8", "replace")))
        | st.builds(lambda: _mutated(data))
    )
    farm = rules_at(tmp_path)
    assert give(farm, message(FROST)) or farm.report().number == 5
    before = (tmp_path / RULES_FILE).read_bytes()
    assert not give(farm, payload)
    assert (names(farm), (tmp_path / RULES_FILE).read_bytes()) == (["frost"], before)
    assert farm.report().rejected


@settings(max_examples=examples(500), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_rule_of_a_message_that_is_signed_ends_the_thread_either(data: st.DataObject, tmp_path: Path) -> None:
    keys = st.sampled_from([*FROST, "margin", "silent_s", "overdue_s", "device", "repeat_s", "text", "hysteresis"])
    text = st.text(st.characters(codec="utf-8"), max_size=20)
    values = st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.integers() | text
    rules = data.draw(st.lists(st.dictionaries(keys, values, max_size=6), max_size=5))
    farm = FarmRules(tmp_path / "none", "gw-1", KEY)
    assert give(farm, message(FROST, *rules))
    report = farm.report()
    assert report.applied + report.refused == len(rules) + 1
    evaluator = EdgeAlarmEvaluator(farm.usable.rules if farm.usable else ())
    evaluator.evaluate(Reading(HOUSE, Clock.NTP, NOW_MS, {"air_temperature_degc": 1.0}, {}), 0.0)
    evaluator.tick(1.0)


def toml(folder: Path, alarms: str) -> Path:
    path = folder / "edge.toml"
    path.write_text(f'[gateway]\nid = "gw-1"\nsite = "home"\ndata_dir = "{folder}"\n{alarms}', encoding="utf-8")
    return path


OWN = """
[[alarm]]
name = "frost"
channel = "air_temperature_degc"
below = 1.0

[[alarm]]
name = "co2"
channel = "co2_ppm"
above = 2000
"""


def test_the_farms_rules_stand_for_the_built_in_ones_and_for_own_ones_of_their_names(tmp_path: Path) -> None:
    settings = load_settings(toml(tmp_path, f'[alarms]\nrules = ["greenhouse"]\n{OWN}'), {})
    own = own_rules_of(settings)
    assert [rule.name for rule in own_rules(own)] == ["frost", "co2"]
    farm = rules_at(tmp_path, own=[rule.name for rule in own_rules(own)])
    alone = rules_in_use(settings, own, farm.usable)
    assert {rule.name: rule.threshold for rule in alone.rules}["frost"] == 1.0
    assert {"heat", "condensation", "power"} < {rule.name for rule in alone.rules}
    assert give(farm, message(FROST))
    used = rules_in_use(settings, own, farm.usable)
    assert {rule.name: rule.threshold for rule in used.rules} == {"frost": 4.0, "co2": 2000.0}
    assert (farm.report().replaced, farm.report().replaced_names) == (1, ("frost",))
    # A farm that has no rule for this gateway has none: those built in are not the farm's.
    assert give(farm, message(number=6))
    assert [rule.name for rule in rules_in_use(settings, own, farm.usable).rules] == ["frost", "co2"]


def test_edge_toml_can_keep_a_gateway_to_its_own_rules(tmp_path: Path) -> None:
    settings = load_settings(toml(tmp_path, f"[alarms]\nfarm_rules = false\n{OWN}"), {})
    assert not settings.alarms.farm_rules
    assert give(rules_at(tmp_path), message(FROST))
    farm = rules_at(tmp_path, is_wanted=settings.alarms.farm_rules)
    assert (farm.usable, farm.report().own) == (None, True)
    assert not give(farm, message(HEAT, number=9))
    with pytest.raises(SettingsError, match="farm_rules"):
        load_settings(toml(tmp_path, '[alarms]\nfarm_rules = "own"\n'), {})


def test_the_farms_place_tells_a_gateway_day_from_night(tmp_path: Path) -> None:
    settings = load_settings(toml(tmp_path, ""), {})
    farm = rules_at(tmp_path)
    assert give(farm, encode_rules("gw-1", 1, encode_content([FROST], place_deg=(30.6, 114.3)), KEY))
    assert rules_in_use(settings, [], farm.usable).place_deg == (30.6, 114.3)


def readings(minutes: range, air_degc: float) -> list[Reading]:
    return [
        Reading(HOUSE, Clock.NTP, NOW_MS + minute * 60_000, {"air_temperature_degc": air_degc}, {})
        for minute in minutes
    ]


def events(evaluator: EdgeAlarmEvaluator, rows: list[Reading]) -> list[tuple[str, object]]:
    found = [event for row in rows for event in evaluator.evaluate(row, row.time_ms / 1000)]
    return [(event.kind, event.data["threshold"]) for event in found]


def rule(**changes: Any) -> AlarmRule:
    return AlarmRule(**{**FROST, "clear_for_s": 60.0, **changes})


def test_an_edited_limit_holds_from_the_next_sample_on_and_raises_no_active_alarm_again() -> None:
    evaluator = EdgeAlarmEvaluator([rule()])
    assert events(evaluator, readings(range(3), 5.0)) == []
    evaluator.replace_rules([rule(below=6.0)], None, ())
    assert events(evaluator, readings(range(3, 6), 5.0)) == [("alarm_raised", 6.0)]
    evaluator.replace_rules([rule(below=7.0)], None, ())
    assert events(evaluator, readings(range(6, 9), 6.5)) == []
    assert [alarm.threshold for alarm in evaluator.raised()] == [7.0]
    evaluator.replace_rules([rule(below=2.0)], None, ())
    assert events(evaluator, readings(range(9, 12), 6.5)) == [("alarm_cleared", 2.0)]


def test_an_edit_does_not_delay_an_alarm_that_is_pending() -> None:
    evaluator = EdgeAlarmEvaluator([rule(for_s=180.0)])
    assert events(evaluator, readings(range(3), 1.0)) == []
    evaluator.replace_rules([rule(for_s=180.0, below=3.0)], None, ())
    assert events(evaluator, readings(range(3, 4), 1.0)) == [("alarm_raised", 3.0)]


@pytest.mark.parametrize(
    ("rules", "inactive"), [([], ()), ([rule(name="other")], ()), ([rule(kind="weather")], ()), ([rule()], ("gh-1",))]
)
def test_an_active_alarm_of_a_rule_that_goes_is_cleared_by_name_of_the_reason(
    rules: list[AlarmRule], inactive: tuple[str, ...]
) -> None:
    evaluator = EdgeAlarmEvaluator([rule()])
    assert events(evaluator, readings(range(3), 1.0)) == [("alarm_raised", 4.0)]
    evaluator.replace_rules(rules, None, inactive)
    (cleared,) = [event for event in evaluator.tick(0.0) if event.kind == "alarm_cleared"]
    assert (cleared.data["rule"], cleared.data["why"]) == ("frost", "rule removed")
    assert (evaluator.raised(), evaluator.tick(1.0)) == ([], [])


def test_a_source_that_had_no_rules_is_evaluated_when_the_farm_sends_some(tmp_path: Path) -> None:
    settings = load_settings(toml(tmp_path, ""), {})

    class Behind:
        def __init__(self) -> None:
            self.kinds: list[str] = []

        def reading(self, _reading: Reading) -> None: ...
        def event(self, event: Any) -> None:
            self.kinds.append(event.kind)

        def runs(self, _runs: Any) -> None: ...
        def describe(self, _descriptor: Any) -> None: ...

    behind = Behind()
    processor = make_processor(settings, takes_rules=True)
    sink = processor.sink("drone", behind, has_limits=False)
    farm = rules_at(tmp_path)
    assert give(farm, message(FROST))
    processor.replace_rules(rules_in_use(settings, [], farm.usable), "home", Clock.NTP, NOW_MS)
    for row in readings(range(4), 1.0):
        sink.reading(row)
    assert behind.kinds == ["alarm_raised"]
