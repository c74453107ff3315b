"""Device ids of vehicles and their parts, and the choice of a vehicle's id.

A vehicle has its autopilot's unique id (AUTOPILOT_VERSION) once it sends one, else an id made of where it was received.
The unique id may be known later than the time: stamped rows wait for it, at most `identity_wait_ms` on a live link.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from edge.sources.mavlink.protocol.messages import AutopilotVersion
from headland.contract.records import Scalar

#: Prefix of the uid2 of Headland's simulated autopilots: their data is marked as simulated, whatever settings say.
SIMULATOR_UID: Final = b"HLSIM"
#: The end of the uid2 of PX4's simulated autopilots, after two bytes (board_config.h of its SITL).
_PX4_SIMULATOR_UID: Final = b"SIMULATIONID0000"
#: A device id has 64 characters; this leaves room for `.sys255-9`.
_PREFIX_CHARACTERS: Final = 54
_DEVICE_CHARACTERS: Final = 64


@dataclass(frozen=True, slots=True)
class SourceContext:
    """Where vehicles are received.

    `prefix` names those without a unique id: the gateway, or `log-` and a file's hash. `link` distinguishes the radios
    of one gateway's links.
    """

    prefix: str
    site: str
    simulated: bool = False
    link: str = ""


@dataclass(frozen=True, slots=True)
class VehicleInfo:
    """What a descriptor says about the vehicle itself."""

    model: str
    system: int
    software: str = ""


@dataclass(frozen=True, slots=True)
class KnownDevices:
    """What the first pass over a file found of a sender; on a live link nothing is known beforehand."""

    versions: tuple[AutopilotVersion, ...] = ()
    complete: bool = False  # True: no other version will come
    simulated: bool = False  # a simulator's stream


NOTHING_KNOWN: Final = KnownDevices()


@dataclass(frozen=True, slots=True)
class DeviceName:
    """Under which device id outputs leave from now on; with `device` None they wait for the next name."""

    device: str | None
    info: VehicleInfo = VehicleInfo("", 0)
    simulated: bool = False


WAIT_FOR_NAME: Final = DeviceName(None)


class DeviceNaming:
    """Chooses the name of one vehicle. A method that returns None leaves the name as it is."""

    def __init__(
        self, system: int, free_fallback: Callable[[int], str], *, known: KnownDevices, identity_wait_ms: int
    ) -> None:
        self.model = ""
        self.version: AutopilotVersion | None = None
        self.device: str | None = None
        #: Another autopilot has sent an id of its own under this system id, and its version.
        self.has_rival = False
        self.rival: AutopilotVersion | None = None
        self._system = system
        self._free_fallback = free_fallback
        self._fallback: str | None = None
        self._known = known
        self._identity_wait_ms = identity_wait_ms
        self._due_ms: int | None = None
        self._is_named = False
        #: Devices whose stream is a simulator's; `_is_simulated` is that of the session.
        self._simulators: set[str] = set()
        self._is_simulated = known.simulated

    def expect(self, now_ms: int) -> DeviceName | None:
        """Wait for an AUTOPILOT_VERSION, unless it is known which one will come."""
        if self._known.complete and self.device is None:
            if self._known.versions:
                self.version = self._known.versions[0]
            return self.settle(now_ms)
        self._is_named = False
        self._due_ms = now_ms + self._identity_wait_ms
        return WAIT_FOR_NAME

    def restart(self, now_ms: int) -> DeviceName | None:
        """Begin a session: another autopilot may send now, unless it is known that none does."""
        if self._known.complete and len({unique_device(version) for version in self._known.versions}) <= 1:
            return None
        self.version = None
        self._is_simulated = self._known.simulated
        return self.expect(now_ms)

    @property
    def is_simulated(self) -> bool:
        """Whether the device is known as a simulator's."""
        is_ours = self.version is not None and is_simulator(self.version)
        return is_ours or self._is_simulated or self.device in self._simulators

    def note_simulated(self) -> DeviceName | None:
        """Note that the stream is a simulator's; return the name with that mark, where it is known and new."""
        if self._is_simulated:
            return None
        self._is_simulated = True
        if not self._is_named or self.device is None:
            return None
        return self._name(self.device, simulated=True)

    def note_version(self, version: AutopilotVersion, now_ms: int) -> DeviceName | None:
        """Accept what the vehicle sends about itself; another unique id than its own is a rival's."""
        device, before = unique_device(version), self.device
        has_own_name = before is not None and before != self._fallback
        if self._is_named and has_own_name and device not in (None, before):
            self.has_rival, self.rival = True, version
            return None
        self.version = version
        return None if self._is_named and has_own_name else self.settle(now_ms)

    def expire(self, now_ms: int) -> DeviceName | None:
        """Stop waiting where the bound has passed."""
        return self.settle(now_ms) if self._due_ms is not None and now_ms >= self._due_ms else None

    def settle(self, now_ms: int) -> DeviceName | None:
        """Choose the name by what is known now."""
        self._due_ms = None
        version = self.version
        unique = None if version is None else unique_device(version)
        if unique is not None and version is not None:
            return self._name(unique, simulated=is_simulator(version))
        if not self._is_named:
            return self._name(self.device or self._choose_fallback(now_ms), simulated=False)
        return None

    def _choose_fallback(self, now_ms: int) -> str:
        if self._fallback is None:
            self._fallback = self._free_fallback(now_ms)
        return self._fallback

    def _name(self, device: str, *, simulated: bool) -> DeviceName:
        self.device = device
        self._is_named = True
        software = "" if self.version is None else software_name(self.version)
        if simulated or self._is_simulated:
            self._simulators.add(device)
        info = VehicleInfo(self.model, self._system, software)
        return DeviceName(device, info, device in self._simulators)


def renamed(before: str | None, device: str | None) -> dict[str, Scalar] | None:
    """Return the data of the event `identified` where a vehicle had another name before, else None."""
    return None if before is None or device == before else {"device": device, "before": before}


def unique_device(version: AutopilotVersion) -> str | None:
    """Return `uav-` and the hex of uid2 (without trailing zero bytes), else of uid; None where both are zero."""
    uid2 = bytes(version.uid2).rstrip(b"\0")
    if uid2:
        return f"uav-{uid2.hex()}"
    return f"uav-{version.uid:x}" if version.uid else None


def is_simulator(version: AutopilotVersion) -> bool:
    """Return whether the vehicle is one of Headland's simulators, or PX4's."""
    uid2 = bytes(version.uid2)
    return uid2.startswith(SIMULATOR_UID) or uid2[2:] == _PX4_SIMULATOR_UID


def fallback_device(context: SourceContext, system: int, twin: int = 0) -> str:
    """Return the id of a vehicle without a unique one; `twin` distinguishes vehicles with one system id."""
    suffix = f"-{twin + 1}" if twin else ""
    return f"{context.prefix[:_PREFIX_CHARACTERS]}.sys{system}{suffix}"


def part_device(device: str, component: int) -> str:
    """Return the id of another component of a vehicle."""
    suffix = f".comp{component}"
    return device[-(_DEVICE_CHARACTERS - len(suffix)) :].lstrip("._-") + suffix


def radio_device(context: SourceContext, system: int, twin: int = 0) -> str:
    """Return the id of a telemetry radio; `twin` distinguishes the radios of several peers of one link."""
    suffix = f".radio{system}" + (f"-{twin + 1}" if twin else "")
    name = f"{context.prefix}.{context.link}" if context.link else context.prefix
    return name[: _DEVICE_CHARACTERS - len(suffix)] + suffix


def software_name(version: AutopilotVersion) -> str:
    """Return the flight software's version as `4.5.7`, empty where it is not given."""
    number = version.flight_sw_version  # major, minor, patch and, in the lowest byte, the kind of release
    return f"{number >> 24 & 255}.{number >> 16 & 255}.{number >> 8 & 255}" if number else ""
