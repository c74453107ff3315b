"""Table from fields of MAVLink messages to channels: scales, sentinels and conditions.

Scales and sentinels are those of MAVLink's common.xml and ardupilotmega.xml. MAVLink 2 leaves trailing zero bytes off,
so an extension field that reads 0 may never have been sent: there 0 is no value. A `when` or an expression is Python
with the message's field names; `row_compiler` compiles each row once.
"""

from __future__ import annotations

from typing import Final, NamedTuple

UINT8_MAX: Final = 255
INT16_MAX: Final = 32767
UINT16_MAX: Final = 65535
UINT32_MAX: Final = 4_294_967_295
#: GPS_FIX_TYPE below this is no fix.
FIX_2D: Final = 2
FIX_3D: Final = 3


class FieldChannel(NamedTuple):
    """One channel: `field / divisor`, no value where the field is one of `none` or `when` does not hold."""

    channel: str
    field: str
    divisor: float = 1
    none: tuple[int, ...] = ()
    when: str = ""


class Derived(NamedTuple):
    """One channel that is computed from several fields."""

    channel: str
    expression: str
    when: str = ""


class Row(NamedTuple):
    """The channels of one message.

    `instance` names the field that distinguishes several of a kind: 0 is the first and has no suffix. `suffix` is
    appended to all channels. Without `when` there is always a row. `stamp` is the field with the message's own time.
    """

    series: str
    columns: tuple[FieldChannel | Derived, ...]
    instance: str = ""
    suffix: str = ""
    when: str = ""
    stamp: str = ""


_PLACE = "lat or lon"
_FIXED = f"fix_type >= {FIX_2D} and (lat or lon)"
_FIXED_3D = f"fix_type >= {FIX_3D} and (lat or lon)"

_GPS: Final = (
    FieldChannel("gps_latitude_deg", "lat", 1e7, when=_FIXED),
    FieldChannel("gps_longitude_deg", "lon", 1e7, when=_FIXED),
    FieldChannel("gps_altitude_m", "alt", 1000, when=_FIXED_3D),
    FieldChannel("gps_ground_speed_m_s", "vel", 100, (UINT16_MAX,), _FIXED),
    FieldChannel("gps_course_deg", "cog", 100, (UINT16_MAX,), _FIXED),
    FieldChannel("gps_hdop_ratio", "eph", 100, (UINT16_MAX,)),
    FieldChannel("gps_vdop_ratio", "epv", 100, (UINT16_MAX,)),
    FieldChannel("gps_horizontal_accuracy_m", "h_acc", 1000, (0, UINT32_MAX), _FIXED),
    FieldChannel("gps_vertical_accuracy_m", "v_acc", 1000, (0, UINT32_MAX), _FIXED),
    FieldChannel("gps_speed_accuracy_m_s", "vel_acc", 1000, (0, UINT32_MAX), _FIXED),
    Derived("gps_yaw_deg", "yaw / 100 % 360", f"yaw not in (0, {UINT16_MAX})"),  # 36000 is north
    FieldChannel("gps_fix_code", "fix_type"),
    FieldChannel("gps_satellites_count", "satellites_visible", none=(UINT8_MAX,)),
)
_RADIO: Final = Row(
    "radio",
    (
        FieldChannel("radio_rssi_code", "rssi", none=(UINT8_MAX,)),
        FieldChannel("radio_remote_rssi_code", "remrssi", none=(UINT8_MAX,)),
        FieldChannel("radio_noise_code", "noise", none=(UINT8_MAX,)),
        FieldChannel("radio_remote_noise_code", "remnoise", none=(UINT8_MAX,)),
        FieldChannel("radio_transmit_buffer_pct", "txbuf", when="txbuf <= 100"),
        FieldChannel("radio_receive_errors_count", "rxerrors"),
        FieldChannel("radio_corrected_errors_count", "fixed"),
    ),
)

#: By message id; outputs, RC channels and ESCs, which are numbered within one message, are in `numbered_channels`.
ROWS: Final[dict[int, Row]] = {
    1: Row(  # SYS_STATUS
        "system",
        (
            FieldChannel("processor_load_pct", "load", 10, (UINT16_MAX,)),
            FieldChannel("link_drop_rate_pct", "drop_rate_comm", 100, (UINT16_MAX,)),
            FieldChannel("sensors_present_code", "onboard_control_sensors_present"),
            FieldChannel("sensors_enabled_code", "onboard_control_sensors_enabled"),
            FieldChannel("sensors_health_code", "onboard_control_sensors_health"),
        ),
    ),
    24: Row("gps", _GPS, stamp="time_usec"),  # GPS_RAW_INT
    124: Row("gps:1", _GPS, suffix=":1", stamp="time_usec"),  # GPS2_RAW
    30: Row(  # ATTITUDE
        "attitude",
        (
            FieldChannel("roll_rad", "roll"),
            FieldChannel("pitch_rad", "pitch"),
            FieldChannel("yaw_rad", "yaw"),
            FieldChannel("roll_rate_rad_s", "rollspeed"),
            FieldChannel("pitch_rate_rad_s", "pitchspeed"),
            FieldChannel("yaw_rate_rad_s", "yawspeed"),
        ),
        stamp="time_boot_ms",
    ),
    33: Row(  # GLOBAL_POSITION_INT
        "position",
        (
            FieldChannel("latitude_deg", "lat", 1e7, when=_PLACE),
            FieldChannel("longitude_deg", "lon", 1e7, when=_PLACE),
            FieldChannel("altitude_m", "alt", 1000),
            FieldChannel("relative_altitude_m", "relative_alt", 1000),
            FieldChannel("velocity_north_m_s", "vx", 100),
            FieldChannel("velocity_east_m_s", "vy", 100),
            FieldChannel("velocity_down_m_s", "vz", 100),
            Derived("ground_speed_m_s", "hypot(vx, vy) / 100"),
            FieldChannel("heading_deg", "hdg", 100, (UINT16_MAX,)),
        ),
        stamp="time_boot_ms",
    ),
    74: Row(  # VFR_HUD
        "air_data",
        (
            FieldChannel("air_speed_m_s", "airspeed"),
            FieldChannel("hud_ground_speed_m_s", "groundspeed"),
            FieldChannel("hud_altitude_m", "alt"),
            FieldChannel("hud_heading_deg", "heading"),
            FieldChannel("climb_rate_m_s", "climb"),
            FieldChannel("throttle_pct", "throttle"),
        ),
    ),
    109: _RADIO,  # RADIO_STATUS
    166: _RADIO,  # RADIO
    132: Row(  # DISTANCE_SENSOR; a distance outside its limits is not valid
        "distance",
        (
            FieldChannel(
                "distance_m",
                "current_distance",
                100,
                when="min_distance <= current_distance <= max_distance and signal_quality != 1",
            ),
            FieldChannel("distance_orientation_code", "orientation"),
            FieldChannel("distance_signal_pct", "signal_quality", none=(0, 1)),
        ),
        instance="id",
        stamp="time_boot_ms",
    ),
    136: Row(  # TERRAIN_REPORT; without a grid spacing there is no terrain data
        "terrain",
        (
            FieldChannel("height_above_terrain_m", "current_height"),
            FieldChannel("terrain_altitude_m", "terrain_height"),
            FieldChannel("terrain_pending_count", "pending"),
            FieldChannel("terrain_loaded_count", "loaded"),
        ),
        when="spacing",
    ),
    147: Row(  # BATTERY_STATUS
        "battery",
        (
            Derived("battery_voltage_v", "pack_voltage_v(voltages, voltages_ext)"),
            FieldChannel("battery_current_a", "current_battery", 100, (-1,)),
            FieldChannel("battery_remaining_pct", "battery_remaining", none=(-1,)),
            FieldChannel("battery_consumed_mah", "current_consumed", none=(-1,)),
            FieldChannel("battery_energy_wh", "energy_consumed", 36, (-1,)),  # hJ: 100 J of 3600 in a Wh
            FieldChannel("battery_temperature_degc", "temperature", 100, (INT16_MAX,)),
        ),
        instance="id",
    ),
    168: Row(  # WIND of ArduPilot: the direction the wind comes from
        "wind",
        (
            Derived("wind_from_deg", "direction % 360"),
            FieldChannel("wind_speed_m_s", "speed"),
            FieldChannel("wind_vertical_m_s", "speed_z"),
        ),
    ),
    231: Row(  # WIND_COV of PX4: the air's own velocity
        "wind",
        (
            FieldChannel("wind_north_m_s", "wind_x"),
            FieldChannel("wind_east_m_s", "wind_y"),
            FieldChannel("wind_down_m_s", "wind_z"),
            Derived("wind_speed_m_s", "hypot(wind_x, wind_y)"),
            Derived("wind_from_deg", "wind_from_deg(wind_x, wind_y)", "wind_x or wind_y"),
        ),
        stamp="time_usec",
    ),
    173: Row(  # RANGEFINDER
        "rangefinder",
        (
            FieldChannel("rangefinder_distance_m", "distance", none=(0,)),
            FieldChannel("rangefinder_signal_v", "voltage"),
        ),
    ),
    193: Row(  # EKF_STATUS_REPORT
        "ekf",
        (
            FieldChannel("ekf_flags_code", "flags"),
            FieldChannel("ekf_velocity_variance_ratio", "velocity_variance"),
            FieldChannel("ekf_horizontal_variance_ratio", "pos_horiz_variance"),
            FieldChannel("ekf_vertical_variance_ratio", "pos_vert_variance"),
            FieldChannel("ekf_compass_variance_ratio", "compass_variance"),
            FieldChannel("ekf_terrain_variance_ratio", "terrain_alt_variance"),
        ),
    ),
    230: Row(  # ESTIMATOR_STATUS; its flags are not those of EKF_STATUS_REPORT
        "estimator",
        (
            FieldChannel("estimator_flags_code", "flags"),
            FieldChannel("estimator_velocity_ratio", "vel_ratio"),
            FieldChannel("estimator_horizontal_ratio", "pos_horiz_ratio"),
            FieldChannel("estimator_vertical_ratio", "pos_vert_ratio"),
            FieldChannel("estimator_compass_ratio", "mag_ratio"),
            FieldChannel("estimator_horizontal_accuracy_m", "pos_horiz_accuracy"),
            FieldChannel("estimator_vertical_accuracy_m", "pos_vert_accuracy"),
        ),
        stamp="time_usec",
    ),
    225: Row(  # EFI_STATUS
        "engine",
        (
            FieldChannel("engine_rpm", "rpm"),
            FieldChannel("fuel_flow_l_min", "fuel_flow", 1000),
            FieldChannel("fuel_consumed_l", "fuel_consumed", 1000),
        ),
    ),
    226: Row(  # RPM; zero or less is a sensor that is not healthy
        "rotation",
        (
            FieldChannel("rotation_rpm:1", "rpm1", when="rpm1 > 0"),
            FieldChannel("rotation_rpm:2", "rpm2", when="rpm2 > 0"),
        ),
    ),
    235: Row(  # HIGH_LATENCY2: the only telemetry over a satellite modem
        "high_latency",
        (
            FieldChannel("latitude_deg", "latitude", 1e7, when="latitude or longitude"),
            FieldChannel("longitude_deg", "longitude", 1e7, when="latitude or longitude"),
            FieldChannel("altitude_m", "altitude"),
            FieldChannel("heading_deg", "heading", 0.5),
            FieldChannel("air_speed_m_s", "airspeed", 5),
            FieldChannel("ground_speed_m_s", "groundspeed", 5),
            FieldChannel("wind_speed_m_s", "windspeed", 5, when="windspeed or wind_heading"),
            FieldChannel("wind_from_deg", "wind_heading", 0.5, when="windspeed or wind_heading"),
            FieldChannel("climb_rate_m_s", "climb_rate", 10),
            FieldChannel("throttle_pct", "throttle", none=(UINT8_MAX,)),
            FieldChannel("battery_remaining_pct", "battery", none=(-1,)),
            FieldChannel("failure_flags_code", "failure_flags"),
        ),
        stamp="timestamp",
    ),
    234: Row(  # HIGH_LATENCY, which HIGH_LATENCY2 replaced; it has no time of its own
        "high_latency",
        (
            FieldChannel("latitude_deg", "latitude", 1e7, when="latitude or longitude"),
            FieldChannel("longitude_deg", "longitude", 1e7, when="latitude or longitude"),
            FieldChannel("altitude_m", "altitude_amsl"),
            Derived("roll_rad", "radians(roll / 100)"),
            Derived("pitch_rad", "radians(pitch / 100)"),
            FieldChannel("heading_deg", "heading", 100, (UINT16_MAX,)),
            FieldChannel("air_speed_m_s", "airspeed", none=(UINT8_MAX,)),
            FieldChannel("ground_speed_m_s", "groundspeed", none=(UINT8_MAX,)),
            FieldChannel("climb_rate_m_s", "climb_rate"),
            FieldChannel("throttle_pct", "throttle"),
            FieldChannel("battery_remaining_pct", "battery_remaining", none=(UINT8_MAX,)),
            FieldChannel("gps_fix_code", "gps_fix_type", none=(UINT8_MAX,)),
            FieldChannel("gps_satellites_count", "gps_nsat", none=(UINT8_MAX,)),
            FieldChannel("failsafe_flags_code", "failsafe"),
        ),
    ),
    12901: Row(  # OPEN_DRONE_ID_LOCATION: the vehicle's broadcast about itself, not its track
        "remote_id",
        (
            FieldChannel("remote_id_latitude_deg", "latitude", 1e7, when="latitude or longitude"),
            FieldChannel("remote_id_longitude_deg", "longitude", 1e7, when="latitude or longitude"),
            FieldChannel("remote_id_altitude_m", "altitude_geodetic", none=(-1000,)),
            FieldChannel("remote_id_height_m", "height", none=(-1000,)),
            FieldChannel("remote_id_course_deg", "direction", 100, (36100,)),
            FieldChannel("remote_id_ground_speed_m_s", "speed_horizontal", 100, (25500,)),
            FieldChannel("remote_id_climb_rate_m_s", "speed_vertical", 100, (6300,)),
        ),
    ),
}

#: The flight battery by SYS_STATUS, for vehicles without a BATTERY_STATUS 0.
SYSTEM_BATTERY: Final = Row(
    "system_battery",
    (
        FieldChannel("battery_voltage_v", "voltage_battery", 1000, (0, UINT16_MAX)),  # 0: no battery monitor
        FieldChannel("battery_current_a", "current_battery", 100, (-1,)),
        FieldChannel("battery_remaining_pct", "battery_remaining", none=(-1,)),
    ),
)
