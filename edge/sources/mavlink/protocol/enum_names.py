"""Names of MAVLink's enum values: modes, vehicle types, autopilots, landed states, severities."""

from __future__ import annotations

from typing import Final

from edge.sources.mavlink.mapping.dialect import names_of, number_of
from edge.sources.mavlink.protocol.messages import Heartbeat

AUTOPILOT_ARDUPILOT: Final = number_of("MAV_AUTOPILOT_ARDUPILOTMEGA")
AUTOPILOT_PX4: Final = number_of("MAV_AUTOPILOT_PX4")
#: HEARTBEAT.autopilot of components without an autopilot: ground stations, cameras, companions.
AUTOPILOT_INVALID: Final = number_of("MAV_AUTOPILOT_INVALID")
TYPE_GENERIC: Final = number_of("MAV_TYPE_GENERIC")
ARMED_FLAG: Final = number_of("MAV_MODE_FLAG_SAFETY_ARMED")
#: The sensors are a simulator's.
HIL_FLAG: Final = number_of("MAV_MODE_FLAG_HIL_ENABLED")
CUSTOM_MODE_FLAG: Final = number_of("MAV_MODE_FLAG_CUSTOM_MODE_ENABLED")

_SEVERITIES: Final = ("emergency", "alert", "critical", "error", "warning", "notice", "info", "debug")
_LANDED_STATES: Final = ("undefined", "on_ground", "in_air", "takeoff", "landing")
_VTOL_STATES: Final = ("undefined", "transition_to_fw", "transition_to_mc", "mc", "fw")
_MISSION_STATES: Final = ("unknown", "no_mission", "not_started", "active", "paused", "complete")

#: PX4's modes (its px4_custom_mode.h): the main mode is in custom_mode's bits 16 to 23, the sub mode in 24 to 31.
_PX4_MAIN: Final = {
    1: "MANUAL", 2: "ALTCTL", 3: "POSCTL", 5: "ACRO", 6: "OFFBOARD", 7: "STABILIZED", 8: "RATTITUDE", 9: "SIMPLE",
    10: "TERMINATION", 11: "ALTITUDE_CRUISE",
}  # fmt: skip
_PX4_POSCTL_MAIN: Final = 3
_PX4_AUTO_MAIN: Final = 4
_PX4_SUB: Final[dict[int, dict[int, str]]] = {
    _PX4_POSCTL_MAIN: {1: "ORBIT", 2: "POSITION_SLOW"},
    _PX4_AUTO_MAIN: {
        1: "READY", 2: "TAKEOFF", 3: "LOITER", 4: "MISSION", 5: "RTL", 6: "LAND", 7: "RTGS", 8: "FOLLOWME",
        9: "PRECLAND", 10: "VTOL_TAKEOFF", **{10 + n: f"EXTERNAL{n}" for n in range(1, 9)},
    },
}  # fmt: skip


_TYPES: Final = names_of("MAV_TYPE")
#: Types that are no vehicles.
NO_VEHICLES: Final = frozenset(
    number
    for number, name in _TYPES.items()
    if name
    in (
        "GCS", "ONBOARD_CONTROLLER", "GIMBAL", "ADSB", "CAMERA", "CHARGING_STATION", "FLARM", "SERVO", "ODID",
        "BATTERY", "PARACHUTE", "LOG", "OSD", "IMU", "GPS", "WINCH", "ILLUMINATOR", "GRIPPER",
    )
)  # fmt: skip
_FAILURES: Final = {bit: name.replace("_", " ").lower() for bit, name in names_of("HL_FAILURE_FLAG").items()}
_AUTOPILOTS: Final = {
    **{number: name.replace("_", " ").lower() for number, name in names_of("MAV_AUTOPILOT").items()},
    AUTOPILOT_ARDUPILOT: "ArduPilot",
    AUTOPILOT_PX4: "PX4",
}

#: The usual names (as in pymavlink's mode table) of modes whose enum entry is spelt differently.
_SPELLINGS: Final = {
    "FLY_BY_WIRE_A": "FBWA",
    "FLY_BY_WIRE_B": "FBWB",
    "INITIALIZING": "INITIALISING",
    "LOITER_ALT_QLAND": "LOITERALTQLAND",
}


def _modes(firmware: str, retired: dict[int, str] | None = None) -> dict[int, str]:
    """Return a firmware's modes; `retired` are those that only older firmware has."""
    modes = {**(retired or {}), **names_of(f"{firmware}_MODE")}
    return {number: _SPELLINGS.get(name, name) for number, name in modes.items()}


_PLANE: Final = _modes("PLANE")
_COPTER: Final = _modes("COPTER", {8: "POSITION", 10: "OF_LOITER", 29: "RATE_ACRO"})
_ROVER: Final = _modes("ROVER", {2: "LEARNING"})
_SUB: Final = _modes("SUB")
_TRACKER: Final = _modes("TRACKER")
#: ArduPilot Blimp; MAVLink has no enum of its modes.
_BLIMP: Final = {0: "LAND", 1: "MANUAL", 2: "VELOCITY", 3: "LOITER", 4: "RTL"}

#: Words in a MAV_TYPE's name, and the modes of the ArduPilot firmware for it.
_FIRMWARE_WORDS: Final[tuple[tuple[str, dict[int, str]], ...]] = (
    ("FIXED_WING", _PLANE),
    ("VTOL", _PLANE),
    ("ROTOR", _COPTER),
    ("COPTER", _COPTER),
    ("HELICOPTER", _COPTER),
    ("COAXIAL", _COPTER),
    ("GROUND_ROVER", _ROVER),
    ("SURFACE_BOAT", _ROVER),
    ("SUBMARINE", _SUB),
    ("ANTENNA_TRACKER", _TRACKER),
    ("AIRSHIP", _BLIMP),
)


def mode_name(heartbeat: Heartbeat) -> str:
    """Return the autopilot's name of the mode, or `Mode(n)` where there is none."""
    if heartbeat.autopilot == AUTOPILOT_PX4:
        main, sub = heartbeat.custom_mode >> 16 & 0xFF, heartbeat.custom_mode >> 24 & 0xFF
        return _PX4_SUB.get(main, {}).get(sub) or _PX4_MAIN.get(main) or f"Mode({main}.{sub})"
    if not heartbeat.base_mode & CUSTOM_MODE_FLAG:
        return f"Mode(0x{heartbeat.base_mode:02x})"
    if heartbeat.autopilot == AUTOPILOT_ARDUPILOT:
        kind = _TYPES.get(heartbeat.type, "")
        for word, modes in _FIRMWARE_WORDS:
            if word in kind:
                return modes.get(heartbeat.custom_mode, f"Mode({heartbeat.custom_mode})")
    return f"Mode({heartbeat.custom_mode})"


def model_name(heartbeat: Heartbeat) -> str:
    """Return autopilot and kind of vehicle, e.g. `ArduPilot quadrotor`."""
    autopilot = _AUTOPILOTS.get(heartbeat.autopilot, f"autopilot {heartbeat.autopilot}")
    return f"{autopilot} {type_name(heartbeat.type)}"


#: A parameter that each of ArduPilot's simulators has, and no board.
SIMULATOR_PARAMETER: Final = "SIM_SPEEDUP"


def is_simulator_parameter(autopilot: int | None, param_id: bytes) -> bool:
    """Return whether a parameter is one that only ArduPilot's simulator has (PX4 has `SIM_` on real boards, too)."""
    return autopilot == AUTOPILOT_ARDUPILOT and param_id.startswith(b"SIM_")


def type_name(kind: int) -> str:
    """Return the name of a MAV_TYPE, e.g. `onboard controller`."""
    name = _TYPES.get(kind)
    return name.replace("_", " ").lower() if name else f"type {kind}"


def failure_names(flags: int) -> str:
    """Return the names of the HL_FAILURE_FLAG bits that are set, with commas between."""
    return ", ".join(name for bit, name in _FAILURES.items() if flags & bit)


def landed_name(state: int) -> str:
    """Return the name of a MAV_LANDED_STATE."""
    return _LANDED_STATES[state] if state < len(_LANDED_STATES) else f"state {state}"


def vtol_name(state: int) -> str:
    """Return the name of a MAV_VTOL_STATE."""
    return _VTOL_STATES[state] if state < len(_VTOL_STATES) else f"state {state}"


def severity_name(severity: int) -> str:
    """Return the name of a MAV_SEVERITY."""
    return _SEVERITIES[severity] if 0 <= severity < len(_SEVERITIES) else f"severity {severity}"


def mission_state_name(state: int) -> str:
    """Return the name of a MISSION_STATE."""
    return _MISSION_STATES[state] if state < len(_MISSION_STATES) else f"state {state}"
