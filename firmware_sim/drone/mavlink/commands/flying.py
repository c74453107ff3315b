"""Commands that fly the vehicle: arm, modes, take-off, mission, speed, place."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from pymavlink.dialects.v20 import ardupilotmega as dialect

from firmware_sim.drone.flight.mission.items import FRAME_GLOBAL, FRAME_RELATIVE, FRAME_TERRAIN, FRAMES
from firmware_sim.drone.flight.modes import Mode
from firmware_sim.drone.flight.vehicle import SimulatedVehicle
from firmware_sim.drone.mavlink.commands.command import ACCEPTED, DENIED, FAILED, UNSUPPORTED, Command, done, whole
from firmware_sim.drone.mavlink.firmware.ardupilot import ArduCopter
from firmware_sim.drone.physics.path import Height

#: Magic numbers for arming without checks and for stopping the motors in the air.
_FORCE: Final = 21196
_FORCE_ARM: Final = 2989
#: SPEED_TYPE: air, ground, climb, descent.
_SPEED_TYPES: Final = frozenset({0, 1})
_VERTICAL_SPEEDS: Final = {2: "WPNAV_SPEED_UP", 3: "WPNAV_SPEED_DN"}
_REBOOTS: Final = frozenset({1.0, 3.0})


class Flying:
    """Flight commands: the sender takes the vehicle over from its crew."""

    def __init__(self, vehicle: SimulatedVehicle, firmware: ArduCopter) -> None:
        self._vehicle = vehicle
        self._firmware = firmware
        self._first_item = 0 if firmware.has_home_item else 1
        self._autopilot = vehicle.autopilot
        #: Set by a command; cleared by the drone after the reboot.
        self.is_reboot_due = False
        self.table: dict[int, Callable[[Command], int]] = {
            dialect.MAV_CMD_COMPONENT_ARM_DISARM: self._arm,
            dialect.MAV_CMD_DO_SET_MODE: self._set_mode,
            dialect.MAV_CMD_NAV_TAKEOFF: self._take_off,
            dialect.MAV_CMD_NAV_VTOL_TAKEOFF: self._take_off,
            dialect.MAV_CMD_NAV_LAND: lambda _: self.enter(Mode.LAND),
            dialect.MAV_CMD_NAV_VTOL_LAND: lambda _: self.enter(Mode.LAND),
            dialect.MAV_CMD_NAV_RETURN_TO_LAUNCH: lambda _: self.enter(Mode.RTL),
            dialect.MAV_CMD_NAV_LOITER_UNLIM: lambda _: self.enter(Mode.LOITER),
            dialect.MAV_CMD_DO_LAND_START: lambda _: self.enter(Mode.AUTO_RTL),
            dialect.MAV_CMD_MISSION_START: self._start_mission,
            dialect.MAV_CMD_DO_SET_MISSION_CURRENT: self._set_current,
            dialect.MAV_CMD_DO_PAUSE_CONTINUE: self._pause,
            dialect.MAV_CMD_DO_CHANGE_SPEED: self._change_speed,
            dialect.MAV_CMD_DO_REPOSITION: self._reposition,
            dialect.MAV_CMD_DO_SET_HOME: self._set_home,
            dialect.MAV_CMD_CONDITION_YAW: self._turn,
            dialect.MAV_CMD_DO_FLIGHTTERMINATION: self._terminate,
            dialect.MAV_CMD_PREFLIGHT_REBOOT_SHUTDOWN: self._reboot,
        }

    def set_custom_mode(self, custom_mode: int) -> int:
        """Change the mode by its number on the wire."""
        return self._done(self._firmware.enter(self._vehicle, custom_mode))

    def enter(self, mode: Mode) -> int:
        """Change the mode, where the firmware has it."""
        return self._done(mode in self._firmware.modes.values() and self._autopilot.set_mode(mode))

    def _done(self, success: bool) -> int:
        return ACCEPTED if success else self._firmware.refusal

    def _arm(self, command: Command) -> int:
        state, force = command.params[0], command.params[1]
        if state == 1.0:
            return self._done(self._autopilot.arm(force in {_FORCE, _FORCE_ARM}))
        if state == 0.0:
            return self._done(self._autopilot.disarm(force == _FORCE))
        return UNSUPPORTED

    def _set_mode(self, command: Command) -> int:
        if not whole(command.params[0]) & dialect.MAV_MODE_FLAG_CUSTOM_MODE_ENABLED:
            return DENIED
        return self.set_custom_mode(self._firmware.wanted_mode(command.params))

    def _take_off(self, command: Command) -> int:
        if FRAMES.get(command.frame) != FRAME_RELATIVE:
            return DENIED
        return done(self._autopilot.take_off(command.z))

    def _start_mission(self, command: Command) -> int:
        # The first and the last item cannot be chosen.
        if command.params[0] != 0 or command.params[1] != 0:
            return DENIED
        return self.enter(Mode.AUTO)

    def _set_current(self, command: Command) -> int:
        seq = whole(command.params[0])
        first = self._first_item if seq >= 0 else 0
        return done(self._autopilot.set_current(seq + first, restart=command.params[1] == 1))

    def _pause(self, command: Command) -> int:
        if command.params[0] not in {0.0, 1.0}:
            return DENIED
        return done(self._autopilot.pause(command.params[0] == 0.0))

    def _change_speed(self, command: Command) -> int:
        kind, speed_m_s = whole(command.params[0]), command.params[1]
        if not speed_m_s > 0 or not math.isfinite(speed_m_s):
            return DENIED
        if kind in _VERTICAL_SPEEDS:
            return done(self._vehicle.parameters.set(_VERTICAL_SPEEDS[kind], speed_m_s * 100))
        return done(self._autopilot.change_speed(speed_m_s)) if kind in _SPEED_TYPES else DENIED

    def _reposition(self, command: Command) -> int:
        frame = FRAMES.get(command.frame)
        if frame is None or not command.is_placed:
            return DENIED
        place = self._vehicle.body.frame.to_east_north(command.latitude_deg, command.longitude_deg)
        height = None
        if math.isfinite(command.z):
            base_m = self._vehicle.scenario.altitude_m if frame == FRAME_GLOBAL else 0.0
            height = Height(command.z - base_m, over_ground=frame == FRAME_TERRAIN)
        if self._autopilot.mode is not Mode.GUIDED:
            if not whole(command.params[1]) & dialect.MAV_DO_REPOSITION_FLAGS_CHANGE_MODE:
                return DENIED
            if not self._autopilot.set_mode(Mode.GUIDED):
                return FAILED
        return done(self._autopilot.fly_to(place, height))

    def _set_home(self, command: Command) -> int:
        if command.params[0] == 1:
            return done(self._autopilot.set_home(None))
        if (
            not command.is_placed
            or FRAMES.get(command.frame) is None
            or (command.latitude_deg, command.longitude_deg) == (0, 0)
        ):
            return DENIED
        place = self._vehicle.body.frame.to_east_north(command.latitude_deg, command.longitude_deg)
        return done(self._autopilot.set_home(place))

    def _turn(self, command: Command) -> int:
        # The nose of the simulated vehicle points where it flies: accepted, and without effect.
        return done(0 <= command.params[0] <= 360 and command.params[3] in {0.0, 1.0})

    def _terminate(self, command: Command) -> int:
        return done(command.params[0] > 0.5 and self._autopilot.disarm(force=True))

    def _reboot(self, command: Command) -> int:
        if command.params[0] not in _REBOOTS:
            return UNSUPPORTED
        if self._autopilot.armed:
            return FAILED
        self.is_reboot_due = True
        return ACCEPTED
