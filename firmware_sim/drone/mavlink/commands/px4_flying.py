"""Commands to PX4: heights above sea level, a take-off that changes the mode, actuators in place of servo outputs."""

from __future__ import annotations

import math
from typing import Final

from pymavlink.dialects.v20 import ardupilotmega as dialect

from firmware_sim.drone.flight.modes import Mode
from firmware_sim.drone.flight.vehicle import SimulatedVehicle
from firmware_sim.drone.mavlink.commands.command import ACCEPTED, DENIED, Command
from firmware_sim.drone.mavlink.commands.flying import Flying
from firmware_sim.drone.mavlink.firmware.px4 import Px4
from firmware_sim.drone.parameters import PUMP_OUTPUT
from firmware_sim.drone.physics.path import Height

#: Commands of ArduPilot that PX4 has not.
_MISSING: Final = (
    dialect.MAV_CMD_DO_LAND_START,
    dialect.MAV_CMD_NAV_VTOL_LAND,
    dialect.MAV_CMD_CONDITION_YAW,
    dialect.MAV_CMD_DO_PAUSE_CONTINUE,
)
#: Pulse widths of an actuator at -1 and 1.
_LOW_US, _HIGH_US = 1100, 1900


class Px4Flying(Flying):
    """Flight commands as PX4 executes them; actuator 1 is the pump."""

    def __init__(self, vehicle: SimulatedVehicle, firmware: Px4) -> None:
        super().__init__(vehicle, firmware)
        self._px4 = firmware
        for number in _MISSING:
            del self.table[number]
        self.table |= {
            dialect.MAV_CMD_NAV_TAKEOFF: self._take_off,
            dialect.MAV_CMD_NAV_VTOL_TAKEOFF: self._take_off,
            dialect.MAV_CMD_DO_REPOSITION: self._reposition,
            dialect.MAV_CMD_MISSION_START: lambda _: self.enter(Mode.AUTO),
            dialect.MAV_CMD_DO_SET_ACTUATOR: self._set_actuator,
        }

    def _take_off(self, command: Command) -> int:
        return self._done(self._px4.take_off(self._vehicle, command.z))

    def _reposition(self, command: Command) -> int:
        if not command.is_placed:
            return DENIED
        place = self._vehicle.body.frame.to_east_north(command.latitude_deg, command.longitude_deg)
        height = Height(command.z - self._vehicle.scenario.altitude_m) if math.isfinite(command.z) else None
        return self._done(self._autopilot.set_mode(Mode.GUIDED) and self._autopilot.fly_to(place, height))

    def _set_actuator(self, command: Command) -> int:
        value = command.params[0]
        if math.isfinite(value):
            share = (max(-1.0, min(1.0, value)) + 1) / 2
            self._autopilot.outputs.set(PUMP_OUTPUT, _LOW_US + share * (_HIGH_US - _LOW_US))
        return ACCEPTED
