"""Messages of the vehicle's state: clock, health, mission, home, texts."""

from __future__ import annotations

import math
from typing import Any, Final

from pymavlink.dialects.v20 import ardupilotmega as dialect

from firmware_sim.drone.flight.camera import CameraShot
from firmware_sim.drone.flight.fence import HOME_CIRCLE, MAX_HEIGHT, MIN_HEIGHT, SHAPES
from firmware_sim.drone.flight.vehicle import SimulatedVehicle

Message = Any

_NONE_16: Final = 65535
#: Gyroscope, accelerometer, compass, barometer, GPS, rate and attitude control, heading, height and position control,
#: motors, receiver, AHRS, battery, pre-arm check.
_SENSORS: Final = 1 | 2 | 4 | 8 | 32 | 1024 | 2048 | 4096 | 8192 | 16384 | 32768 | 65536 | 1 << 21 | 1 << 25 | 1 << 28
_GPS_BITS: Final = 32 | 1 << 21
_PREARM_BIT: Final = 1 << 28
#: Voltage of the autopilot's own supply, and of its servo rail; flags: brick valid, servo rail valid.
_BOARD_MV, _RAIL_MV, _POWER_FLAGS = 5000, 5050, 3


def boot_ms(vehicle: SimulatedVehicle) -> int:
    """Return the milliseconds since the boot, as a uint32."""
    return vehicle.boot_time_ms % 2**32


def system_time(vehicle: SimulatedVehicle) -> list[Message]:
    """SYSTEM_TIME; zero UTC until there has been a fix."""
    utc_us = vehicle.utc_ms * 1000 if vehicle.body.receiver.knows_time else 0
    return [dialect.MAVLink_system_time_message(utc_us, boot_ms(vehicle))]


def sys_status(vehicle: SimulatedVehicle) -> list[Message]:
    """SYS_STATUS with the flight pack; GPS and AHRS are unhealthy without a fix, pre-arm check by its result."""
    battery = vehicle.body.battery
    health = _SENSORS if vehicle.body.receiver.has_fix else _SENSORS & ~_GPS_BITS
    if vehicle.autopilot.arming_refusal() is not None:
        health &= ~_PREARM_BIT
    return [
        dialect.MAVLink_sys_status_message(
            _SENSORS, _SENSORS, health, 210, round(battery.voltage_v * 1000), round(battery.current_a * 100),
            battery.remaining_pct, 0, 0, 0, 0, 0, 0,
        )
    ]  # fmt: skip


def rc_channels(vehicle: SimulatedVehicle) -> list[Message]:
    """RC_CHANNELS of a receiver without a transmitter: no channels, no signal strength."""
    return [dialect.MAVLink_rc_channels_message(boot_ms(vehicle), 0, *[_NONE_16] * 18, 255)]


def extended_state(vehicle: SimulatedVehicle) -> list[Message]:
    """EXTENDED_SYS_STATE: on the ground, taking off, in the air or landing."""
    return [dialect.MAVLink_extended_sys_state_message(0, vehicle.autopilot.landed_state)]


def home_position(vehicle: SimulatedVehicle) -> list[Message]:
    """HOME_POSITION."""
    scenario, autopilot = vehicle.scenario, vehicle.autopilot
    latitude, longitude = vehicle.body.frame.to_degrees(*autopilot.home)
    return [
        dialect.MAVLink_home_position_message(
            round(latitude * 1e7), round(longitude * 1e7), round(scenario.altitude_m * 1000), 0, 0, 0, [1, 0, 0, 0],
            0, 0, 0,
        )
    ]  # fmt: skip


def camera_feedback(vehicle: SimulatedVehicle, picture: CameraShot) -> Message:
    """CAMERA_FEEDBACK of a picture: its time and number, place and attitude."""
    body = vehicle.body
    latitude, longitude, up_m = body.reported()
    roll, pitch = body.motion.tilt_rad(*body.wind.drag_m_s2(body.motion.east_m_s, body.motion.north_m_s))
    time_us = (picture.time_ms + body.receiver.clock_error_ms) * 1000 if body.receiver.knows_time else 0
    return dialect.MAVLink_camera_feedback_message(
        time_us, 0, 0, picture.number % 65536, round(latitude * 1e7), round(longitude * 1e7),
        body.scenario.altitude_m + up_m, up_m, math.degrees(roll), math.degrees(pitch),
        math.degrees(body.motion.yaw_rad) % 360, 0.0, 0, picture.number % 65536,
    )  # fmt: skip


def fence_status(vehicle: SimulatedVehicle) -> list[Message]:
    """FENCE_STATUS: whether a fence is breached, how often one was, which kind, and when last."""
    failsafes = vehicle.autopilot.failsafes
    kinds = ((MIN_HEIGHT, 1), (MAX_HEIGHT, 2), (HOME_CIRCLE | SHAPES, 3))
    kind = next((number for bits, number in kinds if failsafes.breached & bits), 0)
    at_ms = max(0, failsafes.breached_ms - vehicle.boot_ms) if failsafes.breaches else 0
    return [
        dialect.MAVLink_fence_status_message(
            int(failsafes.breached > 0), failsafes.breaches % 65536, kind, at_ms % 2**32
        )
    ]


def power_status(_vehicle: SimulatedVehicle) -> list[Message]:
    """POWER_STATUS of a board with a sound supply."""
    return [dialect.MAVLink_power_status_message(_BOARD_MV, _RAIL_MV, _POWER_FLAGS)]


def global_origin(vehicle: SimulatedVehicle) -> list[Message]:
    """GPS_GLOBAL_ORIGIN: the field's origin, from which local positions count; none before the first fix."""
    if not vehicle.body.receiver.knows_time:
        return []
    frame, scenario = vehicle.body.frame, vehicle.scenario
    latitude, longitude = frame.latitude_deg, frame.longitude_deg
    return [
        dialect.MAVLink_gps_global_origin_message(
            round(latitude * 1e7), round(longitude * 1e7), round(scenario.altitude_m * 1000)
        )
    ]
