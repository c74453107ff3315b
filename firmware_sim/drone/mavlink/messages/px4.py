"""Messages that PX4 sends in place of ArduPilot's: height, wind and state of the estimator."""

from __future__ import annotations

import math
from typing import Any, Final

from pymavlink.dialects.v20 import ardupilotmega as dialect

from firmware_sim.drone.flight.vehicle import SimulatedVehicle

Message = Any

_NAN: Final = float("nan")
#: ESTIMATOR_STATUS: attitude, velocities, relative and absolute positions; without a fix a constant position.
_GOOD: Final = 1 | 2 | 4 | 8 | 16 | 32
_NO_POSITION: Final = 1 | 4 | 32 | 128


def altitude(vehicle: SimulatedVehicle) -> list[Message]:
    """ALTITUDE above sea, home and ground."""
    body, up_m = vehicle.body, vehicle.body.motion.up_m
    above_sea_m = body.scenario.altitude_m + up_m
    return [
        dialect.MAVLink_altitude_message(
            vehicle.boot_time_ms * 1000, above_sea_m, above_sea_m, up_m, up_m, body.scenario.altitude_m + body.ground_m,
            body.height_m,
        )
    ]  # fmt: skip


def wind(vehicle: SimulatedVehicle) -> list[Message]:
    """WIND_COV: the velocity of the air, north, east and down."""
    air, noise = vehicle.body.wind, vehicle.body.sensor_noise
    north, east = air.north_m_s + 0.2 * noise.normal(), air.east_m_s + 0.2 * noise.normal()
    above_sea_m = vehicle.scenario.altitude_m + vehicle.body.motion.up_m
    return [
        dialect.MAVLink_wind_cov_message(
            vehicle.boot_time_ms * 1000, north, east, _NAN, 0.2, _NAN, above_sea_m, 0.3, _NAN
        )
    ]


def estimator(vehicle: SimulatedVehicle) -> list[Message]:
    """ESTIMATOR_STATUS."""
    has_fix = vehicle.body.receiver.has_fix
    spread = 0.02 if has_fix else 1.2
    return [
        dialect.MAVLink_estimator_status_message(
            vehicle.boot_time_ms * 1000, _GOOD if has_fix else _NO_POSITION, spread, spread, 0.03, 0.04, 0.0, 0.0,
            0.03 if has_fix else math.inf, 0.05,
        )
    ]  # fmt: skip
