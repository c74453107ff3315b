from __future__ import annotations

import math
from typing import Any

import pytest
from pymavlink.dialects.v20 import ardupilotmega as dialect

from edge.sources.mavlink.mapping.field_table import ROWS, FieldChannel
from edge.sources.mavlink.mapping.row_compiler import flat_fields
from edge.sources.mavlink.mapping.rows import ROW_KINDS, SYSTEM_BATTERY_KIND
from edge.sources.mavlink.protocol.messages import LAYOUTS
from headland.contract.quantities import quantity_of
from tests.edge.sources.mavlink.stand_ins import Autopilot, frames_of


def row_of(message: Any) -> dict[str, float | None] | None:
    (frame,) = frames_of(Autopilot().encode(message))
    kind, values = ROW_KINDS[frame.message_id], LAYOUTS[frame.message_id].values(frame.payload)
    if kind.has_instances:
        kind = kind.variant(values[kind.instance_at])
    row = kind.make(values)
    return None if row is None else dict(row)


def values_of(message: Any) -> dict[str, float | None]:
    row = row_of(message)
    assert row is not None
    for channel in row:
        assert quantity_of(channel) is not None, channel
    return row


def battery(number: int = 0, **changes: Any) -> Any:
    fields: dict[str, Any] = {
        "battery_function": 0,
        "type": 0,
        "temperature": 3150,
        "voltages": [4100, 4090, 4080, *[65535] * 7],
        "current_battery": 1250,
        "current_consumed": 730,
        "energy_consumed": -1,
        "battery_remaining": 81,
        **changes,
    }
    return dialect.MAVLink_battery_status_message(number, **fields)


def servos(port: int = 0, **pulses: int) -> Any:
    fields = {f"servo{n}_raw": 0 for n in range(1, 17)} | pulses
    return dialect.MAVLink_servo_output_raw_message(1_000_000, port, **fields)


def gps(**changes: int) -> Any:
    fields = {
        "fix_type": 3,
        "lat": 494_000_000,
        "lon": -1_230_000_000,
        "alt": 51_500,
        "eph": 90,
        "epv": 130,
        "vel": 512,
        "cog": 18_250,
        "satellites_visible": 14,
        **changes,
    }
    return dialect.MAVLink_gps_raw_int_message(5_000_000, **fields)


def test_a_position_is_scaled_to_its_units() -> None:
    message = dialect.MAVLink_global_position_int_message(
        1, 494_000_001, -1_230_000_002, 51_500, 20_250, 300, -400, -25, 4_550
    )
    assert values_of(message) == {
        "latitude_deg": 49.4000001,
        "longitude_deg": -123.0000002,
        "altitude_m": 51.5,
        "relative_altitude_m": 20.25,
        "velocity_north_m_s": 3.0,
        "velocity_east_m_s": -4.0,
        "velocity_down_m_s": -0.25,
        "ground_speed_m_s": 5.0,
        "heading_deg": 45.5,
    }


def test_nought_nought_is_no_position_and_65535_no_heading() -> None:
    values = values_of(dialect.MAVLink_global_position_int_message(1, 0, 0, 0, 1_000, 0, 0, 0, 65535))
    assert values["latitude_deg"] is None
    assert values["longitude_deg"] is None
    assert values["heading_deg"] is None
    assert values["relative_altitude_m"] == 1.0


def test_a_place_on_the_equator_or_the_meridian_is_a_position() -> None:
    assert (
        values_of(dialect.MAVLink_global_position_int_message(1, 0, 70_000_000, 0, 0, 0, 0, 0, 0))["latitude_deg"] == 0
    )


@pytest.mark.parametrize(
    ("field", "sentinel", "channel"),
    [
        ("eph", 65535, "gps_hdop_ratio"),
        ("epv", 65535, "gps_vdop_ratio"),
        ("vel", 65535, "gps_ground_speed_m_s"),
        ("cog", 65535, "gps_course_deg"),
        ("satellites_visible", 255, "gps_satellites_count"),
    ],
)
def test_a_gps_sentinel_is_no_value(field: str, sentinel: int, channel: str) -> None:
    assert values_of(gps())[channel] is not None
    assert values_of(gps(**{field: sentinel}))[channel] is None


def test_without_a_fix_there_is_no_gps_position_whatever_the_fields_hold() -> None:
    for fix in (0, 1):
        values = values_of(gps(fix_type=fix))
        assert values["gps_latitude_deg"] is None
        assert values["gps_ground_speed_m_s"] is None
        assert values["gps_fix_code"] == fix
    assert values_of(gps(lat=0, lon=0))["gps_latitude_deg"] is None
    assert values_of(gps(fix_type=2))["gps_altitude_m"] is None


def test_an_extension_field_that_reads_nought_is_no_value() -> None:
    assert values_of(gps())["gps_horizontal_accuracy_m"] is None
    assert values_of(gps(h_acc=850))["gps_horizontal_accuracy_m"] == 0.85


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_float_that_is_no_number_is_no_value_and_spares_its_neighbours(bad: float) -> None:
    values = values_of(dialect.MAVLink_attitude_message(1, 0.5, bad, 1.0, 0.0, 0.0, 0.25))
    assert values["pitch_rad"] is None
    assert values["roll_rad"] == 0.5
    assert values["yaw_rate_rad_s"] == 0.25
    assert values_of(dialect.MAVLink_vfr_hud_message(bad, 1.0, 0, 50, 0.0, bad))["air_speed_m_s"] is None


def test_a_battery_is_the_sum_of_its_cells() -> None:
    assert values_of(battery()) == {
        "battery_voltage_v": 12.27,
        "battery_current_a": 12.5,
        "battery_remaining_pct": 81.0,
        "battery_consumed_mah": 730.0,
        "battery_energy_wh": None,
        "battery_temperature_degc": 31.5,
    }
    assert values_of(battery(voltages=[65534, 2466, *[65535] * 8]))["battery_voltage_v"] == 68.0
    assert values_of(battery(voltages=[4000] * 10, voltages_ext=[4000, 4000, 0, 0]))["battery_voltage_v"] == 48.0


def test_battery_sentinels_are_no_values() -> None:
    values = values_of(
        battery(temperature=32767, voltages=[65535] * 10, current_battery=-1, current_consumed=-1, battery_remaining=-1)
    )
    assert set(values.values()) == {None}


def test_another_battery_has_its_own_channels() -> None:
    assert "battery_voltage_v:2" in values_of(battery(2))
    assert set(values_of(battery(1))) == {f"{channel}:1" for channel in values_of(battery(0))}


def test_many_messages_become_columns_as_each_becomes_a_row() -> None:
    messages = [gps(), gps(fix_type=0), gps(eph=65535, h_acc=850)]
    kind = ROW_KINDS[24]
    values = [LAYOUTS[24].values(frames_of(Autopilot().encode(message))[0].payload) for message in messages]
    ((times_ms, columns),) = kind.runs([10, 20, 30], values)
    assert list(times_ms) == [10, 20, 30]
    assert [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)] == [
        row_of(message) for message in messages
    ]


def test_outputs_that_come_and_go_part_the_columns_where_they_do() -> None:
    messages = [
        servos(servo1_raw=1500),
        servos(servo1_raw=1600),
        servos(servo2_raw=1700),
        servos(),
        servos(servo1_raw=1800),
    ]
    values = [LAYOUTS[36].values(frames_of(Autopilot().encode(message))[0].payload) for message in messages]
    assert [
        (list(times_ms), {name: list(column) for name, column in columns.items()})
        for times_ms, columns in ROW_KINDS[36].runs(range(5), values)
    ] == [
        ([0, 1], {"servo_output_us:1": [1500, 1600]}),
        ([2], {"servo_output_us:2": [1700]}),
        ([4], {"servo_output_us:1": [1800]}),
    ]


def test_two_ports_of_outputs_at_one_time_are_two_series() -> None:
    kind = ROW_KINDS[36]
    assert kind.has_instances
    assert {kind.variant(port).series for port in (0, 1)} == {"servos", "servos:1"}
    assert kind.variant(2).make([0] * 18) is None


def test_the_system_status_knows_its_sentinels() -> None:
    def battery_of(voltage: int, current: int, remaining: int) -> dict[str, float | None]:
        message = dialect.MAVLink_sys_status_message(7, 3, 1, 415, voltage, current, remaining, 250, 0, 0, 0, 0, 0)
        assert values_of(message) == {
            "processor_load_pct": 41.5,
            "link_drop_rate_pct": 2.5,
            "sensors_present_code": 7,
            "sensors_enabled_code": 3,
            "sensors_health_code": 1,
        }
        (frame,) = frames_of(Autopilot().encode(message))
        return dict(SYSTEM_BATTERY_KIND.make(LAYOUTS[1].values(frame.payload)) or {})

    assert battery_of(12_600, 550, 77) == {
        "battery_voltage_v": 12.6,
        "battery_current_a": 5.5,
        "battery_remaining_pct": 77.0,
    }
    assert set(battery_of(65535, -1, -1).values()) == {None}
    assert battery_of(0, -1, -1)["battery_voltage_v"] is None


#: What MAVLink's own XML says a field is counted in -> how many of it make one of the channel's unit.
PER_UNIT = {
    "degE7": 1e7, "cdeg": 100, "deg": 1, "deg/2": 0.5, "rad": 1, "rad/s": 1, "mm": 1000, "cm": 100, "m": 1,
    "cm/s": 100, "m/s": 1, "mm/s": 1000, "m/s*5": 5, "dm/s": 10, "mV": 1000, "V": 1, "cA": 100, "mAh": 1, "hJ": 36,
    "cdegC": 100, "%": 1, "d%": 10, "c%": 100, "cm^3": 1000, "cm^3/min": 1000,
}  # fmt: skip


@pytest.mark.parametrize("message_id", ROWS)
def test_every_scale_follows_from_the_units_of_mavlinks_definition(message_id: int) -> None:
    units = dialect.mavlink_map[message_id].fieldunits_by_name
    for column in ROWS[message_id].columns:
        if isinstance(column, FieldChannel) and column.field in units:
            assert column.divisor == PER_UNIT[units[column.field]], column


@pytest.mark.parametrize("message_id", ROW_KINDS)
def test_every_channel_is_in_the_table_of_quantities_and_no_float_can_be_a_nan(message_id: int) -> None:
    fields = flat_fields(message_id)
    flat: list[Any] = []
    for span in fields.values():
        flat += [math.nan if span.is_float else 1] * (span.end - span.start)
    row = ROW_KINDS[message_id].make(flat)
    assert row is not None
    for channel, value in row.items():
        assert quantity_of(channel) is not None, channel
        assert value is None or math.isfinite(value)


def test_a_second_receiver_has_its_own_channels() -> None:
    fields = dict.fromkeys(dialect.MAVLink_gps2_raw_message.fieldnames, 0)
    message = dialect.MAVLink_gps2_raw_message(**{**fields, "fix_type": 6, "lat": 10, "lon": 20, "yaw": 36000})
    values = values_of(message)
    assert values["gps_fix_code:1"] == 6
    assert values["gps_yaw_deg:1"] == 0.0
    assert set(values) == {f"{channel}:1" for channel in values_of(gps())}


@pytest.mark.parametrize(("yaw", "expected"), [(0, None), (65535, None), (36000, 0.0), (9000, 90.0)])
def test_a_gps_yaw_of_nought_is_no_yaw_and_36000_is_north(yaw: int, expected: float | None) -> None:
    message = gps()
    message.yaw = yaw
    assert values_of(message)["gps_yaw_deg"] == expected


def test_absent_outputs_are_left_out() -> None:
    assert values_of(servos(servo1_raw=1500, servo9_raw=1100)) == {"servo_output_us:1": 1500, "servo_output_us:9": 1100}
    assert values_of(servos(servo1_raw=1501, servo9_raw=1900)) == {"servo_output_us:1": 1501, "servo_output_us:9": 1900}
    assert values_of(servos(servo1_raw=1500, servo9_raw=65535)) == {"servo_output_us:1": 1500}
    assert values_of(servos(servo2_raw=1500, servo9_raw=1100)) == {"servo_output_us:2": 1500, "servo_output_us:9": 1100}
    assert values_of(servos(port=1, servo1_raw=1700)) == {"servo_output_us:17": 1700}
    assert row_of(servos(port=9, servo1_raw=1700)) is None
    assert row_of(servos()) is None


def test_rc_channels_without_a_pulse_are_not_there() -> None:
    message = dialect.MAVLink_rc_channels_message(1, 4, 1500, 1000, *[65535] * 16, 255)
    assert values_of(message) == {"rc_channel_us:1": 1500, "rc_channel_us:2": 1000, "rc_rssi_code": None}


@pytest.mark.parametrize(
    ("current", "quality", "expected"), [(500, 0, 5.0), (500, 80, 5.0), (500, 1, None), (10, 0, None), (3001, 0, None)]
)
def test_a_distance_outside_the_sensors_limits_is_no_distance(
    current: int, quality: int, expected: float | None
) -> None:
    message = dialect.MAVLink_distance_sensor_message(1, 20, 3000, current, 0, 0, 25, 0, signal_quality=quality)
    assert values_of(message)["distance_m"] == expected
    other = dialect.MAVLink_distance_sensor_message(1, 20, 3000, current, 0, 3, 25, 0)
    assert set(values_of(other)) == {"distance_m:3", "distance_orientation_code:3", "distance_signal_pct:3"}


def test_without_a_grid_there_is_no_terrain() -> None:
    assert row_of(dialect.MAVLink_terrain_report_message(1, 1, 0, 210.5, 19.5, 0, 0)) is None
    assert values_of(dialect.MAVLink_terrain_report_message(1, 1, 100, 210.5, 19.5, 2, 8)) == {
        "terrain_altitude_m": 210.5,
        "height_above_terrain_m": 19.5,
        "terrain_pending_count": 2,
        "terrain_loaded_count": 8,
    }


def test_wind_is_where_it_comes_from_or_the_airs_own_velocity() -> None:
    assert values_of(dialect.MAVLink_wind_message(-90.0, 5.0, 0.5))["wind_from_deg"] == 270.0
    values = values_of(dialect.MAVLink_wind_cov_message(1, 3.0, -4.0, math.nan, 0.0, 0.0, 0.0, 0.0, 0.0))
    assert values == {
        "wind_north_m_s": 3.0,
        "wind_east_m_s": -4.0,
        "wind_down_m_s": None,
        "wind_speed_m_s": 5.0,
        "wind_from_deg": pytest.approx(126.87, abs=0.01),  # it blows to the north-west
    }
    still = values_of(dialect.MAVLink_wind_cov_message(1, 0.0, 0.0, math.nan, 0.0, 0.0, 0.0, 0.0, 0.0))
    assert still["wind_from_deg"] is None


@pytest.mark.parametrize(("north", "east", "expected"), [(-5, 0, 0), (0, -5, 90), (5, 0, 180), (0, 5, 270)])
def test_the_winds_direction_is_where_it_comes_from(north: float, east: float, expected: float) -> None:
    message = dialect.MAVLink_wind_cov_message(1, north, east, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    assert values_of(message)["wind_from_deg"] == pytest.approx(expected)


def test_no_volts_are_no_battery_monitor() -> None:
    assert values_of(battery(voltages=[0, *[65535] * 9]))["battery_voltage_v"] is None
    assert values_of(battery(voltages=[0] * 10))["battery_voltage_v"] is None
    assert values_of(battery(voltages=[1, *[65535] * 9]))["battery_voltage_v"] == 0.001


def test_the_largest_numbers_of_accuracies_and_loads_are_no_values() -> None:
    most = 2**32 - 1
    for field, channel in (
        ("h_acc", "gps_horizontal_accuracy_m"),
        ("v_acc", "gps_vertical_accuracy_m"),
        ("vel_acc", "gps_speed_accuracy_m_s"),
    ):
        message = gps()
        setattr(message, field, most)
        assert values_of(message)[channel] is None, field
    status = dialect.MAVLink_sys_status_message(0, 0, 0, 65535, 12_000, -1, -1, 65535, 0, 0, 0, 0, 0)
    values = values_of(status)
    assert (values["processor_load_pct"], values["link_drop_rate_pct"]) == (None, None)


def test_a_rotation_of_nought_is_a_sensor_that_is_not_healthy() -> None:
    assert values_of(dialect.MAVLink_rpm_message(1200.0, 0.0)) == {"rotation_rpm:1": 1200.0, "rotation_rpm:2": None}


def test_motor_controllers_are_numbered_and_those_that_never_spoke_are_not_there() -> None:
    message = dialect.MAVLink_esc_telemetry_5_to_8_message(
        [40, 41, 0, 0], [5000, 5010, 0, 0], [1250, 0, 0, 0], [12, 0, 0, 0], [5200, 5300, 0, 0], [9, 9, 0, 0]
    )
    values = values_of(message)
    assert values["esc_voltage_v:5"] == 50.0
    assert values["esc_current_a:5"] == 12.5
    assert (values["esc_rpm:6"], values["esc_temperature_degc:6"]) == (5300, 41)
    assert not [channel for channel in values if channel.endswith((":7", ":8"))]


def test_unknown_fields_of_a_remote_id_are_none() -> None:
    message = dialect.MAVLink_open_drone_id_location_message(
        0, 0, [0] * 20, 2, 36100, 25500, 6300, 0, 0, -1000.0, -1000.0, 0, -1000.0, 0, 0, 0, 0, 65535.0, 0
    )
    assert set(values_of(message).values()) == {None}


def test_high_latency_messages_are_scaled() -> None:
    fields = dict.fromkeys(dialect.MAVLink_high_latency2_message.fieldnames, 0)
    message = dialect.MAVLink_high_latency2_message(
        **{**fields, "latitude": 300_000_000, "longitude": 1, "heading": 90, "airspeed": 50, "battery": -1}
    )
    values = values_of(message)
    assert (values["latitude_deg"], values["heading_deg"], values["air_speed_m_s"]) == (30.0, 180.0, 10.0)
    assert values["battery_remaining_pct"] is None
    assert (values["failure_flags_code"], values["wind_speed_m_s"], values["wind_from_deg"]) == (0, None, None)
    older = dict.fromkeys(dialect.MAVLink_high_latency_message.fieldnames, 0)
    older |= {"latitude": -337_000_000, "longitude": 1, "heading": 27_000, "roll": -4500}
    older |= {"gps_nsat": 255, "failsafe": 2}
    values = values_of(dialect.MAVLink_high_latency_message(**older))
    assert (values["latitude_deg"], values["heading_deg"], values["failsafe_flags_code"]) == (-33.7, 270.0, 2)
    assert values["roll_rad"] == pytest.approx(-math.pi / 4)
    assert values["gps_satellites_count"] is None
