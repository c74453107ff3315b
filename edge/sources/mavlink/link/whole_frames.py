"""Whole frames of a stream of bytes, and what their header and first fields say; nothing is decoded further."""

from __future__ import annotations

import re
import struct
from functools import cache
from typing import Final, NamedTuple

from edge.sources.mavlink.mapping.dialect import CRC_EXTRA, definition_of, id_of
from edge.sources.mavlink.protocol.frame import (
    HEADER_V1,
    HEADER_V2,
    MAGIC_V1,
    MAGIC_V2,
    SIGNATURE_BYTES,
    SIGNED,
    frame_end,
    is_valid_frame,
)

_MAGIC: Final = re.compile(b"[\xfd\xfe]")
_CODE: Final = re.compile(r"\d*[a-zA-Z]")
#: The messages that hold a command.
COMMANDS: Final = (id_of("COMMAND_LONG"), id_of("COMMAND_INT"))


class FrameHead(NamedTuple):
    """Header of a frame and its payload as sent: short where zeros were left off."""

    message_id: int
    system: int
    component: int
    sequence: int
    payload: bytes
    version: int

    @property
    def target(self) -> int:
        """The system that the frame is for; 0 for all, and for a message without that field."""
        return self.field("target_system")

    @property
    def command(self) -> int | None:
        """The MAV_CMD of a command; None for any other message."""
        return self.field("command") if self.message_id in COMMANDS else None

    def field(self, name: str) -> int:
        """Return an integer field of the message; 0 where it has none of this name, or zeros were left off."""
        place = _place_of(self.message_id, name)
        if place is None:
            return 0
        at, reader = place
        return int(reader.unpack_from(self.payload.ljust(at + reader.size, b"\0"), at)[0])


class FrameSplitter:
    """Cuts a stream of bytes into whole frames of both versions. Never raises, whatever the bytes are.

    A frame of a known id is checked by its CRC. One of an unknown id cannot be: it is taken where another begins right
    after it or the bytes end. Everything else is left out and counted.
    """

    def __init__(self) -> None:
        self.junk_bytes = 0
        self._rest = b""

    def split(self, data: bytes) -> list[bytes]:
        """Return the frames that `data` completes."""
        buffer, frames, at = self._rest + data, [], 0
        while at < len(buffer):
            end = _end_of(buffer, at)
            if end == 0:
                break
            if end is None:
                found = _MAGIC.search(buffer, at + 1)
                after = found.start() if found else len(buffer)
                self.junk_bytes += after - at
                at = after
                continue
            frames.append(buffer[at:end])
            at = end
        self._rest = buffer[at:]
        return frames


def head_of(frame: bytes) -> FrameHead:
    """Return the head of a whole frame."""
    if frame[0] == MAGIC_V2:
        length, _, sequence, system, component, low, high = HEADER_V2.unpack_from(frame, 1)
        return FrameHead(low | high << 16, system, component, sequence, frame[10 : 10 + length], 2)
    length, sequence, system, component, message_id = HEADER_V1.unpack_from(frame, 1)
    return FrameHead(message_id, system, component, sequence, frame[6 : 6 + length], 1)


def _end_of(buffer: bytes, at: int) -> int | None:
    """Return where the frame at `at` ends; 0 while it is not complete, None where none begins."""
    is_valid = is_valid_frame(buffer, at)
    if is_valid is None:
        return 0
    if is_valid:
        is_v2 = buffer[at] == MAGIC_V2
        signature_bytes = SIGNATURE_BYTES if is_v2 and buffer[at + 2] & SIGNED else 0
        end = at + (10 if is_v2 else 6) + buffer[at + 1] + 2 + signature_bytes
        return end if end <= len(buffer) else 0
    unknown_end = frame_end(buffer, at)
    if unknown_end and unknown_end < len(buffer) and buffer[unknown_end] not in (MAGIC_V1, MAGIC_V2):
        return None
    return unknown_end


@cache
def _place_of(message_id: int, name: str) -> tuple[int, struct.Struct] | None:
    """Return where in a message's payload an integer field begins, and what reads it."""
    if message_id not in CRC_EXTRA:
        return None
    definition = definition_of(message_id)
    codes = _CODE.findall(definition.codes)
    if name not in definition.fields:
        return None
    index = definition.fields.index(name)
    return struct.calcsize("<" + "".join(codes[:index])), struct.Struct("<" + codes[index])
