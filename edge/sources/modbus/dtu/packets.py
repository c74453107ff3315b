"""Packets of a DTU's byte stream: its registration, heartbeats, and Modbus answers among them. Pure.

Each scanner reads byte by byte, so that no division of the stream into pieces changes what it finds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from edge.sources.modbus.dtu.frames import Shape

#: Heartbeats within one answer, and readings of the same bytes that are followed at once.
_MOST_SKIPPED: Final = 2
_MOST_READINGS: Final = 64
#: Bytes before the registration, heartbeats among them; and those of a stranger's that are shown.
_MOST_BEFORE: Final = 1024
_MOST_SHOWN: Final = 64
_LINE_ENDS: Final = (b"\r", b"\n")


class RegistrationScanner:
    """Finds which of the known registrations a connection begins with; heartbeats before it are left out.

    No packet may be the beginning of another: then one byte decides, whatever arrives with it.
    """

    def __init__(self, registrations: Iterable[bytes], heartbeats: Iterable[bytes]) -> None:
        self._registrations = frozenset(registrations)
        self._packets = self._registrations | frozenset(heartbeats)
        self._packet = b""
        self._count = 0
        self._shown = b""
        #: The registration, once it was found.
        self.found: bytes | None = None
        #: Whether the connection has sent something else.
        self.is_stranger = False

    @property
    def shown(self) -> bytes:
        """What came that is no heartbeat: the first 64 bytes at most."""
        return (self._shown + (b"" if self.is_stranger else self._packet))[:_MOST_SHOWN].rstrip(b"\r\n")

    def feed(self, data: bytes) -> bytes:
        """Read bytes; return those behind the registration."""
        for at, byte in enumerate(data):
            if self.found is not None:
                return data[at:]
            self._take(bytes((byte,)))
        return b""

    def _take(self, byte: bytes) -> None:
        if self.is_stranger:
            self._shown = (self._shown + byte)[:_MOST_SHOWN]
            return
        self._count += 1
        packet = self._packet + byte
        while packet[:1] in _LINE_ENDS and not self._may_be(packet):
            # A line end between two packets belongs to neither.
            packet = packet[1:]
        if packet in self._registrations:
            self.found = packet
        elif packet in self._packets:
            packet = b""
        else:
            self.is_stranger = not self._may_be(packet)
        if self._count > _MOST_BEFORE:
            self.is_stranger = self.found is None
        if self.is_stranger:
            self._shown = packet[:_MOST_SHOWN]
        self._packet = packet

    def _may_be(self, packet: bytes) -> bool:
        return any(one.startswith(packet) for one in self._packets)


class _Reading(NamedTuple):
    """One way to read the bytes so far: as the beginning of a frame, perhaps within a heartbeat."""

    skipped: int
    shape: Shape
    taken: bytes
    heartbeat: bytes = b""


class AnswerScanner:
    """Finds the answer to one request among heartbeats and noise, also where a heartbeat is within it.

    Only a frame with a checksum may have a heartbeat within it: the checksum tells which bytes are the frame's.
    """

    def __init__(self, shapes: Sequence[Shape], heartbeats: Sequence[bytes]) -> None:
        self._shapes = shapes
        self._heartbeats = heartbeats
        self._readings: list[_Reading] = []

    def feed(self, data: bytes) -> bytes | None:
        """Read bytes; return the frame once it is whole. What follows it in `data` is not read."""
        for byte in data:
            frame = self._take(byte)
            if frame is not None:
                return frame
        return None

    def is_doubtful(self, frame: bytes) -> bool:
        """Tell whether a frame without a checksum has the bytes of a heartbeat in it."""
        return not self._shapes[0].has_checksum and any(packet in frame for packet in self._heartbeats)

    def _take(self, byte: int) -> bytes | None:
        following: dict[_Reading, None] = {}
        begun = [_Reading(0, shape, b"") for shape in self._shapes]
        for reading in (*self._readings, *begun):
            for new in self._read_on(reading, byte):
                if not new.heartbeat and len(new.taken) == new.shape.length:
                    if new.shape.is_whole(new.taken):
                        return new.taken
                else:
                    following[new] = None
        # The fewest heartbeats first: of readings beyond the bound the unlikely ones are left out.
        self._readings = sorted(following, key=lambda reading: reading.skipped)[:_MOST_READINGS]
        return None

    def _read_on(self, reading: _Reading, byte: int) -> Iterable[_Reading]:
        skipped, shape, taken, inside = reading
        piece = bytes((byte,))
        if inside:
            # `heartbeat` holds what is still to come of it.
            if inside.startswith(piece):
                yield _Reading(skipped, shape, taken, inside[1:])
            return
        more = taken + piece
        if shape.begins_with(more):
            yield _Reading(skipped, shape, more)
        if taken and shape.has_checksum and skipped < _MOST_SKIPPED:
            for packet in self._heartbeats:
                if packet.startswith(piece):
                    yield _Reading(skipped + 1, shape, taken, packet[1:])
