"""Streamed messages of the autopilot and their intervals, which ground stations can change."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from pymavlink.dialects.v20 import ardupilotmega as dialect

from firmware_sim.drone.physics.vehicle_body import STEP_MS

#: Interval of each message in simulated milliseconds; 0 means only on request.
DEFAULT_INTERVALS_MS: Final[dict[int, int]] = {
    dialect.MAVLINK_MSG_ID_HEARTBEAT: 1000,
    dialect.MAVLINK_MSG_ID_SYSTEM_TIME: 1000,
    dialect.MAVLINK_MSG_ID_SYS_STATUS: 1000,
    dialect.MAVLINK_MSG_ID_GPS_RAW_INT: 200,
    dialect.MAVLINK_MSG_ID_GLOBAL_POSITION_INT: 100,
    dialect.MAVLINK_MSG_ID_ATTITUDE: 100,
    dialect.MAVLINK_MSG_ID_VFR_HUD: 200,
    dialect.MAVLINK_MSG_ID_SERVO_OUTPUT_RAW: 100,
    dialect.MAVLINK_MSG_ID_RC_CHANNELS: 500,
    dialect.MAVLINK_MSG_ID_MISSION_CURRENT: 1000,
    dialect.MAVLINK_MSG_ID_EXTENDED_SYS_STATE: 1000,
    dialect.MAVLINK_MSG_ID_BATTERY_STATUS: 200,
    dialect.MAVLINK_MSG_ID_NAMED_VALUE_FLOAT: 200,
    dialect.MAVLINK_MSG_ID_RPM: 200,
    dialect.MAVLINK_MSG_ID_RANGEFINDER: 200,
    dialect.MAVLINK_MSG_ID_DISTANCE_SENSOR: 200,
    dialect.MAVLINK_MSG_ID_TERRAIN_REPORT: 500,
    dialect.MAVLINK_MSG_ID_WIND: 1000,
    dialect.MAVLINK_MSG_ID_EKF_STATUS_REPORT: 1000,
    dialect.MAVLINK_MSG_ID_AUTOPILOT_VERSION: 0,
    dialect.MAVLINK_MSG_ID_HOME_POSITION: 0,
}

#: Messages of each MAV_DATA_STREAM of REQUEST_DATA_STREAM; 0 means all.
_GROUPS: Final[dict[int, tuple[int, ...]]] = {
    2: (
        dialect.MAVLINK_MSG_ID_SYS_STATUS,
        dialect.MAVLINK_MSG_ID_GPS_RAW_INT,
        dialect.MAVLINK_MSG_ID_MISSION_CURRENT,
        dialect.MAVLINK_MSG_ID_EXTENDED_SYS_STATE,
    ),
    3: (dialect.MAVLINK_MSG_ID_SERVO_OUTPUT_RAW, dialect.MAVLINK_MSG_ID_RC_CHANNELS),
    6: (dialect.MAVLINK_MSG_ID_GLOBAL_POSITION_INT,),
    10: (dialect.MAVLINK_MSG_ID_ATTITUDE, dialect.MAVLINK_MSG_ID_RPM),
    11: (dialect.MAVLINK_MSG_ID_VFR_HUD,),
    12: (
        dialect.MAVLINK_MSG_ID_SYSTEM_TIME,
        dialect.MAVLINK_MSG_ID_BATTERY_STATUS,
        dialect.MAVLINK_MSG_ID_RANGEFINDER,
        dialect.MAVLINK_MSG_ID_DISTANCE_SENSOR,
        dialect.MAVLINK_MSG_ID_TERRAIN_REPORT,
        dialect.MAVLINK_MSG_ID_WIND,
        dialect.MAVLINK_MSG_ID_EKF_STATUS_REPORT,
        dialect.MAVLINK_MSG_ID_NAMED_VALUE_FLOAT,
    ),
}


class Streams:
    """Intervals of the streamed messages, in simulated time."""

    def __init__(self) -> None:
        self.intervals_ms = dict(DEFAULT_INTERVALS_MS)

    def restart(self) -> None:
        """Reset all intervals to their defaults."""
        self.intervals_ms = dict(DEFAULT_INTERVALS_MS)

    def set_interval(self, message_id: int, interval_us: float) -> bool:
        """Apply SET_MESSAGE_INTERVAL: -1 off, 0 the default, else microseconds; return whether the message is known."""
        if message_id not in self.intervals_ms:
            return False
        if interval_us == 0:
            self.intervals_ms[message_id] = DEFAULT_INTERVALS_MS[message_id]
        elif interval_us < 0:
            self.intervals_ms[message_id] = 0
        else:
            self.intervals_ms[message_id] = _in_steps(min(interval_us, 3.6e9) / 1000)
        return True

    def set_group(self, stream_id: int, rate_hz: int, start: bool) -> None:
        """Apply REQUEST_DATA_STREAM; an unknown stream, and a rate of zero with `start`, are ignored."""
        ids = [message_id for group, ids in _GROUPS.items() if stream_id in {0, group} for message_id in ids]
        for message_id in ids:
            if not start:
                self.intervals_ms[message_id] = 0
            elif rate_hz > 0:
                self.intervals_ms[message_id] = _in_steps(1000 / rate_hz)

    def due(self, boot_time_ms: int) -> Iterator[int]:
        """Yield the ids of the messages that are due at this step, spread over the steps of their intervals."""
        for message_id, interval_ms in self.intervals_ms.items():
            if interval_ms and (boot_time_ms - message_id % 5 * STEP_MS) % interval_ms == 0:
                yield message_id


def _in_steps(interval_ms: float) -> int:
    return max(1, math.floor(interval_ms / STEP_MS + 0.5)) * STEP_MS
