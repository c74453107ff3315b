"""Table from columns of DataFlash messages to channels.

A column's unit is taken from the log (FMTU); `unit` is for logs without it. `whole` divides integers of old firmware
that wrote hundredths without a scale. Source: ArduPilot's LogStructure.h of 2014 to 2025. Messages that only repeat
others (AHR2, the copies in CTUN) are left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

#: GPS Status: as MAVLink's GPS_FIX_TYPE.
FIX_2D: Final = 2
FIX_3D: Final = 3
_TERRAIN_OK: Final = 2
_RANGE_GOOD: Final = 4
_UINT8_MAX: Final = 255

#: A message's raw numbers by column.
Named = Mapping[str, Any]


class LogChannel(NamedTuple):
    """One channel. No value where the raw one is among `none`, `when` does not hold, or a float is not finite."""

    channel: str
    field: str
    unit: str
    none: tuple[int, ...] = ()
    when: Callable[[Named], object] | None = None
    whole: float = 1


class MessageRule(NamedTuple):
    """Channels of one message. `instance` is the column that distinguishes several of a kind: 0 has no suffix.

    `number` is the instance of messages that have it in their name; `first` is the number of instance 0 where the
    channels are numbered from 1. `derive` adds channels computed from others of the row.
    """

    series: str
    columns: tuple[LogChannel, ...]
    instance: tuple[str, ...] = ()
    number: int = 0
    first: int = 0
    derive: Callable[[dict[str, float | None]], None] | None = None


def _has_place(named: Named) -> object:
    return named.get("Lat") or named.get("Lng")


def _has_fix(named: Named) -> object:
    return named.get("Status", 0) >= FIX_2D and _has_place(named)


def _has_fix_3d(named: Named) -> object:
    return named.get("Status", 0) >= FIX_3D and _has_place(named)


def _in_range(named: Named) -> object:
    return named.get("Stat", _RANGE_GOOD) == _RANGE_GOOD


def _has_terrain(named: Named) -> object:
    return named.get("Status") == _TERRAIN_OK and named.get("Spacing")


def _is_healthy(named: Named) -> object:
    return named.get("H", 1)


def _has_wind(named: Named) -> object:
    """An estimator that estimates no wind writes zero to both."""
    return named.get("VWN") or named.get("VWE")


def _turn_yaw(row: dict[str, float | None]) -> None:
    """Convert yaw, which the log has as 0 to 360 degrees, to MAVLink's -180 to 180."""
    yaw_rad, heading_deg = row.get("yaw_rad"), row.get("heading_deg")
    if yaw_rad is not None and yaw_rad > math.pi:
        row["yaw_rad"] = yaw_rad - 2 * math.pi
    if heading_deg is not None:
        row["heading_deg"] = heading_deg % 360


def _speed(row: dict[str, float | None]) -> None:
    north_m_s, east_m_s = row.get("velocity_north_m_s"), row.get("velocity_east_m_s")
    row["ground_speed_m_s"] = None if north_m_s is None or east_m_s is None else math.hypot(north_m_s, east_m_s)


def _wind(row: dict[str, float | None]) -> None:
    north_m_s, east_m_s = row.get("wind_north_m_s"), row.get("wind_east_m_s")
    row["wind_speed_m_s"] = row["wind_from_deg"] = None
    if north_m_s is not None and east_m_s is not None:
        row["wind_speed_m_s"] = math.hypot(north_m_s, east_m_s)
        row["wind_from_deg"] = math.degrees(math.atan2(-east_m_s, -north_m_s)) % 360


_GPS: Final = (
    LogChannel("gps_latitude_deg", "Lat", "deg", when=_has_fix),
    LogChannel("gps_longitude_deg", "Lng", "deg", when=_has_fix),
    LogChannel("gps_altitude_m", "Alt", "m", when=_has_fix_3d),
    LogChannel("gps_ground_speed_m_s", "Spd", "m/s", when=_has_fix),
    LogChannel("gps_course_deg", "GCrs", "deg", when=_has_fix),
    LogChannel("gps_hdop_ratio", "HDop", "1", when=_has_fix),
    LogChannel("gps_yaw_deg", "Yaw", "deg", (0,)),
    LogChannel("gps_fix_code", "Status", "1"),
    LogChannel("gps_satellites_count", "NSats", "1"),
)
_GPS_ACCURACY: Final = (
    LogChannel("gps_vdop_ratio", "VDop", "1", (0,)),
    LogChannel("gps_horizontal_accuracy_m", "HAcc", "m", (0,)),
    LogChannel("gps_vertical_accuracy_m", "VAcc", "m", (0,)),
    LogChannel("gps_speed_accuracy_m_s", "SAcc", "m/s", (0,)),
)
_BATTERY: Final = (
    LogChannel("battery_voltage_v", "Volt", "V", whole=100),
    LogChannel("battery_current_a", "Curr", "A", whole=100),
    LogChannel("battery_consumed_mah", "CurrTot", "mAh"),
    LogChannel("battery_energy_wh", "EnrgTot", "Wh"),
    LogChannel("battery_remaining_pct", "RemPct", "%", (_UINT8_MAX,)),
    LogChannel("battery_temperature_degc", "Temp", "degC", (0,)),
)
_ESC: Final = (
    LogChannel("esc_rpm", "RPM", "rpm"),
    LogChannel("esc_voltage_v", "Volt", "V"),
    LogChannel("esc_current_a", "Curr", "A"),
    LogChannel("esc_temperature_degc", "Temp", "degC"),
    LogChannel("esc_consumed_mah", "CTot", "mAh"),
)
_VELOCITY: Final = MessageRule(
    "velocity",
    (
        LogChannel("velocity_north_m_s", "VN", "m/s"),
        LogChannel("velocity_east_m_s", "VE", "m/s"),
        LogChannel("velocity_down_m_s", "VD", "m/s"),
    ),
    derive=_speed,
)
_WIND: Final = MessageRule(
    "wind",
    (
        LogChannel("wind_north_m_s", "VWN", "m/s", when=_has_wind),
        LogChannel("wind_east_m_s", "VWE", "m/s", when=_has_wind),
    ),
    derive=_wind,
)
_VARIANCES: Final = MessageRule(
    "ekf",
    (
        LogChannel("ekf_velocity_variance_ratio", "SV", "1"),
        LogChannel("ekf_horizontal_variance_ratio", "SP", "1"),
        LogChannel("ekf_vertical_variance_ratio", "SH", "1"),
        LogChannel("ekf_compass_variance_ratio", "SM", "1"),
    ),
)
_INSTANCE: Final = ("I", "Instance", "Inst")

#: By message name; outputs and RC channels, which are numbered by their columns, are `PULSES`.
RULES: Final[dict[str, MessageRule]] = {
    "GPS": MessageRule("gps", _GPS, ("I",)),
    "GPS2": MessageRule("gps", _GPS, number=1),
    "GPA": MessageRule("gps_accuracy", _GPS_ACCURACY, ("I",)),
    "GPA2": MessageRule("gps_accuracy", _GPS_ACCURACY, number=1),
    "POS": MessageRule(
        "position",
        (
            LogChannel("latitude_deg", "Lat", "deg", when=_has_place),
            LogChannel("longitude_deg", "Lng", "deg", when=_has_place),
            LogChannel("altitude_m", "Alt", "m", when=_has_place),
            LogChannel("relative_altitude_m", "RelHomeAlt", "m"),
            LogChannel("relative_altitude_m", "RelAlt", "m"),
        ),
    ),
    "ATT": MessageRule(
        "attitude",
        (
            LogChannel("roll_rad", "Roll", "deg"),
            LogChannel("pitch_rad", "Pitch", "deg"),
            LogChannel("yaw_rad", "Yaw", "deg"),
            LogChannel("heading_deg", "Yaw", "deg"),
        ),
        derive=_turn_yaw,
    ),
    "BARO": MessageRule(
        "barometer",
        (LogChannel("baro_altitude_m", "Alt", "m"), LogChannel("static_pressure_hpa", "Press", "Pa", (0,))),
        ("I",),
    ),
    "BAR2": MessageRule("barometer", (LogChannel("static_pressure_hpa", "Press", "Pa", (0,)),), number=1),
    "BAT": MessageRule("battery", _BATTERY, _INSTANCE),
    "CURR": MessageRule("battery", _BATTERY, _INSTANCE),
    "CUR2": MessageRule("battery", _BATTERY, number=1),
    "BAT2": MessageRule("battery", _BATTERY, number=1),
    "ESC": MessageRule("esc", _ESC, _INSTANCE, first=1),
    **{f"ESC{number}": MessageRule("esc", _ESC, number=number) for number in range(1, 9)},
    "TERR": MessageRule(
        "terrain",
        (
            LogChannel("height_above_terrain_m", "CHeight", "m", when=_has_terrain),
            LogChannel("terrain_altitude_m", "TerrH", "m", when=_has_terrain),
            LogChannel("terrain_pending_count", "Pending", "1"),
            LogChannel("terrain_loaded_count", "Loaded", "1"),
        ),
    ),
    "RFND": MessageRule(
        "distance",
        (
            LogChannel("distance_m", "Dist", "m", when=_in_range),
            LogChannel("distance_orientation_code", "Orient", "1"),
            LogChannel("distance_m", "Dist1", "m", (0,)),
            LogChannel("distance_orientation_code", "Orient1", "1"),
            LogChannel("distance_m:1", "Dist2", "m", (0,)),
            LogChannel("distance_orientation_code:1", "Orient2", "1"),
        ),
        _INSTANCE,
    ),
    "ARSP": MessageRule("air_speed", (LogChannel("air_speed_m_s", "Airspeed", "m/s", when=_is_healthy),), _INSTANCE),
    "RPM": MessageRule(
        "rotation",
        (
            LogChannel("rotation_rpm:1", "rpm1", "rpm", (0, -1)),
            LogChannel("rotation_rpm:2", "rpm2", "rpm", (0, -1)),
            LogChannel("rotation_rpm", "RPM", "rpm", (0, -1)),
        ),
        ("I",),
        first=1,
    ),
    "PM": MessageRule("system", (LogChannel("processor_load_pct", "Load", ""),)),
    **dict.fromkeys(("XKF1", "NKF1", "EKF1"), _VELOCITY),
    **dict.fromkeys(("XKF2", "NKF2", "EKF2"), _WIND),
    **dict.fromkeys(("XKF4", "NKF4", "EKF4"), _VARIANCES),
}
#: Pulse widths that are numbered by their columns (`C9`, `Ch9`): the channel of each message.
PULSES: Final[dict[str, str]] = {
    "RCOU": "servo_output_us",
    "RCO2": "servo_output_us",
    "RCO3": "servo_output_us",
    "RCIN": "rc_channel_us",
    "RCI2": "rc_channel_us",
}
