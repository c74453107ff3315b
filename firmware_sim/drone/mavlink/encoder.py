"""MAVLink messages of the autopilot, encoded by pymavlink with the ardupilotmega dialect."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

from pymavlink.dialects.v10 import ardupilotmega as dialect_1
from pymavlink.dialects.v20 import ardupilotmega as dialect_2

from firmware_sim.drone.flight.modes import Text
from firmware_sim.drone.flight.vehicle import SimulatedVehicle
from firmware_sim.drone.mavlink.firmware.ardupilot import ArduCopter
from firmware_sim.drone.mavlink.messages import motion, payload, px4, sensors, state
from firmware_sim.drone.mavlink.streams import Streams

_TEXT_BYTES: Final = 50
#: MAV_STATE: booting, on the ground, in the air, failsafe.
_BOOT, _STANDBY, _ACTIVE, _CRITICAL = 1, 3, 4, 5

#: A pymavlink message object; pymavlink ships no types.
Message = Any

#: Message id -> builder, of all firmwares; one without an interval in the streams is not sent, and not on request.
_MAKERS: Final[dict[int, Callable[[SimulatedVehicle], list[Message]]]] = {
    dialect_2.MAVLINK_MSG_ID_SYSTEM_TIME: state.system_time,
    dialect_2.MAVLINK_MSG_ID_SYS_STATUS: state.sys_status,
    dialect_2.MAVLINK_MSG_ID_GPS_RAW_INT: motion.gps_raw,
    dialect_2.MAVLINK_MSG_ID_GLOBAL_POSITION_INT: motion.global_position,
    dialect_2.MAVLINK_MSG_ID_ATTITUDE: motion.attitude,
    dialect_2.MAVLINK_MSG_ID_VFR_HUD: motion.vfr_hud,
    dialect_2.MAVLINK_MSG_ID_RC_CHANNELS: state.rc_channels,
    dialect_2.MAVLINK_MSG_ID_EXTENDED_SYS_STATE: state.extended_state,
    dialect_2.MAVLINK_MSG_ID_RANGEFINDER: motion.rangefinder,
    dialect_2.MAVLINK_MSG_ID_DISTANCE_SENSOR: motion.distance_sensor,
    dialect_2.MAVLINK_MSG_ID_TERRAIN_REPORT: motion.terrain_report,
    dialect_2.MAVLINK_MSG_ID_WIND: motion.wind,
    dialect_2.MAVLINK_MSG_ID_EKF_STATUS_REPORT: motion.ekf_status,
    dialect_2.MAVLINK_MSG_ID_HOME_POSITION: state.home_position,
    dialect_2.MAVLINK_MSG_ID_SERVO_OUTPUT_RAW: payload.servo_output,
    dialect_2.MAVLINK_MSG_ID_BATTERY_STATUS: payload.batteries,
    dialect_2.MAVLINK_MSG_ID_NAMED_VALUE_FLOAT: payload.named_values,
    dialect_2.MAVLINK_MSG_ID_RPM: payload.disc_speed,
    dialect_2.MAVLINK_MSG_ID_ATTITUDE_QUATERNION: motion.attitude_quaternion,
    dialect_2.MAVLINK_MSG_ID_LOCAL_POSITION_NED: motion.local_position,
    dialect_2.MAVLINK_MSG_ID_NAV_CONTROLLER_OUTPUT: motion.navigation,
    dialect_2.MAVLINK_MSG_ID_RAW_IMU: sensors.raw_imu,
    dialect_2.MAVLINK_MSG_ID_SCALED_IMU: sensors.scaled_imu,
    dialect_2.MAVLINK_MSG_ID_SCALED_PRESSURE: sensors.scaled_pressure,
    dialect_2.MAVLINK_MSG_ID_VIBRATION: sensors.vibration,
    dialect_2.MAVLINK_MSG_ID_POWER_STATUS: state.power_status,
    dialect_2.MAVLINK_MSG_ID_FENCE_STATUS: state.fence_status,
    dialect_2.MAVLINK_MSG_ID_GPS_GLOBAL_ORIGIN: state.global_origin,
    dialect_2.MAVLINK_MSG_ID_ALTITUDE: px4.altitude,
    dialect_2.MAVLINK_MSG_ID_WIND_COV: px4.wind,
    dialect_2.MAVLINK_MSG_ID_ESTIMATOR_STATUS: px4.estimator,
}


def unique_id(seed: int) -> bytes:
    """Return the 18 bytes of AUTOPILOT_VERSION.uid2: they identify a simulator and its seed."""
    return (b"HLSIM" + (seed % 2**64).to_bytes(8, "little")).ljust(18, b"\0")


class VehicleEncoder:
    """Builds the messages of a vehicle and packs them into frames with its own sequence number.

    MAVLink 1 has no extension fields: no servo output 9 and no `uid2`; `uid` has the first eight bytes of the same
    identity, and the flow meter still shows the spraying.
    """

    def __init__(
        self, vehicle: SimulatedVehicle, firmware: ArduCopter, seed: int, system_id: int, mavlink_version: int
    ) -> None:
        self._vehicle = vehicle
        self._firmware = firmware
        self._uid = unique_id(seed)
        self.mavlink_version = mavlink_version
        dialect = dialect_1 if mavlink_version == 1 else dialect_2
        self._mav = dialect.MAVLink(None, srcSystem=system_id, srcComponent=1)
        self._map = dialect_1.mavlink_map
        self._text_id = 0
        self.frames = 0
        #: Items of a mission are counted on the wire from this one of the flight core.
        self._first_item = 0 if firmware.has_home_item else 1
        #: Message id -> builder, for messages that can be streamed or requested; a builder may return several.
        self.makers: dict[int, Callable[[], list[Message]]] = {
            message_id: partial(make, vehicle)
            for message_id, make in _MAKERS.items()
            if message_id in firmware.intervals_ms
        } | {
            dialect_2.MAVLINK_MSG_ID_HEARTBEAT: self._heartbeat,
            dialect_2.MAVLINK_MSG_ID_AUTOPILOT_VERSION: self._autopilot_version,
            dialect_2.MAVLINK_MSG_ID_MISSION_CURRENT: self._mission_current,
        }

    def due(self, streams: Streams) -> Iterator[Message]:
        """Yield the messages due at this step: streams, reached items, pictures, texts."""
        autopilot = self._vehicle.autopilot
        for message_id in streams.due(self._vehicle.boot_time_ms):
            yield from self.makers[message_id]()
        while autopilot.reached:
            seq = autopilot.reached.popleft() - self._first_item
            yield dialect_2.MAVLink_mission_item_reached_message(max(0, seq))
        while autopilot.camera.pictures:
            yield state.camera_feedback(self._vehicle, autopilot.camera.pictures.popleft())
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
        """HEARTBEAT with the firmware's type and modes."""
        vehicle, firmware = self._vehicle, self._firmware
        autopilot = vehicle.autopilot
        status = _STANDBY if vehicle.body.receiver.knows_time else _BOOT
        if autopilot.armed and autopilot.airborne:
            status = _ACTIVE
        if autopilot.failsafes.any:
            status = _CRITICAL
        return [
            dialect_2.MAVLink_heartbeat_message(
                firmware.vehicle_type,
                firmware.autopilot,
                firmware.base_mode(vehicle),
                firmware.custom_mode(vehicle),
                status,
                3,
            )
        ]

    def _mission_current(self) -> list[Message]:
        """MISSION_CURRENT."""
        autopilot = self._vehicle.autopilot
        total = max(0, len(autopilot.items) - 1)
        seq = max(0, autopilot.seq - self._first_item)
        mode = 1 if autopilot.in_mission_mode else 2
        return [dialect_2.MAVLink_mission_current_message(seq, total, autopilot.mission_state, mode)]

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
        firmware = self._firmware
        return [
            dialect_2.MAVLink_autopilot_version_message(
                firmware.capabilities, firmware.version, 0, 0, 0, none, none, none, 0, 0, uid, list(self._uid)
            )
        ]
