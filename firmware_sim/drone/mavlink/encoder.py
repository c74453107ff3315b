"""MAVLink messages of the autopilot, encoded by pymavlink with the ardupilotmega dialect."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

from pymavlink.dialects.v10 import ardupilotmega as dialect_1
from pymavlink.dialects.v20 import ardupilotmega as dialect_2

from firmware_sim.drone.flight.camera import Photo
from firmware_sim.drone.flight.modes import MISSION_MODES, SELF_FLYING, Text
from firmware_sim.drone.flight.vehicle import SimulatedVehicle
from firmware_sim.drone.mavlink import payload_messages
from firmware_sim.drone.mavlink.streams import Streams

_NONE_16: Final = 65535
#: Gyroscope, accelerometer, compass, barometer, GPS, rate and attitude control, heading, height and position control,
#: motors, receiver, AHRS, battery, pre-arm check.
_SENSORS: Final = 1 | 2 | 4 | 8 | 32 | 1024 | 2048 | 4096 | 8192 | 16384 | 32768 | 65536 | 1 << 21 | 1 << 25 | 1 << 28
_GPS_BITS: Final = 32 | 1 << 21
_PREARM_BIT: Final = 1 << 28
#: Mission of floats and integers, parameters of floats, commands as integers, files, position targets, terrain,
#: MAVLink 2, fence and rally points.
_CAPABILITIES: Final = 1 | 2 | 4 | 8 | 32 | 128 | 256 | 512 | 8192 | 16384 | 32768
#: EKF_STATUS_REPORT: attitude and all of velocity and position, or attitude and height in constant-position mode.
_EKF_GOOD: Final = 1 | 2 | 4 | 8 | 16 | 32 | 512
_EKF_NO_POSITION: Final = 1 | 4 | 32 | 128
_TEXT_BYTES: Final = 50
_RANGE_MIN_M, _RANGE_MAX_M = 0.2, 50.0
_GPS_NOISE_M: Final = 0.008
_RANGE_NOISE_M: Final = 0.03

#: A pymavlink message object; pymavlink ships no types.
Message = Any


def unique_id(seed: int) -> bytes:
    """Return the 18 bytes of AUTOPILOT_VERSION.uid2: they identify a simulator and its seed."""
    return (b"HLSIM" + (seed % 2**64).to_bytes(8, "little")).ljust(18, b"\0")


class VehicleEncoder:
    """Builds the messages of a vehicle and packs them into frames with its own sequence number.

    MAVLink 1 has no extension fields: no servo output 9 and no `uid2`; `uid` has the first eight bytes of the same
    identity, and the flow meter still shows the spraying.
    """

    def __init__(self, vehicle: SimulatedVehicle, seed: int, system_id: int, mavlink_version: int) -> None:
        self._vehicle = vehicle
        self._uid = unique_id(seed)
        self.mavlink_version = mavlink_version
        dialect = dialect_1 if mavlink_version == 1 else dialect_2
        self._mav = dialect.MAVLink(None, srcSystem=system_id, srcComponent=1)
        self._map = dialect_1.mavlink_map
        self._text_id = 0
        self.frames = 0
        #: Message id -> builder, for messages that can be streamed or requested; a builder may return several.
        self.makers: dict[int, Callable[[], list[Message]]] = {
            dialect_2.MAVLINK_MSG_ID_HEARTBEAT: self._heartbeat,
            dialect_2.MAVLINK_MSG_ID_SYSTEM_TIME: self._system_time,
            dialect_2.MAVLINK_MSG_ID_SYS_STATUS: self._sys_status,
            dialect_2.MAVLINK_MSG_ID_GPS_RAW_INT: self._gps_raw,
            dialect_2.MAVLINK_MSG_ID_GLOBAL_POSITION_INT: self._global_position,
            dialect_2.MAVLINK_MSG_ID_ATTITUDE: self._attitude,
            dialect_2.MAVLINK_MSG_ID_VFR_HUD: self._vfr_hud,
            dialect_2.MAVLINK_MSG_ID_RC_CHANNELS: self._rc_channels,
            dialect_2.MAVLINK_MSG_ID_MISSION_CURRENT: self._mission_current,
            dialect_2.MAVLINK_MSG_ID_EXTENDED_SYS_STATE: self._extended_state,
            dialect_2.MAVLINK_MSG_ID_RANGEFINDER: self._rangefinder,
            dialect_2.MAVLINK_MSG_ID_DISTANCE_SENSOR: self._distance_sensor,
            dialect_2.MAVLINK_MSG_ID_TERRAIN_REPORT: self._terrain_report,
            dialect_2.MAVLINK_MSG_ID_WIND: self._wind,
            dialect_2.MAVLINK_MSG_ID_EKF_STATUS_REPORT: self._ekf_status,
            dialect_2.MAVLINK_MSG_ID_AUTOPILOT_VERSION: self._autopilot_version,
            dialect_2.MAVLINK_MSG_ID_HOME_POSITION: self._home_position,
            dialect_2.MAVLINK_MSG_ID_SERVO_OUTPUT_RAW: partial(payload_messages.servo_output, vehicle),
            dialect_2.MAVLINK_MSG_ID_BATTERY_STATUS: partial(payload_messages.batteries, vehicle),
            dialect_2.MAVLINK_MSG_ID_NAMED_VALUE_FLOAT: partial(payload_messages.named_values, vehicle),
            dialect_2.MAVLINK_MSG_ID_RPM: partial(payload_messages.disc_speed, vehicle),
        }

    def due(self, streams: Streams) -> Iterator[Message]:
        """Yield the messages due at this step: streams, reached items, texts."""
        autopilot = self._vehicle.autopilot
        for message_id in streams.due(self._vehicle.boot_time_ms):
            yield from self.makers[message_id]()
        while autopilot.reached:
            yield dialect_2.MAVLink_mission_item_reached_message(autopilot.reached.popleft())
        while autopilot.camera.pictures:
            yield self._camera_feedback(autopilot.camera.pictures.popleft())
        while autopilot.texts:
            yield from self._status_text(autopilot.texts.popleft())

    def pack(self, message: Message) -> bytes:
        """Return the frame of a message and count it; MAVLink 1 drops the extension fields."""
        if self.mavlink_version == 1 and message.get_msgId() in self._map:
            kind = self._map[message.get_msgId()]
            # A text field is read as str, and built from the raw bytes that pymavlink stores.
            message = kind(*(getattr(message, f"_{name}_raw", getattr(message, name)) for name in kind.fieldnames))
        frame: bytes = message.pack(self._mav)
        self._mav.seq = (self._mav.seq + 1) % 256
        self.frames += 1
        return frame

    def restart(self) -> None:
        """Reset the sequence number."""
        self._mav.seq = 0

    def _heartbeat(self) -> list[Message]:
        """HEARTBEAT of an ArduPilot quadrotor."""
        autopilot = self._vehicle.autopilot
        base_mode = 1 | 16 | 64 | (8 if autopilot.mode in SELF_FLYING else 0) | (128 if autopilot.armed else 0)
        booting = not self._vehicle.body.receiver.knows_time
        status = 4 if autopilot.armed and autopilot.landed_state != 1 else 1 if booting else 3
        if autopilot.failsafes.station_lost:
            status = 5
        return [dialect_2.MAVLink_heartbeat_message(2, 3, base_mode, int(autopilot.mode), status, 3)]

    def _system_time(self) -> list[Message]:
        """SYSTEM_TIME; zero UTC until there has been a fix."""
        vehicle = self._vehicle
        utc_us = vehicle.utc_ms * 1000 if vehicle.body.receiver.knows_time else 0
        return [dialect_2.MAVLink_system_time_message(utc_us, self._boot_ms())]

    def _gps_raw(self) -> list[Message]:
        """GPS_RAW_INT of an RTK receiver; without a fix its fields carry their sentinels."""
        body, motion = self._vehicle.body, self._vehicle.body.motion
        boot_us = self._vehicle.boot_time_ms * 1000
        if not body.receiver.has_fix:
            none = _NONE_16
            return [dialect_2.MAVLink_gps_raw_int_message(boot_us, 1, 0, 0, 0, none, none, none, none, 0)]
        latitude, longitude, up_m = body.reported(_GPS_NOISE_M)
        altitude_mm = round((body.scenario.altitude_m + up_m) * 1000)
        course_cdeg = round(math.degrees(math.atan2(motion.east_m_s, motion.north_m_s)) * 100) % 36000
        speed_cm_s = max(0, round(motion.speed_m_s * 100 + 2 * body.sensor_noise.normal()))
        return [
            dialect_2.MAVLink_gps_raw_int_message(
                boot_us, 6, round(latitude * 1e7), round(longitude * 1e7), altitude_mm, 62, 91, speed_cm_s,
                course_cdeg, 24, altitude_mm + 9000, 25, 40, 50,
            )
        ]  # fmt: skip

    def _global_position(self) -> list[Message]:
        """GLOBAL_POSITION_INT; zeros without a fix, as ArduPilot sends before the first."""
        body, motion = self._vehicle.body, self._vehicle.body.motion
        heading_cdeg = round(math.degrees(motion.yaw_rad) * 100) % 36000
        if not body.receiver.has_fix:
            return [dialect_2.MAVLink_global_position_int_message(self._boot_ms(), 0, 0, 0, 0, 0, 0, 0, heading_cdeg)]
        latitude, longitude, up_m = body.reported()
        return [
            dialect_2.MAVLink_global_position_int_message(
                self._boot_ms(),
                round(latitude * 1e7),
                round(longitude * 1e7),
                round((body.scenario.altitude_m + up_m) * 1000),
                round(up_m * 1000),
                round(motion.north_m_s * 100),
                round(motion.east_m_s * 100),
                round(-motion.up_m_s * 100),
                heading_cdeg,
            )
        ]

    def _attitude(self) -> list[Message]:
        """ATTITUDE from acceleration and wind compensation, with a little vibration."""
        vehicle, motion = self._vehicle, self._vehicle.body.motion
        flying = vehicle.autopilot.armed and not vehicle.body.landed
        drag = vehicle.body.wind.drag_m_s2(motion.east_m_s, motion.north_m_s) if flying else (0.0, 0.0)
        roll, pitch = motion.tilt_rad(*drag)
        shake = 0.004 if flying else 0.0003
        wobble = [shake * vehicle.body.sensor_noise.normal() for _ in range(5)]
        return [
            dialect_2.MAVLink_attitude_message(
                self._boot_ms(),
                roll + wobble[0],
                pitch + wobble[1],
                motion.yaw_rad,
                5 * wobble[2],
                5 * wobble[3],
                motion.yaw_rad_s + wobble[4],
            )
        ]

    def _vfr_hud(self) -> list[Message]:
        """VFR_HUD; the air speed is the ground speed, as without a sensor for it."""
        vehicle, motion = self._vehicle, self._vehicle.body.motion
        heading = round(math.degrees(motion.yaw_rad)) % 360
        flying = vehicle.autopilot.landed_state != 1
        throttle = max(0, min(100, round(45 + 10 * motion.up_m_s))) if flying else 0
        speed = motion.speed_m_s
        altitude_m = vehicle.scenario.altitude_m + motion.up_m
        return [dialect_2.MAVLink_vfr_hud_message(speed, speed, heading, throttle, altitude_m, motion.up_m_s)]

    def _sys_status(self) -> list[Message]:
        """SYS_STATUS with the flight pack; GPS and AHRS are unhealthy without a fix, pre-arm check by its result."""
        battery = self._vehicle.body.battery
        health = _SENSORS if self._vehicle.body.receiver.has_fix else _SENSORS & ~_GPS_BITS
        if self._vehicle.autopilot.arming_refusal() is not None:
            health &= ~_PREARM_BIT
        return [
            dialect_2.MAVLink_sys_status_message(
                _SENSORS, _SENSORS, health, 210, round(battery.voltage_v * 1000), round(battery.current_a * 100),
                battery.remaining_pct, 0, 0, 0, 0, 0, 0,
            )
        ]  # fmt: skip

    def _rc_channels(self) -> list[Message]:
        """RC_CHANNELS of a receiver without a transmitter: no channels, no signal strength."""
        return [dialect_2.MAVLink_rc_channels_message(self._boot_ms(), 0, *[_NONE_16] * 18, 255)]

    def _mission_current(self) -> list[Message]:
        """MISSION_CURRENT."""
        autopilot = self._vehicle.autopilot
        total = max(0, len(autopilot.items) - 1)
        mode = 1 if autopilot.mode in MISSION_MODES else 2
        return [dialect_2.MAVLink_mission_current_message(autopilot.seq, total, autopilot.mission_state, mode)]

    def _extended_state(self) -> list[Message]:
        """EXTENDED_SYS_STATE: on the ground, taking off, in the air or landing."""
        return [dialect_2.MAVLink_extended_sys_state_message(0, self._vehicle.autopilot.landed_state)]

    def _range_m(self) -> float:
        """Return the reading of the downward rangefinder along its tilted beam; out of range: maximum plus 1 m."""
        body = self._vehicle.body
        roll, pitch = body.motion.tilt_rad(*body.wind.drag_m_s2(body.motion.east_m_s, body.motion.north_m_s))
        slant_m = body.height_m / max(0.5, math.cos(roll) * math.cos(pitch)) + 0.1
        return min(_RANGE_MAX_M + 1, max(_RANGE_MIN_M, slant_m + _RANGE_NOISE_M * body.sensor_noise.normal()))

    def _rangefinder(self) -> list[Message]:
        """RANGEFINDER."""
        return [dialect_2.MAVLink_rangefinder_message(self._range_m(), 0.0)]

    def _distance_sensor(self) -> list[Message]:
        """DISTANCE_SENSOR of the same downward rangefinder."""
        low_cm, high_cm = round(_RANGE_MIN_M * 100), round(_RANGE_MAX_M * 100)
        return [
            dialect_2.MAVLink_distance_sensor_message(
                self._boot_ms(), low_cm, high_cm, round(self._range_m() * 100), 0, 0, 25, 0
            )
        ]

    def _terrain_report(self) -> list[Message]:
        """TERRAIN_REPORT from a terrain database of decimetre accuracy; spacing 0 without a position."""
        body = self._vehicle.body
        if not body.receiver.has_fix:
            return [dialect_2.MAVLink_terrain_report_message(0, 0, 0, 0.0, 0.0, 0, 0)]
        latitude, longitude, up_m = body.reported()
        # The database rounds the ground to half a metre.
        ground_m = round((body.scenario.altitude_m + body.ground_m) * 2) / 2
        return [
            dialect_2.MAVLink_terrain_report_message(
                round(latitude * 1e7), round(longitude * 1e7), 100, ground_m,
                body.scenario.altitude_m + up_m - ground_m, 0, 504,
            )
        ]  # fmt: skip

    def _wind(self) -> list[Message]:
        """WIND: direction and speed, with the error of an estimate from the attitude."""
        wind, noise = self._vehicle.body.wind, self._vehicle.body.sensor_noise
        direction = math.remainder(wind.from_deg + 4 * noise.normal(), 360)
        return [dialect_2.MAVLink_wind_message(direction, max(0.0, wind.speed_m_s + 0.2 * noise.normal()), 0.0)]

    def _ekf_status(self) -> list[Message]:
        """EKF_STATUS_REPORT."""
        has_fix = self._vehicle.body.receiver.has_fix
        flags = _EKF_GOOD if has_fix else _EKF_NO_POSITION
        spread = 0.02 if has_fix else 1.2
        return [dialect_2.MAVLink_ekf_status_report_message(flags, spread, spread, 0.03, 0.04, 0.0, 0.0)]

    def _home_position(self) -> list[Message]:
        """HOME_POSITION."""
        scenario, autopilot = self._vehicle.scenario, self._vehicle.autopilot
        latitude, longitude = self._vehicle.body.frame.to_degrees(*autopilot.home)
        return [
            dialect_2.MAVLink_home_position_message(
                round(latitude * 1e7), round(longitude * 1e7), round(scenario.altitude_m * 1000), 0, 0, 0, [1, 0, 0, 0],
                0, 0, 0,
            )
        ]  # fmt: skip

    def _camera_feedback(self, picture: Photo) -> Message:
        """CAMERA_FEEDBACK of a picture: its time and number, place and attitude."""
        body = self._vehicle.body
        latitude, longitude, up_m = body.reported()
        roll, pitch = body.motion.tilt_rad(*body.wind.drag_m_s2(body.motion.east_m_s, body.motion.north_m_s))
        time_us = (picture.time_ms + body.receiver.clock_error_ms) * 1000 if body.receiver.knows_time else 0
        return dialect_2.MAVLink_camera_feedback_message(
            time_us, 0, 0, picture.number % 65536, round(latitude * 1e7), round(longitude * 1e7),
            body.scenario.altitude_m + up_m, up_m, math.degrees(roll), math.degrees(pitch),
            math.degrees(body.motion.yaw_rad) % 360, 0.0, 0, picture.number % 65536,
        )  # fmt: skip

    def _status_text(self, text: Text) -> list[Message]:
        """STATUSTEXT, in pieces with an id where it is longer than one message."""
        whole = text.text.encode()
        pieces = [whole[start : start + _TEXT_BYTES] for start in range(0, len(whole), _TEXT_BYTES)] or [b""]
        if len(pieces) == 1:
            return [dialect_2.MAVLink_statustext_message(text.severity, whole)]
        self._text_id = self._text_id % 65535 + 1
        return [
            dialect_2.MAVLink_statustext_message(text.severity, piece, self._text_id, index)
            for index, piece in enumerate(pieces)
        ]

    def _autopilot_version(self) -> list[Message]:
        """AUTOPILOT_VERSION with the identity of this simulator."""
        none = [0] * 8
        uid = int.from_bytes(self._uid[:8], "little")
        version = (4 << 24) | (5 << 16) | (7 << 8) | 255
        return [
            dialect_2.MAVLink_autopilot_version_message(
                _CAPABILITIES, version, 0, 0, 0, none, none, none, 0, 0, uid, list(self._uid)
            )
        ]

    def _boot_ms(self) -> int:
        return self._vehicle.boot_time_ms % 2**32
