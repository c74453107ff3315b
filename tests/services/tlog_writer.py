"""A flight log as a ground station writes it, made with pymavlink: somebody else's encoder."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Final

from pymavlink.dialects.v20 import ardupilotmega as mavlink

#: 2026-03-05 02:00:00 UTC, the vehicle's clock at boot.
BOOT_UTC_MS: Final = 1_772_676_000_000
#: The ground station's clock is this much ahead of the vehicle's.
HOST_AHEAD_MS: Final = 9_000
POSITION_EVERY_MS: Final = 100
#: Bytes of an autopilot's unique id.
_UID_BYTES: Final = 18


def device_of(serial: str) -> str:
    """Return the device that a vehicle of this serial is, by its unique id."""
    return f"uav-{serial.encode().hex()}"


def write_tlog(path: Path, positions: int, serial: str) -> None:
    """Write a log of a vehicle with a clock and a unique id that reports `positions` positions, 10 a second."""
    encoder = mavlink.MAVLink(None, srcSystem=1, srcComponent=1)
    with path.open("wb") as file:

        def put(boot_ms: int, message: mavlink.MAVLink_message) -> None:
            file.write(struct.pack(">Q", (BOOT_UTC_MS + HOST_AHEAD_MS + boot_ms) * 1000) + message.pack(encoder))

        uid2 = list(serial.encode().ljust(_UID_BYTES, b"\0"))
        version = encoder.autopilot_version_encode(0, 0, 0, 0, 0, [0] * 8, [0] * 8, [0] * 8, 0, 0, 0, uid2)
        for index in range(positions):
            boot_ms = 5_000 + index * POSITION_EVERY_MS
            if index % 10 == 0:
                put(boot_ms, encoder.heartbeat_encode(2, 3, 0x81, 3, 4))
                put(boot_ms, encoder.system_time_encode((BOOT_UTC_MS + boot_ms) * 1000, boot_ms))
            if index == 0:
                put(boot_ms, version)
            put(
                boot_ms,
                encoder.global_position_int_encode(
                    boot_ms, 319_500_000 + index * 45, 1_191_700_000, 25_000, 3_000, 500, 0, 0, 9_000
                ),
            )
            put(boot_ms, encoder.attitude_encode(boot_ms, 0.01, -0.02, 0.5, 0.0, 0.0, 0.0))


def write_rlog(path: Path, positions: int, serial: str) -> None:
    """Write the same as a dump of the link's bytes, without the ground station's stamps."""
    stamped = path.with_suffix(".stamped")
    write_tlog(stamped, positions, serial)
    data, at, frames = stamped.read_bytes(), 0, bytearray()
    while at < len(data):
        end = at + 8 + 12 + data[at + 9]  # MAVLink 2: ten bytes of header, two of checksum
        frames += data[at + 8 : end]
        at = end
    path.write_bytes(frames)
    stamped.unlink()
