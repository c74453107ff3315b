"""Messages of raw sensors: accelerations, rates, magnetic field, air pressure, vibration."""

from __future__ import annotations

import math
from typing import Any, Final

from pymavlink.dialects.v20 import ardupilotmega as dialect

from firmware_sim.drone.flight.vehicle import SimulatedVehicle
from firmware_sim.drone.mavlink.messages.state import boot_ms

Message = Any

_GRAVITY_M_S2: Final = 9.80665
#: Field of the earth in eastern China, milligauss: north and down.
_FIELD_NORTH, _FIELD_DOWN = 330.0, 370.0
_BOARD_CDEGC: Final = 4150
_AIR_CDEGC: Final = 2500
#: Standard atmosphere (ISO 2533): pressure at sea level and the factors of height.
_SEA_HPA, _LAPSE_PER_M, _EXPONENT = 1013.25, 2.25577e-5, 5.25588


def raw_imu(vehicle: SimulatedVehicle) -> list[Message]:
    """RAW_IMU in milli-g, milliradians per second and milligauss."""
    return [dialect.MAVLink_raw_imu_message(vehicle.boot_time_ms * 1000, *_imu(vehicle), 0, _BOARD_CDEGC)]


def scaled_imu(vehicle: SimulatedVehicle) -> list[Message]:
    """SCALED_IMU, the same with milliseconds since the boot."""
    return [dialect.MAVLink_scaled_imu_message(boot_ms(vehicle), *_imu(vehicle), _BOARD_CDEGC)]


def scaled_pressure(vehicle: SimulatedVehicle) -> list[Message]:
    """SCALED_PRESSURE of the standard atmosphere at the vehicle's height."""
    height_m = vehicle.scenario.altitude_m + vehicle.body.motion.up_m
    pressure_hpa = _SEA_HPA * max(0.0, 1 - _LAPSE_PER_M * height_m) ** _EXPONENT
    return [dialect.MAVLink_scaled_pressure_message(boot_ms(vehicle), pressure_hpa, 0.0, _AIR_CDEGC)]


def vibration(vehicle: SimulatedVehicle) -> list[Message]:
    """VIBRATION: little, more with turning motors; nothing clipped."""
    shaking = vehicle.autopilot.armed and not vehicle.body.landed
    size = (5.0 if shaking else 0.05) * (1 + 0.1 * vehicle.body.sensor_noise.normal())
    return [dialect.MAVLink_vibration_message(vehicle.boot_time_ms * 1000, size, size, 1.3 * size, 0, 0, 0)]


def _imu(vehicle: SimulatedVehicle) -> list[int]:
    """Return acceleration, rates and field in the axes of the vehicle: forward, right, down."""
    motion, noise = vehicle.body.motion, vehicle.body.sensor_noise
    sine, cosine = math.sin(motion.yaw_rad), math.cos(motion.yaw_rad)
    forward = motion.north_m_s2 * cosine + motion.east_m_s2 * sine
    right = motion.east_m_s2 * cosine - motion.north_m_s2 * sine
    felt = (forward, right, -motion.up_m_s2 - _GRAVITY_M_S2)
    acceleration = [1000 * value / _GRAVITY_M_S2 + 3 * noise.normal() for value in felt]
    rates = [2 * noise.normal(), 2 * noise.normal(), 1000 * motion.yaw_rad_s + 2 * noise.normal()]
    field = [_FIELD_NORTH * cosine, -_FIELD_NORTH * sine, _FIELD_DOWN]
    return [max(-32768, min(32767, round(value))) for value in (*acceleration, *rates, *field)]
