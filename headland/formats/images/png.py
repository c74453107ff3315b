"""PNG images of grids: palette, 8 bits a pixel (PNG specification, third edition, W3C 2025)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"


def write_png(pixels: NDArray[np.uint8], colours: Sequence[tuple[int, int, int, int]]) -> bytes:
    """Return a PNG of palette indices (rows from the top, columns); `colours` are red, green, blue and opacity."""
    rows, columns = pixels.shape
    header = struct.pack(">IIBBBBB", columns, rows, 8, 3, 0, 0, 0)
    palette = b"".join(bytes(colour[:3]) for colour in colours)
    opacity = bytes(colour[3] for colour in colours)
    lines = np.column_stack((np.zeros(rows, np.uint8), pixels)).tobytes()
    parts = ((b"IHDR", header), (b"PLTE", palette), (b"tRNS", opacity), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    return _SIGNATURE + b"".join(_chunk(name, data) for name, data in parts)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
