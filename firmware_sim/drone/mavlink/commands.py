"""Commands of the autopilot, one function each; all others are unsupported."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from pymavlink.dialects.v20 import ardupilotmega as dialect

from firmware_sim.drone.flight.mission import FRAME_GLOBAL, FRAME_TERRAIN, FRAMES
from firmware_sim.drone.flight.modes import Mode
from firmware_sim.drone.flight.vehicle import SimulatedVehicle
from firmware_sim.drone.mavlink.encoder import Message, VehicleEncoder
from firmware_sim.drone.mavlink.streams import Streams
from firmware_sim.drone.physics.path import Height

ACCEPTED: Final = 0
DENIED: Final = 2
UNSUPPORTED: Final = 3
FAILED: Final = 4
#: Magic numbers for arming without checks and for stopping the motors in the air.
_FORCE: Final = 21196
_FORCE_ARM: Final = 2989

Responses = list[Message]


@dataclass(frozen=True, slots=True)
class Command:
    """A COMMAND_LONG or COMMAND_INT: parameters, a place in degrees (0 for none), and the frame of `z`."""

    number: int
    params: tuple[float, float, float, float]
    latitude_deg: float
    longitude_deg: float
    z: float
    frame: int

    @classmethod
    def read(cls, message: Any) -> Command:
        """Return the command of a message."""
        params = (message.param1, message.param2, message.param3, message.param4)
        if message.get_type() == "COMMAND_INT":
            return cls(message.command, params, message.x / 1e7, message.y / 1e7, message.z, message.frame)
        return cls(message.command, params, message.param5, message.param6, message.param7, 3)


class Commander:
    """Executes commands on a vehicle; returns MAV_RESULT and the messages besides the acknowledgement."""

    def __init__(self, vehicle: SimulatedVehicle, encoder: VehicleEncoder, streams: Streams) -> None:
        self._vehicle = vehicle
        self._autopilot = vehicle.autopilot
        self._encoder = encoder
        self._streams = streams
        #: Set by a command; cleared by the drone after the reboot.
        self.is_reboot_due = False
        self._informing: dict[int, Callable[[Command], tuple[int, Responses]]] = {
            dialect.MAV_CMD_REQUEST_MESSAGE: self._request_message,
            dialect.MAV_CMD_SET_MESSAGE_INTERVAL: self._set_interval,
            dialect.MAV_CMD_GET_MESSAGE_INTERVAL: self._get_interval,
            dialect.MAV_CMD_REQUEST_AUTOPILOT_CAPABILITIES: self._send(dialect.MAVLINK_MSG_ID_AUTOPILOT_VERSION),
            dialect.MAV_CMD_GET_HOME_POSITION: self._send(dialect.MAVLINK_MSG_ID_HOME_POSITION),
            dialect.MAV_CMD_DO_SPRAYER: self._spray,
            dialect.MAV_CMD_RUN_PREARM_CHECKS: self._check,
        }
        #: Flight commands: the sender takes the vehicle over from its crew.
        self._flying: dict[int, Callable[[Command], int]] = {
            dialect.MAV_CMD_COMPONENT_ARM_DISARM: self._arm,
            dialect.MAV_CMD_DO_SET_MODE: self._set_mode,
            dialect.MAV_CMD_NAV_TAKEOFF: self._take_off,
            dialect.MAV_CMD_NAV_LAND: lambda _: self._mode(Mode.LAND),
            dialect.MAV_CMD_NAV_RETURN_TO_LAUNCH: lambda _: self._mode(Mode.RTL),
            dialect.MAV_CMD_NAV_LOITER_UNLIM: lambda _: self._mode(Mode.LOITER),
            dialect.MAV_CMD_MISSION_START: self._start_mission,
            dialect.MAV_CMD_DO_SET_MISSION_CURRENT: self._set_current,
            dialect.MAV_CMD_DO_CHANGE_SPEED: self._change_speed,
            dialect.MAV_CMD_DO_REPOSITION: self._reposition,
            dialect.MAV_CMD_PREFLIGHT_REBOOT_SHUTDOWN: self._reboot,
        }

    def execute(self, command: Command) -> tuple[int, Responses]:
        """Return MAV_RESULT and the requested messages."""
        if command.number in self._informing:
            return self._informing[command.number](command)
        if command.number in self._flying:
            self._vehicle.crew.hand_over()
            return self._flying[command.number](command), []
        return UNSUPPORTED, []

    def set_mode(self, number: int) -> int:
        """Execute SET_MODE."""
        self._vehicle.crew.hand_over()
        return self._mode(number)

    def _send(self, message_id: int) -> Callable[[Command], tuple[int, Responses]]:
        return lambda _: (ACCEPTED, self._encoder.makers[message_id]())

    def _request_message(self, command: Command) -> tuple[int, Responses]:
        make = self._encoder.makers.get(_whole(command.params[0]))
        messages = [] if make is None else make()
        return (ACCEPTED, messages) if messages else (UNSUPPORTED, [])

    def _set_interval(self, command: Command) -> tuple[int, Responses]:
        message_id, interval_us = command.params[:2]
        if not math.isfinite(interval_us):
            return DENIED, []
        return ACCEPTED if self._streams.set_interval(_whole(message_id), interval_us) else UNSUPPORTED, []

    def _get_interval(self, command: Command) -> tuple[int, Responses]:
        message_id = _whole(command.params[0])
        interval_ms = self._streams.intervals_ms.get(message_id)
        if interval_ms is None:
            return UNSUPPORTED, []
        return ACCEPTED, [dialect.MAVLink_message_interval_message(message_id, interval_ms * 1000 or -1)]

    def _spray(self, command: Command) -> tuple[int, Responses]:
        if command.params[0] not in {0.0, 1.0}:
            return FAILED, []
        self._autopilot.sprayer.run(command.params[0] == 1.0)
        return ACCEPTED, []

    def _check(self, _: Command) -> tuple[int, Responses]:
        reason = self._autopilot.arming_refusal()
        if reason is not None:
            self._autopilot.send_text(2, reason)
        return ACCEPTED, []

    def _arm(self, command: Command) -> int:
        state, force = command.params[0], command.params[1]
        if state == 1.0:
            done = self._autopilot.arm(force in {_FORCE, _FORCE_ARM})
        elif state == 0.0:
            done = self._autopilot.disarm(force == _FORCE)
        else:
            return UNSUPPORTED
        return ACCEPTED if done else FAILED

    def _set_mode(self, command: Command) -> int:
        if not _whole(command.params[0]) & dialect.MAV_MODE_FLAG_CUSTOM_MODE_ENABLED:
            return DENIED
        return self._mode(_whole(command.params[1]))

    def _mode(self, number: int) -> int:
        return ACCEPTED if self._autopilot.set_mode(number) else FAILED

    def _take_off(self, command: Command) -> int:
        return ACCEPTED if self._autopilot.take_off(command.z) else FAILED

    def _start_mission(self, _: Command) -> int:
        return self._mode(Mode.AUTO)

    def _set_current(self, command: Command) -> int:
        return ACCEPTED if self._autopilot.set_current(_whole(command.params[0])) else FAILED

    def _change_speed(self, command: Command) -> int:
        if command.params[1] < 0:  # "no change"
            return ACCEPTED
        return ACCEPTED if self._autopilot.change_speed(command.params[1]) else FAILED

    def _reposition(self, command: Command) -> int:
        frame = FRAMES.get(command.frame)
        if frame is None or not (-90 <= command.latitude_deg <= 90 and -180 <= command.longitude_deg <= 180):
            return DENIED
        place = self._vehicle.body.frame.to_east_north(command.latitude_deg, command.longitude_deg)
        height = None
        if math.isfinite(command.z):
            base_m = self._vehicle.scenario.altitude_m if frame == FRAME_GLOBAL else 0.0
            height = Height(command.z - base_m, over_ground=frame == FRAME_TERRAIN)
        switch = _whole(command.params[1]) & 1
        if switch and self._autopilot.mode is not Mode.GUIDED and not self._autopilot.set_mode(Mode.GUIDED):
            return FAILED
        return ACCEPTED if self._autopilot.fly_to(place, height) else FAILED

    def _reboot(self, command: Command) -> int:
        if command.params[0] not in {1.0, 3.0}:
            return UNSUPPORTED
        if self._autopilot.armed:
            return FAILED
        self.is_reboot_due = True
        return ACCEPTED


def _whole(number: float) -> int:
    """Return a float parameter as an integer, -1 where it is not finite."""
    return int(number) if math.isfinite(number) else -1
