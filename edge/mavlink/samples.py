"""Typed messages to rows in the units that the channels' names end in; wire sentinels become None.

Scales and sentinels are those of MAVLink's common.xml. MAVLink 2 leaves trailing zero bytes off, so an extension field
that reads 0 may never have been sent: it is no value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from edge.mavlink.messages import (
    Attitude,
    BatteryStatus,
    GlobalPositionInt,
    GpsRawInt,
    Message,
    ServoOutputRaw,
    SysStatus,
    VfrHud,
)
from edge.mavlink.settings import SprayerSettings

UINT16_MAX: Final = 65535
INT16_MAX: Final = 32767
#: A cell of 65.534 V or more; the rest of its voltage stands in the next cell's place.
CELL_OVERFLOW_MV: Final = 65534
#: int16 centiamperes cannot say more: a flow meter at 327.6 L/h or beyond reads this, whatever flows.
FLOW_SATURATED: Final = 32760
#: GPS_FIX_TYPE below this is no fix.
FIX_2D: Final = 2
FIX_3D: Final = 3
#: A GPS time stamp beyond this is UTC, below it is time since boot (1e15 us is 31 years).
UNIX_FROM_US: Final = 10**15

Values = Mapping[str, float | None]


class Sample(NamedTuple):
    """One row before its UTC is known.

    `family` tells rows apart that may stand at the same time (message and instance). `boot_ms` is the message's own
    time since boot where it has one; `wrapped_us` one that wraps after 2**32 us; `fix_ms` one that stands still while
    there is no new fix.
    """

    family: str
    values: Values
    boot_ms: int | None = None
    wrapped_us: int | None = None
    fix_ms: int | None = None


def samples_of(message: Message, sprayer: SprayerSettings | None) -> Sample | None:
    """Return the row a message holds, or None for a message that holds none."""
    make_row = _ROW_MAKERS.get(type(message))
    return None if make_row is None else make_row(message, sprayer)


def _attitude(message: Attitude, _: SprayerSettings | None) -> Sample:
    boot_ms, roll, pitch, yaw, roll_rate, pitch_rate, yaw_rate = message
    values = {
        "roll_rad": roll,
        "pitch_rad": pitch,
        "yaw_rad": yaw,
        "roll_rate_rad_s": roll_rate,
        "pitch_rate_rad_s": pitch_rate,
        "yaw_rate_rad_s": yaw_rate,
    }
    # A sum is finite where all its terms are (six angles cannot overflow a double).
    if math.isfinite(roll + pitch + yaw + roll_rate + pitch_rate + yaw_rate):
        return Sample("attitude", values, boot_ms)
    return Sample("attitude", {name: _finite(value) for name, value in values.items()}, boot_ms)


def _position(message: GlobalPositionInt, _: SprayerSettings | None) -> Sample:
    boot_ms, lat, lon, alt, relative_alt, vx, vy, vz, hdg = message
    nowhere = lat == 0 and lon == 0
    return Sample(
        "position",
        {
            "latitude_deg": None if nowhere else lat / 1e7,
            "longitude_deg": None if nowhere else lon / 1e7,
            "altitude_m": alt / 1000,
            "relative_altitude_m": relative_alt / 1000,
            "velocity_north_m_s": vx / 100,
            "velocity_east_m_s": vy / 100,
            "velocity_down_m_s": vz / 100,
            "ground_speed_m_s": math.hypot(vx, vy) / 100,
            "heading_deg": None if hdg == UINT16_MAX else hdg / 100,
        },
        boot_ms,
    )


def _gps(message: GpsRawInt, _: SprayerSettings | None) -> Sample:
    fixed = message.fix_type >= FIX_2D and not (message.lat == 0 and message.lon == 0)
    time_us = message.time_usec
    return Sample(
        "gps",
        {
            "gps_latitude_deg": message.lat / 1e7 if fixed else None,
            "gps_longitude_deg": message.lon / 1e7 if fixed else None,
            "gps_altitude_m": message.alt / 1000 if fixed and message.fix_type >= FIX_3D else None,
            "gps_ground_speed_m_s": _unless(message.vel, UINT16_MAX, 100) if fixed else None,
            "gps_course_deg": _unless(message.cog, UINT16_MAX, 100) if fixed else None,
            "gps_hdop_ratio": _unless(message.eph, UINT16_MAX, 100),
            "gps_vdop_ratio": _unless(message.epv, UINT16_MAX, 100),
            "gps_horizontal_accuracy_m": _unless(message.h_acc, 0, 1000) if fixed else None,
            "gps_fix_code": float(message.fix_type),
            "gps_satellites_count": _unless(message.satellites_visible, 255, 1),
        },
        fix_ms=time_us // 1000 if 0 < time_us < UNIX_FROM_US else None,
    )


def _air_data(message: VfrHud, _: SprayerSettings | None) -> Sample:
    return Sample(
        "air_data",
        {
            "air_speed_m_s": _finite(message.airspeed),
            "climb_rate_m_s": _finite(message.climb),
            "throttle_pct": float(message.throttle),
        },
    )


def _pump(message: ServoOutputRaw, sprayer: SprayerSettings | None) -> Sample | None:
    if sprayer is None or sprayer.pump_servo is None:
        return None
    port, output = divmod(sprayer.pump_servo - 1, 16)
    if message.port != port:
        return None
    # Outputs 1 to 8 stand before `port`, 9 to 16 behind it.
    pulse_us = message[1 + output] if output < 8 else message[2 + output]
    silent = pulse_us in (0, UINT16_MAX)
    return Sample(
        "pump",
        {
            "pump_command_us": None if silent else float(pulse_us),
            "pump_on": None if silent else float(pulse_us > sprayer.pump_off_us),
        },
        wrapped_us=message.time_usec,
    )


def _battery(message: BatteryStatus, sprayer: SprayerSettings | None) -> Sample:
    if sprayer is not None and message.id == sprayer.flow_battery_id:
        return _flow(message)
    instance = f":{message.id}" if message.id else ""
    return Sample(
        f"battery{instance}",
        {
            f"battery_voltage_v{instance}": _pack_voltage_v(message),
            f"battery_current_a{instance}": _unless(message.current_battery, -1, 100),
            f"battery_remaining_pct{instance}": _unless(message.battery_remaining, -1, 1),
            f"battery_consumed_mah{instance}": _unless(message.current_consumed, -1, 1),
            f"battery_temperature_degc{instance}": _unless(message.temperature, INT16_MAX, 100),
        },
    )


def _flow(message: BatteryStatus) -> Sample:
    """Read a flow meter that speaks as a battery (ArduPilot's FuelFlow monitor): 1 A means 1 L/h, 1 mAh means 1 mL."""
    unknown = message.current_battery == -1 or abs(message.current_battery) >= FLOW_SATURATED
    return Sample(
        "flow",
        {
            "flow_l_min": None if unknown else message.current_battery / 100 / 60,
            "flow_volume_total_l": _unless(message.current_consumed, -1, 1000),
        },
    )


def _pack_voltage_v(message: BatteryStatus) -> float | None:
    """Return the sum of the cells; the four extension cells read 0 where they are not there."""
    cells_mv = [cell for cell in message.voltages if cell != UINT16_MAX]
    if not cells_mv:
        return None
    return (sum(cells_mv) + sum(cell for cell in message.voltages_ext if cell != UINT16_MAX)) / 1000


def _system_battery(message: SysStatus, _: SprayerSettings | None) -> Sample:
    return Sample(
        "system_battery",
        {
            "battery_voltage_v": _unless(message.voltage_battery, UINT16_MAX, 1000),
            "battery_current_a": _unless(message.current_battery, -1, 100),
            "battery_remaining_pct": _unless(message.battery_remaining, -1, 1),
        },
    )


def _unless(value: int, sentinel: int, divisor: int) -> float | None:
    return None if value == sentinel else value / divisor


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


_ROW_MAKERS: Final[dict[type[Message], Callable[[Any, SprayerSettings | None], Sample | None]]] = {
    Attitude: _attitude,
    GlobalPositionInt: _position,
    ServoOutputRaw: _pump,
    GpsRawInt: _gps,
    VfrHud: _air_data,
    BatteryStatus: _battery,
    SysStatus: _system_battery,
}
