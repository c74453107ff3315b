"""First pass over a recording of a link: its hash, the vehicles in it, and whether their UTC ever becomes known."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Final

from edge.sources.mavlink.mapping.field_table import FIX_3D
from edge.sources.mavlink.output.device_naming import KnownDevices
from edge.sources.mavlink.protocol.frame import AUTOPILOT, MAX_FRAME_BYTES, RawFrame, find_frames
from edge.sources.mavlink.protocol.messages import AutopilotVersion, GpsRawInt, SystemTime, decode_message
from edge.sources.mavlink.timing.clock import UTC_FROM_US, UTC_UNTIL_US
from edge.sources.mavlink.timing.clock_choice import HoldPolicy

_SYSTEM_TIME: Final = 2
_GPS_RAW_INT: Final = 24
_AUTOPILOT_VERSION: Final = 148
#: Rows that may wait for a SYSTEM_TIME that this pass found: an hour of a vehicle that sends 50 rows a second.
_HELD_ROWS: Final = 200_000


@dataclass(slots=True)
class _System:
    """What one system sent."""

    versions: list[AutopilotVersion] = field(default_factory=list)
    utc: bool = False
    fix: bool = False


class FirstPass:
    """Reads the bytes of a file, piece by piece."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._systems: dict[int, _System] = {}
        self._rest = b""

    @property
    def sha256(self) -> str:
        """The hash of what was read, hex."""
        return self._digest.hexdigest()

    def read(self, data: bytes) -> None:
        """Read the next bytes."""
        self._digest.update(data)
        buffer = self._rest + data
        for frame in find_frames(buffer, (_SYSTEM_TIME, _GPS_RAW_INT, _AUTOPILOT_VERSION), AUTOPILOT):
            self._note(frame)
        self._rest = buffer[-MAX_FRAME_BYTES:]

    def known_devices(self) -> dict[int, KnownDevices]:
        """Return what is known beforehand of each system id."""
        nobody = _System()
        return {
            system: KnownDevices(tuple(self._systems.get(system, nobody).versions), complete=True)
            for system in range(256)
        }

    def policy(self, system: int) -> HoldPolicy:
        """Return how long a system's rows may wait for its clock: to the end, where it comes at all."""
        seen = self._systems.get(system, _System())
        return HoldPolicy(wait_ms=None, rows=_HELD_ROWS, utc=seen.utc, fix=seen.fix)

    def _note(self, frame: RawFrame) -> None:
        system = self._systems.setdefault(frame[1], _System())
        if (frame[0] == _GPS_RAW_INT and system.fix) or (frame[0] == _SYSTEM_TIME and system.utc):
            return
        message = decode_message(frame)
        if isinstance(message, SystemTime):
            system.utc = UTC_FROM_US < message.time_unix_usec < UTC_UNTIL_US
        elif isinstance(message, GpsRawInt):
            system.fix = message.fix_type >= FIX_3D
        elif isinstance(message, AutopilotVersion) and message not in system.versions[-1:]:
            system.versions.append(message)
