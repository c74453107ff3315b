from __future__ import annotations

import math
from typing import Any

import pytest
from pymavlink.dialects.v20 import ardupilotmega as dialect

from edge.mavlink.frame import Frame
from edge.mavlink.messages import decode_message
from edge.mavlink.samples import Sample, samples_of
from edge.mavlink.settings import SprayerSettings
from headland.contract.quantities import quantity_of
from tests.edge.mavlink.stand_ins import Autopilot, frames_of

SPRAYER = SprayerSettings(pump_servo=9, pump_off_us=1100, flow_battery_id=1)


def sample_of(message: Any, sprayer: SprayerSettings | None = SPRAYER) -> Sample | None:
    decoded = decode_message(frames_of(Autopilot().encode(message))[0])
    assert decoded is not None
    return samples_of(decoded, sprayer)


def values_of(message: Any, sprayer: SprayerSettings | None = SPRAYER) -> dict[str, float | None]:
    sample = sample_of(message, sprayer)
    assert sample is not None
    for channel in sample.values:
        assert quantity_of(channel) is not None, channel
    return dict(sample.values)


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


def test_without_a_fix_there_is_no_gps_position_whatever_the_fields_say() -> None:
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
    assert "battery_voltage_v:1" in values_of(battery(1), sprayer=None)


def test_the_flow_battery_is_a_flow_meter() -> None:
    # 1 cA is 0.01 L/h: 120 L/h are 2 L/min.
    values = values_of(battery(1, current_battery=12_000, current_consumed=8_250, voltages=[1000, *[65535] * 9]))
    assert values == {"flow_l_min": 2.0, "flow_volume_total_l": 8.25}


@pytest.mark.parametrize("reading", [32767, 32760, -32768, -1])
def test_a_saturated_or_unknown_flow_is_no_value_but_the_total_stays(reading: int) -> None:
    values = values_of(battery(1, current_battery=reading, current_consumed=8_250))
    assert values == {"flow_l_min": None, "flow_volume_total_l": 8.25}


def test_the_pump_is_read_from_the_output_the_profile_names() -> None:
    assert values_of(servos(servo9_raw=1500)) == {"pump_command_us": 1500.0, "pump_on": 1.0}
    assert values_of(servos(servo9_raw=1100)) == {"pump_command_us": 1100.0, "pump_on": 0.0}
    first = SprayerSettings(pump_servo=1)
    assert values_of(servos(servo1_raw=1800), first)["pump_on"] == 1.0
    assert values_of(servos(servo8_raw=1800), SprayerSettings(pump_servo=8))["pump_command_us"] == 1800.0
    last = SprayerSettings(pump_servo=17)
    assert values_of(servos(port=1, servo1_raw=1700), last)["pump_command_us"] == 1700.0
    assert sample_of(servos(port=0, servo1_raw=1700), last) is None


def test_an_output_that_is_not_there_is_not_off() -> None:
    for pulse in (0, 65535):
        assert values_of(servos(servo9_raw=pulse)) == {"pump_command_us": None, "pump_on": None}


def test_the_short_payload_of_mavlink_1_carries_only_eight_outputs() -> None:
    payload = frames_of(Autopilot().encode(servos(servo8_raw=1500, servo9_raw=1500)))[0].payload
    message = decode_message(Frame(36, 1, 1, 0, payload[:21], 1, None))
    assert message is not None
    sample = samples_of(message, SPRAYER)
    assert sample is not None
    assert sample.values == {"pump_command_us": None, "pump_on": None}


def test_without_a_sprayer_profile_no_output_means_spraying() -> None:
    assert sample_of(servos(servo9_raw=1900), None) is None
    assert sample_of(servos(servo9_raw=1900), SprayerSettings(flow_battery_id=1)) is None


def test_the_system_status_knows_its_sentinels() -> None:
    def status(voltage: int, current: int, remaining: int) -> Any:
        return dialect.MAVLink_sys_status_message(0, 0, 0, 0, voltage, current, remaining, 0, 0, 0, 0, 0, 0)

    assert values_of(status(12_600, 550, 77)) == {
        "battery_voltage_v": 12.6,
        "battery_current_a": 5.5,
        "battery_remaining_pct": 77.0,
    }
    assert set(values_of(status(65535, -1, -1)).values()) == {None}


def test_a_message_without_a_measurement_gives_no_row() -> None:
    assert sample_of(dialect.MAVLink_extended_sys_state_message(0, 1)) is None
