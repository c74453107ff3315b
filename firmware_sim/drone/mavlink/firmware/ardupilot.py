"""ArduPilot on the wire: ArduCopter, and ArduRover with its own modes, parameters and lost-station action."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from firmware_sim.drone.flight.modes import SELF_FLYING, Mode
from firmware_sim.drone.flight.traits import COPTER, Traits
from firmware_sim.drone.flight.vehicle import SimulatedVehicle
from firmware_sim.drone.mavlink.firmware.shown_parameters import CoreParameter, ShownParameters
from firmware_sim.drone.mavlink.streams import DEFAULT_INTERVALS_MS
from firmware_sim.drone.parameter_tables import INT8, REAL32, ROVER

_QUADROTOR, _GROUND_ROVER = 2, 10
_ARDUPILOT: Final = 3
_CUSTOM, _ARMED, _GUIDED, _STABILIZED, _MANUAL = 1, 128, 8, 16, 64
#: Mission of floats and integers, parameters of floats, commands as integers, files, position targets, terrain,
#: MAVLink 2, fence and rally points.
_CAPABILITIES: Final = 1 | 2 | 4 | 8 | 32 | 128 | 256 | 512 | 8192 | 16384 | 32768

#: ArduRover's custom modes, by the mode of the flight core that does the same on the ground.
_ROVER_MODES: Final[Mapping[int, Mode]] = {
    0: Mode.STABILIZE, 1: Mode.ACRO, 3: Mode.ALT_HOLD, 4: Mode.BRAKE, 5: Mode.LOITER, 6: Mode.FOLLOW, 7: Mode.SPORT,
    8: Mode.FLOWHOLD, 9: Mode.CIRCLE, 10: Mode.AUTO, 11: Mode.RTL, 12: Mode.SMART_RTL, 15: Mode.GUIDED,
}  # fmt: skip
#: FS_ACTION: nothing, RTL, hold, SmartRTL or RTL, SmartRTL or hold, terminate, loiter or hold.
_ROVER_ACTIONS: Final[Mapping[int, tuple[Mode, ...]]] = {
    1: (Mode.RTL,), 3: (Mode.SMART_RTL, Mode.RTL), 4: (Mode.SMART_RTL,), 6: (Mode.LOITER,),
}  # fmt: skip
#: Beginnings of the parameters that a rover has not.
_ONLY_COPTER: Final = (
    "ACRO_", "ANGLE_", "ATC_ANG", "ATC_RAT", "AUTOTUNE", "CIRCLE_", "ESC_", "FLTMODE", "FRAME_TYPE", "FS_THR_VALUE",
    "GND_EFF", "GUID_", "LAND_", "LOIT_", "MOT_BAT", "MOT_SPIN", "MOT_THST", "PHLD_", "PILOT_", "PSC_ACC", "PSC_POSZ",
    "PSC_VELZ", "RTL_ALT", "RTL_C", "RTL_LOIT", "SIMPLE", "SUPER_", "THR_", "TUNE", "WPNAV_", "WP_YAW", "ZIGZ_",
)  # fmt: skip
#: Modes in which a rover cannot be armed.
_ROVER_UNARMABLE: Final = frozenset({Mode.RTL, Mode.SMART_RTL})


class ArduCopter:
    """A firmware as ground stations see it; this one is the quadrotor whose rules the others change."""

    name = "copter"
    autopilot = _ARDUPILOT
    vehicle_type = _QUADROTOR
    capabilities = _CAPABILITIES
    version = (4 << 24) | (5 << 16) | (7 << 8) | 255
    traits: Traits = COPTER
    #: Custom mode -> mode of the flight core.
    modes: Mapping[int, Mode] = {int(mode): mode for mode in Mode}
    #: Result of a mode or an arming that is refused.
    refusal = 4
    #: Default intervals of the messages it has.
    intervals_ms: Mapping[int, int] = DEFAULT_INTERVALS_MS
    #: Whether a written parameter must be of the right type, and whether all can be compared by a hash.
    checks_types = False
    checks_hash = False
    #: Whether its logs are DataFlash; else they are ULogs.
    has_dataflash_card = True
    #: Mission item 0 is home; without it the first item of a mission is the first that is flown.
    has_home_item = True

    def custom_mode(self, vehicle: SimulatedVehicle) -> int:
        """Return the custom mode of the heartbeat."""
        mode = vehicle.autopilot.mode
        return next((number for number, core in self.modes.items() if core is mode), 0)

    def base_mode(self, vehicle: SimulatedVehicle) -> int:
        """Return the base mode of the heartbeat."""
        autopilot = vehicle.autopilot
        flags = _CUSTOM | _STABILIZED | _MANUAL | (_GUIDED if autopilot.mode in SELF_FLYING else 0)
        return flags | (_ARMED if autopilot.armed else 0)

    def wanted_mode(self, params: tuple[float, ...]) -> int:
        """Return the custom mode that the parameters of DO_SET_MODE name; -1 for none."""
        return int(params[1]) if 0 <= params[1] < 2**32 else -1

    def enter(self, vehicle: SimulatedVehicle, custom_mode: int) -> bool:
        """Change the mode where it exists and can be entered."""
        return custom_mode in self.modes and vehicle.autopilot.set_mode(self.modes[custom_mode])

    def is_station(self, message: Any, vehicle: SimulatedVehicle) -> bool:
        """Return whether a heartbeat is that of the ground station whose silence is a failsafe."""
        return bool(message.get_srcSystem() == vehicle.parameters["SYSID_MYGCS"])

    def parameters(self, vehicle: SimulatedVehicle) -> ShownParameters:
        """Return the parameters as ground stations see them."""
        return ShownParameters(vehicle.parameters)

    def encode(self, value: float, _kind: int) -> float:
        """Return the float of PARAM_VALUE for a value."""
        return value

    def decode(self, value: float, _kind: int) -> float:
        """Return the value of PARAM_SET's float."""
        return value


class ArduRover(ArduCopter):
    """A rover of the same length as the field's rows: it drives the scenario's mission on the ground."""

    name = "rover"
    vehicle_type = _GROUND_ROVER
    modes = _ROVER_MODES
    traits = Traits(
        drives=True,
        armable=frozenset(_ROVER_MODES.values()) - _ROVER_UNARMABLE,
        on_silence=lambda parameters: _ROVER_ACTIONS.get(int(parameters["FS_ACTION"]), (Mode.BRAKE,)),
        last_resort=Mode.BRAKE,
    )

    def parameters(self, vehicle: SimulatedVehicle) -> ShownParameters:
        """Return ArduRover's names for what ArduCopter calls otherwise."""
        core = vehicle.parameters
        core.add("FS_ACTION", 2, INT8)
        links = {
            "WP_SPEED": CoreParameter("WPNAV_SPEED", 0.01, REAL32),
            "WP_ACCEL": CoreParameter("WPNAV_ACCEL", 0.01, REAL32),
            "CIRC_RADIUS": CoreParameter("CIRCLE_RADIUS", 0.01, REAL32),
        }
        hidden = {name for name in core if name.startswith(_ONLY_COPTER)}
        return ShownParameters(core, links=links, own=ROVER, hidden=hidden)
