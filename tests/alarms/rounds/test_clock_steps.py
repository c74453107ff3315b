"""Alarms through steps of the clock: none is silenced by it, whatever it shows and whoever doubts it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.contract.records import ALARM_CLEARED, ALARM_RAISED
from headland.registry.models.alarms import AlarmRule, AlarmTest, Escalation, Severity
from headland.registry.repositories.alarms import AlarmUpdate
from headland.units_of_time import DAY_MS, HOUR_MS
from tests.alarms.conftest import AIR, MINUTE, START_MS, Station, frost, station_in
from tests.clock.machine import YEAR_MS
from tests.examples import examples, some_long

STEPS_MS = [
    sign * step for step in (HOUR_MS, 6 * HOUR_MS, DAY_MS, 70 * DAY_MS, YEAR_MS, 10 * YEAR_MS) for sign in (1, -1)
]
LOSS = AlarmRule(
    name="gateway-loss", any_of=((AlarmTest(what="gateway_lost_records", above=0.5),),), for_s=0.0, clear_for_s=60.0
)
#: A device of which the rules say nothing is measured here; its rule raises and clears at once.
AT_ONCE = {"for_s": 0.0, "clear_for_s": 60.0}


@dataclass
class Farm:
    """A farm that runs by true minutes, whose clock shows another time, and whose samples may follow it."""

    station: Station
    minute: int = 0
    step_ms: int = 0
    samples_follow: bool = False
    in_doubt: bool = False
    values: dict[str, float] = field(default_factory=dict)

    def pass_minute(self, *, measures: bool = True) -> AlarmUpdate:
        """Let a minute pass, with a sample of each device, and a round."""
        self.minute += 1
        if measures:
            at = self.minute + (self.step_ms / MINUTE if self.samples_follow else 0)
            for device, value in self.values.items():
                self.station.measure({at: value}, device)
        return self.round()

    def round(self) -> AlarmUpdate:
        self.station.clock[0] = self.now_ms
        return self.station.evaluator.round(self.now_ms, in_doubt=self.in_doubt, up_s=self.minute * 60.0)

    @property
    def now_ms(self) -> int:
        return START_MS + self.minute * MINUTE + self.step_ms

    def run(self, minutes: int, **how: bool) -> None:
        for _ in range(minutes):
            self.pass_minute(**how)

    def active(self) -> set[str]:
        return {alarm.rule for alarm in self.station.alarms() if alarm.is_active}

    def lose(self, records: int) -> None:
        self.station.gateways["gw-9"] = {"gateway_lost_records": float(records)}


@pytest.fixture
def farm(station: Station) -> Farm:
    return begin(station)


def begin(station: Station) -> Farm:
    station.repositories.alarm_rules.add(frost(**AT_ONCE))
    station.repositories.alarm_rules.add(LOSS)
    farm = Farm(station, values={"gh-1": 20.0, "gh-2": 20.0})
    farm.lose(0)
    farm.run(20)
    return farm


def told(station: Station) -> list[tuple[str, str]]:
    return [each for each in station.said() if each[1] in ("raised", "cleared")]


CASES = [
    pytest.param(step_ms, in_doubt, follow, id=f"{step_ms / HOUR_MS:+.0f} h, {doubt}, {how}")
    for step_ms in STEPS_MS
    for in_doubt, doubt, follow, how in (
        (True, "in doubt", False, "true samples"),
        (False, "believed", False, "true samples"),
        (False, "believed", True, "samples by the clock"),
    )
]


@pytest.mark.parametrize(("step_ms", "in_doubt", "follow"), some_long(CASES))
def test_what_begins_after_a_step_is_raised_in_the_next_round_and_what_ends_is_cleared(
    farm: Farm, step_ms: int, in_doubt: bool, follow: bool
) -> None:
    farm.step_ms, farm.in_doubt, farm.samples_follow = step_ms, in_doubt, follow
    farm.lose(5)
    farm.values["gh-1"] = 0.0
    farm.pass_minute()
    assert farm.active() == {"frost", "gateway-loss"}
    farm.lose(0)
    farm.values["gh-1"] = 20.0
    farm.run(3)
    assert farm.active() == set()
    assert {(alarm.subject, alarm.ended_why) for alarm in farm.station.alarms()} == {
        ("gh-1", "cleared"),
        ("gw-9", "cleared"),
    }
    assert {("frost", "raised"), ("frost", "cleared")} <= set(told(farm.station))
    # And after the clock is right again.
    farm.step_ms, farm.in_doubt, farm.samples_follow = 0, False, False
    farm.run(2)
    farm.lose(5)
    farm.values["gh-1"] = 0.0
    farm.run(2)
    assert farm.active() == {"frost", "gateway-loss"}


@pytest.mark.parametrize(("step_ms", "in_doubt", "follow"), some_long(CASES))
def test_what_is_raised_before_a_step_ends_after_it(farm: Farm, step_ms: int, in_doubt: bool, follow: bool) -> None:
    farm.lose(5)
    farm.values["gh-1"] = 0.0
    farm.run(2)
    assert farm.active() == {"frost", "gateway-loss"}
    farm.step_ms, farm.in_doubt, farm.samples_follow = step_ms, in_doubt, follow
    farm.run(2)
    assert farm.active() == {"frost", "gateway-loss"}
    farm.lose(0)
    farm.values["gh-1"] = 20.0
    farm.run(4)
    assert farm.active() == set()


@pytest.mark.parametrize(("step_ms", "in_doubt", "follow"), some_long(CASES))
def test_a_station_that_starts_after_a_step_raises_and_clears_as_well(
    farm: Farm, step_ms: int, in_doubt: bool, follow: bool
) -> None:
    farm.lose(5)
    farm.values["gh-1"] = 0.0
    farm.run(2)
    farm.station.evaluator.write()
    farm.station.restart()
    farm.step_ms, farm.in_doubt, farm.samples_follow = step_ms, in_doubt, follow
    farm.lose(0)
    farm.values = {"gh-1": 20.0, "gh-2": 0.0}
    farm.run(5)
    subjects = {alarm.subject for alarm in farm.station.alarms() if alarm.is_active}
    # By a clock that nobody doubts, and that was ahead already at the start, all samples are late.
    is_late = step_ms > 6 * HOUR_MS and not in_doubt and not follow
    assert subjects == (set() if is_late else {"gh-2"})


@settings(max_examples=examples(60))
@given(
    st.lists(
        st.tuples(st.sampled_from([0, *STEPS_MS]), st.booleans(), st.integers(1, 5), st.booleans()),
        min_size=1,
        max_size=4,
    )
)
def test_no_sequence_of_steps_silences_an_alarm(steps: list[tuple[int, bool, int, bool]]) -> None:
    with TemporaryDirectory() as folder, station_in(Path(folder)) as station:
        farm = begin(station)
        for step_ms, in_doubt, minutes, is_bad in steps:
            farm.step_ms, farm.in_doubt = step_ms, in_doubt or step_ms != 0
            farm.values["gh-1"] = 0.0 if is_bad else 20.0
            farm.lose(int(is_bad))
            farm.run(minutes + 3)
            assert farm.active() == ({"frost", "gateway-loss"} if is_bad else set()), (step_ms, is_bad)


@pytest.mark.parametrize("step_ms", some_long(STEPS_MS))
def test_silence_in_doubt_ends_an_alarm_and_raises_one_by_real_seconds(station: Station, step_ms: int) -> None:
    dead = AlarmRule(name="dead", any_of=((AlarmTest(what="age_s", above=900.0, of=AIR),),), for_s=60.0)
    station.repositories.alarm_rules.add(dead)
    station.repositories.alarm_rules.add(frost(**AT_ONCE, lost_after_s=7200.0))
    farm = Farm(station, values={"gh-1": 0.0})
    farm.run(5)
    farm.step_ms, farm.in_doubt = step_ms, True
    farm.run(5)
    assert farm.active() == {"frost"}
    farm.run(14, measures=False)
    assert farm.active() == {"frost"}
    farm.run(4, measures=False)
    assert farm.active() == {"frost", "dead"}
    farm.run(110, measures=False)
    assert farm.active() == {"dead"}
    assert [alarm.ended_why for alarm in station.alarms() if alarm.rule == "frost"] == ["no_data"]


@pytest.mark.parametrize("step_ms", [step_ms for step_ms in STEPS_MS if step_ms < 0])
def test_a_device_that_is_silent_since_a_clock_was_set_back_ends_its_alarm_as_lost(
    station: Station, step_ms: int
) -> None:
    station.repositories.alarm_rules.add(frost(**AT_ONCE, lost_after_s=1200.0))
    farm = Farm(station, values={"gh-1": 0.0})
    farm.run(3)
    farm.step_ms = step_ms
    farm.run(20, measures=False)
    assert farm.active() == {"frost"}
    farm.run(2, measures=False)
    assert [alarm.ended_why for alarm in station.alarms()] == ["no_data"]


@pytest.mark.parametrize("other_ms", some_long(STEPS_MS))
def test_a_device_of_another_time_moves_no_other_one(farm: Farm, other_ms: int) -> None:
    farm.in_doubt = True
    for _ in range(5):
        farm.station.measure({farm.minute + 1 + other_ms / MINUTE: 20.0}, "gh-x")
        farm.pass_minute()
    farm.values["gh-1"] = 0.0
    farm.station.measure({farm.minute + 1 + other_ms / MINUTE: 0.0}, "gh-x")
    farm.pass_minute()
    assert {alarm.subject for alarm in farm.station.alarms() if alarm.is_active} == {"gh-1", "gh-x"}


@pytest.mark.parametrize("step_ms", some_long(STEPS_MS))
def test_a_gateways_own_alarm_is_taken_notified_and_ended_in_doubt(farm: Farm, step_ms: int) -> None:
    farm.step_ms, farm.in_doubt = step_ms, True
    farm.run(3)
    farm.station.gateway_says(ALARM_RAISED, farm.minute, raised=farm.minute, rule="theirs")
    farm.run(2)
    assert farm.active() == {"theirs"}
    assert ("theirs", "raised") in told(farm.station)
    farm.station.gateway_says(ALARM_CLEARED, farm.minute, raised=farm.minute - 2, rule="theirs")
    farm.run(2)
    assert farm.active() == set()


@pytest.mark.parametrize("step_ms", some_long(STEPS_MS))
def test_an_alarm_of_a_gateway_whose_clock_jumped_with_the_stations_is_taken_and_notified(
    farm: Farm, step_ms: int
) -> None:
    station = farm.station
    station.gateways["gw-1"] = {"gateway_offline": 0.0}

    def run(rounds: int, each: int = 1) -> None:
        for _ in range(rounds):
            farm.minute += each
            now_ms = START_MS + farm.minute * MINUTE  # by the time since the boot, which did not jump
            for device in farm.values:
                station.measure({farm.minute + step_ms / MINUTE: 20.0}, device)
            station.evaluator.round(now_ms, in_doubt=True, up_s=farm.minute * 60.0, shown_ms=now_ms + step_ms)

    run(2)
    at = farm.minute + step_ms / MINUTE
    station.gateway_says(ALARM_RAISED, at, raised=at, rule="theirs")
    run(2)
    assert farm.active() == {"theirs"}
    assert ("theirs", "raised") in told(station)
    run(105, each=4)
    assert farm.active() == {"theirs"}
    at = farm.minute + step_ms / MINUTE
    station.gateway_says(ALARM_CLEARED, at, raised=at - 7 * 60 - 2, rule="theirs")
    run(2)
    assert farm.active() == set()


@pytest.mark.parametrize("step_ms", [step_ms for step_ms in STEPS_MS if step_ms < 0])
def test_repetition_escalation_and_the_limit_of_an_hour_go_on_after_a_clock_is_set_back(
    station: Station, step_ms: int
) -> None:
    steps = (Escalation(after_s=600.0, severity=Severity.CRITICAL),)
    station.repositories.alarm_rules.add(
        frost(**AT_ONCE, severity=Severity.WARNING, repeat_s=300.0, most_an_hour=6, escalation=steps)
    )
    farm = Farm(station, values={"gh-1": 0.0})
    farm.run(30)
    said = len(station.said())
    assert said >= 5
    farm.values["gh-1"] = 20.0
    farm.run(3)
    farm.step_ms, farm.in_doubt = step_ms, True
    farm.values["gh-1"] = 0.0
    farm.run(12)
    after = [what for _, what in station.said()[said:]]
    assert after.count("raised") == 1
    assert {"repeated", "escalated"} <= set(after)


@pytest.mark.parametrize("step_ms", [step_ms for step_ms in STEPS_MS if step_ms < 0])
def test_a_standing_alarm_is_repeated_after_a_clock_is_set_back_though_it_was_snoozed(
    station: Station, step_ms: int
) -> None:
    station.repositories.alarm_rules.add(frost(**AT_ONCE, repeat_s=300.0, most_an_hour=60))
    farm = Farm(station, values={"gh-1": 0.0})
    farm.run(3)
    (alarm,) = station.alarms()
    station.repositories.alarms.snooze(alarm.id, farm.now_ms + 30 * MINUTE)
    farm.run(10)
    assert [what for _, what in station.said()] == ["raised"]
    farm.step_ms = step_ms
    farm.run(12)
    assert [what for _, what in station.said()].count("repeated") in (2, 3)


def test_a_lease_from_before_a_clock_was_set_back_keeps_nobody_from_evaluating(farm: Farm) -> None:
    alarms = farm.station.repositories.alarms
    assert alarms.acquire_lease("one", 90_000)
    assert not alarms.acquire_lease("two", 90_000)
    farm.station.clock[0] -= HOUR_MS
    assert alarms.acquire_lease("two", 90_000)
    assert not alarms.acquire_lease("one", 90_000)


@pytest.mark.parametrize("step_ms", [step_ms for step_ms in STEPS_MS if step_ms < 0])
def test_a_notice_that_waits_is_due_after_a_clock_is_set_back(farm: Farm, step_ms: int) -> None:
    farm.values["gh-1"] = 0.0
    farm.run(2)
    alarms = farm.station.repositories.alarms
    (notice,) = alarms.due_by_recipient(farm.now_ms, each=20)
    alarms.update_notice(msgspec.structs.replace(notice, attempts=5, due_ms=farm.now_ms + 5 * MINUTE))
    assert alarms.due_by_recipient(farm.now_ms, each=20) == []
    assert [each.id for each in alarms.due_by_recipient(farm.now_ms + step_ms - 30 * MINUTE, each=20)] == [notice.id]
