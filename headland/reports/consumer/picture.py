"""Picture of a lot's page for chats and timelines (Open Graph): QR code, and the pass or the weeks. It has no words.

A PNG of 1200 x 630 with a palette, a few kilobytes, made without fonts: it looks the same on every machine.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np

from headland.contract.palette import PALETTE, rgb
from headland.registry.models.releases import ReleasedLot, ReleasedPass, read_released

WIDTH, HEIGHT = 1200, 630
_Pixels = np.ndarray[tuple[int, int], np.dtype[np.uint8]]
_COLOURS: Final = (
    PALETTE.paper["ground"],
    "#ffffff",
    "#000000",
    PALETTE.lot["field_edge"],
    PALETTE.lot["field"],
    PALETTE.track,
    PALETTE.paper["simulated"],
    PALETTE.lot["range"],
    PALETTE.paper["stopped"],
)
_GROUND, _WHITE, _BLACK, _GREEN, _FIELD, _BLUE, _BROWN, _PALE, _RED = range(len(_COLOURS))
#: Rows of the letters of SIMULATED, five dots wide.
_LETTERS: Final = {
    "S": "01111 10000 10000 01110 00001 00001 11110",
    "I": "01110 00100 00100 00100 00100 00100 01110",
    "M": "10001 11011 10101 10101 10001 10001 10001",
    "U": "10001 10001 10001 10001 10001 10001 01110",
    "L": "10000 10000 10000 10000 10000 10000 11111",
    "A": "01110 10001 10001 11111 10001 10001 10001",
    "T": "11111 00100 00100 00100 00100 00100 00100",
    "E": "11111 10000 10000 11110 10000 10000 11111",
    "D": "11110 10001 10001 10001 10001 10001 11110",
}


@lru_cache(maxsize=64)
def draw_picture(text: str, address: str, *, is_stopped: bool = False) -> bytes:
    """Return the picture of a released text, whose code leads to `address`, as PNG; the last 64 are kept.

    `is_stopped` marks a lot that may not be sold: a red frame and a stroke across.
    """
    lot = read_released(text)
    pixels: _Pixels = np.full((HEIGHT, WIDTH), _GROUND, np.uint8)
    pixels[:, :24] = _GREEN
    pixels[75:555, 60:540] = _WHITE
    _draw_code(pixels, address)
    if lot.passes:
        _draw_pass(pixels, lot.passes[-1])
    else:
        _draw_weeks(pixels, lot)
    if is_stopped:
        _draw_stopped(pixels)
    if lot.simulated:
        _draw_simulated(pixels)
    return _png(pixels)


def _draw_code(pixels: _Pixels, address: str) -> None:
    import segno

    rows = np.array([list(row) for row in segno.make_qr(address, error="m").matrix], np.uint8)
    dot = 440 // len(rows)
    large = np.kron(rows, np.ones((dot, dot), np.uint8))
    top, left = 75 + (480 - len(large)) // 2, 60 + (480 - len(large)) // 2
    pixels[top : top + len(large), left : left + len(large)] = np.where(large > 0, _BLACK, _WHITE)


def _draw_pass(pixels: _Pixels, drawn: ReleasedPass) -> None:
    scale = min(560 / drawn.width_m, 480 / drawn.height_m)
    left, low = 590 + (560 - drawn.width_m * scale) / 2, 555 - (480 - drawn.height_m * scale) / 2

    def placed(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        return [(left + east * scale, low - north * scale) for east, north in points]

    for ring in drawn.outlines:
        _fill(pixels, placed(ring), _FIELD)
        _stroke(pixels, placed([*ring, ring[0]]), _GREEN, 2)
    _stroke(pixels, placed(drawn.track), _BLUE, 2)


def _draw_weeks(pixels: _Pixels, lot: ReleasedLot) -> None:
    """Draw the air temperature of the weeks: from the lowest to the highest, and the means as a line."""
    weeks = [each.figures for each in lot.claims if each.kind == "climate_week"]
    names = [f"air_temperature_{part}_degc" for part in ("mean", "low", "high")]
    known = [[week[name] for name in names] for week in weeks if all(week.get(name) is not None for name in names)]
    values = np.array(known, float)
    if not len(values):
        pixels[75:555, 590:1150] = _FIELD
        return
    bottom, top = float(values.min()), float(values.max())
    y = 535 - 440 * (values - bottom) / max(top - bottom, 1.0)
    x = np.linspace(640, 1100, len(values)) if len(values) > 1 else np.array([870.0])
    for place, (_, low, high) in zip(x.tolist(), y.tolist(), strict=True):
        pixels[round(high) : round(low) + 1, round(place) - 12 : round(place) + 13] = _PALE
    means = list(zip(x.tolist(), y[:, 0].tolist(), strict=True))
    _stroke(pixels, means, _GREEN, 4)
    for across, down in means:
        pixels[round(down) - 9 : round(down) + 10, round(across) - 9 : round(across) + 10] = _GREEN


def _draw_stopped(pixels: _Pixels) -> None:
    """Draw a frame and a stroke in red, beside the code, which stays readable."""
    for part in (pixels[:24], pixels[-24:], pixels[:, :24], pixels[:, -24:]):
        part[:] = _RED
    _stroke(pixels, [(590, 75), (1150, 555)], _RED, 12)
    _stroke(pixels, [(590, 555), (1150, 75)], _RED, 12)


def _draw_simulated(pixels: _Pixels) -> None:
    pixels[570:, 24:] = _BROWN
    dot, left = 6, 340
    for letter in "SIMULATED":
        rows = np.array([[int(each) for each in row] for row in _LETTERS[letter].split()], np.uint8)
        large = np.kron(rows, np.ones((dot, dot), np.uint8))
        part = pixels[579 : 579 + len(large), left : left + large.shape[1]]
        part[large > 0] = _WHITE
        left += large.shape[1] + 3 * dot


def _stroke(pixels: _Pixels, points: Sequence[tuple[float, float]], colour: int, half: int) -> None:
    for (x, y), (next_x, next_y) in pairwise(points):
        steps = int(max(abs(next_x - x), abs(next_y - y))) + 1
        across = np.linspace(x, next_x, steps).round().astype(int)
        down = np.linspace(y, next_y, steps).round().astype(int)
        for aside in range(-half, half + 1):
            for below in range(-half, half + 1):
                pixels[(down + below).clip(0, HEIGHT - 1), (across + aside).clip(0, WIDTH - 1)] = colour


def _fill(pixels: _Pixels, ring: Sequence[tuple[float, float]], colour: int) -> None:
    """Fill a ring row by row, where a row crosses it an odd number of times."""
    edges = list(pairwise([*ring, ring[0]]))
    for row in range(HEIGHT):
        middle = row + 0.5
        crossings = sorted(
            x + (middle - y) * (next_x - x) / (next_y - y)
            for (x, y), (next_x, next_y) in edges
            if (y <= middle) != (next_y <= middle)
        )
        for begin, end in zip(crossings[::2], crossings[1::2], strict=False):
            pixels[row, max(0, round(begin)) : max(0, round(end))] = colour


def _png(pixels: _Pixels) -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    # Two dots a byte.
    packed = (pixels[:, ::2] << 4) | pixels[:, 1::2]
    rows = np.concatenate([np.zeros((HEIGHT, 1), np.uint8), packed], axis=1)
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 4, 3, 0, 0, 0)
    palette = bytes(part for colour in _COLOURS for part in rgb(colour))
    parts = [(b"IHDR", header), (b"PLTE", palette), (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(name, body) for name, body in parts)
