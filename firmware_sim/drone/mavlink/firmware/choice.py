"""Choice of a firmware by its name."""

from __future__ import annotations

from typing import Final

from firmware_sim.drone.mavlink.firmware.ardupilot import ArduCopter, ArduRover
from firmware_sim.drone.mavlink.firmware.px4 import Px4
from headland.errors import SettingsError

FIRMWARES: Final[dict[str, type[ArduCopter]]] = {firmware.name: firmware for firmware in (ArduCopter, ArduRover, Px4)}


def firmware_named(name: str) -> ArduCopter:
    """Return a new firmware; raises SettingsError, which lists the names."""
    if name not in FIRMWARES:
        raise SettingsError(f"Unknown autopilot {name!r}: choose one of {', '.join(sorted(FIRMWARES))}.")
    return FIRMWARES[name]()
