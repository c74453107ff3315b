"""Streamed messages of the autopilot and their intervals, which ground stations can change."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
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
    dialect.MAVLINK_MSG_ID_ATTITUDE_QUATERNION: 0,
    dialect.MAVLINK_MSG_ID_LOCAL_POSITION_NED: 0,
    dialect.MAVLINK_MSG_ID_NAV_CONTROLLER_OUTPUT: 0,
    dialect.MAVLINK_MSG_ID_RAW_IMU: 0,
    dialect.MAVLINK_MSG_ID_SCALED_IMU: 0,
    dialect.MAVLINK_MSG_ID_SCALED_PRESSURE: 0,
    dialect.MAVLINK_MSG_ID_VIBRATION: 0,
    dialect.MAVLINK_MSG_ID_POWER_STATUS: 0,
    dialect.MAVLINK_MSG_ID_FENCE_STATUS: 0,
    dialect.MAVLINK_MSG_ID_GPS_GLOBAL_ORIGIN: 0,
}
#: Messages that ArduPilot has and PX4 has not, and the intervals of those that only PX4 has or sends by itself.
_ARDUPILOTS: Final = frozenset(
    {
        dialect.MAVLINK_MSG_ID_RANGEFINDER,
        dialect.MAVLINK_MSG_ID_TERRAIN_REPORT,
        dialect.MAVLINK_MSG_ID_WIND,
        dialect.MAVLINK_MSG_ID_EKF_STATUS_REPORT,
        dialect.MAVLINK_MSG_ID_NAMED_VALUE_FLOAT,
        dialect.MAVLINK_MSG_ID_RPM,
        dialect.MAVLINK_MSG_ID_NAV_CONTROLLER_OUTPUT,
        dialect.MAVLINK_MSG_ID_RAW_IMU,
        dialect.MAVLINK_MSG_ID_POWER_STATUS,
    }
)
PX4_INTERVALS_MS: Final[dict[int, int]] = {
    message_id: interval_ms for message_id, interval_ms in DEFAULT_INTERVALS_MS.items() if message_id not in _ARDUPILOTS
} | {
    dialect.MAVLINK_MSG_ID_ATTITUDE_QUATERNION: 100,
    dialect.MAVLINK_MSG_ID_LOCAL_POSITION_NED: 100,
    dialect.MAVLINK_MSG_ID_ALTITUDE: 1000,
    dialect.MAVLINK_MSG_ID_WIND_COV: 1000,
    dialect.MAVLINK_MSG_ID_ESTIMATOR_STATUS: 1000,
    dialect.MAVLINK_MSG_ID_HOME_POSITION: 2000,
}

#: Messages of each MAV_DATA_STREAM of REQUEST_DATA_STREAM; 0 means all.
_GROUPS: Final[dict[int, tuple[int, ...]]] = {
    2: (
        dialect.MAVLINK_MSG_ID_SYS_STATUS,
        dialect.MAVLINK_MSG_ID_GPS_RAW_INT,
        dialect.MAVLINK_MSG_ID_MISSION_CURRENT,
        dialect.MAVLINK_MSG_ID_EXTENDED_SYS_STATE,
        dialect.MAVLINK_MSG_ID_NAV_CONTROLLER_OUTPUT,
        dialect.MAVLINK_MSG_ID_POWER_STATUS,
        dialect.MAVLINK_MSG_ID_FENCE_STATUS,
    ),
    3: (dialect.MAVLINK_MSG_ID_SERVO_OUTPUT_RAW, dialect.MAVLINK_MSG_ID_RC_CHANNELS),
    1: (
        dialect.MAVLINK_MSG_ID_RAW_IMU,
        dialect.MAVLINK_MSG_ID_SCALED_PRESSURE,
    ),
    6: (dialect.MAVLINK_MSG_ID_GLOBAL_POSITION_INT, dialect.MAVLINK_MSG_ID_LOCAL_POSITION_NED),
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
        dialect.MAVLINK_MSG_ID_VIBRATION,
    ),
}

#: A longer cycle, of intervals that somebody asked for, is not kept.
_LONGEST_CYCLE_MS: Final = 20_000


class Streams:
    """Intervals of the streamed messages, in simulated time."""

    def __init__(self, defaults_ms: Mapping[int, int] = DEFAULT_INTERVALS_MS) -> None:
        self._defaults_ms = defaults_ms
        self.restart()

    def restart(self) -> None:
        """Reset all intervals to their defaults."""
        self.intervals_ms = dict(self._defaults_ms)
        self._select()

    def set_interval(self, message_id: int, interval_us: float) -> bool:
        """Apply SET_MESSAGE_INTERVAL: -1 off, 0 the default, else microseconds; return whether the message is known."""
        if message_id not in self.intervals_ms:
            return False
        if interval_us == 0:
            self.intervals_ms[message_id] = self._defaults_ms[message_id]
        elif interval_us < 0:
            self.intervals_ms[message_id] = 0
        else:
            self.intervals_ms[message_id] = _in_steps(min(interval_us, 3.6e9) / 1000)
        self._select()
        return True

    def set_group(self, stream_id: int, rate_hz: int, start: bool) -> None:
        """Apply REQUEST_DATA_STREAM; an unknown stream, and a rate of zero with `start`, are ignored."""
        wanted = [message_id for group, ids in _GROUPS.items() if stream_id in {0, group} for message_id in ids]
        ids = [message_id for message_id in wanted if message_id in self.intervals_ms]
        for message_id in ids:
            if not start:
                self.intervals_ms[message_id] = 0
            elif rate_hz > 0:
                self.intervals_ms[message_id] = _in_steps(1000 / rate_hz)
        self._select()

    def due(self, boot_time_ms: int) -> Sequence[int]:
        """Return the ids of the messages that are due at this step, spread over the steps of their intervals."""
        if self._cycle_ms > _LONGEST_CYCLE_MS:
            return self._find_due(boot_time_ms)
        place_ms = boot_time_ms % self._cycle_ms
        due = self._due.get(place_ms)
        if due is None:
            due = self._due[place_ms] = self._find_due(place_ms)
        return due

    def _find_due(self, boot_time_ms: int) -> Sequence[int]:
        return tuple(
            message_id
            for message_id, interval_ms, offset_ms in self._sent
            if (boot_time_ms - offset_ms) % interval_ms == 0
        )

    def _select(self) -> None:
        """Keep the messages that have an interval, with their place among the steps, and after what time all repeat."""
        self._sent = [
            (message_id, interval_ms, message_id % 5 * STEP_MS)
            for message_id, interval_ms in self.intervals_ms.items()
            if interval_ms
        ]
        self._cycle_ms = math.lcm(*(interval_ms for _, interval_ms, _ in self._sent))
        #: What is due at each step of a cycle, once it was found.
        self._due: dict[int, Sequence[int]] = {}


def _in_steps(interval_ms: float) -> int:
    return max(1, math.floor(interval_ms / STEP_MS + 0.5)) * STEP_MS
