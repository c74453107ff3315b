"""PX4 on the wire: modes of two numbers, integers in the bits of floats, and commands in heights above sea level."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from typing import Any, Final

from firmware_sim.drone.flight.modes import Mode, Stage
from firmware_sim.drone.flight.traits import Traits
from firmware_sim.drone.flight.vehicle import SimulatedVehicle
from firmware_sim.drone.mavlink.firmware.ardupilot import ArduCopter
from firmware_sim.drone.mavlink.firmware.shown_parameters import CoreParameter, ShownParameters
from firmware_sim.drone.mavlink.streams import PX4_INTERVALS_MS
from firmware_sim.drone.parameter_tables import INT32, PX4

_PX4: Final = 12
_GROUND_STATION: Final = 6
#: Missions and commands of integers, parameters byte by byte, files, attitude and position targets, termination,
#: MAVLink 2, fence and rally points.
_CAPABILITIES: Final = 4 | 8 | 16 | 32 | 64 | 128 | 256 | 2048 | 8192 | 16384 | 32768

#: Main modes, and sub-modes of AUTO.
_MANUAL, _ALTCTL, _POSCTL, _AUTO, _ACRO, _OFFBOARD, _STABILIZED = 1, 2, 3, 4, 5, 6, 7
_TAKEOFF, _LOITER, _MISSION, _RTL, _LAND = 2, 3, 4, 5, 6
_ORBIT: Final = 1
_BASE: Final = {_MANUAL: 64, _ALTCTL: 80, _POSCTL: 88, _AUTO: 28, _ACRO: 64, _OFFBOARD: 28, _STABILIZED: 80}


def custom(main: int, sub: int = 0) -> int:
    """Return the custom mode of a main mode and a sub-mode."""
    return main << 16 | sub << 24


_MODES: Final[Mapping[int, Mode]] = {
    custom(_MANUAL): Mode.SPORT,
    custom(_ALTCTL): Mode.ALT_HOLD,
    custom(_POSCTL): Mode.POSHOLD,
    custom(_POSCTL, _ORBIT): Mode.CIRCLE,
    custom(_AUTO, _LOITER): Mode.LOITER,
    custom(_AUTO, _MISSION): Mode.AUTO,
    custom(_AUTO, _RTL): Mode.RTL,
    custom(_AUTO, _LAND): Mode.LAND,
    custom(_ACRO): Mode.ACRO,
    custom(_OFFBOARD): Mode.GUIDED,
    custom(_STABILIZED): Mode.STABILIZE,
}
#: NAV_DLL_ACT: nothing, hold, return, land; other values return.
_SILENCE: Final[Mapping[int, tuple[Mode, ...]]] = {7: (Mode.LOITER,), 5: (Mode.LAND,)}
_LINKS: Final = {
    "COM_DISARM_PRFLT": CoreParameter("DISARM_DELAY"),
    "COM_DL_LOSS_T": CoreParameter("FS_GCS_TIMEOUT", 1.0, INT32),
    "MAV_SYS_ID": CoreParameter("SYSID_THISMAV", 1.0, INT32),
    "MPC_XY_CRUISE": CoreParameter("WPNAV_SPEED", 0.01),
    "MPC_Z_VEL_MAX_DN": CoreParameter("WPNAV_SPEED_DN", 0.01),
    "MPC_Z_VEL_MAX_UP": CoreParameter("WPNAV_SPEED_UP", 0.01),
    "NAV_DLL_ACT": CoreParameter("FS_GCS_ENABLE", 1.0, INT32, ((0, 0), (1, 7), (2, 1), (3, 5))),
    "COM_OF_LOSS_T": CoreParameter("GUID_TIMEOUT"),
    "RTL_RETURN_ALT": CoreParameter("RTL_ALT", 0.01),
    "RTL_LAND_DELAY": CoreParameter("RTL_LOIT_TIME", 0.001),
}


class Px4(ArduCopter):
    """A quadrotor of PX4 1.15."""

    name = "px4"
    autopilot = _PX4
    capabilities = _CAPABILITIES
    version = (1 << 24) | (15 << 16) | (4 << 8) | 255
    modes = _MODES
    #: MAV_RESULT_TEMPORARILY_REJECTED.
    refusal = 1
    has_home_item = False
    has_dataflash_card = False
    intervals_ms = PX4_INTERVALS_MS
    checks_types = True
    checks_hash = True
    traits = Traits(
        takes_off_itself=True,
        armable=frozenset(Mode),
        on_silence=lambda parameters: _SILENCE.get(int(parameters["FS_GCS_ENABLE"]), (Mode.RTL,)),
    )

    def __init__(self) -> None:
        self._is_offboard = False

    def custom_mode(self, vehicle: SimulatedVehicle) -> int:
        """Return the custom mode: in GUIDED of the flight core, offboard, take-off or hold."""
        autopilot = vehicle.autopilot
        if autopilot.mode is Mode.GUIDED:
            if self._is_offboard:
                return custom(_OFFBOARD)
            return custom(_AUTO, _TAKEOFF if autopilot.stage is Stage.TAKE_OFF else _LOITER)
        if autopilot.mode is Mode.BRAKE:
            return custom(_AUTO, _LOITER)
        return super().custom_mode(vehicle)

    def base_mode(self, vehicle: SimulatedVehicle) -> int:
        """Return the base mode: what the main mode controls, custom, armed."""
        main = self.custom_mode(vehicle) >> 16 & 0xFF
        return 1 | _BASE[main] | (128 if vehicle.autopilot.armed else 0)

    def wanted_mode(self, params: tuple[float, ...]) -> int:
        """Return the custom mode that main mode and sub-mode name; -1 for none."""
        main, sub = params[1], params[2] if math.isfinite(params[2]) else 0
        return custom(int(main), int(sub)) if 0 <= main < 256 and 0 <= sub < 256 else -1

    def enter(self, vehicle: SimulatedVehicle, custom_mode: int) -> bool:
        """Change the mode where it exists and can be entered; AUTO's take-off climbs to MIS_TAKEOFF_ALT."""
        if custom_mode == custom(_AUTO, _TAKEOFF):
            return self.take_off(vehicle, float("nan"))
        entered = super().enter(vehicle, custom_mode)
        if entered:
            self._is_offboard = custom_mode == custom(_OFFBOARD)
        return entered

    def take_off(self, vehicle: SimulatedVehicle, altitude_m: float) -> bool:
        """Climb to a height above sea level, MIS_TAKEOFF_ALT above home for NaN."""
        up_m = altitude_m - vehicle.scenario.altitude_m if math.isfinite(altitude_m) else self._take_off_m
        autopilot = vehicle.autopilot
        if not autopilot.armed or not autopilot.body.landed:
            return False
        self._is_offboard = False
        return autopilot.set_mode(Mode.GUIDED) and autopilot.take_off(up_m)

    @property
    def _take_off_m(self) -> float:
        return self._shown.value("MIS_TAKEOFF_ALT")

    def is_station(self, message: Any, _vehicle: SimulatedVehicle) -> bool:
        """Return whether a heartbeat is that of a ground station."""
        return bool(message.type == _GROUND_STATION)

    def parameters(self, vehicle: SimulatedVehicle) -> ShownParameters:
        """Return PX4's parameters; those of ArduCopter are hidden."""
        self._shown = ShownParameters(vehicle.parameters, links=_LINKS, own=PX4, hidden=set(vehicle.parameters))
        return self._shown

    def encode(self, value: float, kind: int) -> float:
        """Return the float with the bits of an integer."""
        return float(struct.unpack("<f", struct.pack("<i", int(value)))[0]) if kind == INT32 else value

    def decode(self, value: float, kind: int) -> float:
        """Return the integer of a float's bits."""
        return float(struct.unpack("<i", struct.pack("<f", value))[0]) if kind == INT32 else value
