"""ULogs of a simulated PX4: definitions, subscriptions, and the topics that a sprayer's maps need."""

from __future__ import annotations

import math
import struct
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from firmware_sim.drone.card.flight_recorder import FlightRecorder, Log
from firmware_sim.drone.flight.modes import Mode

FOLDER: Final = "/fs/microsd/log"
_MAGIC: Final = b"ULog\x01\x12\x35\x01"
_CODES: Final = {"uint64_t": "Q", "uint8_t": "B", "bool": "?", "float": "f", "double": "d"}
_RTK_FIXED: Final = 6
_ARMED, _DISARMED = 2, 1
#: nav_state of a mission, and of everything else here.
_MISSION, _LOITER = 3, 4


class LogTopic(NamedTuple):
    """A topic: its name, the fields after its time stamp, and how often it is logged [ms]."""

    name: str
    fields: str
    interval_ms: int

    @property
    def packer(self) -> struct.Struct:
        """The packing of its time stamp and fields."""
        codes = "<Q"
        for declared in self.fields.rstrip(";").split(";"):
            kind, _, count = declared.split(" ")[0].partition("[")
            codes += (count.rstrip("]") or "") + _CODES[kind]
        return struct.Struct(codes)


TOPICS: Final = (
    LogTopic("vehicle_global_position", "double lat;double lon;float alt;", 100),
    LogTopic("vehicle_local_position", "float vx;float vy;float vz;float heading;bool v_xy_valid;bool v_z_valid;", 100),
    LogTopic("vehicle_attitude", "float[4] q;", 100),
    LogTopic(
        "sensor_gps",
        "uint64_t time_utc_usec;double latitude_deg;double longitude_deg;double altitude_msl_m;float vel_m_s;"
        "float cog_rad;uint8_t fix_type;uint8_t satellites_used;",
        200,
    ),
    LogTopic(
        "battery_status",
        "float voltage_v;float current_a;float discharged_mah;float remaining;float temperature;bool connected;",
        500,
    ),
    LogTopic("vehicle_status", "uint8_t arming_state;uint8_t nav_state;uint8_t system_type;", 500),
    LogTopic("vehicle_land_detected", "bool landed;", 1000),
)
_PACKERS: Final = tuple(topic.packer for topic in TOPICS)


class UlogRecorder(FlightRecorder):
    """Logs flights as PX4."""

    folder = FOLDER
    first_number = 0

    def files(self) -> dict[str, Log]:
        """Return the logs by their paths on the card: a folder for each day."""
        paths: dict[str, Log] = {}
        for number, log in self.numbered():
            began = datetime.fromtimestamp(log.utc_s, UTC)
            name = began.strftime("%Y-%m-%d/%H_%M_%S") if log.utc_s else f"sess{number:03}/log001"
            paths[f"{FOLDER}/{name}.ulg"] = log
        return paths

    def begin_log(self) -> None:
        """Write the file's head, the definitions and the subscriptions."""
        self.write(_MAGIC + struct.pack("<Q", self._time_us()))
        self.write(_message("B", bytes(40)))
        for name, value in (("sys_name", "PX4"), ("ver_hw", "PX4_SITL"), ("sys_uuid", self.unique_id.hex())):
            key = f"char[{len(value)}] {name}".encode()
            self.write(_message("I", bytes((len(key),)) + key + value.encode()))
        key = b"int32_t MAV_SYS_ID"
        system = int(self.vehicle.parameters["SYSID_THISMAV"])
        self.write(_message("P", bytes((len(key),)) + key + struct.pack("<i", system)))
        for topic in TOPICS:
            self.write(_message("F", f"{topic.name}:uint64_t timestamp;{topic.fields}".encode()))
        for number, topic in enumerate(TOPICS):
            self.write(_message("A", struct.pack("<BH", 0, number) + topic.name.encode()))

    def record(self) -> None:
        """Write the topics that are due."""
        boot_ms = self.vehicle.boot_time_ms
        for number, topic in enumerate(TOPICS):
            if boot_ms % topic.interval_ms == 0:
                self._put(number, self._values(topic.name))

    def end_log(self) -> None:
        """Write the last status."""
        for number, topic in enumerate(TOPICS):
            if topic.name == "vehicle_status":
                self._put(number, self._values(topic.name))

    def _put(self, number: int, values: tuple[Any, ...] | None) -> None:
        if values is not None:
            body = _PACKERS[number].pack(self._time_us(), *values)
            self.write(_message("D", struct.pack("<H", number) + body))

    def _values(self, name: str) -> tuple[Any, ...] | None:
        """Return the fields of a topic, None where there is nothing to log."""
        vehicle, body, motion = self.vehicle, self.vehicle.body, self.vehicle.body.motion
        has_fix, battery = body.receiver.has_fix, body.battery
        latitude, longitude, up_m = body.reported() if has_fix else (0.0, 0.0, 0.0)
        altitude_m = body.scenario.altitude_m + up_m
        match name:
            case "vehicle_global_position":
                return (latitude, longitude, altitude_m) if has_fix else None
            case "vehicle_local_position":
                speed = (motion.north_m_s, motion.east_m_s, -motion.up_m_s)
                return (*speed, math.remainder(motion.yaw_rad, math.tau), has_fix, has_fix)
            case "vehicle_attitude":
                return (math.cos(motion.yaw_rad / 2), 0.0, 0.0, math.sin(motion.yaw_rad / 2))
            case "sensor_gps":
                utc_us = vehicle.utc_ms * 1000 if body.receiver.knows_time else 0
                course = math.atan2(motion.east_m_s, motion.north_m_s)
                fix = _RTK_FIXED if has_fix else 1
                return (utc_us, latitude, longitude, altitude_m, motion.speed_m_s, course, fix, 24 if has_fix else 0)
            case "battery_status":
                left = battery.remaining_pct / 100
                return (battery.voltage_v, battery.current_a, battery.consumed_mah, left, 31.5, True)
            case "vehicle_status":
                state = _ARMED if vehicle.autopilot.armed else _DISARMED
                return (state, _MISSION if vehicle.autopilot.mode is Mode.AUTO else _LOITER, 2)
            case _:
                return (body.landed,)

    def _time_us(self) -> int:
        return self.vehicle.boot_time_ms * 1000


def _message(kind: str, body: bytes) -> bytes:
    return struct.pack("<HB", len(body), ord(kind)) + body
