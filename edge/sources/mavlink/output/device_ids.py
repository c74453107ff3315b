"""Who a vehicle is: its autopilot's unique id where it says one, else where it was heard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from edge.sources.mavlink.protocol.messages import AutopilotVersion

#: What the uid2 of Headland's simulated autopilots begins with: they are simulated for ever, whatever settings say.
SIMULATOR_UID: Final = b"HLSIM"
#: A device id has 64 characters; this leaves room for `.sys255-9`.
_PREFIX_CHARACTERS: Final = 54
_DEVICE_CHARACTERS: Final = 64


@dataclass(frozen=True, slots=True)
class SourceContext:
    """Where vehicles are heard.

    `prefix` names those without a unique id: the gateway, or `log-` and a file's hash. `link` tells the radios of one
    gateway's links apart.
    """

    prefix: str
    site: str
    simulated: bool = False
    link: str = ""


def unique_device(version: AutopilotVersion) -> str | None:
    """Return `uav-` and the hex of uid2 (without trailing zero bytes), else of uid; None where both are zero."""
    uid2 = bytes(version.uid2).rstrip(b"\0")
    if uid2:
        return f"uav-{uid2.hex()}"
    return f"uav-{version.uid:x}" if version.uid else None


def is_simulator(version: AutopilotVersion) -> bool:
    """Tell whether the vehicle is one of Headland's simulators."""
    return bytes(version.uid2).startswith(SIMULATOR_UID)


def fallback_device(surroundings: SourceContext, system: int, twin: int = 0) -> str:
    """Return the id of a vehicle that says no unique one; `twin` tells vehicles of one system id apart."""
    suffix = f"-{twin + 1}" if twin else ""
    return f"{surroundings.prefix[:_PREFIX_CHARACTERS]}.sys{system}{suffix}"


def part_device(device: str, component: int) -> str:
    """Return the id of what another component of a vehicle measures."""
    suffix = f".comp{component}"
    return device[-(_DEVICE_CHARACTERS - len(suffix)) :].lstrip("._-") + suffix


def radio_device(surroundings: SourceContext, system: int, twin: int = 0) -> str:
    """Return the id of a telemetry radio; `twin` tells the radios of several peers of one link apart."""
    suffix = f".radio{system}" + (f"-{twin + 1}" if twin else "")
    name = f"{surroundings.prefix}.{surroundings.link}" if surroundings.link else surroundings.prefix
    return name[: _DEVICE_CHARACTERS - len(suffix)] + suffix


def software_name(version: AutopilotVersion) -> str:
    """Return the flight software's version as `4.5.7`, empty where it is not said."""
    number = version.flight_sw_version  # major, minor, patch and, in the lowest byte, the kind of release
    return f"{number >> 24 & 255}.{number >> 16 & 255}.{number >> 8 & 255}" if number else ""
