"""Tests of the station's clock: what makes it doubted, and what ends a doubt."""

from __future__ import annotations

from pathlib import Path

import pytest

from headland.clock.station_clock.record import AGREE_MS, DoubtCause
from headland.clock.station_clock.station_clock import StationClock
from headland.contract.records import Clock
from headland.units_of_time import DAY_MS, HOUR_MS, MINUTE_MS
from tests.clock.machine import NOW_MS, STEPS_MS, YEAR_MS, ClockedMachine


@pytest.fixture
def machine() -> ClockedMachine:
    return ClockedMachine()


def clock_of(machine: ClockedMachine, path: Path | None = None, newest_ms: int | None = None) -> StationClock:
    return StationClock(path, lambda: newest_ms, machine.sources())


def live(clock: StationClock, machine: ClockedMachine, *gateways: str, late_ms: int = 0, seconds: int = 6) -> None:
    """Let gateways speak once a second, by the true time less `late_ms`."""
    for _ in range(seconds):
        machine.run(1)
        for gateway in gateways:
            clock.hear(gateway, Clock.NTP, machine.true_ms - late_ms)


def cause_of(clock: StationClock) -> DoubtCause | None:
    doubt = clock.look().doubt
    return None if doubt is None else doubt.cause


@pytest.mark.parametrize("step_ms", STEPS_MS)
def test_a_step_of_the_clock_is_doubted_at_the_next_look(machine: ClockedMachine, step_ms: int) -> None:
    clock = clock_of(machine)
    machine.run(100)
    assert not clock.look().in_doubt
    machine.step_ms = step_ms
    assert cause_of(clock) is DoubtCause.JUMPED
    assert clock.now_ms() == machine.true_ms
    assert "jumped" in clock.sentence()
    assert "headland store clock --accept" in clock.sentence()
    machine.run(45)
    machine.step_ms = 0
    assert not clock.look().in_doubt


@pytest.mark.parametrize("step_ms", STEPS_MS)
def test_a_start_with_a_wrong_clock_in_the_same_boot_is_doubted(
    machine: ClockedMachine, tmp_path: Path, step_ms: int
) -> None:
    clock_of(machine, tmp_path / "clock.json").stop()
    machine.run(30)
    machine.step_ms = step_ms
    clock = clock_of(machine, tmp_path / "clock.json")
    assert cause_of(clock) is DoubtCause.JUMPED
    assert clock.now_ms() == machine.true_ms
    # And so in the next process.
    clock.stop()
    machine.run(30)
    again = clock_of(machine, tmp_path / "clock.json")
    assert again.look().in_doubt
    machine.step_ms = 0
    assert not again.look().in_doubt


@pytest.mark.parametrize("step_ms", [-HOUR_MS, -6 * HOUR_MS, -DAY_MS, -YEAR_MS, -10 * YEAR_MS])
def test_a_machine_that_boots_with_an_earlier_clock_is_doubted_until_it_has_caught_up(
    machine: ClockedMachine, tmp_path: Path, step_ms: int
) -> None:
    clock_of(machine, tmp_path / "clock.json").stop()
    machine.boot_again(600, step_ms)
    clock = clock_of(machine, tmp_path / "clock.json")
    assert cause_of(clock) is DoubtCause.BEHIND
    machine.run(60)
    machine.step_ms = 0
    assert not clock.look().in_doubt


@pytest.mark.parametrize("step_ms", [YEAR_MS, 10 * YEAR_MS])
def test_a_machine_that_boots_days_after_its_newest_sample_is_not_confirmed(
    machine: ClockedMachine, tmp_path: Path, step_ms: int
) -> None:
    clock_of(machine, tmp_path / "clock.json", NOW_MS).stop()
    machine.boot_again(600, step_ms)
    clock = clock_of(machine, tmp_path / "clock.json", NOW_MS)
    assert cause_of(clock) is DoubtCause.AHEAD
    live(clock, machine, "ga")
    assert cause_of(clock) is DoubtCause.AHEAD


def test_a_farm_that_was_off_for_a_week_is_believed_once_a_gateway_confirms_its_clock(
    machine: ClockedMachine, tmp_path: Path
) -> None:
    clock_of(machine, tmp_path / "clock.json", NOW_MS).stop()
    machine.boot_again(7 * DAY_MS / 1000)
    clock = clock_of(machine, tmp_path / "clock.json", NOW_MS)
    assert cause_of(clock) is DoubtCause.AHEAD
    live(clock, machine, "ga")
    assert not clock.look().in_doubt


@pytest.mark.parametrize("synchronised", ["at the start", "later"])
def test_a_farm_that_was_off_for_a_week_is_believed_once_a_time_service_keeps_its_clock(
    machine: ClockedMachine, tmp_path: Path, synchronised: str
) -> None:
    clock_of(machine, tmp_path / "clock.json", NOW_MS).stop()
    machine.boot_again(7 * DAY_MS / 1000)
    machine.is_synchronised = synchronised == "at the start"
    clock = clock_of(machine, tmp_path / "clock.json", NOW_MS)
    machine.run(5)
    machine.is_synchronised = True
    assert not clock.look().in_doubt


def test_a_farm_that_was_off_for_a_week_is_believed_once_a_person_says_so(
    machine: ClockedMachine, tmp_path: Path
) -> None:
    clock_of(machine, tmp_path / "clock.json", NOW_MS).stop()
    machine.boot_again(7 * DAY_MS / 1000)
    clock = clock_of(machine, tmp_path / "clock.json", NOW_MS)
    clock.accept()
    machine.run(5)
    assert not clock.look().in_doubt


def test_a_new_farm_and_one_of_simulated_devices_alone_are_believed(machine: ClockedMachine, tmp_path: Path) -> None:
    assert not clock_of(machine, tmp_path / "clock.json").look().in_doubt
    machine.boot_again(30 * DAY_MS / 1000)
    assert not clock_of(machine, tmp_path / "clock.json").look().in_doubt


def test_a_new_farm_on_a_machine_in_1970_is_doubted(machine: ClockedMachine) -> None:
    machine.step_ms = -machine.true_ms
    clock = clock_of(machine)
    assert cause_of(clock) is DoubtCause.BEHIND
    machine.run(5)
    machine.step_ms, machine.is_synchronised = 0, True
    assert not clock.look().in_doubt


@pytest.mark.parametrize("step_ms", STEPS_MS)
def test_two_gateways_that_agree_make_a_station_doubted_that_was_always_wrong(
    machine: ClockedMachine, step_ms: int
) -> None:
    machine.step_ms = step_ms
    machine.is_synchronised = True
    clock = clock_of(machine)
    live(clock, machine, "ga", "gb")
    doubt = clock.look().doubt
    assert doubt is not None
    assert doubt.is_certain
    assert clock.now_ms() == machine.true_ms
    machine.step_ms = 0
    live(clock, machine, "ga", "gb")
    assert not clock.look().in_doubt


def test_one_gateway_contradicts_a_station_that_nothing_has_confirmed_and_no_other(machine: ClockedMachine) -> None:
    machine.step_ms = -6 * HOUR_MS
    clock = clock_of(machine)
    clock.hear("ga", Clock.NTP, machine.true_ms)
    doubt = clock.look().doubt
    assert doubt is not None
    assert not doubt.is_certain
    machine.is_synchronised = True
    proven = clock_of(machine)
    live(proven, machine, "ga")
    assert not proven.look().in_doubt


#: What one gateway alone may say, by all steps of a clock and a card's typical mistakes.
LONE_MS = [*STEPS_MS, -70 * DAY_MS, 70 * DAY_MS, -2 * HOUR_MS, 25 * HOUR_MS]


@pytest.mark.parametrize("ahead_ms", LONE_MS)
@pytest.mark.parametrize("told", [Clock.NTP, Clock.GPS])
def test_one_gateway_alone_makes_a_doubt_and_moves_no_time(machine: ClockedMachine, told: Clock, ahead_ms: int) -> None:
    clock = clock_of(machine)
    for _ in range(90):
        machine.run(1)
        clock.hear("gx", told, machine.true_ms + ahead_ms, "uav-1")
        assert clock.now_ms() == machine.true_ms
    doubt = clock.look().doubt
    assert doubt is not None
    assert not doubt.is_certain
    assert doubt.by_ms == -ahead_ms
    assert "a gateway with a clock of its own contradicts it" in clock.sentence()


@pytest.mark.parametrize("ahead_ms", LONE_MS)
def test_one_gateway_that_a_second_one_contradicts_makes_no_doubt_whoever_spoke_first(
    machine: ClockedMachine, ahead_ms: int
) -> None:
    clock = clock_of(machine)
    live(clock, machine, "gx", late_ms=-ahead_ms, seconds=60)
    assert clock.look().in_doubt
    for _ in range(6):
        live(clock, machine, "gx", late_ms=-ahead_ms, seconds=1)
        live(clock, machine, "ga", seconds=1)
    assert not clock.look().in_doubt


@pytest.mark.parametrize("ahead_ms", LONE_MS)
def test_a_jump_during_the_doubt_by_one_gateway_is_a_jump(machine: ClockedMachine, ahead_ms: int) -> None:
    clock = clock_of(machine)
    live(clock, machine, "gx", late_ms=-ahead_ms, seconds=60)
    # Elsewhere than to what that one says: then somebody has set it right.
    machine.step_ms = 3 * DAY_MS
    assert cause_of(clock) is DoubtCause.JUMPED
    live(clock, machine, "gx", late_ms=-ahead_ms, seconds=60)
    assert clock.now_ms() == machine.true_ms
    machine.step_ms = 0
    machine.run(1)
    assert clock.now_ms() == machine.true_ms


@pytest.mark.parametrize("said_ms", [-70 * DAY_MS, 0, 12 * HOUR_MS, 2 * DAY_MS, 70 * DAY_MS, 10 * YEAR_MS])
def test_a_clock_that_is_behind_follows_one_gateway_for_a_day_at_most(
    machine: ClockedMachine, tmp_path: Path, said_ms: int
) -> None:
    clock_of(machine, tmp_path / "clock.json").stop()
    known_ms = machine.true_ms
    machine.boot_again(600, -10 * YEAR_MS)
    clock = clock_of(machine, tmp_path / "clock.json")
    for _ in range(60):
        machine.run(1)
        known_ms += 1000
        clock.hear("gx", Clock.NTP, known_ms + said_ms)
    assert clock.look().in_doubt
    assert clock.now_ms() == (known_ms + said_ms if 0 <= said_ms <= DAY_MS else known_ms)
    clock.stop()
    machine.run(30)
    again = clock_of(machine, tmp_path / "clock.json")
    assert again.now_ms() == clock.now_ms()


@pytest.mark.parametrize(("said_ms", "believed_ms"), [(HOUR_MS, HOUR_MS), (-DAY_MS, YEAR_MS), (3 * DAY_MS, YEAR_MS)])
def test_an_unconfirmed_clock_follows_one_gateway_where_the_newest_sample_bears_it_out(
    machine: ClockedMachine, tmp_path: Path, said_ms: int, believed_ms: int
) -> None:
    clock_of(machine, tmp_path / "clock.json", NOW_MS).stop()
    machine.boot_again(0, YEAR_MS)
    clock = clock_of(machine, tmp_path / "clock.json", NOW_MS)
    live(clock, machine, "gx", late_ms=-said_ms, seconds=9)
    assert cause_of(clock) is DoubtCause.AHEAD
    assert clock.now_ms() == machine.true_ms + believed_ms
    machine.run(1200)
    assert clock.now_ms() == machine.true_ms + believed_ms


def test_samples_ahead_that_one_gateway_sent_put_no_later_boot_behind(machine: ClockedMachine, tmp_path: Path) -> None:
    clock = clock_of(machine, tmp_path / "clock.json", NOW_MS)
    live(clock, machine, "gx", late_ms=-10 * YEAR_MS)
    clock.stop()
    machine.boot_again(600)
    again = clock_of(machine, tmp_path / "clock.json", NOW_MS + 10 * YEAR_MS)
    assert not again.look().in_doubt
    assert again.now_ms() == machine.true_ms


def test_a_vehicle_that_two_gateways_hear_is_one_witness(machine: ClockedMachine) -> None:
    clock = clock_of(machine)
    for _ in range(60):
        machine.run(1)
        for gateway in ("gx", "gy"):
            clock.hear(gateway, Clock.GPS, machine.true_ms + 10 * YEAR_MS, "uav-1")
    assert not (doubt := clock.look().doubt) or not doubt.is_certain
    assert clock.now_ms() == machine.true_ms


def test_a_gateway_with_a_time_server_speaks_by_its_own_clock_whatever_its_vehicles_say(
    machine: ClockedMachine,
) -> None:
    clock = clock_of(machine)
    clock.hear("ga", Clock.GPS, machine.true_ms + 10 * YEAR_MS, "uav-1")
    assert clock.look().in_doubt
    for _ in range(6):
        machine.run(1)
        clock.hear("ga", Clock.NTP, machine.true_ms, "house-1")
        clock.hear("ga", Clock.GPS, machine.true_ms + 10 * YEAR_MS, "uav-1")
    assert not clock.look().in_doubt


def test_two_wrong_gateways_do_not_outvote_three(machine: ClockedMachine) -> None:
    clock = clock_of(machine)
    live(clock, machine, "ga", "gb", "gc")
    for _ in range(6):
        machine.run(1)
        for gateway in ("ga", "gb", "gc"):
            clock.hear(gateway, Clock.GPS, machine.true_ms)
        for gateway in ("gx", "gy"):
            clock.hear(gateway, Clock.NTP, machine.true_ms + DAY_MS)
    assert not clock.look().in_doubt


def test_wrong_gateways_that_do_not_agree_with_each_other_prove_nothing(machine: ClockedMachine) -> None:
    machine.is_synchronised = True
    clock = clock_of(machine)
    for _ in range(6):
        machine.run(1)
        clock.hear("gx", Clock.NTP, machine.true_ms + DAY_MS)
        clock.hear("gy", Clock.NTP, machine.true_ms + 3 * DAY_MS)
    assert not clock.look().in_doubt


def test_records_that_waited_on_gateways_contradict_nothing(machine: ClockedMachine) -> None:
    clock = clock_of(machine)
    for number in range(100):
        machine.run(0.2)
        for gateway in ("ga", "gb"):
            clock.hear(gateway, Clock.NTP, machine.true_ms - DAY_MS + number * 600_000)
    assert not clock.look().in_doubt


def test_gateways_without_a_clock_of_their_own_are_no_witnesses(machine: ClockedMachine) -> None:
    clock = StationClock(None, sources=machine.sources(), local=frozenset({"gateway-1"}))
    for gateway in ("ga", "gb"):
        clock.hear(gateway, Clock.RTC, machine.true_ms + DAY_MS)
        clock.hear(gateway, Clock.ARRIVAL, machine.true_ms + DAY_MS)
    clock.hear("gateway-1", Clock.NTP, machine.true_ms + DAY_MS)
    assert not clock.look().in_doubt


def test_gateways_that_jumped_with_the_station_do_not_end_the_doubt(machine: ClockedMachine) -> None:
    clock = clock_of(machine)
    live(clock, machine, "ga", "gb")
    machine.step_ms = YEAR_MS
    live(clock, machine, "ga", "gb", late_ms=-YEAR_MS, seconds=90)
    assert cause_of(clock) is not None


def test_gateways_that_did_not_jump_end_the_doubt_about_a_correction(machine: ClockedMachine) -> None:
    machine.step_ms = -6 * HOUR_MS
    clock = clock_of(machine)
    machine.is_synchronised = None
    live(clock, machine, "ga", "gb", late_ms=-AGREE_MS // 2 + 6 * HOUR_MS)
    live(clock, machine, "ga", "gb")
    machine.step_ms = 0
    live(clock, machine, "ga", "gb")
    assert not clock.look().in_doubt


def test_a_clock_that_a_time_service_corrects_is_believed(machine: ClockedMachine) -> None:
    machine.step_ms = -6 * HOUR_MS
    clock = clock_of(machine)
    machine.run(60)
    machine.step_ms, machine.is_synchronised = 0, True
    assert not clock.look().in_doubt


def test_a_kept_clock_that_jumps_is_doubted_all_the_same(machine: ClockedMachine) -> None:
    machine.is_synchronised = True
    clock = clock_of(machine)
    machine.run(60)
    machine.step_ms = YEAR_MS
    machine.run(600)
    assert cause_of(clock) is DoubtCause.JUMPED


def test_what_a_person_accepts_is_not_doubted_again_for_the_same_gateways(machine: ClockedMachine) -> None:
    clock = clock_of(machine)
    live(clock, machine, "ga", "gb", late_ms=-HOUR_MS)
    assert cause_of(clock) is DoubtCause.GATEWAYS
    clock.accept()
    live(clock, machine, "ga", "gb", late_ms=-HOUR_MS)
    assert not clock.look().in_doubt
    live(clock, machine, "ga", "gb", late_ms=-DAY_MS)
    assert cause_of(clock) is DoubtCause.GATEWAYS


def test_small_corrections_are_followed(machine: ClockedMachine) -> None:
    clock = clock_of(machine)
    for _ in range(40):
        machine.run(90_000)
        machine.step_ms += 2 * MINUTE_MS
        assert not clock.look().in_doubt
    machine.step_ms += 6 * MINUTE_MS
    assert clock.look().in_doubt


def test_a_machine_that_slept_is_believed(machine: ClockedMachine) -> None:
    clock = clock_of(machine)
    machine.run(8 * 3600)
    assert not clock.look().in_doubt


def test_a_record_that_cannot_be_read_is_no_record(machine: ClockedMachine, tmp_path: Path) -> None:
    (tmp_path / "clock.json").write_text("{")
    assert not clock_of(machine, tmp_path / "clock.json").look().in_doubt


def test_both_ways_are_told_of_a_change(machine: ClockedMachine) -> None:
    clock = clock_of(machine)
    changes: list[bool] = []
    clock.on_change = lambda before, after: changes.append(after.in_doubt and not before.in_doubt)
    machine.run(10)
    machine.step_ms = DAY_MS
    clock.look()
    machine.run(2)
    clock.look()
    machine.step_ms = 0
    clock.look()
    assert changes == [True, False]
