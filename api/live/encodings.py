"""Encodings of a stream: plain, or as one gzip stream of pieces that were compressed once for all clients."""

from __future__ import annotations

import struct
import zlib
from typing import Final, Protocol

#: A gzip header (RFC 1952, 2.3) without a time and without the name of a system.
_HEADER: Final = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
#: An empty last block of the compressed data (RFC 1951, 3.2.6).
_LAST_BLOCK: Final = b"\x03\x00"


class EncodedEvent:
    """A server-sent event as bytes, plain and compressed."""

    __slots__ = ("_compressed", "plain")

    def __init__(self, plain: bytes) -> None:
        self.plain = plain
        self._compressed: bytes | None = None

    @property
    def compressed(self) -> bytes:
        """Whole blocks that refer to nothing before them: they may follow any others in a stream."""
        if self._compressed is None:
            compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
            self._compressed = compressor.compress(self.plain) + compressor.flush(zlib.Z_FULL_FLUSH)
        return self._compressed


class Encoding(Protocol):
    """How the frames of one client are sent."""

    #: Value of Content-Encoding; None for none.
    name: str | None

    def begin(self) -> bytes:
        """Return what precedes the first frame."""
        ...

    def encode(self, frame: EncodedEvent) -> bytes:
        """Return the bytes of the next frame."""
        ...

    def end(self) -> bytes:
        """Return what follows the last frame."""
        ...


class Plain:
    """Frames as they are."""

    name: str | None = None

    def begin(self) -> bytes:
        """Return nothing."""
        return b""

    def encode(self, frame: EncodedEvent) -> bytes:
        """Return the frame."""
        return frame.plain

    def end(self) -> bytes:
        """Return nothing."""
        return b""


class Gzip:
    """Frames as one gzip stream, each readable as soon as it has arrived."""

    name: str | None = "gzip"

    def __init__(self) -> None:
        self._checksum = 0
        self._length = 0

    def begin(self) -> bytes:
        """Return the header."""
        return _HEADER

    def encode(self, frame: EncodedEvent) -> bytes:
        """Return the compressed frame."""
        self._checksum = zlib.crc32(frame.plain, self._checksum)
        self._length += len(frame.plain)
        return frame.compressed

    def end(self) -> bytes:
        """Return the last block, the checksum and the length."""
        return _LAST_BLOCK + struct.pack("<II", self._checksum, self._length & 0xFFFFFFFF)


def encoding_for(accepted: str) -> Encoding:
    """Return the encoding for a client with this Accept-Encoding: gzip where it is named and its weight is not 0."""
    for choice in accepted.lower().replace(" ", "").split(","):
        name, _, weight = choice.partition(";q=")
        if name == "gzip" and not _is_zero(weight):
            return Gzip()
    return Plain()


def _is_zero(weight: str) -> bool:
    try:
        return float(weight or "1") == 0.0
    except ValueError:
        return False
