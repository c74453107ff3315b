"""Table from fields of PX4 topics to channels.

Units are those of PX4's message definitions (v1.9 to v1.16). A field that a version does not have is left out; a value
with an input that is not finite (PX4 writes NaN for unknown) is None.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final, NamedTuple

FIX_2D: Final = 2
FIX_3D: Final = 3
#: Range of pulse widths; other outputs are duty cycles or raw numbers of a bus.
_PULSE_US: Final = (500, 3000)


class TopicChannel(NamedTuple):
    """One channel: `make` computes it from the values of `fields`, or returns None."""

    channel: str
    fields: tuple[str, ...]
    make: Callable[..., float | None]


class LoggedTopic(NamedTuple):
    """Channels of one topic. `instanced`: its multi_id distinguishes several; 0 is the first and has no suffix."""

    series: str
    columns: tuple[TopicChannel, ...]
    instanced: bool = False


def _same(value: float) -> float:
    return value


def _when(low: float) -> Callable[[float], float | None]:
    """Return the function that passes values from `low` on: PX4 writes less for unknown."""
    return lambda value: value if value >= low else None


def _degrees(angle_rad: float) -> float:
    return math.degrees(angle_rad) % 360


def _fixed(scale: float) -> Callable[[float, float, int], float | None]:
    """Return the function to the first of two coordinates, where there is a fix and they are not both zero."""
    return lambda value, other, fix: value / scale if fix >= FIX_2D and (value or other) else None


def _high(scale: float) -> Callable[[float, int], float | None]:
    return lambda value, fix: value / scale if fix >= FIX_3D else None


def _moving(value: float, fix: int) -> float | None:
    return value if fix >= FIX_2D else None


def _valid(value: float, flag: int) -> float | None:
    return value if flag else None


def _roll(w: float, x: float, y: float, z: float) -> float:
    return math.atan2(2 * (w * x + y * z), 1 - 2 * (x * x + y * y))


def _pitch(w: float, x: float, y: float, z: float) -> float:
    return math.asin(max(-1.0, min(1.0, 2 * (w * y - z * x))))


def _yaw(w: float, x: float, y: float, z: float) -> float:
    return math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))


def _distance(current_m: float, low_m: float, high_m: float, quality: int) -> float | None:
    return current_m if low_m <= current_m <= high_m and quality != 0 else None


def _speed(north_m_s: float, east_m_s: float, flag: int) -> float | None:
    return math.hypot(north_m_s, east_m_s) if flag else None


def _blows(part_m_s: float, other_m_s: float) -> float | None:
    """An estimator that estimates no wind writes zero to both."""
    return part_m_s if part_m_s or other_m_s else None


def _wind_from(north_m_s: float, east_m_s: float) -> float | None:
    if not (north_m_s or east_m_s):
        return None
    return math.degrees(math.atan2(-east_m_s, -north_m_s)) % 360


_PLACES: Final = ("lat", "lon", "fix_type"), ("lon", "lat", "fix_type")
_NEW_PLACES: Final = ("latitude_deg", "longitude_deg", "fix_type"), ("longitude_deg", "latitude_deg", "fix_type")
_GPS: Final = (
    TopicChannel("gps_latitude_deg", _PLACES[0], _fixed(1e7)),
    TopicChannel("gps_longitude_deg", _PLACES[1], _fixed(1e7)),
    TopicChannel("gps_altitude_m", ("alt", "fix_type"), _high(1000)),
    TopicChannel("gps_latitude_deg", _NEW_PLACES[0], _fixed(1)),
    TopicChannel("gps_longitude_deg", _NEW_PLACES[1], _fixed(1)),
    TopicChannel("gps_altitude_m", ("altitude_msl_m", "fix_type"), _high(1)),
    TopicChannel("gps_ground_speed_m_s", ("vel_m_s", "fix_type"), _moving),
    TopicChannel("gps_course_deg", ("cog_rad", "fix_type"), lambda cog, fix: _degrees(cog) if fix >= FIX_2D else None),
    TopicChannel("gps_hdop_ratio", ("hdop", "fix_type"), _moving),
    TopicChannel("gps_vdop_ratio", ("vdop", "fix_type"), _moving),
    TopicChannel("gps_horizontal_accuracy_m", ("eph", "fix_type"), _moving),
    TopicChannel("gps_vertical_accuracy_m", ("epv", "fix_type"), _moving),
    TopicChannel("gps_speed_accuracy_m_s", ("s_variance_m_s", "fix_type"), _moving),
    TopicChannel("gps_yaw_deg", ("heading",), _degrees),
    TopicChannel("gps_fix_code", ("fix_type",), _same),
    TopicChannel("gps_satellites_count", ("satellites_used",), _same),
)
_QUATERNION: Final = ("q[0]", "q[1]", "q[2]", "q[3]")
_WIND: Final = LoggedTopic(
    "wind",
    (
        TopicChannel("wind_north_m_s", ("windspeed_north", "windspeed_east"), _blows),
        TopicChannel("wind_east_m_s", ("windspeed_east", "windspeed_north"), _blows),
        TopicChannel("wind_speed_m_s", ("windspeed_north", "windspeed_east"), lambda n, e: math.hypot(n, e) or None),
        TopicChannel("wind_from_deg", ("windspeed_north", "windspeed_east"), _wind_from),
    ),
)

TOPICS: Final[dict[str, LoggedTopic]] = {
    "vehicle_gps_position": LoggedTopic("gps", _GPS, instanced=True),
    "sensor_gps": LoggedTopic("gps", _GPS, instanced=True),
    "vehicle_global_position": LoggedTopic(
        "position",
        (
            TopicChannel("latitude_deg", ("lat", "lon"), lambda lat, lon: lat if lat or lon else None),
            TopicChannel("longitude_deg", ("lon", "lat"), lambda lon, lat: lon if lat or lon else None),
            TopicChannel("altitude_m", ("alt",), _same),
        ),
    ),
    "vehicle_local_position": LoggedTopic(
        "velocity",
        (
            TopicChannel("velocity_north_m_s", ("vx", "v_xy_valid"), _valid),
            TopicChannel("velocity_east_m_s", ("vy", "v_xy_valid"), _valid),
            TopicChannel("velocity_down_m_s", ("vz", "v_z_valid"), _valid),
            TopicChannel("ground_speed_m_s", ("vx", "vy", "v_xy_valid"), _speed),
            TopicChannel("heading_deg", ("heading",), _degrees),
            TopicChannel("heading_deg", ("yaw",), _degrees),
        ),
    ),
    "vehicle_attitude": LoggedTopic(
        "attitude",
        (
            TopicChannel("roll_rad", _QUATERNION, _roll),
            TopicChannel("pitch_rad", _QUATERNION, _pitch),
            TopicChannel("yaw_rad", _QUATERNION, _yaw),
        ),
    ),
    "battery_status": LoggedTopic(
        "battery",
        (
            TopicChannel("battery_voltage_v", ("voltage_v", "connected"), _valid),
            TopicChannel(
                "battery_current_a", ("current_a", "connected"), lambda a, flag: a if flag and a != -1 else None
            ),
            TopicChannel("battery_consumed_mah", ("discharged_mah",), _when(0)),
            TopicChannel("battery_remaining_pct", ("remaining",), lambda part: 100 * part if part >= 0 else None),
            TopicChannel("battery_temperature_degc", ("temperature",), lambda degc: degc or None),
        ),
        instanced=True,
    ),
    "vehicle_air_data": LoggedTopic(
        "barometer",
        (TopicChannel("static_pressure_hpa", ("baro_pressure_pa",), lambda pa: pa / 100 if pa > 0 else None),),
    ),
    "airspeed_validated": LoggedTopic(
        "air_speed",
        (
            TopicChannel("air_speed_m_s", ("calibrated_airspeed_m_s",), _when(0)),
            TopicChannel("air_speed_m_s", ("equivalent_airspeed_m_s",), _when(0)),
        ),
    ),
    "distance_sensor": LoggedTopic(
        "distance",
        (
            TopicChannel(
                "distance_m", ("current_distance", "min_distance", "max_distance", "signal_quality"), _distance
            ),
            TopicChannel("distance_orientation_code", ("orientation",), _same),
            TopicChannel("distance_signal_pct", ("signal_quality",), _when(1)),
        ),
        instanced=True,
    ),
    "wind": _WIND,
    "wind_estimate": _WIND,
    "cpuload": LoggedTopic("system", (TopicChannel("processor_load_pct", ("load",), lambda part: 100 * part),)),
}
#: Pulse widths by multi_id, 16 outputs each, as SERVO_OUTPUT_RAW's ports have them.
OUTPUTS: Final = "actuator_outputs"
#: Topics that become events.
STATUS: Final = "vehicle_status"
LANDED: Final = "vehicle_land_detected"

#: vehicle_status.nav_state to the mode's name in MAVLink ground stations.
MODES: Final = {
    0: "MANUAL", 1: "ALTCTL", 2: "POSCTL", 3: "MISSION", 4: "LOITER", 5: "RTL", 10: "ACRO", 12: "DESCEND",
    13: "TERMINATION", 14: "OFFBOARD", 15: "STABILIZED", 16: "RATTITUDE", 17: "TAKEOFF", 18: "LAND", 19: "FOLLOWME",
    20: "PRECLAND", 21: "ORBIT", 22: "VTOL_TAKEOFF",
}  # fmt: skip
ARMED: Final = 2


def pulses(values: dict[str, Any], port: int) -> dict[str, float | None]:
    """Return the row of an actuator_outputs: the outputs that are pulse widths."""
    row: dict[str, float | None] = {}
    for number in range(min(16, int(values.get("noutputs", 16)))):
        pulse = values.get(f"output[{number}]", 0.0)
        if _PULSE_US[0] <= pulse <= _PULSE_US[1]:
            row[f"servo_output_us:{1 + number + 16 * port}"] = pulse
    return row
