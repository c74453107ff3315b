"""Byte layout of MAVLink frames, and `find_frames`, a search for frames of a few ids.

    MAVLink 1                                    MAVLink 2
    0    0xFE                                    0    0xFD
    1    payload length n                        1    payload length n (trailing zero bytes are left off)
    2    sequence                                2    incompatibility flags (0x01: signed; any other: not readable)
    3    system                                  3    compatibility flags
    4    component                               4    sequence
    5    message id                              5    system
    6    payload, n bytes                        6    component
    6+n  CRC-16/MCRF4XX, low byte first          7    message id, 3 bytes, low byte first
                                                 10   payload, n bytes
                                                 10+n CRC, then 13 bytes of signature when signed

The CRC runs over everything between the first byte and itself, and then over one byte of the message's definition
(crc_extra), so a frame of an unknown id cannot be checked.

In a .tlog a stamp precedes each frame: 8 bytes, big-endian, microseconds of the recorder's clock.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from fastcrc.crc16 import mcrf4xx

from edge.sources.mavlink.mapping.dialect import CRC_EXTRA, PAYLOAD_BYTES

MAGIC_V1: Final = 0xFE
MAGIC_V2: Final = 0xFD
SIGNATURE_BYTES: Final = 13
STAMP_BYTES: Final = 8
#: The component id of an autopilot.
AUTOPILOT: Final = 1
#: The shortest frame: MAVLink 1 without a payload.
MIN_FRAME_BYTES: Final = 8
#: The longest frame: 10 + 255 + 2 and a signature. The decoder keeps no more than this and the stamps around it.
MAX_FRAME_BYTES: Final = 280

SIGNED: Final = 0x01

HEADER_V1: Final = struct.Struct("<BBBBB")
HEADER_V2: Final = struct.Struct("<BBxBBBHB")


class Frame(NamedTuple):
    """One valid frame. `payload` is as sent: short where zeros were left off. `stamp_us` only from a stamped stream."""

    message_id: int
    system: int
    component: int
    sequence: int
    payload: bytes
    version: int
    stamp_us: int | None


#: A `Frame` as a plain tuple, as `read` returns it: making a named one costs as much as decoding the frame.
RawFrame = tuple[int, int, int, int, bytes, int, int | None]


def find_frames(buffer: bytes, message_ids: Sequence[int]) -> Iterator[RawFrame]:
    """Yield the valid frames of some ids (below 256), anywhere in `buffer`: MAVLink 1 first, then MAVLink 2.

    A search for the header's bytes instead of decoding frame by frame: many times as fast where a file is read for a
    few ids only.
    """
    ids = b"[" + re.escape(bytes(message_ids)) + b"]"
    for match in re.finditer(b"\xfe(?=.{4}" + ids + b")", buffer, re.DOTALL):
        at = match.start()
        if is_valid_frame(buffer, at):
            length, sequence, system, component, message_id = HEADER_V1.unpack_from(buffer, at + 1)
            yield message_id, system, component, sequence, buffer[at + 6 : at + 6 + length], 1, None
    for match in re.finditer(b"\xfd(?=.[\0\1].{4}" + ids + b"\0\0)", buffer, re.DOTALL):
        at = match.start()
        if is_valid_frame(buffer, at):
            length, _, sequence, system, component, message_id, _ = HEADER_V2.unpack_from(buffer, at + 1)
            yield message_id, system, component, sequence, buffer[at + 10 : at + 10 + length], 2, None


def is_valid_frame(buffer: bytes, at: int) -> bool | None:
    """Return whether a valid frame of a known id is at `at`; None while it is not complete."""
    if buffer[at] not in (MAGIC_V1, MAGIC_V2):
        return False
    is_v2 = buffer[at] == MAGIC_V2
    header = buffer[at : at + (10 if is_v2 else 6)]
    if len(header) < (10 if is_v2 else 6):
        return None
    message_id = int.from_bytes(header[7:10], "little") if is_v2 else header[5]
    longest = PAYLOAD_BYTES.get(message_id)
    if longest is None or header[1] > longest or (is_v2 and header[2] > SIGNED):
        return False
    crc_at = at + len(header) + header[1]
    if crc_at + 2 > len(buffer):
        return None
    checksum = int.from_bytes(buffer[crc_at : crc_at + 2], "little")
    return bool(mcrf4xx(buffer[at + 1 : crc_at] + CRC_EXTRA[message_id]) == checksum)


def frame_end(buffer: bytes, at: int) -> int | None:
    """Return where a frame of an unknown id at `at` ends; 0 while it is not complete, None where none can begin."""
    if buffer[at] not in (MAGIC_V1, MAGIC_V2):
        return None
    is_v2 = buffer[at] == MAGIC_V2
    header = buffer[at : at + (10 if is_v2 else 6)]
    if len(header) < (10 if is_v2 else 6):
        return 0
    message_id = int.from_bytes(header[7:10], "little") if is_v2 else header[5]
    if message_id in CRC_EXTRA or (is_v2 and header[2] > SIGNED):
        return None
    signature_bytes = SIGNATURE_BYTES if is_v2 and header[2] else 0
    end = at + len(header) + header[1] + 2 + signature_bytes
    return end if end <= len(buffer) else 0
