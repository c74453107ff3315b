"""GeoTIFF (OGC 19-008r4): one band of 32-bit floats, deflated, north up, NaN as no data."""

from __future__ import annotations

import struct
import zlib
from typing import Final

from headland.agronomy.series.arrays import Values

WGS84: Final = 4326

# TIFF 6.0 field types, and the tags in ascending order.
_SHORT, _LONG, _DOUBLE, _ASCII = 3, 4, 12, 2
_CODES: Final = {_SHORT: "H", _LONG: "I", _DOUBLE: "d"}
_DEFLATE, _IEEE_FLOAT, _BLACK_IS_ZERO = 8, 3, 1
# GeoKeys: model (1 projected, 2 geographic), raster (1: a pixel is an area), and the code of the system.
_MODEL, _RASTER, _GEOGRAPHIC, _PROJECTED = 1024, 1025, 2048, 3072

_Field = tuple[int, int, tuple[float, ...] | bytes]


def write_geotiff(values: Values, corner: tuple[float, float], cell: tuple[float, float], epsg: int = WGS84) -> bytes:
    """Return a file of `values` (rows, columns), row 0 the southernmost; NaN is no data.

    `corner` is the south-west one as (east, north) and `cell` (width, height), in degrees for EPSG:4326 and in metres
    for a projected system.
    """
    rows, columns = values.shape
    pixels = zlib.compress(values[::-1].astype("<f4").tobytes(), 6)
    (west, south), (width, height) = corner, cell
    model, key = (2, _GEOGRAPHIC) if epsg == WGS84 else (1, _PROJECTED)
    geo_keys = (1, 1, 0, 3, _MODEL, 0, 1, model, _RASTER, 0, 1, 1, key, 0, 1, epsg)
    fields: list[_Field] = [
        (256, _LONG, (columns,)),
        (257, _LONG, (rows,)),
        (258, _SHORT, (32,)),
        (259, _SHORT, (_DEFLATE,)),
        (262, _SHORT, (_BLACK_IS_ZERO,)),
        (273, _LONG, (8,)),
        (277, _SHORT, (1,)),
        (278, _LONG, (rows,)),
        (279, _LONG, (len(pixels),)),
        (339, _SHORT, (_IEEE_FLOAT,)),
        (33550, _DOUBLE, (width, height, 0.0)),
        (33922, _DOUBLE, (0.0, 0.0, 0.0, west, south + rows * height, 0.0)),
        (34735, _SHORT, geo_keys),
        (42113, _ASCII, b"nan\0"),
    ]
    start = 8 + len(pixels) + len(pixels) % 2
    head = struct.pack("<2sHI", b"II", 42, start)
    return head + pixels + b"\0" * (len(pixels) % 2) + _directory(fields, start)


def _directory(fields: list[_Field], start: int) -> bytes:
    """Return the directory at `start`, followed by the values that do not fit into its entries."""
    entries, beyond = b"", b""
    free = start + 2 + 12 * len(fields) + 4
    for tag, kind, values in fields:
        data = values if isinstance(values, bytes) else struct.pack(f"<{len(values)}{_CODES[kind]}", *values)
        entries += struct.pack("<HHI", tag, kind, len(values))
        if len(data) <= 4:
            entries += data.ljust(4, b"\0")
        else:
            entries += struct.pack("<I", free + len(beyond))
            beyond += data + b"\0" * (len(data) % 2)
    return struct.pack("<H", len(fields)) + entries + struct.pack("<I", 0) + beyond
