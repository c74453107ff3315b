"""The vehicle of a DataFlash log: kind, software and board, by its texts and parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from edge.sources.mavlink.mapping.dialect import number_of
from edge.sources.mavlink.protocol.enum_names import AUTOPILOT_ARDUPILOT, mode_name, model_name
from edge.sources.mavlink.protocol.messages import Heartbeat

_FIRMWARE: Final = re.compile(r"(?:Ardu|APM:)?(Copter|Plane|Rover|Sub|AntennaTracker) V?([0-9]+(?:\.[0-9]+)+)")
#: A board's name and its processor's 96 bits, as three words.
_BOARD: Final = re.compile(r"\S+ ([0-9A-F]{8}) ([0-9A-F]{8}) ([0-9A-F]{8})\Z")
#: Linux boards and simulators log the machine's id.
_MACHINE: Final = re.compile(r"[0-9a-f]{32}\Z")
#: How many characters of it AUTOPILOT_VERSION's uid2 has; a simulator ends it with a zero byte.
_UID2_CHARACTERS: Final = 18
_SIMULATED_CHARACTERS: Final = 17
_MOST_SYSTEMS: Final = 255
#: More than any ArduPilot has modes.
_MODES: Final = 64
#: FRAME_CLASS of a copter to MAV_TYPE.
_FRAMES: Final[dict[float, int]] = {
    1: number_of("MAV_TYPE_QUADROTOR"),
    2: number_of("MAV_TYPE_HEXAROTOR"),
    3: number_of("MAV_TYPE_OCTOROTOR"),
    4: number_of("MAV_TYPE_OCTOROTOR"),
    5: number_of("MAV_TYPE_HEXAROTOR"),
    6: number_of("MAV_TYPE_HELICOPTER"),
    7: number_of("MAV_TYPE_TRICOPTER"),
}
_TYPES: Final = {
    "Copter": number_of("MAV_TYPE_QUADROTOR"),
    "Plane": number_of("MAV_TYPE_FIXED_WING"),
    "Rover": number_of("MAV_TYPE_GROUND_ROVER"),
    "Sub": number_of("MAV_TYPE_SUBMARINE"),
    "AntennaTracker": number_of("MAV_TYPE_ANTENNA_TRACKER"),
}


@dataclass(frozen=True, slots=True)
class LoggedVehicle:
    """A vehicle. `device` is None where the log has no unique id."""

    device: str | None
    system: int
    type: int
    model: str
    software: str
    simulated: bool

    def mode_name(self, number: int) -> str:
        """Return the autopilot's name of a flight mode."""
        return mode_name(_heartbeat(self.type, number))

    def mode_number(self, name: str) -> int | None:
        """Return the number of a flight mode by its name in a text log (`AltHold`), None where there is none."""
        wanted = _plain(name)
        return next((number for number in range(_MODES) if _plain(self.mode_name(number)) == wanted), None)


def read_vehicle(texts: Sequence[str], parameters: Mapping[str, float], *, simulated: bool) -> LoggedVehicle:
    """Return the vehicle with these texts (MSG) and parameters (PARM).

    The unique id is the one that AUTOPILOT_VERSION has as uid2, so that the device is the same as on a live link.
    """
    firmware = next((match for text in texts if (match := _FIRMWARE.match(text))), None)
    name = "" if firmware is None else firmware[1]
    kind = _TYPES.get(name, number_of("MAV_TYPE_GENERIC"))
    if name == "Copter":
        kind = _FRAMES.get(parameters.get("FRAME_CLASS", 0), kind)
    system = parameters.get("MAV_SYSID", parameters.get("SYSID_THISMAV", 1))
    uid2 = next((candidate for text in texts if (candidate := _uid2(text, simulated=simulated))), None)
    return LoggedVehicle(
        device=None if uid2 is None else f"uav-{uid2.rstrip(bytes(1)).hex()}",
        system=int(system) if 1 <= system <= _MOST_SYSTEMS else 1,
        type=kind,
        model=model_name(_heartbeat(kind, 0)),
        software="" if firmware is None else firmware[2],
        simulated=simulated,
    )


def _uid2(text: str, *, simulated: bool) -> bytes | None:
    board = _BOARD.match(text)
    if board is not None:  # each word is printed from its highest byte
        words = board.groups()
        return b"".join(bytes.fromhex(word)[::-1] for word in words) if any(map(_is_set, words)) else None
    if _MACHINE.match(text):
        return text[: _SIMULATED_CHARACTERS if simulated else _UID2_CHARACTERS].encode()
    return None


def _plain(mode: str) -> str:
    return mode.replace("_", "").replace(" ", "").upper()


def _is_set(word: str) -> bool:
    return word not in ("00000000", "FFFFFFFF")


def _heartbeat(kind: int, mode: int) -> Heartbeat:
    """Return the HEARTBEAT that the vehicle would send on a link."""
    return Heartbeat(
        custom_mode=mode,
        type=kind,
        autopilot=AUTOPILOT_ARDUPILOT,
        base_mode=number_of("MAV_MODE_FLAG_CUSTOM_MODE_ENABLED"),
        system_status=number_of("MAV_STATE_STANDBY"),
        mavlink_version=3,
    )
