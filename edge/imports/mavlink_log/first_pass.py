"""First pass over a recording of a link: its hash and vehicles, whether their UTC ever becomes known, and whether a
simulator made their streams."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Final

from edge.sources.mavlink.mapping.field_table import FIX_3D
from edge.sources.mavlink.protocol.enum_names import AUTOPILOT_ARDUPILOT, HIL_FLAG, is_simulator_parameter
from edge.sources.mavlink.protocol.frame import AUTOPILOT, MAX_FRAME_BYTES, RawFrame, find_frames
from edge.sources.mavlink.protocol.messages import (
    SIMULATOR_MESSAGES,
    AutopilotVersion,
    GpsRawInt,
    Heartbeat,
    ParamValue,
    SystemTime,
    decode_message,
)
from edge.sources.mavlink.timing.clock import UTC_FROM_US, UTC_UNTIL_US
from edge.sources.mavlink.timing.clock_choice import HoldPolicy
from edge.sources.mavlink.vehicle.autopilots import is_autopilot
from edge.sources.mavlink.vehicle.device_naming import KnownDevices

_SYSTEM_TIME: Final = 2
_GPS_RAW_INT: Final = 24
_PARAM_VALUE: Final = 22
_AUTOPILOT_VERSION: Final = 148
_IDS: Final = (0, _SYSTEM_TIME, _PARAM_VALUE, _GPS_RAW_INT, _AUTOPILOT_VERSION, *SIMULATOR_MESSAGES)
#: Rows that may wait for a SYSTEM_TIME that this pass found: an hour of a vehicle that sends 50 rows a second.
_HELD_ROWS: Final = 200_000


_ONCE: Final = frozenset(SIMULATOR_MESSAGES)


@dataclass(slots=True)
class _Sender:
    """What one component of one system sent."""

    versions: list[AutopilotVersion] = field(default_factory=list)
    utc: bool = False
    fix: bool = False
    autopilot: int | None = None
    kind: int = 0
    simulated: bool = False
    #: A parameter whose name only a simulator's may be.
    parameter: bytes = b""


class FirstPass:
    """Reads the bytes of a file, piece by piece."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._senders: dict[tuple[int, int], _Sender] = {}
        self._rest = b""

    @property
    def sha256(self) -> str:
        """The hash of what was read, hex."""
        return self._digest.hexdigest()

    def read(self, data: bytes) -> None:
        """Read the next bytes."""
        self._digest.update(data)
        buffer = self._rest + data
        for frame in find_frames(buffer, _IDS):
            self._note(frame)
        self._rest = buffer[-MAX_FRAME_BYTES:]

    def known_devices(self, system: int, component: int) -> KnownDevices:
        """Return what is known beforehand of a sender."""
        seen = self._seen(system, component)
        is_simulated = seen.simulated or is_simulator_parameter(seen.autopilot, seen.parameter)
        return KnownDevices(tuple(seen.versions), complete=True, simulated=is_simulated)

    def is_autopilot(self, system: int, component: int) -> bool:
        """Return whether a sender said that it is an autopilot; component 1 without a HEARTBEAT may be one."""
        seen = self._seen(system, component)
        if seen.autopilot is None:
            return component == AUTOPILOT
        return is_autopilot(seen.kind, seen.autopilot, component)

    def policy(self, system: int, component: int) -> HoldPolicy:
        """Return how long a sender's rows may wait for its clock: to the end, where it comes at all."""
        seen = self._seen(system, component)
        return HoldPolicy(wait_ms=None, rows=_HELD_ROWS, utc=seen.utc, fix=seen.fix)

    def _seen(self, system: int, component: int) -> _Sender:
        return self._senders.get((system, component)) or _Sender()

    def _note(self, frame: RawFrame) -> None:
        message_id = frame[0]
        sender = self._senders.setdefault((frame[1], frame[2]), _Sender())
        if message_id in _ONCE:
            sender.simulated = True
            return
        if (
            (message_id == _GPS_RAW_INT and sender.fix)
            or (message_id == _SYSTEM_TIME and sender.utc)
            or (message_id == _PARAM_VALUE and sender.parameter)
        ):
            return
        message = decode_message(frame)
        if isinstance(message, SystemTime):
            sender.utc = UTC_FROM_US < message.time_unix_usec < UTC_UNTIL_US
        elif isinstance(message, GpsRawInt):
            sender.fix = message.fix_type >= FIX_3D
        elif isinstance(message, AutopilotVersion) and message not in sender.versions[-1:]:
            sender.versions.append(message)
        elif isinstance(message, Heartbeat):
            if sender.autopilot is None or is_autopilot(message.type, message.autopilot, frame[2]):
                sender.kind, sender.autopilot = message.type, message.autopilot
            sender.simulated |= bool(message.base_mode & HIL_FLAG)
        elif isinstance(message, ParamValue) and is_simulator_parameter(AUTOPILOT_ARDUPILOT, message.param_id):
            sender.parameter = message.param_id
