"""Frames of first or more vehicles to rows and events, through everything between."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from pymavlink.dialects.v20 import ardupilotmega as dialect

from edge.sources.mavlink.protocol.messages import MESSAGE_BY_ID
from edge.sources.mavlink.timing.clock_choice import HoldPolicy
from edge.sources.mavlink.vehicle.autopilots import SendersWithoutHeartbeat
from edge.sources.mavlink.vehicle.device_naming import SourceContext
from edge.sources.mavlink.vehicle.device_output import Output
from edge.sources.mavlink.vehicle.fleet import Fleet
from edge.sources.mavlink.vehicle.vehicle_names import NAMES_FILE, VehicleNames
from edge.sources.source import Reading, Readings
from headland.contract.records import Clock, Descriptor, Event
from tests.edge.sources.mavlink.mapping.test_rows import battery
from tests.edge.sources.mavlink.stand_ins import NOON_MS, UID_A, UID_B, UID_SIMULATOR, Autopilot, frames_of, rows_of

#: The gateway's clock is 8 s ahead of the vehicles', as on a real field laptop.
ARRIVAL_MS = NOON_MS + 8000


class Field:
    """A fleet, its outputs, and a clock that the test advances."""

    def __init__(
        self, *, wait_ms: int | None = 10_000, rows: int = 1000, source: str = "", names: VehicleNames | None = None
    ) -> None:
        policy = HoldPolicy(wait_ms=wait_ms, rows=rows)
        context = SourceContext("gw-1", "home", link=source)
        self.fleet = Fleet(context, None, lambda _system, _component: policy, names=names)
        self.now_ms = ARRIVAL_MS
        self.rows: list[Reading] = []
        self.events: list[Event] = []
        self.descriptors: list[Descriptor] = []

    def receive(self, data: bytes | Iterable[bytes], link: str = "a", after_ms: int = 0) -> None:
        self.now_ms += after_ms
        for frame in frames_of(data if isinstance(data, bytes) else b"".join(data)):
            self.collect(self.fleet.read(link, [frame], [self.now_ms]))

    def wait(self, wait_ms: int) -> None:
        for _ in range(wait_ms // 200):
            self.now_ms += 200
            self.collect(self.fleet.tick(self.now_ms))

    def finish(self) -> None:
        self.collect(self.fleet.finish(self.now_ms))

    def collect(self, outputs: list[Output]) -> None:
        self.rows += rows_of(outputs)
        for output in outputs:
            if isinstance(output, Readings):
                continue
            if isinstance(output, Event):
                self.events.append(output)
            else:
                self.descriptors.append(output)

    def times(self, channel: str = "roll_rad") -> list[int]:
        return [row.time_ms for row in self.rows if channel in row.values]

    def devices(self) -> set[str]:
        return {row.source.device for row in self.rows}

    def event(self, kind: str) -> Event:
        (event,) = [event for event in self.events if event.kind == kind]
        return event


def met(pilot: Autopilot, boot_ms: int, uid2: list[int] | None = None) -> list[bytes]:
    """Return what makes a vehicle known: heartbeat, identity, fix and time."""
    return [
        pilot.heartbeat(),
        pilot.identity(UID_A if uid2 is None else uid2),
        pilot.gps(boot_ms),
        pilot.system_time(boot_ms),
    ]


def test_rows_are_stamped_by_the_vehicles_clock_not_by_arrival() -> None:
    field, pilot = Field(), Autopilot()
    field.receive([*met(pilot, 1000), pilot.attitude(1500), pilot.position(1600)])
    assert field.times() == [NOON_MS + 1500]
    assert field.times("latitude_deg") == [NOON_MS + 1600]
    assert {row.clock for row in field.rows} == {Clock.GPS}


def test_rows_before_the_time_is_known_are_held_and_stamped_when_it_is() -> None:
    field, pilot = Field(), Autopilot()
    field.receive([pilot.attitude(100), pilot.heartbeat(), pilot.identity(UID_A), pilot.attitude(200), pilot.gps(250)])
    field.receive(pilot.system_time(300, utc_ms=0))
    assert field.rows == []
    field.receive(pilot.system_time(1300), after_ms=1000)
    assert field.times() == [NOON_MS + 100, NOON_MS + 200]
    assert field.times("gps_fix_code") == [NOON_MS + 250]


def test_a_message_without_a_stamp_takes_the_last_boot_time_of_its_vehicle() -> None:
    field, pilot = Field(), Autopilot()
    field.receive(
        [*met(pilot, 1000), pilot.attitude(1500), pilot.hud(), pilot.attitude(1700), pilot.hud(), pilot.hud(9.0)]
    )
    # Two of them at first boot time stay second rows.
    assert field.times("air_speed_m_s") == [NOON_MS + 1500, NOON_MS + 1700, NOON_MS + 1701]


def test_when_no_time_comes_within_ten_seconds_rows_are_stamped_by_arrival() -> None:
    field, pilot = Field(), Autopilot()
    field.receive([pilot.heartbeat(), pilot.identity(UID_A), pilot.attitude(100), pilot.system_time(100, utc_ms=0)])
    field.wait(9000)
    assert field.rows == []
    field.wait(2000)
    assert field.times() == [ARRIVAL_MS]
    assert field.rows[0].clock is Clock.ARRIVAL
    field.receive(pilot.attitude(11_000), after_ms=50)
    assert field.times()[-1] == field.now_ms


def test_a_time_that_comes_after_the_bound_is_used_from_then_on_and_reported() -> None:
    field, pilot = Field(), Autopilot()
    field.receive([pilot.heartbeat(), pilot.identity(UID_A), pilot.gps(90), pilot.attitude(100)])
    field.wait(11_000)
    field.receive([pilot.system_time(12_000), pilot.attitude(12_100)])
    assert [row.clock for row in field.rows if "roll_rad" in row.values] == [Clock.ARRIVAL, Clock.GPS]
    assert field.times()[-1] == NOON_MS + 12_100
    assert field.event("clock_found").t == NOON_MS + 12_000


def test_a_utc_without_any_fix_is_not_called_a_satellite_clock() -> None:
    field, pilot = Field(), Autopilot()
    field.receive([pilot.heartbeat(), pilot.identity(UID_A), pilot.system_time(100), pilot.attitude(200)])
    field.wait(11_000)
    assert [(row.clock, row.time_ms) for row in field.rows] == [(Clock.RTC, NOON_MS + 200)]
    field.receive([pilot.gps(11_000), pilot.attitude(11_100)])
    assert field.rows[-1].clock is Clock.GPS


def test_what_waits_is_bounded_and_the_overflow_is_counted() -> None:
    field, pilot = Field(rows=50), Autopilot()
    field.receive([pilot.heartbeat(), pilot.identity(UID_A), *(pilot.attitude(100 + n) for n in range(80))])
    assert len(field.rows) == 80
    assert field.fleet.counters()["held_overflow"] == 51
    assert len(set(field.times())) == 80


def test_a_clock_step_opens_a_segment_and_no_row_is_stamped_in_between() -> None:
    field, pilot = Field(), Autopilot()
    field.receive([*met(pilot, 1000), pilot.attitude(1500)])
    pilot.utc_at_boot_ms += 10_000
    for boot_ms in (2000, 3000, 4000):
        field.receive([pilot.system_time(boot_ms), pilot.attitude(boot_ms + 100)], after_ms=1000)
    assert field.times() == [NOON_MS + ms for ms in (1500, 12_100, 13_100, 14_100)]
    assert field.event("clock_step").data == {"step_ms": 10_000, "followed": True}


def test_one_wild_time_moves_nothing() -> None:
    field, pilot = Field(), Autopilot()
    field.receive([*met(pilot, 1000), pilot.attitude(1500)])
    field.receive([pilot.system_time(2000, utc_ms=NOON_MS + 99_000), pilot.attitude(2100)])
    field.receive([pilot.system_time(3000), pilot.attitude(3100)])
    assert field.times() == [NOON_MS + ms for ms in (1500, 2100, 3100)]
    assert "clock_step" not in [event.kind for event in field.events]


def test_a_reboot_opens_a_new_session_and_holds_until_the_new_time_is_known() -> None:
    field, pilot = Field(), Autopilot()
    field.receive([*met(pilot, 500_000), pilot.attitude(500_100)])
    pilot.utc_at_boot_ms += 600_000
    field.receive([pilot.attitude(ms) for ms in (2000, 2100, 2200, 2300)])
    assert len(field.times()) == 1
    field.receive([pilot.identity(UID_A), pilot.gps(2400), pilot.system_time(3000)])
    assert field.times() == [NOON_MS + 500_100, *(NOON_MS + 600_000 + ms for ms in (2000, 2100, 2200, 2300))]
    assert field.event("reboot").data == {"session": 1}
    assert field.event("reboot").t == NOON_MS + 602_000
    assert field.fleet.counters()["reboots"] == 1


def test_rows_of_a_session_whose_time_never_came_are_stamped_by_arrival_at_the_reboot() -> None:
    field, pilot = Field(), Autopilot()
    field.receive([pilot.heartbeat(), pilot.identity(UID_A), pilot.attitude(500_000)])
    field.receive([pilot.attitude(ms) for ms in (100, 200, 300)], after_ms=2000)
    assert [(row.clock, row.time_ms) for row in field.rows] == [(Clock.ARRIVAL, ARRIVAL_MS)]


def test_a_late_message_keeps_its_own_time_and_is_no_reboot() -> None:
    field, pilot = Field(), Autopilot()
    field.receive([*met(pilot, 50_000), pilot.attitude(50_100), pilot.attitude(40_000), pilot.attitude(50_200)])
    field.wait(4000)
    assert field.times() == [NOON_MS + ms for ms in (50_100, 50_200, 40_000)]
    assert field.fleet.counters()["late_rows"] == 1
    assert "reboot" not in [event.kind for event in field.events]


def test_after_a_silence_in_which_boot_time_stood_still_rows_wait_for_the_time_again() -> None:
    field, pilot = Field(), Autopilot()
    field.receive([*met(pilot, 100_000), pilot.attitude(100_100)])
    pilot.utc_at_boot_ms += 580_000  # it restarted unheard: 600 s later it has been up for 120 s
    field.receive(pilot.attitude(120_100), after_ms=600_000)
    for boot_ms in (121_000, 122_000, 123_000):
        field.receive([pilot.system_time(boot_ms), pilot.attitude(boot_ms + 100)])
    assert field.times()[1:] == [NOON_MS + 580_000 + ms for ms in (120_100, 121_100, 122_100, 123_100)]


def test_a_silence_of_the_link_alone_changes_nothing() -> None:
    field, pilot = Field(), Autopilot()
    field.receive([*met(pilot, 100_000), pilot.attitude(100_100)])
    field.receive(pilot.attitude(128_100), after_ms=28_000)
    assert field.times() == [NOON_MS + 100_100, NOON_MS + 128_100]


def test_a_repeated_message_is_one_row() -> None:
    field, pilot = Field(), Autopilot()
    field.receive(met(pilot, 1000))
    frame, hud = pilot.attitude(1500), pilot.hud()
    field.receive([frame, frame, pilot.attitude(1500), hud, hud])
    assert field.times() == [NOON_MS + 1500]
    assert len(field.times("air_speed_m_s")) == 1
    counters = field.fleet.counters()
    assert (counters["repeated_frame"], counters["repeated"]) == (2, 1)


def test_a_lost_fix_is_stored_although_the_gps_stamp_repeats() -> None:
    field, pilot = Field(), Autopilot()
    field.receive([*met(pilot, 1000), pilot.gps(1500), pilot.attitude(2000), pilot.gps(1500, fix=1)])
    codes = [(row.time_ms - NOON_MS, row.values["gps_fix_code"]) for row in field.rows if "gps_fix_code" in row.values]
    assert codes == [(1000, 3.0), (1500, 3.0), (2000, 1.0)]


def test_a_vehicle_is_its_autopilots_uid2() -> None:
    field, pilot = Field(), Autopilot()
    field.receive([*met(pilot, 1000), pilot.attitude(1500)])
    assert field.devices() == {"uav-a1b2c3"}
    assert field.descriptors[-1].model == "ArduPilot quadrotor"
    assert field.descriptors[-1].software == "4.5.7"
    assert field.descriptors[-1].channels["roll_rad"].unit == "rad"


def test_without_uid2_the_uid_names_it_and_without_both_the_gateway_does_at_once() -> None:
    field, pilot = Field(), Autopilot(system=3)
    field.receive([pilot.heartbeat(), pilot.identity([0] * 18, uid=0xBEEF), pilot.gps(1), pilot.system_time(1)])
    assert field.devices() == {"uav-beef"}
    field, pilot = Field(), Autopilot(system=3)
    field.receive([*met(pilot, 1000, [0] * 18), pilot.attitude(1500)])
    assert field.devices() == {"gw-1.sys3"}


def test_an_identity_that_does_not_come_within_five_seconds_is_the_gateways() -> None:
    field, pilot = Field(), Autopilot(system=3)
    field.receive([pilot.heartbeat(), pilot.gps(900), pilot.system_time(1000), pilot.attitude(1500)])
    field.wait(4800)
    assert field.rows == []
    field.wait(400)
    assert field.devices() == {"gw-1.sys3"}
    field.receive([pilot.identity(UID_A), pilot.attitude(6700)])
    assert field.rows[-1].source.device == "uav-a1b2c3"
    assert field.event("identified").data == {"device": "uav-a1b2c3", "before": "gw-1.sys3"}


@pytest.mark.parametrize("uid2", [UID_SIMULATOR, [0x10, 6, *b"SIMULATIONID0000"], [0x12, 6, *b"SIMULATIONID0000"]])
def test_a_simulators_uid_marks_all_its_outputs_as_simulated(uid2: list[int]) -> None:
    field, pilot = Field(), Autopilot()
    field.receive([*met(pilot, 1000, uid2), pilot.attitude(1500)])
    assert all(row.source.simulated for row in field.rows)
    assert all(event.simulated for event in field.events)
    assert all(descriptor.simulated for descriptor in field.descriptors)


def test_only_an_autopilot_makes_a_vehicle() -> None:
    field = Field()
    strangers = [
        Autopilot(system=255, component=190).heartbeat(kind=6, autopilot=8),
        Autopilot(system=254, component=1).heartbeat(kind=6, autopilot=8),
        Autopilot(system=2, component=1).heartbeat(kind=18, autopilot=8),
        Autopilot(system=1, component=100).heartbeat(kind=30, autopilot=8),
        Autopilot(system=51, component=68).attitude(1000),
    ]
    field.receive(strangers)
    field.wait(20_000)
    assert (field.rows, field.events, field.descriptors) == ([], [], [])


def test_other_components_of_the_same_system_do_not_mix_in() -> None:
    field, pilot = Field(), Autopilot()
    companion = Autopilot(component=191)
    field.receive([*met(pilot, 1000), pilot.heartbeat(mode=3)])
    field.receive([companion.heartbeat(kind=18, autopilot=8, mode=9), companion.attitude(999_000, roll=3.0)])
    field.receive(pilot.attitude(1500))
    assert [row.values["roll_rad"] for row in field.rows if "roll_rad" in row.values] == [0.125]
    assert [event.data["mode"] for event in field.events if event.kind == "mode"] == ["STABILIZE", "AUTO"]


def test_several_vehicles_on_one_link_keep_their_own_clocks_and_names() -> None:
    field = Field()
    first, second = Autopilot(system=1), Autopilot(system=2, utc_at_boot_ms=NOON_MS - 40_000)
    field.receive([*met(first, 1000), *met(second, 41_000, UID_B), first.attitude(1500), second.attitude(41_500)])
    assert field.devices() == {"uav-a1b2c3", "uav-d4e5"}
    assert field.times() == [NOON_MS + 1500, NOON_MS + 1500]


def test_two_vehicles_with_one_system_id_on_two_links_are_kept_apart_and_reported() -> None:
    field, first, second = Field(), Autopilot(), Autopilot()
    field.receive([*met(first, 1000), first.attitude(1500)], link="a")
    field.receive([*met(second, 7000, UID_B), second.attitude(7500)], link="b")
    field.wait(400)
    by_device = {row.source.device: row.time_ms for row in field.rows if "roll_rad" in row.values}
    assert by_device == {"uav-a1b2c3": NOON_MS + 1500, "uav-d4e5": NOON_MS + 7500}
    clashes = [event for event in field.events if event.kind == "identity_clash"]
    assert {(event.device, event.data["other"]) for event in clashes} == {
        ("uav-a1b2c3", "uav-d4e5"),
        ("uav-d4e5", "uav-a1b2c3"),
    }


def test_two_nameless_vehicles_with_one_system_id_do_not_become_one() -> None:
    field, first, second = Field(), Autopilot(), Autopilot()
    field.receive([*met(first, 1000, [0] * 18), first.attitude(1500)], link="a")
    field.receive([*met(second, 7000, [0] * 18), second.attitude(7500)], link="b")
    assert field.devices() == {"gw-1.sys1", "gw-1.sys1-2"}


def test_a_nameless_vehicle_that_comes_back_from_another_address_is_the_same() -> None:
    field, pilot = Field(), Autopilot()
    field.receive([*met(pilot, 1000, [0] * 18), pilot.attitude(1500)], link="a")
    field.wait(5000)
    field.receive([*met(pilot, 7000, [0] * 18), pilot.attitude(7500)], link="b")
    assert field.devices() == {"gw-1.sys1"}


def test_two_autopilots_in_one_stream_that_send_their_ids_are_two_vehicles_with_a_clash() -> None:
    field, first, second = Field(), Autopilot(), Autopilot(utc_at_boot_ms=NOON_MS - 400_000)
    field.receive([*met(first, 1000), first.attitude(1500), first.attitude(1600)])
    second.state.seq = 100
    field.receive(second.identity(UID_B))
    for n in range(10):
        field.receive([first.gps(2000 + 100 * n), first.system_time(2010 + 100 * n), first.attitude(2020 + 100 * n)])
        field.receive(
            [second.gps(402_000 + 100 * n), second.system_time(402_010 + 100 * n), second.attitude(402_020 + 100 * n)]
        )
        field.receive([first.hud(4.0), second.hud(9.0)], after_ms=100)
    attitudes = {(row.source.device, row.time_ms) for row in field.rows if "roll_rad" in row.values}
    assert attitudes == {
        *((f"uav-{uid}", NOON_MS + 2020 + 100 * n) for uid in ("a1b2c3", "d4e5") for n in range(10)),
        ("uav-a1b2c3", NOON_MS + 1500),
        ("uav-a1b2c3", NOON_MS + 1600),
    }
    speeds = {(row.source.device, row.values["air_speed_m_s"]) for row in field.rows if "air_speed_m_s" in row.values}
    assert speeds == {("uav-a1b2c3", 4.0), ("uav-d4e5", 9.0)}
    clashes = {(event.device, event.data["other"]) for event in field.events if event.kind == "identity_clash"}
    assert clashes == {("uav-a1b2c3", "uav-d4e5"), ("uav-d4e5", "uav-a1b2c3")}


@pytest.mark.parametrize("burst", [1, 5])
def test_two_nameless_autopilots_in_one_stream_are_separated_by_their_boot_times(burst: int) -> None:
    field, first, second = Field(), Autopilot(), Autopilot(utc_at_boot_ms=NOON_MS - 400_000)
    field.receive(met(first, 1000, [0] * 18))
    for n in range(40):
        start_ms = 1100 + 200 * n
        for pilot, boot_ms, roll in ((first, start_ms, 0.25), (second, 400_000 + start_ms, 0.75)):
            field.receive([pilot.attitude(boot_ms + k, roll) for k in range(burst)])
            field.receive([pilot.heartbeat(), pilot.gps(boot_ms + burst), pilot.system_time(boot_ms + burst)])
        field.wait(200)
    field.wait(6000)
    rolls: dict[str, set[float | None]] = {}
    for row in field.rows:
        if "roll_rad" in row.values:
            rolls.setdefault(row.source.device, set()).add(row.values["roll_rad"])
            assert 1000 <= row.time_ms - NOON_MS < 10_000
    assert {frozenset(values) for values in rolls.values()} == {frozenset({0.25}), frozenset({0.75})}
    assert set(rolls) == {"gw-1.sys1", "gw-1.sys1-2"}
    assert {event.kind for event in field.events} >= {"identity_clash"}
    assert field.fleet.counters()["identity_clash"] == 1


def test_a_frame_that_may_be_of_either_vehicle_is_left_out() -> None:
    field, first, second = Field(), Autopilot(), Autopilot()
    field.receive([*met(first, 1000), first.attitude(1500)])
    second.state.seq = first.state.seq - 1  # both count alike, and send no boot time
    field.receive([second.identity(UID_B), *(pilot.hud() for _ in range(20) for pilot in (first, second))])
    field.finish()
    rows = [row for row in field.rows if "air_speed_m_s" in row.values]
    assert field.fleet.counters()["ambiguous_sender"] + len(rows) == 40
    assert field.fleet.counters()["ambiguous_sender"] > 30


def test_another_vehicle_plugged_into_the_same_radio_is_a_new_device() -> None:
    field, first, second = Field(), Autopilot(), Autopilot()
    field.receive([*met(first, 500_000), first.attitude(500_100)])
    field.receive([second.attitude(ms) for ms in (1000, 1100, 1200, 1300)])
    field.receive(met(second, 2000, UID_B))
    named = [row.source.device for row in field.rows if "roll_rad" in row.values]
    assert named == ["uav-a1b2c3", *["uav-d4e5"] * 4]


def test_mode_and_arming_changes_are_events_once() -> None:
    field, pilot = Field(), Autopilot()
    field.receive(met(pilot, 1000))
    for armed, mode in ((False, 0), (True, 0), (True, 3), (True, 3), (False, 6)):
        field.receive(pilot.heartbeat(armed=armed, mode=mode))
    assert [event.data["mode"] for event in field.events if event.kind == "mode"] == ["STABILIZE", "AUTO", "RTL"]
    assert [event.data["armed"] for event in field.events if event.kind == "armed"] == [False, True, False]


def test_a_heartbeat_of_something_else_under_the_vehicles_number_changes_no_mode() -> None:
    field, pilot = Field(), Autopilot()
    field.receive([*met(pilot, 1000), pilot.heartbeat(kind=18, autopilot=8, mode=77, armed=True)])
    assert [event.data.get("mode") for event in field.events] == ["STABILIZE", None]
    assert field.event("armed").data == {"armed": False}


def test_a_vtols_transitions_are_events() -> None:
    field, pilot = Field(), Autopilot()
    field.receive(met(pilot, 1000))
    for vtol in (0, 3, 3, 1, 4):
        field.receive(pilot.encode(dialect.MAVLink_extended_sys_state_message(vtol, 2)))
    states = [event.data["state"] for event in field.events if event.kind == "vtol_state"]
    assert states == ["mc", "transition_to_fw", "fw"]


def test_a_text_in_chunks_is_one_event() -> None:
    field, pilot = Field(), Autopilot()
    field.receive(met(pilot, 1000))
    field.receive([pilot.text(b"x" * 50, 7, 0), pilot.text(b"and the end", 7, 1), pilot.text(b"PreArm: no GPS")])
    texts = [event.data["text"] for event in field.events if event.kind == "text"]
    assert texts == ["x" * 50 + "and the end", "PreArm: no GPS"]


def test_a_lost_chunk_is_marked() -> None:
    field, pilot = Field(), Autopilot()
    field.receive([*met(pilot, 1000), pilot.text(b"x" * 50, 7, 0), pilot.text(b"end", 7, 2)])
    field.wait(3000)
    assert field.event("text").data["text"] == "x" * 50 + "[...]end"


def test_the_system_status_stands_in_for_the_battery_until_its_own_message_comes() -> None:
    field, pilot = Field(), Autopilot()
    status = pilot.state.sys_status_encode(0, 0, 0, 0, 12_600, 550, 77, 0, 0, 0, 0, 0, 0)
    field.receive([*met(pilot, 1000), pilot.encode(status), pilot.attitude(1100)])
    field.receive([pilot.encode(battery()), pilot.attitude(1200), pilot.encode(status)])
    voltages = [row.values["battery_voltage_v"] for row in field.rows if "battery_voltage_v" in row.values]
    assert voltages == [12.6, 12.27]


def test_the_end_of_a_stream_leaves_nothing_waiting() -> None:
    field, pilot = Field(wait_ms=None), Autopilot()
    field.receive([pilot.heartbeat(), pilot.attitude(100), pilot.text(b"y" * 50, 3, 0)])
    field.finish()
    assert [(row.source.device, row.clock) for row in field.rows] == [("gw-1.sys1", Clock.ARRIVAL)]
    assert field.event("text").data["text"] == "y" * 50


@pytest.mark.parametrize("seed", range(8))
def test_rows_have_the_same_times_whether_messages_are_read_singly_or_together(seed: int) -> None:
    chance = random.Random(seed)
    pilot = Autopilot()
    frames = [pilot.heartbeat(), pilot.identity(UID_A), pilot.gps(1000)]
    for n in range(400):
        boot_ms = 1000 + 40 * n
        makers: list[Callable[[int], bytes]] = [
            pilot.attitude,
            pilot.position,
            lambda _: pilot.hud(),
            pilot.gps,
            pilot.attitude,
        ]
        frames += [make(boot_ms + chance.randrange(30)) for make in chance.sample(makers, 3)]
        if n % 20 == 0:  # its UTC scatters and drifts, so the offset moves and comes to rest
            utc_ms = NOON_MS + boot_ms + n // 10 + chance.randrange(-15, 15)
            frames.append(pilot.system_time(boot_ms, utc_ms=utc_ms))
        if n % 90 == 89:
            frames.append(frames[-1])  # a radio repeats
    one_by_one, together = Field(), Field()
    for frame in frames:
        one_by_one.receive(frame)
    read = frames_of(b"".join(frames))
    at = 0
    while at < len(read):
        end = at + chance.randrange(1, 200)
        together.collect(together.fleet.read("a", read[at:end], [together.now_ms] * len(read[at:end])))
        at = end
    one_by_one.finish()
    together.finish()
    assert len(together.rows) > 1000
    for channel in ("roll_rad", "latitude_deg", "air_speed_m_s", "gps_fix_code"):
        mine, theirs = (
            sorted((row.time_ms, str(row.values)) for row in field.rows if channel in row.values)
            for field in (together, one_by_one)
        )
        assert mine == theirs
        assert len(dict(mine)) == len(mine)
    assert together.fleet.counters() == one_by_one.fleet.counters()


def position_in_us(pilot: Autopilot, boot_ms: int) -> bytes:
    """Return a GLOBAL_POSITION_INT as Betaflight and iNav send it: microseconds in `time_boot_ms`, which wrap."""
    return pilot.position((boot_ms * 1000 + 137) & 0xFFFFFFFF, lat=494_000_000 + boot_ms)


@pytest.mark.parametrize("first", ["position", "attitude"])
@pytest.mark.parametrize("boot_ms", [900, 9_000, 4_294_000])  # the last: microseconds wrap after a second
@pytest.mark.parametrize("system_time", [False, True])
def test_microseconds_in_a_field_of_milliseconds_lose_no_row_and_make_no_second_vehicle(
    first: str, boot_ms: int, system_time: bool
) -> None:
    field, pilot = Field(), Autopilot(system=1, component=1)
    field.receive([pilot.heartbeat(autopilot=0), pilot.identity(UID_A), pilot.gps(boot_ms)])
    for n in range(60):
        now_ms = boot_ms + 100 * n
        pair = [position_in_us(pilot, now_ms), pilot.attitude(now_ms + 3, roll=n / 100)]
        field.receive(pair if first == "position" else reversed(pair), after_ms=100)
        if system_time and n % 5 == 0:
            field.receive(pilot.system_time(now_ms + 4))
        field.wait(0)
    field.wait(11_000)
    field.finish()
    assert field.devices() == {"uav-a1b2c3"}
    assert not [event for event in field.events if event.kind in ("identity_clash", "reboot", "clock_step")]
    places = {round((row.values["latitude_deg"] or 0) * 1e7): row for row in field.rows if "latitude_deg" in row.values}
    assert sorted(places) == [494_000_000 + boot_ms + 100 * n for n in range(60)]
    assert len(field.times("roll_rad")) == 60
    for place, row in places.items():
        expected_ms = NOON_MS + place - 494_000_000 if system_time else row.time_ms
        assert abs(row.time_ms - expected_ms) <= 3


def test_positions_in_microseconds_without_any_other_clock_are_stamped_by_arrival() -> None:
    field, pilot = Field(), Autopilot()
    field.receive([pilot.heartbeat(autopilot=0), pilot.identity(UID_A)])
    for n in range(300):  # microseconds wrap on the way
        field.receive(position_in_us(pilot, 4_270_000 + 200 * n), after_ms=200)
        field.wait(0)
    field.wait(11_000)
    assert len(field.times("latitude_deg")) == 300
    assert {row.clock for row in field.rows} == {Clock.ARRIVAL}
    assert [event.kind for event in field.events] == ["mode", "armed"]


@pytest.mark.parametrize(("system", "component"), [(0, 200), (1, 250), (1, 50), (0, 1), (7, 1), (0, 0)])
def test_an_autopilot_is_told_by_its_heartbeat_whatever_its_address(system: int, component: int) -> None:
    field, pilot = Field(), Autopilot(system=system, component=component)
    field.receive([pilot.attitude(900), *met(pilot, 1000), pilot.attitude(1500), pilot.position(1600)])
    assert field.devices() == {"uav-a1b2c3"}
    assert field.times() == [NOON_MS + 900, NOON_MS + 1500]
    assert field.times("latitude_deg") == [NOON_MS + 1600]
    assert field.fleet.set_aside() == []
    assert field.fleet.autopilots("a") == {(system, component)}


def test_several_autopilots_of_one_system_are_vehicles_each() -> None:
    field, first, second = Field(), Autopilot(component=1), Autopilot(component=50, utc_at_boot_ms=NOON_MS - 900_000)
    field.receive([*met(first, 1000), *met(second, 901_500, UID_B)])
    for n in range(5):
        field.receive([first.attitude(2000 + n, 0.25), second.attitude(902_000 + n, 0.75)], after_ms=1)
    rolls = {(row.source.device, row.values["roll_rad"]) for row in field.rows if "roll_rad" in row.values}
    assert rolls == {("uav-a1b2c3", 0.25), ("uav-d4e5", 0.75)}
    assert field.times() == [NOON_MS + 2000 + n for n in range(5) for _ in range(2)]


@pytest.mark.parametrize("kind", [6, 18, 26, 27, 30, 36])
def test_a_component_that_names_an_autopilot_but_is_no_vehicle_is_none(kind: int) -> None:
    field, pilot = Field(), Autopilot()
    gimbal = Autopilot(component=154)
    field.receive([*met(pilot, 1000), gimbal.heartbeat(kind=kind, autopilot=3), gimbal.attitude(1_000_000, 3.0)])
    field.receive(pilot.attitude(1500))
    assert [row.values["roll_rad"] for row in field.rows if "roll_rad" in row.values] == [0.125]


def test_a_battery_or_camera_of_the_generic_type_is_no_vehicle() -> None:
    field, pilot = Field(), Autopilot()
    smart = Autopilot(component=180)
    field.receive([*met(pilot, 1000), smart.heartbeat(kind=0, autopilot=0), smart.encode(battery())])
    assert field.devices() == {"uav-a1b2c3", "uav-a1b2c3.comp180"}


def test_what_is_set_aside_is_told_with_the_reason() -> None:
    field, pilot = Field(), Autopilot()
    ground, silent, camera = Autopilot(255, 190), Autopilot(9, 1), Autopilot(1, 100)
    field.receive([*met(pilot, 1000), ground.heartbeat(kind=6, autopilot=8), camera.heartbeat(kind=30, autopilot=8)])
    field.receive([silent.attitude(n) for n in range(7)])
    field.receive([ground.system_time(n) for n in range(3)])
    told = [entry.sentence() for entry in field.fleet.set_aside()]
    assert told == [
        "7 messages of system 9, component 1 set aside: it sent no HEARTBEAT, so nothing says what it is",
        "3 messages of system 255, component 190 set aside: its HEARTBEAT says gcs, which is no autopilot",
    ]
    field.finish()
    assert [entry.sentence() for entry in field.fleet.set_aside()] == told


def test_a_sender_is_warned_of_only_once_it_had_time_for_a_heartbeat() -> None:
    field, silent, senders = Field(), Autopilot(9, 1), SendersWithoutHeartbeat()
    field.receive([silent.attitude(n) for n in range(7)])
    assert senders.sentences(field.fleet.set_aside(), 100.0) == []
    assert senders.sentences(field.fleet.set_aside(), 104.9) == []
    (told,) = senders.sentences(field.fleet.set_aside(), 105.0)
    assert told == "7 messages of system 9, component 1 set aside: it sent no HEARTBEAT, so nothing says what it is"
    # It says what it is, and what waited is stored: nothing is left to warn of.
    field.receive([*met(silent, 1000)])
    assert senders.sentences(field.fleet.set_aside(), 106.0) == []


def test_many_silent_components_take_a_bounded_share() -> None:
    field = Field()
    for component in range(2, 252):
        field.receive(Autopilot(1, component).attitude(n) for n in range(2))
    field.receive(Autopilot(1, 1).attitude(1))
    assert len(field.fleet.vehicles) <= 33
    assert sum(entry.messages for entry in field.fleet.set_aside()) == 501


def high_latency2(pilot: Autopilot, n: int, **changes: int) -> bytes:
    fields = dict.fromkeys(dialect.MAVLink_high_latency2_message.fieldnames, 0)
    fields |= {"timestamp": 60_000 + 5000 * n, "type": 2, "autopilot": 12, "custom_mode": 0x0404, "battery": 80}
    fields |= {"latitude": 318_000_000 + n, "longitude": 1_190_000_000, "altitude": 45, "heading": 45, **changes}
    return pilot.encode(dialect.MAVLink_high_latency2_message(**fields))


def test_a_high_latency_link_without_a_heartbeat_is_a_vehicle_with_mode_type_and_failures() -> None:
    field, pilot = Field(), Autopilot()
    for n in range(55):
        field.receive(high_latency2(pilot, n, failure_flags=0b1000_0001 if n == 30 else 0), after_ms=5000)
        field.wait(200)
    field.wait(12_000)
    assert field.devices() == {"gw-1.sys1"}
    assert [row.values["latitude_deg"] for row in field.rows] == [(318_000_000 + n) / 1e7 for n in range(55)]
    assert {descriptor.model for descriptor in field.descriptors} == {"PX4 quadrotor"}
    assert [event.data["mode"] for event in field.events if event.kind == "mode"] == ["MISSION"]
    failures = [event.data for event in field.events if event.kind == "failure_flags"]
    assert failures == [{"code": 129, "failures": "gps, battery"}, {"code": 0, "failures": ""}]
    assert "without_heartbeat" not in field.fleet.counters()
    (vehicle,) = field.fleet.vehicles.values()
    assert vehicle.is_high_latency


def test_ardupilots_high_latency_message_tells_its_mode_and_whether_it_is_armed() -> None:
    field, pilot = Field(), Autopilot()
    for n, base_mode in enumerate((0x51, 0x51 | 0x80 - 256)):
        field.receive(high_latency2(pilot, n, autopilot=3, custom_mode=3, custom0=base_mode), after_ms=5000)
    field.wait(12_000)
    assert [event.data["mode"] for event in field.events if event.kind == "mode"] == ["AUTO"]
    assert [event.data["armed"] for event in field.events if event.kind == "armed"] == [False, True]


def test_the_older_high_latency_message_is_a_vehicle_too() -> None:
    field, pilot = Field(), Autopilot()
    fields = dict.fromkeys(dialect.MAVLink_high_latency_message.fieldnames, 0)
    fields |= {"latitude": 318_000_000, "longitude": 1_190_000_000, "base_mode": 0x81, "custom_mode": 4}
    for n in range(3):
        message = dialect.MAVLink_high_latency_message(**{**fields, "landed_state": 2, "altitude_amsl": 40 + n})
        field.receive(pilot.encode(message), after_ms=5000)
    field.wait(12_000)
    assert [row.values["altitude_m"] for row in field.rows] == [40, 41, 42]
    assert {event.kind for event in field.events} == {"mode", "armed", "landed_state"}
    assert {descriptor.model for descriptor in field.descriptors} == {"autopilot on a high latency link"}


def test_a_simulators_stream_on_a_link_is_marked_from_the_message_that_shows_it() -> None:
    field, pilot = Field(), Autopilot()
    field.receive([*met(pilot, 1000), pilot.attitude(1100)])
    field.receive([pilot.encode(dialect.MAVLink_simstate_message(*[0.0] * 9, 1, 1)), pilot.attitude(1200)])
    assert [row.source.simulated for row in field.rows if "roll_rad" in row.values] == [False, True]
    field.receive([pilot.heartbeat(mode=3), pilot.encode(dialect.MAVLink_simstate_message(*[0.0] * 9, 1, 1))])
    assert field.events[-1].simulated
    assert [descriptor.simulated for descriptor in field.descriptors].count(True) >= 1


def test_a_simulators_mark_remains_after_its_restart_and_not_on_another_vehicle() -> None:
    field, pilot = Field(), Autopilot()
    field.receive([*met(pilot, 500_000), pilot.encode(dialect.MAVLink_simstate_message(*[0.0] * 9, 1, 1))])
    again = Autopilot(utc_at_boot_ms=NOON_MS + 600_000)
    field.receive([again.attitude(1000 + n) for n in range(4)], after_ms=2000)
    field.receive([*met(again, 2000), again.attitude(2100)])
    assert field.rows[-1].source.simulated
    other = Autopilot(utc_at_boot_ms=NOON_MS + 900_000)
    field.receive([other.attitude(100 + n) for n in range(4)], after_ms=2000)
    field.receive([*met(other, 200, UID_B), other.attitude(300)])
    assert (field.rows[-1].source.device, field.rows[-1].source.simulated) == ("uav-d4e5", False)


NAMELESS = [0] * 18


def fly(field: Field, pilot: Autopilot, link: str = "a", start_ms: int = 1000, lat: int = 494_000_000) -> None:
    field.receive([*met(pilot, start_ms, NAMELESS)], link=link)
    for n in range(10):
        field.receive(pilot.position(start_ms + 100 + 100 * n, lat=lat), link=link, after_ms=100)
    field.wait(400)


def test_two_nameless_vehicles_with_one_system_id_on_two_sources_are_two_devices_and_reported(tmp_path: Path) -> None:
    names = VehicleNames(tmp_path / NAMES_FILE, ["north", "south"])
    north, south = (Field(source=source, names=names) for source in ("north", "south"))
    fly(north, Autopilot())
    fly(south, Autopilot(), lat=504_000_000)
    north.receive(Autopilot().heartbeat())
    north.wait(400)
    places = [
        {(row.source.device, row.values["latitude_deg"]) for row in field.rows if "latitude_deg" in row.values}
        for field in (north, south)
    ]
    assert places == [{("gw-1.sys1", 49.4)}, {("gw-1.sys1-2", 50.4)}]
    assert len(north.times("latitude_deg")) == len(south.times("latitude_deg")) == 10
    assert [field.event("identity_clash").data["other"] for field in (north, south)] == ["gw-1.sys1-2", "gw-1.sys1"]


def test_names_of_vehicles_are_the_same_after_a_restart_in_any_order(tmp_path: Path) -> None:
    path, sources = tmp_path / NAMES_FILE, ["north", "south"]
    names = VehicleNames(path, sources)
    for source, link in (("north", "a"), ("south", "a"), ("south", "b")):
        field = Field(source=source, names=names)
        if link == "b":
            fly(field, Autopilot(), "a")
        fly(field, Autopilot(), link)
    again = VehicleNames(path, sources)
    south, north = Field(source="south", names=again), Field(source="north", names=again)
    fly(south, Autopilot(), "b")
    fly(south, Autopilot(), "a")
    fly(north, Autopilot(), "another address")
    assert south.devices() == {"gw-1.sys1-2", "gw-1.sys1-3"}
    assert next(row.source.device for row in south.rows) == "gw-1.sys1-3"
    assert north.devices() == {"gw-1.sys1"}


def test_a_source_that_was_renamed_keeps_the_ids_of_its_vehicles(tmp_path: Path) -> None:
    path = tmp_path / NAMES_FILE
    fly(Field(source="north", names=VehicleNames(path, ["north"])), Autopilot())
    renamed = Field(source="drones", names=VehicleNames(path, ["drones"]))
    fly(renamed, Autopilot())
    assert renamed.devices() == {"gw-1.sys1"}


def test_a_damaged_file_of_names_costs_only_the_names(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / NAMES_FILE
    path.write_bytes(b"{")
    field = Field(source="north", names=VehicleNames(path, ["north"]))
    assert "cannot be read" in caplog.text
    fly(field, Autopilot())
    assert field.devices() == {"gw-1.sys1"}


def test_several_nameless_autopilots_of_one_system_are_devices_each() -> None:
    field = Field()
    fly(field, Autopilot(component=1))
    fly(field, Autopilot(component=50))
    assert field.devices() == {"gw-1.sys1", "gw-1.sys1-2"}


def test_an_ardupilot_is_asked_for_a_parameter_that_only_its_simulator_has() -> None:
    field, pilot, px4 = Field(), Autopilot(), Autopilot(system=2)
    field.receive([*met(pilot, 1000), px4.heartbeat(autopilot=12)])
    first, second = field.fleet.vehicles.values()
    assert (first.missing_parameters, second.missing_parameters) == (["SIM_SPEEDUP"], [])
    answer = dialect.MAVLink_param_value_message(b"SIM_SPEEDUP", 1.0, 9, 1, 1)
    field.receive([px4.encode(answer), pilot.encode(answer), pilot.attitude(1100)])
    assert first.missing_parameters == []
    assert field.rows[-1].source.simulated


@pytest.mark.parametrize("message_id", list(MESSAGE_BY_ID))
def test_every_message_that_is_read_may_come_from_an_autopilot(message_id: int) -> None:
    """Also one that only a ground station should send, such as MISSION_CLEAR_ALL."""
    pilot, field = Autopilot(), Field()
    kind = dialect.mavlink_map[message_id]
    lengths = (kind.array_lengths[order] for order in kind.orders)
    values = [
        b"x" if code == "char" else [1] * length if length else 1
        for code, length in zip(kind.fieldtypes, lengths, strict=True)
    ]
    field.receive([pilot.heartbeat(), pilot.system_time(1000), pilot.gps(1000), pilot.encode(kind(*values))])
    field.receive([pilot.system_time(2000), pilot.position(2000)])
    field.finish()
    assert [row for row in field.rows if "latitude_deg" in row.values]
