"""What the autopilot says, as MAVLink frames: pymavlink's encoder and the ardupilotmega dialect."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, Final

from pymavlink.dialects.v10 import ardupilotmega as dialect_1
from pymavlink.dialects.v20 import ardupilotmega as dialect_2

from firmware_sim.vehicle import STEP_MS, Phase, Text, Vehicle

FLOW_BATTERY_ID: Final = 1
_NO_CELL: Final = 65535
_CLIP_CA: Final = 32767
#: Gyroscope, accelerometer, compass, barometer, GPS, rate and attitude control, heading, height and position control,
#: motors, receiver, AHRS, battery, pre-arm check.
_SENSORS: Final = 1 | 2 | 4 | 8 | 32 | 1024 | 2048 | 4096 | 8192 | 16384 | 32768 | 65536 | 1 << 21 | 1 << 25 | 1 << 28
#: Mission of floats and integers, parameters of floats, commands as integers, MAVLink 2.
_CAPABILITIES: Final = 1 | 2 | 4 | 8 | 8192

#: Interval of each message in simulated milliseconds; 0 means only on request.
DEFAULT_INTERVALS_MS: Final[dict[int, int]] = {
    dialect_2.MAVLINK_MSG_ID_HEARTBEAT: 1000,
    dialect_2.MAVLINK_MSG_ID_SYSTEM_TIME: 1000,
    dialect_2.MAVLINK_MSG_ID_SYS_STATUS: 1000,
    dialect_2.MAVLINK_MSG_ID_GPS_RAW_INT: 200,
    dialect_2.MAVLINK_MSG_ID_GLOBAL_POSITION_INT: 100,
    dialect_2.MAVLINK_MSG_ID_ATTITUDE: 100,
    dialect_2.MAVLINK_MSG_ID_VFR_HUD: 200,
    dialect_2.MAVLINK_MSG_ID_SERVO_OUTPUT_RAW: 100,
    dialect_2.MAVLINK_MSG_ID_MISSION_CURRENT: 1000,
    dialect_2.MAVLINK_MSG_ID_EXTENDED_SYS_STATE: 1000,
    dialect_2.MAVLINK_MSG_ID_BATTERY_STATUS: 200,
    dialect_2.MAVLINK_MSG_ID_AUTOPILOT_VERSION: 0,
    dialect_2.MAVLINK_MSG_ID_HOME_POSITION: 0,
}
#: The flight pack is reported less often than the flow meter, as long as nobody asks for another rate.
_PACK_INTERVAL_MS: Final = 500

#: A pymavlink message object; pymavlink ships no types.
Message = Any


def unique_id(seed: int) -> bytes:
    """Return the 18 bytes of AUTOPILOT_VERSION.uid2: they say that this is a simulator, and which."""
    return (b"HLSIM" + (seed % 2**64).to_bytes(8, "little")).ljust(18, b"\0")


class Encoder:
    """Makes the messages of one vehicle and packs them into frames with its own sequence number.

    In MAVLink 1 the extension fields do not exist: no servo output 9 and no `uid2`; `uid` carries the first eight
    bytes of the same identity there, and the flow meter still tells of the spraying.
    """

    def __init__(self, vehicle: Vehicle, seed: int, system_id: int, mavlink_version: int) -> None:
        self._vehicle = vehicle
        self._uid = unique_id(seed)
        self._version = mavlink_version
        dialect = dialect_1 if mavlink_version == 1 else dialect_2
        self._mav = dialect.MAVLink(None, srcSystem=system_id, srcComponent=1)
        self._map = dialect_1.mavlink_map
        self.frames = 0
        #: How to make each message that can be streamed or requested.
        self.makers: dict[int, Callable[[], Message]] = {
            dialect_2.MAVLINK_MSG_ID_HEARTBEAT: self.heartbeat,
            dialect_2.MAVLINK_MSG_ID_SYSTEM_TIME: self.system_time,
            dialect_2.MAVLINK_MSG_ID_SYS_STATUS: self.sys_status,
            dialect_2.MAVLINK_MSG_ID_GPS_RAW_INT: self.gps_raw,
            dialect_2.MAVLINK_MSG_ID_GLOBAL_POSITION_INT: self.global_position,
            dialect_2.MAVLINK_MSG_ID_ATTITUDE: self.attitude,
            dialect_2.MAVLINK_MSG_ID_VFR_HUD: self.vfr_hud,
            dialect_2.MAVLINK_MSG_ID_SERVO_OUTPUT_RAW: self.servo_output,
            dialect_2.MAVLINK_MSG_ID_MISSION_CURRENT: self.mission_current,
            dialect_2.MAVLINK_MSG_ID_EXTENDED_SYS_STATE: self.extended_state,
            dialect_2.MAVLINK_MSG_ID_BATTERY_STATUS: self.flow_battery,
            dialect_2.MAVLINK_MSG_ID_AUTOPILOT_VERSION: self.autopilot_version,
            dialect_2.MAVLINK_MSG_ID_HOME_POSITION: self.home_position,
        }

    def pack(self, message: Message) -> bytes:
        """Return the frame of a message and count it; MAVLink 1 drops the extension fields."""
        if self._version == 1:
            kind = self._map[message.get_msgId()]
            # A text field reads as str and is built from the bytes that pymavlink keeps beside it.
            message = kind(*(getattr(message, f"_{name}_raw", getattr(message, name)) for name in kind.fieldnames))
        frame: bytes = message.pack(self._mav)
        self._mav.seq = (self._mav.seq + 1) % 256
        self.frames += 1
        return frame

    def heartbeat(self) -> Message:
        """HEARTBEAT of an ArduPilot quadrotor."""
        phase = self._vehicle.phase
        base_mode = 1 | 16 | 64 | (8 if phase.mode in {3, 4, 6, 9} else 0) | (128 if phase.armed else 0)
        status = 1 if phase is Phase.BOOT else 4 if phase.armed else 3
        return dialect_2.MAVLink_heartbeat_message(2, 3, base_mode, phase.mode, status, 3)

    def system_time(self) -> Message:
        """SYSTEM_TIME; zero UTC as long as there is no fix."""
        vehicle = self._vehicle
        utc_us = vehicle.time_ms * 1000 if vehicle.has_fix else 0
        return dialect_2.MAVLink_system_time_message(utc_us, _boot_ms(vehicle))

    def gps_raw(self) -> Message:
        """GPS_RAW_INT of an RTK receiver; without a fix its fields carry their sentinels."""
        vehicle, motion = self._vehicle, self._vehicle.motion
        boot_us = vehicle.boot_time_ms * 1000
        if not vehicle.has_fix:
            none = _NO_CELL
            return dialect_2.MAVLink_gps_raw_int_message(boot_us, 1, 0, 0, 0, none, none, none, none, 0)
        latitude, longitude, up_m = vehicle.reported(extra_m=0.008)
        altitude_mm = round((vehicle.scenario.altitude_m + up_m) * 1000)
        course_cdeg = round(math.degrees(math.atan2(motion.east_m_s, motion.north_m_s)) * 100) % 36000
        speed_cm_s = max(0, round(motion.speed_m_s * 100 + 2 * vehicle.sensor_noise.normal()))
        return dialect_2.MAVLink_gps_raw_int_message(
            boot_us, 6, round(latitude * 1e7), round(longitude * 1e7), altitude_mm, 62, 91, speed_cm_s, course_cdeg, 24,
            altitude_mm + 9000, 25, 40, 50,
        )  # fmt: skip

    def global_position(self) -> Message:
        """GLOBAL_POSITION_INT; zeros before the first fix, as ArduPilot sends."""
        vehicle, motion = self._vehicle, self._vehicle.motion
        heading_cdeg = round(math.degrees(motion.yaw_rad) * 100) % 36000
        boot_ms = _boot_ms(vehicle)
        if not vehicle.has_fix:
            return dialect_2.MAVLink_global_position_int_message(boot_ms, 0, 0, 0, 0, 0, 0, 0, heading_cdeg)
        latitude, longitude, up_m = vehicle.reported()
        return dialect_2.MAVLink_global_position_int_message(
            boot_ms,
            round(latitude * 1e7),
            round(longitude * 1e7),
            round((vehicle.scenario.altitude_m + up_m) * 1000),
            round(up_m * 1000),
            round(motion.north_m_s * 100),
            round(motion.east_m_s * 100),
            round(-motion.up_m_s * 100),
            heading_cdeg,
        )

    def attitude(self) -> Message:
        """ATTITUDE from the acceleration, with a little vibration."""
        vehicle, motion = self._vehicle, self._vehicle.motion
        roll, pitch = motion.tilt_rad()
        shake = 0.004 if vehicle.phase.armed else 0.0003
        wobble = [shake * vehicle.sensor_noise.normal() for _ in range(5)]
        return dialect_2.MAVLink_attitude_message(
            _boot_ms(vehicle),
            roll + wobble[0],
            pitch + wobble[1],
            motion.yaw_rad,
            5 * wobble[2],
            5 * wobble[3],
            motion.yaw_rad_s + wobble[4],
        )

    def vfr_hud(self) -> Message:
        """VFR_HUD; the air speed is the ground speed, as without a sensor for it."""
        vehicle, motion = self._vehicle, self._vehicle.motion
        heading = round(math.degrees(motion.yaw_rad)) % 360
        throttle = round(45 + 10 * motion.up_m_s) if vehicle.phase.armed else 0
        speed = motion.speed_m_s
        altitude_m = vehicle.scenario.altitude_m + motion.up_m
        return dialect_2.MAVLink_vfr_hud_message(speed, speed, heading, throttle, altitude_m, motion.up_m_s)

    def sys_status(self) -> Message:
        """SYS_STATUS with the flight pack's voltage; GPS and pre-arm check are unhealthy before the first fix."""
        vehicle, battery = self._vehicle, self._vehicle.battery
        health = _SENSORS if vehicle.has_fix else _SENSORS & ~(32 | 1 << 21 | 1 << 28)
        return dialect_2.MAVLink_sys_status_message(
            _SENSORS, _SENSORS, health, 210, round(battery.voltage_v * 1000), round(battery.current_a * 100),
            battery.remaining_pct, 0, 0, 0, 0, 0, 0,
        )  # fmt: skip

    def pack_battery(self) -> Message:
        """BATTERY_STATUS of the flight pack: the whole voltage in the first cell's field."""
        battery = self._vehicle.battery
        consumed_mah = round(battery.consumed_mah)
        return dialect_2.MAVLink_battery_status_message(
            0, 1, 1, 3150, [round(battery.voltage_v * 1000)] + [_NO_CELL] * 9, round(battery.current_a * 100),
            consumed_mah, round(battery.consumed_mah * 44.4 * 0.036), battery.remaining_pct,
        )  # fmt: skip

    def flow_battery(self) -> Message:
        """BATTERY_STATUS of the flow meter: 1 cA is 0.01 L/h and clips at 327.67 L/h, 1 mAh is 1 mL."""
        vehicle, sprayer = self._vehicle, self._vehicle.sprayer
        current_ca = min(_CLIP_CA, max(0, round(sprayer.metered_l_min * 60 * 100)))
        left_pct = round(100 * sprayer.tank_l / vehicle.scenario.tank_l)
        return dialect_2.MAVLink_battery_status_message(
            FLOW_BATTERY_ID, 0, 0, 32767, [1000] + [_NO_CELL] * 9, current_ca, int(sprayer.metered_l * 1000), -1,
            left_pct,
        )  # fmt: skip

    def servo_output(self) -> Message:
        """SERVO_OUTPUT_RAW: four motors and the pump on output 9."""
        vehicle = self._vehicle
        motors = [1000] * 4
        if vehicle.phase.armed:
            motors = [round(1520 + 12 * vehicle.sensor_noise.normal()) for _ in range(4)]
        return dialect_2.MAVLink_servo_output_raw_message(
            vehicle.boot_time_ms * 1000 % 2**32, 0, *motors, 0, 0, 0, 0, vehicle.sprayer.output_us
        )

    def mission_current(self) -> Message:
        """MISSION_CURRENT."""
        vehicle = self._vehicle
        total = 3 + 4 * len(vehicle.scenario.row_offsets_m)
        state = 3 if vehicle.phase is Phase.MISSION else 2
        return dialect_2.MAVLink_mission_current_message(vehicle.mission_seq, total - 1, state)

    def extended_state(self) -> Message:
        """EXTENDED_SYS_STATE: on the ground, taking off, in the air or landing."""
        return dialect_2.MAVLink_extended_sys_state_message(0, self._vehicle.phase.landed_state)

    def home_position(self) -> Message:
        """HOME_POSITION."""
        scenario = self._vehicle.scenario
        latitude, longitude = self._vehicle.frame.to_degrees(*scenario.home_east_north())
        return dialect_2.MAVLink_home_position_message(
            round(latitude * 1e7), round(longitude * 1e7), round(scenario.altitude_m * 1000), 0, 0, 0, [1, 0, 0, 0],
            0, 0, 0,
        )  # fmt: skip

    def status_text(self, text: Text) -> Message:
        """STATUSTEXT."""
        return dialect_2.MAVLink_statustext_message(text.severity, text.text.encode()[:50])

    def autopilot_version(self) -> Message:
        """AUTOPILOT_VERSION with the identity of this simulator."""
        none = [0] * 8
        uid = int.from_bytes(self._uid[:8], "little")
        version = (4 << 24) | (5 << 16) | (7 << 8) | 255
        return dialect_2.MAVLink_autopilot_version_message(
            _CAPABILITIES, version, 0, 0, 0, none, none, none, 0, 0, uid, list(self._uid)
        )


class Streams:
    """Which messages are due at a step, by interval in simulated time."""

    def __init__(self) -> None:
        self.intervals_ms = dict(DEFAULT_INTERVALS_MS)
        self._asked: set[int] = set()

    def set_interval(self, message_id: int, interval_us: float) -> bool:
        """Apply SET_MESSAGE_INTERVAL: -1 off, 0 the default, else microseconds; tell whether the message is known."""
        if message_id not in self.intervals_ms:
            return False
        self._asked.discard(message_id)
        if interval_us == 0:
            self.intervals_ms[message_id] = DEFAULT_INTERVALS_MS[message_id]
        elif interval_us < 0:
            self.intervals_ms[message_id] = 0
        else:
            steps = max(1, round(min(interval_us, 3.6e9) / 1000 / STEP_MS))
            self.intervals_ms[message_id] = steps * STEP_MS
            self._asked.add(message_id)
        return True

    def due(self, encoder: Encoder, boot_time_ms: int) -> Iterator[Message]:
        """Yield the messages that are due at this step, spread over the steps of their intervals."""
        battery = dialect_2.MAVLINK_MSG_ID_BATTERY_STATUS
        for message_id, interval_ms in self.intervals_ms.items():
            phase_ms = message_id % 5 * STEP_MS
            if interval_ms and (boot_time_ms - phase_ms) % interval_ms == 0:
                yield encoder.makers[message_id]()
        pack_ms = self.intervals_ms[battery] if battery in self._asked else _PACK_INTERVAL_MS
        if self.intervals_ms[battery] and boot_time_ms % pack_ms == 0:
            yield encoder.pack_battery()


def _boot_ms(vehicle: Vehicle) -> int:
    return vehicle.boot_time_ms % 2**32
