"""Channels and warnings of a profile from a vehicle's outputs, meters and named numbers."""

from __future__ import annotations

from typing import Any

import pytest
from pymavlink.dialects.v20 import ardupilotmega as dialect

from edge.sources.mavlink.spray.monitor import is_inside
from edge.sources.mavlink.spray.profile import NamedValue, SprayerSettings
from edge.sources.mavlink.timing.clock_choice import HoldPolicy
from edge.sources.mavlink.vehicle.device_naming import SourceContext
from edge.sources.mavlink.vehicle.fleet import Fleet
from headland.contract.records import Descriptor, Event
from tests.edge.sources.mavlink.mapping.test_rows import battery, servos
from tests.edge.sources.mavlink.stand_ins import NOON_MS, UID_A, Autopilot, frames_of, rows_of

SPRAYER = SprayerSettings(pump_servo=9, pump_off_us=1100, flow_battery_id=1, tank_battery_id=2)


class Sprayer:
    """A vehicle with a profile; it sends ten times a second."""

    def __init__(self, profile: SprayerSettings, version: int = 2) -> None:
        policy = HoldPolicy(wait_ms=10_000, rows=1000)
        self.fleet = Fleet(SourceContext("gw-1", "home"), profile, lambda _system, _component: policy)
        self.pilot = Autopilot(version=version)
        self.boot_ms = 10_000
        self.out: list[Any] = []
        self.receive(self.pilot.heartbeat(mode=3), self.pilot.identity(UID_A), self.pilot.gps(self.boot_ms))
        self.receive(self.pilot.system_time(self.boot_ms))

    def receive(self, *frames: bytes) -> None:
        read = frames_of(b"".join(frames))
        self.out += self.fleet.read("a", read, [NOON_MS + self.boot_ms] * len(read))

    def send(self, *messages: Any, seconds: float = 0.1) -> None:
        """Send the messages ten times a second for so long."""
        for _ in range(round(seconds * 10)):
            self.boot_ms += 100
            self.receive(self.pilot.attitude(self.boot_ms), *map(self.pilot.encode, messages))

    def values(self, channel: str) -> list[float | None]:
        return [row.values[channel] for row in rows_of(self.out) if channel in row.values]

    def alarms(self) -> list[tuple[str, object]]:
        events = [output for output in self.out if isinstance(output, Event)]
        return [(event.kind, event.data["active"]) for event in events if "active" in event.data]

    def parameter(self, name: str, value: float) -> None:
        self.receive(self.pilot.encode(dialect.MAVLink_param_value_message(name.encode(), value, 9, 900, 5)))


def flow(l_min: float, total_ml: int = 1000) -> Any:
    return battery(1, current_battery=round(l_min * 6000), current_consumed=total_ml, voltages=[1000, *[65535] * 9])


def named(boot_ms: int, name: bytes, value: float) -> Any:
    return dialect.MAVLink_named_value_float_message(boot_ms, name, value)


def test_the_pump_is_read_from_the_output_the_profile_names() -> None:
    sprayer = Sprayer(SPRAYER)
    for pulse in (1500, 1100, 0, 65535):
        sprayer.send(servos(servo9_raw=pulse))
    assert sprayer.values("pump_command_us") == [1500, 1100, None, None]
    assert sprayer.values("pump_on") == [1.0, 0.0, None, None]


@pytest.mark.parametrize(("servo", "port", "field"), [(1, 0, 1), (8, 0, 8), (17, 1, 1), (32, 1, 16)])
def test_any_of_32_outputs_can_be_the_pump(servo: int, port: int, field: int) -> None:
    sprayer = Sprayer(SprayerSettings(pump_servo=servo))
    sprayer.send(servos(port=port, **{f"servo{field}_raw": 1700}))
    sprayer.send(servos(port=1 - port, **{f"servo{field}_raw": 1700}))
    assert sprayer.values("pump_command_us") == [1700]


def test_the_short_payload_of_mavlink_1_carries_only_eight_outputs() -> None:
    sprayer = Sprayer(SPRAYER, version=1)
    frame = sprayer.pilot.encode(servos(servo8_raw=1500))
    short = frames_of(frame)[0]._replace(version=1)
    sprayer.out += sprayer.fleet.read("a", [short._replace(payload=short.payload[:21])], [NOON_MS + sprayer.boot_ms])
    assert sprayer.values("pump_on") == [None]


def test_the_vehicles_parameters_identify_the_pump_and_when_it_is_on() -> None:
    sprayer = Sprayer(SprayerSettings(pump_function=22, spinner_function=23))
    vehicle = next(iter(sprayer.fleet.vehicles.values()))
    sprayer.send(servos(servo6_raw=1500))
    assert sprayer.values("pump_on") == []
    assert "SERVO6_FUNCTION" in vehicle.missing_parameters
    sprayer.parameter("SERVO6_FUNCTION", 22)
    sprayer.parameter("SERVO7_FUNCTION", 23)
    assert {"SERVO6_MIN", "SERVO6_MAX", "SERVO6_REVERSED"} <= set(vehicle.missing_parameters)
    for name, value in (("MIN", 1000), ("MAX", 2000), ("REVERSED", 0)):
        sprayer.parameter(f"SERVO6_{name}", value)
    for pulse in (1000, 1020, 1030):
        sprayer.send(servos(servo6_raw=pulse, servo7_raw=1300))
    assert sprayer.values("pump_on") == [0.0, 0.0, 1.0]
    assert sprayer.values("spinner_on") == [1.0] * 3
    sprayer.parameter("SERVO6_REVERSED", 1)
    for pulse in (2000, 1970):
        sprayer.send(servos(servo6_raw=pulse))
    assert sprayer.values("pump_on")[3:] == [0.0, 1.0]


def test_the_flow_battery_is_a_flow_meter_and_no_battery() -> None:
    sprayer = Sprayer(SPRAYER)
    sprayer.send(flow(2.0, 8250), battery(0), battery(3))
    assert sprayer.values("flow_l_min") == [2.0]
    assert sprayer.values("flow_volume_total_l") == [8.25]
    assert sprayer.values("battery_voltage_v") == [12.27]
    assert sprayer.values("battery_voltage_v:3") == [12.27]
    assert sprayer.values("battery_voltage_v:1") == []


@pytest.mark.parametrize("reading", [32767, 32760, -32768, -1])
def test_a_saturated_or_unknown_flow_is_no_value_at_first_but_the_total_stays(reading: int) -> None:
    sprayer = Sprayer(SPRAYER)
    sprayer.send(battery(1, current_battery=reading, current_consumed=8_250))
    assert sprayer.values("flow_l_min") == [None]
    assert sprayer.values("flow_volume_total_l") == [8.25]


def test_a_tank_holds_capacity_times_level_or_the_unused_volume_where_both_agree() -> None:
    def tank(remaining: int, used_ml: int) -> Any:
        return battery(2, battery_remaining=remaining, current_consumed=used_ml, current_battery=-1)

    sprayer = Sprayer(SPRAYER)
    sprayer.send(tank(50, 10_050))
    sprayer.parameter("BATT3_CAPACITY", 3300)  # the default of a monitor that nobody set up
    sprayer.send(tank(50, 10_050))
    sprayer.parameter("BATT3_CAPACITY", 20_000)
    for remaining, used_ml in ((50, 10_050), (90, 10_050), (-1, 10_050), (50, -1), (-1, -1)):
        sprayer.send(tank(remaining, used_ml))
    assert sprayer.values("tank_l") == [None, None, 9.95, 18.0, 9.95, 10.0, None]


def test_named_values_have_the_profiles_meaning_and_none_without_it() -> None:
    value = NamedValue(name="TANK_KG", channel="hopper_kg", scale=0.001, offset=-2.0)
    sprayer = Sprayer(SprayerSettings(machine="spreader", value=[value]))
    for name, number in ((b"TANK_KG", 22_500.0), (b"TANK_KG", float("nan")), (b"OTHER", 1.0)):
        sprayer.send(named(sprayer.boot_ms + 100, name, number))
    sprayer.send(dialect.MAVLink_named_value_int_message(sprayer.boot_ms + 100, b"TANK_KG", 12_000))
    assert sprayer.values("hopper_kg") == [20.5, None, 10.0]
    assert sprayer.fleet.counters()["unnamed_value"] == 1


def test_a_mission_that_orders_spraying_is_an_order_and_no_spraying() -> None:
    sprayer = Sprayer(SPRAYER)

    def item(seq: int, command: int, first: float) -> Any:
        return dialect.MAVLink_mission_item_int_message(1, 1, seq, 6, command, 0, 1, first, 0, 0, 0, 1, 2, 3.0)

    sprayer.send(*(item(seq, *order) for seq, order in enumerate([(16, 0.0), (216, 1.0), (16, 0.0), (216, 0.0)])))
    for seq in (0, 1, 2, 3):
        sprayer.send(dialect.MAVLink_mission_current_message(seq, 4, 3))
    assert sprayer.values("spray_commanded_on") == [1.0, 0.0]
    assert sprayer.values("pump_on") == []
    descriptor = [output for output in sprayer.out if isinstance(output, Descriptor)][-1]
    assert descriptor.channels["spray_commanded_on"].evidence == "commanded"


def test_a_pump_that_runs_dry_is_reported_at_its_beginning_and_its_end() -> None:
    sprayer = Sprayer(SPRAYER)
    on, off = servos(servo9_raw=1700), servos(servo9_raw=1000)
    sprayer.send(off, flow(0.0), seconds=5)
    sprayer.send(on, flow(0.0), seconds=2.5)  # a line takes a while to fill
    sprayer.send(on, flow(3.0), seconds=5)
    assert sprayer.alarms() == []
    sprayer.send(on, flow(0.0), seconds=5)
    assert sprayer.alarms() == [("pump_without_flow", True)]
    sprayer.send(off, flow(0.0), seconds=1)
    assert sprayer.alarms() == [("pump_without_flow", True), ("pump_without_flow", False)]


def test_a_leak_is_reported() -> None:
    sprayer = Sprayer(SPRAYER)
    sprayer.send(servos(servo9_raw=1000), flow(1.0), seconds=5)
    assert sprayer.alarms() == [("flow_without_pump", True)]


@pytest.mark.parametrize("measured", [True, False])
def test_spray_on_the_way_home_is_reported(measured: bool) -> None:
    sprayer = Sprayer(SPRAYER if measured else SprayerSettings(pump_servo=9, pump_off_us=1100))
    meter = [flow(3.0)] if measured else []
    sprayer.send(servos(servo9_raw=1700), *meter, seconds=3)
    assert sprayer.alarms() == []
    sprayer.receive(sprayer.pilot.heartbeat(mode=6))
    sprayer.send(servos(servo9_raw=1700), *meter, seconds=3)
    assert sprayer.alarms() == [("spray_in_rtl", True)]


def test_spray_outside_every_declared_field_is_reported() -> None:
    field = [(49.0, -124.0), (49.0, -122.0), (50.0, -122.0), (50.0, -124.0)]
    sprayer = Sprayer(SprayerSettings(pump_servo=9, pump_off_us=1100, fields=[field]))

    def at(latitude: float) -> Any:
        return dialect.MAVLink_global_position_int_message(
            sprayer.boot_ms + 100, round(latitude * 1e7), -1_230_000_000, 0, 0, 0, 0, 0, 0
        )

    for latitude, pulse in ((49.5, 1700), (50.5, 1000), (50.5, 1700), (49.5, 1700)):
        for _ in range(20):
            sprayer.send(at(latitude), servos(servo9_raw=pulse))
    assert sprayer.alarms() == [("spray_outside_field", True), ("spray_outside_field", False)]


def test_a_point_is_inside_a_ring_or_not() -> None:
    bent = [(0.0, 0.0), (0.0, 4.0), (4.0, 4.0), (4.0, 3.0), (1.0, 3.0), (1.0, 0.0)]
    assert is_inside(bent, 0.5, 0.5)
    assert is_inside(bent, 3.0, 3.5)
    assert not is_inside(bent, 3.0, 1.0)
    assert not is_inside(bent, -0.1, 1.0)
