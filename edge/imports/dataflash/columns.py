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


class Column(NamedTuple):
    """One channel. No value where the raw one is among `none`, `when` does not hold, or a float is not finite."""

    channel: str
    field: str
    unit: str
    none: tuple[int, ...] = ()
    when: Callable[[Named], object] | None = None
    whole: float = 1


class Rule(NamedTuple):
    """Channels of one message. `instance` is the column that distinguishes several of a kind: 0 has no suffix.

    `number` is the instance of messages that have it in their name; `first` is the number of instance 0 where the
    channels are numbered from 1. `derive` adds channels computed from others of the row.
    """

    series: str
    columns: tuple[Column, ...]
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
    Column("gps_latitude_deg", "Lat", "deg", when=_has_fix),
    Column("gps_longitude_deg", "Lng", "deg", when=_has_fix),
    Column("gps_altitude_m", "Alt", "m", when=_has_fix_3d),
    Column("gps_ground_speed_m_s", "Spd", "m/s", when=_has_fix),
    Column("gps_course_deg", "GCrs", "deg", when=_has_fix),
    Column("gps_hdop_ratio", "HDop", "1", when=_has_fix),
    Column("gps_yaw_deg", "Yaw", "deg", (0,)),
    Column("gps_fix_code", "Status", "1"),
    Column("gps_satellites_count", "NSats", "1"),
)
_GPS_ACCURACY: Final = (
    Column("gps_vdop_ratio", "VDop", "1", (0,)),
    Column("gps_horizontal_accuracy_m", "HAcc", "m", (0,)),
    Column("gps_vertical_accuracy_m", "VAcc", "m", (0,)),
    Column("gps_speed_accuracy_m_s", "SAcc", "m/s", (0,)),
)
_BATTERY: Final = (
    Column("battery_voltage_v", "Volt", "V", whole=100),
    Column("battery_current_a", "Curr", "A", whole=100),
    Column("battery_consumed_mah", "CurrTot", "mAh"),
    Column("battery_energy_wh", "EnrgTot", "Wh"),
    Column("battery_remaining_pct", "RemPct", "%", (_UINT8_MAX,)),
    Column("battery_temperature_degc", "Temp", "degC", (0,)),
)
_ESC: Final = (
    Column("esc_rpm", "RPM", "rpm"),
    Column("esc_voltage_v", "Volt", "V"),
    Column("esc_current_a", "Curr", "A"),
    Column("esc_temperature_degc", "Temp", "degC"),
    Column("esc_consumed_mah", "CTot", "mAh"),
)
_VELOCITY: Final = Rule(
    "velocity",
    (
        Column("velocity_north_m_s", "VN", "m/s"),
        Column("velocity_east_m_s", "VE", "m/s"),
        Column("velocity_down_m_s", "VD", "m/s"),
    ),
    derive=_speed,
)
_WIND: Final = Rule(
    "wind",
    (
        Column("wind_north_m_s", "VWN", "m/s", when=_has_wind),
        Column("wind_east_m_s", "VWE", "m/s", when=_has_wind),
    ),
    derive=_wind,
)
_VARIANCES: Final = Rule(
    "ekf",
    (
        Column("ekf_velocity_variance_ratio", "SV", "1"),
        Column("ekf_horizontal_variance_ratio", "SP", "1"),
        Column("ekf_vertical_variance_ratio", "SH", "1"),
        Column("ekf_compass_variance_ratio", "SM", "1"),
    ),
)
_INSTANCE: Final = ("I", "Instance", "Inst")

#: By message name; outputs and RC channels, which are numbered by their columns, are `PULSES`.
RULES: Final[dict[str, Rule]] = {
    "GPS": Rule("gps", _GPS, ("I",)),
    "GPS2": Rule("gps", _GPS, number=1),
    "GPA": Rule("gps_accuracy", _GPS_ACCURACY, ("I",)),
    "GPA2": Rule("gps_accuracy", _GPS_ACCURACY, number=1),
    "POS": Rule(
        "position",
        (
            Column("latitude_deg", "Lat", "deg", when=_has_place),
            Column("longitude_deg", "Lng", "deg", when=_has_place),
            Column("altitude_m", "Alt", "m", when=_has_place),
            Column("relative_altitude_m", "RelHomeAlt", "m"),
            Column("relative_altitude_m", "RelAlt", "m"),
        ),
    ),
    "ATT": Rule(
        "attitude",
        (
            Column("roll_rad", "Roll", "deg"),
            Column("pitch_rad", "Pitch", "deg"),
            Column("yaw_rad", "Yaw", "deg"),
            Column("heading_deg", "Yaw", "deg"),
        ),
        derive=_turn_yaw,
    ),
    "BARO": Rule(
        "barometer",
        (Column("baro_altitude_m", "Alt", "m"), Column("static_pressure_hpa", "Press", "Pa", (0,))),
        ("I",),
    ),
    "BAR2": Rule("barometer", (Column("static_pressure_hpa", "Press", "Pa", (0,)),), number=1),
    "BAT": Rule("battery", _BATTERY, _INSTANCE),
    "CURR": Rule("battery", _BATTERY, _INSTANCE),
    "CUR2": Rule("battery", _BATTERY, number=1),
    "BAT2": Rule("battery", _BATTERY, number=1),
    "ESC": Rule("esc", _ESC, _INSTANCE, first=1),
    **{f"ESC{number}": Rule("esc", _ESC, number=number) for number in range(1, 9)},
    "TERR": Rule(
        "terrain",
        (
            Column("height_above_terrain_m", "CHeight", "m", when=_has_terrain),
            Column("terrain_altitude_m", "TerrH", "m", when=_has_terrain),
            Column("terrain_pending_count", "Pending", "1"),
            Column("terrain_loaded_count", "Loaded", "1"),
        ),
    ),
    "RFND": Rule(
        "distance",
        (
            Column("distance_m", "Dist", "m", when=_in_range),
            Column("distance_orientation_code", "Orient", "1"),
            Column("distance_m", "Dist1", "m", (0,)),
            Column("distance_orientation_code", "Orient1", "1"),
            Column("distance_m:1", "Dist2", "m", (0,)),
            Column("distance_orientation_code:1", "Orient2", "1"),
        ),
        _INSTANCE,
    ),
    "ARSP": Rule("air_speed", (Column("air_speed_m_s", "Airspeed", "m/s", when=_is_healthy),), _INSTANCE),
    "RPM": Rule(
        "rotation",
        (
            Column("rotation_rpm:1", "rpm1", "rpm", (0, -1)),
            Column("rotation_rpm:2", "rpm2", "rpm", (0, -1)),
            Column("rotation_rpm", "RPM", "rpm", (0, -1)),
        ),
        ("I",),
        first=1,
    ),
    "PM": Rule("system", (Column("processor_load_pct", "Load", ""),)),
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
